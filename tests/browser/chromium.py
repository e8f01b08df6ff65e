"""The browser for the tests: found on the machine, else fetched; its absence is an error, never a skip.

`python -m tests.browser.chromium` provides it and prints where it is.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_APPS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
# Chromium takes the last list of these only, so Playwright's own is said again. The popups under the address
# bar, which nobody sees here, are renderers of their own, a second of processor for every page that is opened.
FEATURES_OFF = (
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
FLAGS = (
    "--no-sandbox",  # CI runs as root, where the sandbox refuses to start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(FEATURES_OFF)}",
)
FETCH_SECONDS = 600


class BrowserMissing(Exception):
    """No Chromium starts here. `str(error)` says what to do."""


def find_chromium() -> Path:
    """Return a Chromium or Chrome that starts; BrowserMissing when there is none."""
    for candidate in _candidates():
        if _starts(candidate):
            return candidate
    raise BrowserMissing(
        "The browser tests need Chromium or Chrome, and none starts here. Install one, or run "
        "`make test` where Playwright can download it, or name it with STAGING_TEST_CHROMIUM=/path/to/chrome."
    )


def fetch_playwrights() -> None:
    """Ask Playwright to download its own Chromium."""
    _run([sys.executable, "-m", "playwright", "install", "chromium"])


def install_debians() -> None:
    """Install Debian's package, where that is possible: it needs apt-get and root."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "--quiet"], environment)
    # Its recommended fonts come too: without any, a page is drawn as empty boxes.
    _run(["apt-get", "install", "--yes", "--quiet", "chromium"], environment)


def provide_chromium(fetches: tuple[Callable[[], None], ...] = (fetch_playwrights, install_debians)) -> Path:
    """Return a Chromium that starts, fetched when the machine has none; BrowserMissing when that fails."""
    for fetch in fetches:
        try:
            return find_chromium()
        except BrowserMissing:
            fetch()
    return find_chromium()


def _candidates() -> Iterator[Path]:
    named = os.environ.get("STAGING_TEST_CHROMIUM")
    if named:
        yield Path(named)
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
    yield from MAC_APPS
    if own := _playwrights():
        yield own


def _playwrights() -> Path | None:
    """Where Playwright keeps its Chromium: asked in a child, since one thread holds one Playwright."""
    ask = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None


def _starts(executable: Path) -> bool:
    """True for a real browser: Ubuntu's chromium-browser may be a script that only asks for a snap."""
    try:
        tried = subprocess.run([executable, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run it; whether it helped is seen by looking for the browser again."""
    print("$", *command, file=sys.stderr, flush=True)
    try:
        subprocess.run(command, env=environment, stdout=sys.stderr, timeout=FETCH_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    try:
        print(f"Browser tests use {provide_chromium()}")
    except BrowserMissing as missing:
        sys.exit(str(missing))
