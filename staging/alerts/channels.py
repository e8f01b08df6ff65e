"""The way out for alerts: one channel for each address of STAGING_ALERT_URLS, by Apprise.

An Apprise address holds passwords and tokens, and Apprise writes them into its log, its errors and
its results. Nothing of these gets out of here: a channel is called by its position and kind, and why
a message did not arrive is one of our own sentences.
"""

import http
import logging
import re
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from staging.errors import SettingsRefused
from staging.store import Step

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 30.0
"""How long a send may take in all. Apprise's own limits (4 s each) hold for one connection or one read."""
SYNTAX = "https://appriseit.com/services/"
"""Where the addresses are documented."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: SENT, FAILED (it did not arrive) or DOUBT (nobody knows)."""

    step: Step
    reason: str = ""
    """Empty when it was sent."""


class Channel:
    """One way out. `send` may be called from any thread."""

    def __init__(self, name: str, deliver: Callable[[str, str], bool], deadline_seconds: float) -> None:
        self.name = name
        """Its position and kind, as "1: Slack"."""
        self._deliver = deliver
        self._deadline_seconds = deadline_seconds
        # A second message to a receiver that hangs would hang as well, and each leaves a thread behind.
        self._one_at_a_time = threading.Lock()

    def send(self, title: str, body: str) -> Outcome:
        """Return what became of the message, within the deadline; never raises for what a receiver does."""
        if not self._one_at_a_time.acquire(timeout=self._deadline_seconds):
            return Outcome(Step.FAILED, "It still waits for the answer to an earlier message.")
        outcomes: list[Outcome] = []
        # A receiver that answers one byte a minute never reaches a limit of Apprise's, and would hold up
        # those behind it. The thread is a daemon so that it does not hold up the end of the app either.
        sending = threading.Thread(
            target=lambda: outcomes.append(self._try(title, body)), name=f"alert {self.name}", daemon=True
        )
        sending.start()
        sending.join(self._deadline_seconds)
        if outcomes:
            return outcomes[0]
        return Outcome(Step.DOUBT, f"No answer in {self._deadline_seconds:.0f} seconds: nobody knows if it arrived.")

    def _try(self, title: str, body: str) -> Outcome:
        _heard.lines = []
        try:
            if self._deliver(title, body):
                return Outcome(Step.SENT)
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises; its text may hold the address
            log.warning("the alert channel %s failed: %s", self.name, type(error).__name__)
            return Outcome(Step.FAILED, "It could not be sent, for a fault in its plugin.")
        finally:
            self._one_at_a_time.release()
        return _outcome("\n".join(_heard.lines))


def open_channels(urls: Sequence[SecretStr], deadline_seconds: float = DEADLINE_SECONDS) -> tuple[Channel, ...]:
    """Return the channel of each address; SettingsRefused names the position of one that is none.

    Nothing is sent. Apprise is imported only when there is an address: it takes most of a second.
    """
    if not urls:
        return ()
    _keep_quiet()
    with warnings.catch_warnings():
        # Its e-mail plugin imports imghdr, which Python has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        return tuple(
            _open(position, len(urls), url.get_secret_value(), deadline_seconds) for position, url in enumerate(urls, 1)
        )


def _open(position: int, count: int, url: str, deadline_seconds: float) -> Channel:
    import apprise

    asset = apprise.AppriseAsset(async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY)
    try:
        service = apprise.Apprise.instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001 - as below; the error's text may hold the address
        service = None
    if service is None:
        raise SettingsRefused(
            f"STAGING_ALERT_URLS cannot be used: address {position} of {count} is not one that Apprise knows, or "
            f"something is missing in it. How each kind is written is told at {SYNTAX}."
        )
    # Names come from people: as plain text nothing in them is markup, whatever the kind's default is.
    service.notify_format = apprise.NotifyFormat.TEXT

    def deliver(title: str, body: str) -> bool:
        # By the service itself: Apprise.notify sends again by itself when the address says so (retry=3),
        # and its threads would hold up the end of the app.
        return bool(service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT))

    return Channel(f"{position}: {service.service_name}", deliver, deadline_seconds)


# ── what Apprise says ───────────────────────────────────────────────────────────────────────

_heard: Any = threading.local()
"""`lines` of this thread: what Apprise logged while it sent."""


class _Listener(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        lines = getattr(_heard, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())
        return False


_LISTENER = _Listener()


def _keep_quiet() -> None:
    """From now on nobody but this module hears what Apprise logs, nor the libraries under it: all write addresses."""
    apprise = logging.getLogger("apprise")
    apprise.setLevel(logging.DEBUG)  # why a connection failed is said there only
    apprise.addFilter(_LISTENER)  # drops every record, whichever handlers there are; added once, however often asked
    for name in ("urllib3", "requests_oauthlib", "oauthlib"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


_ANSWERED = re.compile(r"\berror=(\d{3})\b")
_SIGNS: Sequence[tuple[str, Step, str]] = (
    ("connect timeout|ConnectTimeout", Step.FAILED, "No connection came about in time."),
    ("timed out", Step.DOUBT, "No answer came in time: nobody knows if it arrived."),
    ("refused", Step.FAILED, "The connection was refused."),
    ("resolve|getaddrinfo|not known|name resolution", Step.FAILED, "The host of the address was not found."),
    ("certificate|SSL", Step.FAILED, "No safe connection came about: the certificate or TLS was refused."),
    ("unreachable|No route", Step.FAILED, "There is no way to the host of the address."),
    (
        "disconnected|reset by peer|aborted|broken pipe|closed unexpectedly",
        Step.DOUBT,
        "The connection broke while it was being sent: nobody knows if it arrived.",
    ),
    ("authenticat", Step.FAILED, "The name or the password was refused."),
)
"""Words of the libraries below, what they mean for the message, and our sentence. The first that fits counts."""


def _outcome(said: str) -> Outcome:
    """Return what it means, in our own words only."""
    answered = _ANSWERED.search(said)
    if answered:
        return Outcome(Step.FAILED, f"It answered {_status(int(answered[1]))}.")
    for words, step, reason in _SIGNS:
        if re.search(words, said, re.IGNORECASE):
            return Outcome(step, reason)
    return Outcome(Step.FAILED, "It could not be sent, and gave no reason that may be shown.")


def _status(code: int) -> str:
    try:
        return f"{code} {http.HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
