"""The bench tells what it measured, whether the goal was met, and what could not be measured."""

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench.figures import Figure, table

FIGURES = [
    Figure("api_calls_each", 1.5, "calls", "<= 2.2", "replicate.run: 14.13"),
    Figure("makespan", 1.2, "x", "<= 1.05"),
    Figure("rooms_a_second", 30, "rooms/s", ">= 25"),
    Figure("told", 123456.0, "bytes"),
]


def test_a_goal_is_met_missed_or_not_set() -> None:
    assert [figure.met() for figure in FIGURES] == [True, False, True, None]
    assert Figure("x", 2.2, "s", "<= 2.2").met() is True


@pytest.mark.parametrize("goal", ["2.2", "< 2.2", "<= fast"])
def test_a_goal_that_cannot_be_read_is_refused(goal: str) -> None:
    with pytest.raises(ValueError, match=r"x: the goal|could not convert"):
        Figure("x", 1, "s", goal)


def test_the_table_shows_each_figure_beside_its_goal_and_baseline() -> None:
    assert table(FIGURES[:2]).splitlines() == [
        "| figure         | value | unit  | goal    | met    | baseline             |",
        "|----------------|-------|-------|---------|--------|----------------------|",
        "| api_calls_each | 1.5   | calls | <= 2.2  | yes    | replicate.run: 14.13 |",
        "| makespan       | 1.2   | x     | <= 1.05 | **no** |                      |",
    ]


def test_all_benches_are_found_by_their_files() -> None:
    files = {path.stem for path in bench.HERE.glob("bench_*.py")}

    assert {found.__module__.rsplit(".", 1)[1] for found in bench.benches([])} == files
    assert [found.__name__ for found in bench.benches(["start"])] == ["bench_start"]


def test_an_unknown_bench_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"No bench speed\. Known: .*start"):
        bench.benches(["speed"])


def test_a_bench_that_fails_is_told_and_the_others_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def bench_broken() -> list[Figure]:
        raise RuntimeError("no server")

    def bench_sound() -> list[Figure]:
        return FIGURES

    monkeypatch.setattr(bench, "benches", lambda subjects: [bench_broken, bench_sound])

    code = bench.main(["--output", str(tmp_path / "bench.json")])

    told = capsys.readouterr()
    kept = json.loads((tmp_path / "bench.json").read_text())
    assert code == 1
    assert "Missed: makespan.\nNot measured: bench_broken.\n" in told.out
    assert "no server" in told.err
    assert kept["figures"][0] == {
        "name": "api_calls_each",
        "value": 1.5,
        "unit": "calls",
        "goal": "<= 2.2",
        "baseline": "replicate.run: 14.13",
        "met": True,
    }
    assert {"commit", "measured_at", "machine"} <= set(kept)


def test_the_document_gets_the_table_between_its_marks(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Before\n{bench.BEGIN}\nlast year's table\n{bench.END}\nafter\n")

    for _ in range(2):
        bench.write_document(document, bench.machine(), FIGURES)

    text = document.read_text()
    assert text.startswith(f"# Before\n{bench.BEGIN}\nMeasured 20")
    assert text.endswith(f"{bench.END}\nafter\n")
    assert text.count(table(FIGURES)) == 1
    assert "last year" not in text


def test_a_document_without_the_marks_is_left_as_it_is(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Before\n")

    with pytest.raises(ValueError, match="has no place for the table"):
        bench.write_document(document, bench.machine(), FIGURES)

    assert document.read_text() == "# Before\n"
