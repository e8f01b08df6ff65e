"""The browser is found or fetched, and its absence is said."""

from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import BrowserMissing, fetch_playwrights, find_chromium, install_debians, provide_chromium

ask_playwright = chromium._playwrights


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any browser: the returned folder is all of its PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.delenv("STAGING_TEST_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "MAC_APPS", ())
    monkeypatch.setattr(chromium, "_playwrights", lambda: None)  # asking takes 2 s; one test does
    return folder


def program(path: Path, says: str = "exit 0") -> Path:
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", chromium.NAMES)
def test_a_browser_on_the_path_is_found_by_any_of_its_names(bare_machine: Path, name: str) -> None:
    installed = program(bare_machine / name)

    assert find_chromium() == installed


def test_a_script_that_is_no_browser_is_passed_over(bare_machine: Path) -> None:
    program(bare_machine / "chromium", "echo needs a snap; exit 1")
    real = program(bare_machine / "google-chrome")

    assert find_chromium() == real


def test_chrome_is_found_where_a_mac_keeps_it(
    bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = program(tmp_path / "Google Chrome")
    monkeypatch.setattr(chromium, "MAC_APPS", (tmp_path / "missing", app))

    assert find_chromium() == app


def test_a_named_browser_comes_first(bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine / "chromium")
    named = program(tmp_path / "my-chrome")
    monkeypatch.setenv("STAGING_TEST_CHROMIUM", str(named))

    assert find_chromium() == named


def test_no_browser_is_an_error_that_says_what_to_do(bare_machine: Path) -> None:
    with pytest.raises(BrowserMissing, match="Install one, or run `make test`"):
        find_chromium()


def test_a_browser_that_is_there_is_not_fetched(bare_machine: Path) -> None:
    installed = program(bare_machine / "chromium")
    asked: list[str] = []

    found = provide_chromium(fetches=(lambda: asked.append("fetched"),))

    assert found == installed
    assert asked == []


def test_each_way_is_tried_until_one_brings_a_browser(bare_machine: Path) -> None:
    asked: list[str] = []

    def second() -> None:
        asked.append("second")
        program(bare_machine / "chromium")

    found = provide_chromium(fetches=(lambda: asked.append("first"), second, lambda: asked.append("third")))

    assert found == bare_machine / "chromium"
    assert asked == ["first", "second"]


def test_it_fails_with_a_sentence_when_no_way_helps(bare_machine: Path) -> None:
    with pytest.raises(BrowserMissing):
        provide_chromium(fetches=(lambda: None,))


def test_playwrights_own_is_found_once_it_is_downloaded(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chromium, "_playwrights", ask_playwright)
    where = ask_playwright()
    assert where is not None
    assert where.is_relative_to(tmp_path)
    where.parent.mkdir(parents=True)
    program(where)

    assert find_chromium() == where


def test_a_download_that_fails_is_told_and_is_no_crash(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    fetch_playwrights()

    assert "No such file" in capfd.readouterr().err


def test_debians_package_is_installed_by_root(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine / "apt-get", f'[ "$1" = install ] && echo "$@" > {bare_machine}/chromium.asked; exit 0')
    monkeypatch.setattr("os.geteuid", lambda: 0)

    install_debians()

    assert (bare_machine / "chromium.asked").read_text() == "install --yes --quiet chromium\n"


def test_nobody_but_root_calls_apt_get(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare_machine / "apt-get", f"echo called > {bare_machine}/called")
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    install_debians()

    assert not (bare_machine / "called").exists()
