"""Keys of the HTTP API: shown once, kept as a digest, ended by time and by hand, paced, and in the audit log."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from staging.access import Actor, Role
from staging.errors import KeyRefused, NotAllowed, NotFound, TooManyRequests
from staging.keys import LONGEST_NAME, MOST_DAYS, Keys, Pace
from staging.store import AuditFilter, Store

ADMIN = Actor("ada@example.com", Role.ADMIN, "page")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(store: Store, clock: Clock) -> Keys:
    return Keys(store, Pace(1_000, 1_000), clock)


def test_a_key_acts_as_its_role_under_its_own_name(keys: Keys) -> None:
    made = keys.make(ADMIN, " staging  service ", Role.OPERATOR, 30)

    assert keys.holder(made.token) == Actor("API key staging service", Role.OPERATOR, "API key staging service")
    (listed,) = keys.list()
    assert (listed.name, listed.role, listed.made_by) == ("staging service", Role.OPERATOR, "ada@example.com")
    assert listed.expires_at == NOON + timedelta(days=30)


def test_only_a_digest_of_the_key_is_kept(keys: Keys, store: Store, tmp_path: Path) -> None:
    made = keys.make(ADMIN, "canary", Role.ADMIN, 1)
    assert keys.holder(made.token)
    secret = made.token[len("stg_") + len(made.key.id) + 1 :]
    assert len(secret) == 43
    store.ledger.checkpoint()

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert made.key.digest.encode() in kept  # the control: what is kept is found here
    assert secret.encode() not in kept
    assert made.token not in repr(made)


def test_what_is_not_the_whole_key_is_nobody(keys: Keys) -> None:
    token = keys.make(ADMIN, "one", Role.ADMIN, 1).token
    other_end = "A" if token[-1] != "A" else "B"
    wrong = ["", "Bearer", token[:-1] + other_end, token.upper(), token + "\n", token.replace("stg_", "stg_0")]
    wrong += ["stg_" + "0" * 12 + token[16:], token[:16], "ü" * 60]
    assert keys.holder(token) is not None
    assert [one for one in wrong if keys.holder(one) is not None] == []


def test_a_key_ends_to_the_second_and_a_revoked_one_at_once(keys: Keys, clock: Clock) -> None:
    first, second = (keys.make(ADMIN, name, Role.RATER, 1) for name in ("first", "second"))
    keys.revoke(ADMIN, second.key.id)
    assert keys.holder(second.token) is None
    clock.pass_by(hours=23, minutes=59, seconds=59)
    assert keys.holder(first.token) is not None
    clock.pass_by(seconds=1)
    assert keys.holder(first.token) is None


def test_only_who_manages_keys_makes_and_revokes_them(keys: Keys, store: Store) -> None:
    made = keys.make(ADMIN, "one", Role.RATER, 1)
    for role in (Role.RATER, Role.OPERATOR, Role.MANAGER):
        with pytest.raises(NotAllowed, match="manage API keys"):
            keys.make(Actor("kim", role, "page"), "other", role, 1)
        with pytest.raises(NotAllowed, match="manage API keys"):
            keys.revoke(Actor("kim", role, "page"), made.key.id)
    assert len(keys.list()) == 1
    assert keys.holder(made.token) is not None


def test_a_name_that_could_mislead_is_refused(keys: Keys) -> None:
    for name in ["", " ", "-a", "a" * (LONGEST_NAME + 1), "kim@example.com", "a\nb;", "naïve", "<b>"]:
        with pytest.raises(KeyRefused, match="No key was made"):
            keys.make(ADMIN, name, Role.RATER, 1)
    assert keys.list() == []


def test_a_name_is_given_once_for_good(keys: Keys) -> None:
    keys.revoke(ADMIN, keys.make(ADMIN, "one", Role.RATER, 1).key.id)
    with pytest.raises(KeyRefused, match="is or was a key called 'one'"):
        keys.make(ADMIN, "one", Role.ADMIN, 1)


def test_every_key_ends(keys: Keys) -> None:
    for days in (0, -1, MOST_DAYS + 1):
        with pytest.raises(KeyRefused, match=f"1 to {MOST_DAYS} days"):
            keys.make(ADMIN, "one", Role.RATER, days)


def test_making_and_revoking_are_in_the_audit_log_once_each(keys: Keys, store: Store) -> None:
    made = keys.make(ADMIN, "one", Role.MANAGER, 1)
    keys.revoke(ADMIN, made.key.id)
    keys.revoke(ADMIN, made.key.id)
    with pytest.raises(NotFound):
        keys.revoke(ADMIN, "0" * 12)

    _, entries = store.audit.list(AuditFilter(subject="one"), 10)
    assert [(one.act, one.actor, one.origin) for one in reversed(entries)] == [
        ("make API key", "ada@example.com", "page"),
        ("revoke API key", "ada@example.com", "page"),
    ]
    assert entries[-1].after == {"role": "manager", "expires_at": "2026-11-24T12:00:00+00:00"}
    assert all(made.token not in str(one) and made.key.digest not in str(one) for one in entries)


def test_the_last_use_is_written_once_a_minute(keys: Keys, store: Store, clock: Clock) -> None:
    made = keys.make(ADMIN, "one", Role.RATER, 1)
    for _ in range(6):
        keys.holder(made.token)
        clock.pass_by(seconds=20)

    assert store.ledger.rows("SELECT count(*) FROM app.api_key_uses") == [(2,)]
    assert keys.list()[0].used_at == NOON + timedelta(minutes=1)


def test_a_key_has_its_burst_then_its_pace_and_no_other_key_pays_for_it() -> None:
    now = 0.0
    pace = Pace(2.0, 5, lambda: now)
    for _ in range(5):
        pace.take("one")
    with pytest.raises(TooManyRequests, match=r"2 requests a second are taken\. Ask again in 1 s") as refused:
        pace.take("one")
    assert refused.value.retry_after_seconds == 1
    pace.take("other")
    now += 0.5
    pace.take("one")
    with pytest.raises(TooManyRequests):
        pace.take("one")


def test_of_many_at_once_no_more_than_the_burst_get_in() -> None:
    pace = Pace(1.0, 10, lambda: 0.0)

    def ask(_number: int) -> bool:
        try:
            pace.take("one")
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(ask, range(200))) == 10
