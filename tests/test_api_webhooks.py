"""Replicate's webhooks: heard when they are signed, fresh and new; believed never; and the app does without them."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from staging.api import routes
from staging.api_webhooks import MOST_REMEMBERED, WINDOW_SECONDS, Heardbook, signed
from staging.config import webhook_key
from tests.api_keys import sentence
from tests.replicate_server_routes import WEBHOOK_SECRET
from tests.replicate_server_webhooks import sign
from tests.routes_server import Answer, Web, serving

NEWS = json.dumps({"id": "abc", "status": "succeeded", "output": "https://evil.example/x.png"}).encode()


class Engine:
    """Writes down what it is told."""

    running = True

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def hear_of(self, provider: str, provider_id: str) -> None:
        self.heard.append((provider, provider_id))


def lab_of(secret: str | None) -> Any:
    from staging.config import Settings

    return SimpleNamespace(engine=Engine(), settings=Settings(webhook_secret=cast(Any, secret)))


@pytest.fixture(scope="module")
def lab() -> Any:
    return lab_of(WEBHOOK_SECRET)


@pytest.fixture(scope="module")
def web(lab: Any) -> Iterator[Web]:
    with serving(routes(lab)) as web:
        yield web


def post(web: Web, number: str, body: bytes = NEWS, at: float | None = None, **headers: str) -> Answer:
    stamp = str(int(time.time() if at is None else at))
    sent = {"webhook-id": number, "webhook-timestamp": stamp, "webhook-signature": sign(number, stamp, body)}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return web.ask("/webhooks/replicate", "POST", {"Content-Type": "application/json", **sent}, body)


def test_the_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks scheme, https://docs.svix.com/receiving/verifying-payloads/how-manual."""
    from pydantic import SecretStr

    key = webhook_key(SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    assert key is not None
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert signed(key, headers, b'{"test": 2432232314}', 1614265330.0)
    assert not signed(key, headers, b'{"test": 2432232315}', 1614265330.0)


def test_a_signed_webhook_makes_the_engine_look_and_its_replay_does_not(web: Web, lab: Any) -> None:
    lab.engine.heard.clear()
    assert json.loads(post(web, "one").content) == {"heard": True}
    assert json.loads(post(web, "one").content) == {"heard": False}
    assert lab.engine.heard == [("replicate", "abc")]


def test_one_of_several_signatures_is_enough(web: Web) -> None:
    stamp = str(int(time.time()))
    both = f"v1,AAAA v2,{'B' * 44} {sign('several', stamp, NEWS)}"
    assert post(web, "several", webhook_signature=both, webhook_timestamp=stamp).status == 200


def test_what_is_tampered_stale_or_unsigned_is_not_heard(web: Web, lab: Any) -> None:
    lab.engine.heard.clear()
    now, good = time.time(), sign("x", str(int(time.time())), NEWS)
    other = "v1," + hmac.new(b"other", NEWS, hashlib.sha256).hexdigest()
    wrong = [
        post(web, "x", webhook_signature=sign("x", str(int(now)), NEWS + b" ")),
        post(web, "x", webhook_signature=sign("y", str(int(now)), NEWS)),
        post(web, "x", webhook_signature=good.removeprefix("v1,")),
        post(web, "x", webhook_signature=other),
        post(web, "x", webhook_signature=""),
        post(web, "x", webhook_signature="v1,ü"),
        post(web, "x", webhook_timestamp=""),
        post(web, "x", webhook_timestamp="soon"),
        post(web, "x", webhook_timestamp="9" * 400),
        post(web, "x", at=now - WINDOW_SECONDS - 5),
        post(web, "x", at=now + WINDOW_SECONDS + 5),
        web.ask("/webhooks/replicate", "POST", body=NEWS),
    ]
    assert {"not signed" in sentence(answer, 401) for answer in wrong} == {True}
    assert lab.engine.heard == []
    assert post(web, "x", at=now - WINDOW_SECONDS + 30).status == 200  # the control: in the window, and not heard yet


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 7}', b"\xff", b"[" * 100_000])
def test_a_signed_body_that_names_no_prediction_is_a_sentence(web: Web, lab: Any, body: bytes) -> None:
    lab.engine.heard.clear()
    assert "names no prediction" in sentence(post(web, f"odd {len(body)} {body[:2]!r}", body), 422)
    assert lab.engine.heard == []


def test_without_a_secret_nobody_is_heard() -> None:
    lab = lab_of(None)
    with serving(routes(lab)) as web:
        assert "STAGING_WEBHOOK_SECRET" in sentence(post(web, "x"), 404)
    assert lab.engine.heard == []


def test_what_was_heard_is_forgotten_after_two_windows_and_never_grows_without_end() -> None:
    now = 0.0
    book = Heardbook(lambda: now)
    assert (book.fresh("one"), book.fresh("one")) == (True, False)
    now = 2 * WINDOW_SECONDS + 1
    assert book.fresh("one")
    for number in range(MOST_REMEMBERED + 5):
        book.fresh(str(number))
    assert len(book._heard) == MOST_REMEMBERED


def test_the_secrets_form_is_checked_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from staging.config import read_settings
    from staging.errors import SettingsRefused

    for wrong in ("secret", "whsec_", "whsec_ü", "whsec_a", "xwhsec_YQ=="):
        monkeypatch.setenv("STAGING_WEBHOOK_SECRET", wrong)
        with pytest.raises(SettingsRefused, match="STAGING_WEBHOOK_SECRET cannot be used"):
            read_settings()
