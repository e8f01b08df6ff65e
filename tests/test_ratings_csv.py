"""`python -m staging rate`: votes from anywhere, read strictly, rated by the page's own code."""

import csv
import json
from pathlib import Path

import pytest

from staging.__main__ import main
from staging.errors import BallotsRefused
from staging.ratings import rate
from staging.ratings_csv import COLUMNS, as_json, as_text, read_ballots
from tests.leanings import leaning, rows_of

HEAD = ",".join(COLUMNS)


def file(folder: Path, text: str | bytes) -> Path:
    path = folder / "votes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_rated_as_the_page_rates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ballots = leaning(1, 400, (1, 0, -1), rooms=30, raters=6, ties=0.1, both_bad=0.05)
    path = tmp_path / "votes.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows_of(ballots)])

    assert main(["rate", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    expected = rate(ballots)
    assert told == json.loads(json.dumps(as_json(expected)))
    assert [one["model"] for one in told["ratings"]] == ["model 00", "model 01", "model 02"]
    assert told["verdicts"] == [
        {"better": "model 00", "worse": "model 01"},
        {"better": "model 00", "worse": "model 02"},
        {"better": "model 01", "worse": "model 02"},
    ]
    assert sum(map(sum, told["win_matrix"]["points"])) == told["votes"] == len(ballots) - told["both_bad"]

    assert main(["rate", str(path)]) == 0
    text = capsys.readouterr().out
    assert text == f"{as_text(expected)}\n"
    assert "model 00 is surely better than model 02" in text


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    path = file(tmp_path, "\ufeffoutcome,when,right,left,rater,room\n\nleft,today, b ,a,eva,den\n")

    assert rows_of(read_ballots(path)) == [("den", "eva", "a", "b", "left")]


def test_few_votes_prove_nothing_and_the_table_says_so(tmp_path: Path) -> None:
    path = file(tmp_path, f"{HEAD}\nden,eva,a,b,left\nden,eva,b,c,both bad\n")

    text = as_text(rate(read_ballots(path)))

    assert "nobody can say" in text
    assert "c  only votes for neither: 1" in text
    assert "No model is surely better than another" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("room,rater,left,right\n", "line 1: the column outcome is not there"),
        (f"{HEAD},room\n", "line 1: the column room is twice"),
        (f"{HEAD}\nden,eva,a,b\n", "line 2: 4 cells, where line 1 has 5"),
        (f"{HEAD}\nden,eva,a,b,left\nden,eva,a,a,left\n", "line 3: a stands against itself"),
        (f"{HEAD}\nden,,a,b,left\n", "line 2: the rater is empty"),
        (f"{HEAD}\nden,eva,a,b,draw\n", "line 2: the outcome is 'draw', not one of left, right, tie, both bad"),
        (f"{HEAD}\nden,eva,a,b,Left\n", "line 2: the outcome is 'Left'"),
        (f"{HEAD}\nden,eva,a\x1b[2J,b,left\n", "line 2: the left has a control character"),
        (f'{HEAD}\nden,eva,"a"b,c,left\n', "line 2: this is not CSV"),
        (f"{HEAD}\nden,eva,a,b,left\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_is_no_vote_is_refused_by_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = file(tmp_path, text)

    with pytest.raises(BallotsRefused) as refused:
        read_ballots(path)

    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_refusals_are_one_sentence_at_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apart = file(tmp_path, f"{HEAD}\nden,eva,a,b,left\nden,eva,c,d,left\n")
    for path, said in ((apart, "never met"), (tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory")):
        assert main(["rate", str(path)]) == 2
        out, error = capsys.readouterr()
        assert out == ""
        assert said in error
        assert len(error.splitlines()) == 1


def test_a_file_too_large_to_be_votes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("staging.ratings_csv.MOST_BYTES", 10)

    with pytest.raises(BallotsRefused, match="larger than"):
        read_ballots(file(tmp_path, f"{HEAD}\n"))
