"""What was acknowledged survives kill -9: the short form; tests/chaos/test_store_kill.py is the full one."""

from pathlib import Path

from tests.store_killing import kill_again_and_again


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    outcome = kill_again_and_again(tmp_path / "ledger.duckdb", kills=5, seed=1)
    assert outcome.acknowledged > 100
    assert (outcome.lost, outcome.torn) == ([], [])


def test_a_writer_that_acknowledges_too_early_is_found_out(tmp_path: Path) -> None:
    """The control: the same kills find losses where there are some."""
    outcome = kill_again_and_again(tmp_path / "ledger.duckdb", kills=3, seed=2, early=True)
    assert outcome.lost
