"""Alerts under kill -9: raised exactly once, received at most once, and what nobody knows is called so.

The short form; `make chaos` runs the long one.
"""

from pathlib import Path

import pytest

from tests.alert_killing import Told, kill_again_and_again


def check(told: Told, alerts: int) -> None:
    print(f"\n{told.kills} kills, {alerts} alerts, {told.in_doubt} in doubt, {len(told.received)} received")
    assert len(told.raised) == alerts
    assert set(told.raised.values()) == {1}
    assert told.twice == []
    assert told.lost == []


@pytest.mark.timeout(600)
def test_every_alert_is_told_once_under_kill_9(tmp_path: Path) -> None:
    told = kill_again_and_again(tmp_path / "ledger.duckdb", kills=6, alerts=45, seed=1)

    check(told, 45)
    assert told.kills == 6
    assert told.in_doubt >= 1, "some of the kills came while a message was on its way"


@pytest.mark.timeout(600)
def test_sending_before_it_is_written_down_is_found_out(tmp_path: Path) -> None:
    """The control: the same kills find messages that arrive twice where there are some."""
    told = kill_again_and_again(tmp_path / "ledger.duckdb", kills=6, alerts=45, seed=1, early=True)

    assert told.kills == 6
    assert told.twice


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_hundred_kills(tmp_path: Path) -> None:
    told = kill_again_and_again(tmp_path / "ledger.duckdb", kills=100, alerts=600, seed=9)

    check(told, 600)
    assert told.kills == 100
