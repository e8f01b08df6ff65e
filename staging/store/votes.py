"""Blind votes in the ledger: what each rater was shown, and what they said of it, once."""

import builtins
import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np

from staging.errors import NotFound, VoteRefused
from staging.predictions import Reason
from staging.ratings import OUTCOMES, Ballots
from staging.store.ballots import (
    LOSERS,
    MOST_SECONDS,
    Ballot,
    BallotFilter,
    Choice,
    Kind,
    Meetings,
    RaterChecks,
    RaterState,
    Side,
    Vote,
)
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import BALLOTS, VOTES, utc

# A choice of a decided, tied or both-bad pair, once: no check, no skip, nothing taken back.
_COUNTED = "votes_now WHERE showing = 0 AND kind = 'pair' AND choice <> 'skip'"


class VoteLedger:
    """The ballots and votes. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    @again_on_conflict
    def show(self, ballot: Ballot) -> Ballot:
        """Keep the showing and return it; when the rater was shown this pair before, that ballot as it was.

        ValueError when it is no pair: sides of different length, or the same output on both.
        """
        left, right = ballot.left.predictions, ballot.right.predictions
        if not left or len(left) != len(right) or set(left) & set(right):
            raise ValueError("a ballot shows as many outputs on one side as on the other, all different")
        with self._ledger.writing() as cursor:
            known = _read(cursor, "rater = ? AND pair = ? AND showing = ?", [ballot.rater, ballot.pair, ballot.showing])
            if not known:
                BALLOTS.insert(cursor, [_row(ballot)])
            return known[0] if known else ballot

    def get(self, ballot_id: str) -> Ballot:
        """Return the ballot; NotFound when there is none."""
        with self._ledger.reading() as cursor:
            return _get(cursor, ballot_id)

    def answered(self, ballot_id: str) -> bool:
        """True when its rater has said something of it that was not taken back."""
        return bool(self._ledger.rows("SELECT 1 FROM votes_now WHERE ballot = ? LIMIT 1", [ballot_id]))

    def state(self, rater: str, since: datetime) -> RaterState:
        """Return where the rater is; `since` is when today began."""
        with self._ledger.reading() as cursor:
            rows = cursor.execute(
                "SELECT b.id, b.pair, b.showing, b.unit, v.choice, epoch_us(v.given_at) FROM app.ballots AS b "
                "LEFT JOIN votes_now AS v ON v.ballot = b.id WHERE b.rater = ?",
                [rater],
            ).fetchall()
            waiting = [row[0] for row in rows if row[4] is None]
            ballots = (
                _read(cursor, "rater = ? AND list_contains(?::VARCHAR[], id)", [rater, waiting]) if waiting else []
            )
        given = [row for row in rows if row[4] is not None]
        counted = [utc(row[5]) for row in given if row[4] != Choice.SKIP.value]
        last = max(given, key=lambda row: (row[5], row[0]), default=None)
        return RaterState(
            waiting=tuple(sorted(ballots, key=lambda ballot: (ballot.made_at, ballot.id))),
            answered=frozenset(pair for _, pair, showing, *_ in given if not showing),
            shown=len(rows),
            last=(last[0], last[3]) if last else None,
            today=sum(at >= since for at in counted),
            total=len(counted),
        )

    @again_on_conflict
    def give(self, vote: Vote, rater: str) -> None:
        """Write the vote down. VoteRefused, and nothing is written, when one of the rater's stands already.

        VoteRefused also when it makes no sense: another's ballot, reasons without a loser, a pin that is
        not in a loser's picture. NotFound when there is no such ballot.
        """
        with self._ledger.writing() as cursor:
            ballot = _get(cursor, vote.ballot)
            _check(vote, ballot, rater)
            sequence, last = _last(cursor, ballot)
            if last not in (None, Choice.WITHDRAWN):
                raise VoteRefused("You have judged this pair already: your first vote stands. Undo takes it back.")
            _append(cursor, ballot, sequence, vote)

    @again_on_conflict
    def take_back(self, ballot_id: str, rater: str, at: datetime) -> None:
        """The rater's vote on it counts no more, and the pair is open again. VoteRefused when there is none."""
        with self._ledger.writing() as cursor:
            ballot = _get(cursor, ballot_id)
            sequence, last = _last(cursor, ballot)
            if ballot.rater != rater or last in (None, Choice.WITHDRAWN):
                raise VoteRefused("There is no vote of yours to take back here.")
            _append(cursor, ballot, sequence, Vote(ballot_id, Choice.WITHDRAWN, at))

    def repeatable(self, rater: str, rest: int) -> builtins.list[Ballot]:
        """Return the rater's 20 oldest decided pairs that were not repeated yet and are none of the last `rest`."""
        with self._ledger.reading() as cursor:
            return _read(
                cursor,
                "rater = $rater AND id IN (SELECT ballot FROM votes_now WHERE rater = $rater AND showing = 0 "
                "AND kind = 'pair' AND choice IN ('left', 'right') ORDER BY given_at DESC OFFSET $rest) "
                "AND pair NOT IN (SELECT pair FROM app.ballots WHERE rater = $rater AND showing = 1) "
                "ORDER BY made_at, id LIMIT 20",
                {"rater": rater, "rest": rest},
            )

    def meetings(self) -> builtins.list[Meetings]:
        """Return how each two models did over each unit and style; two arms of one model count as two."""
        rows = self._ledger.rows(
            "SELECT least(l, r), greatest(l, r), unit, style, count(*), sum(CASE WHEN choice IN ('tie', 'both bad') "  # noqa: S608
            "THEN 0.5 WHEN (choice = 'left') = (l < r) THEN 1 ELSE 0 END)::DOUBLE FROM ("
            "SELECT unit, style, choice, CASE WHEN left_model = right_model THEN left_arm ELSE left_model END AS l, "
            f"CASE WHEN left_model = right_model THEN right_arm ELSE right_model END AS r FROM {_COUNTED}) "
            "WHERE l <> r GROUP BY ALL ORDER BY ALL"
        )
        return [Meetings((one, other), *rest) for one, other, *rest in rows]

    def ballots(self, wanted: BallotFilter) -> Ballots:
        """Return the votes that count: of real pairs, shown for the first time, not taken back, not skipped.

        The names are sorted. A pair of one model's outputs is in none but those of its arms.
        """
        counted, values = _counted(wanted)
        with self._ledger.reading() as cursor:
            (names,) = cursor.execute(_NAMES).fetchall()
            rooms, raters, models, arms = ([name for name in found or () if name is not None] for found in names)
            models = models if wanted.arms is None else arms
            codes = cursor.execute(
                _CODED.format(counted),
                values | {"rooms": rooms, "raters": raters, "models": models, "outcomes": list(OUTCOMES)},
            ).fetchnumpy()
        whole = {name: code.astype(np.int64) for name, code in codes.items()}
        return Ballots(tuple(rooms), tuple(raters), tuple(models), **whole).sorted()

    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Return the room types, styles, projects and raters of the votes that count, sorted, by dimension."""
        names = ("room_type", "style", "project", "rater")
        lists = ", ".join(f"list(DISTINCT {name} ORDER BY {name})" for name in names)
        (found,) = self._ledger.rows(f"SELECT {lists} FROM {_COUNTED}")  # noqa: S608 - ours
        return {name: tuple(values or ()) for name, values in zip(names, found, strict=True)}

    def first_given(self) -> datetime | None:
        """Return when the first vote that counts was given; None when there is none."""
        ((first,),) = self._ledger.rows(f"SELECT epoch_us(min(given_at)) FROM {_COUNTED}")  # noqa: S608 - ours
        return None if first is None else datetime.fromtimestamp(first / 1e6, UTC)

    def faults(self, wanted: BallotFilter) -> dict[tuple[str, Reason], int]:
        """Return how many votes that count name each reason against each model (or arm); both bad is against both."""
        counted, values = _counted(wanted)
        rows = self._ledger.rows(
            "SELECT loser, reason, count(*) FROM (SELECT unnest(losers) AS loser, reasons FROM ("  # noqa: S608
            "SELECT CASE choice WHEN 'left' THEN [r] WHEN 'right' THEN [l] ELSE [l, r] END AS losers, "
            f"from_json(reasons, '[\"VARCHAR\"]') AS reasons FROM ({counted}) WHERE reasons <> '[]')), "
            "unnest(reasons) AS named(reason) GROUP BY ALL ORDER BY ALL",
            values,
        )
        return {(loser, Reason(reason)): count for loser, reason, count in rows}

    def checks(self) -> builtins.list[RaterChecks]:
        """Return what each rater's votes say about the rater, by name."""
        rows = self._ledger.rows(
            "WITH given AS (SELECT rater, pair, showing, choice, kind FROM votes_now WHERE choice <> 'skip'), "
            "repeated AS (SELECT g.rater, count(*) AS repeats, count(*) FILTER (f.choice = CASE g.choice "
            "WHEN 'left' THEN 'right' WHEN 'right' THEN 'left' ELSE g.choice END) AS same "
            "FROM given AS g JOIN given AS f ON f.rater = g.rater AND f.pair = g.pair "
            "WHERE g.showing = 1 AND f.showing = 0 GROUP BY g.rater) "
            "SELECT g.rater, count(*), count(*) FILTER (choice = 'left'), count(*) FILTER (choice = 'right'), "
            "coalesce(any_value(repeats), 0), coalesce(any_value(same), 0), "
            "count(*) FILTER (kind = 'twin'), count(*) FILTER (kind = 'twin' AND choice IN ('left', 'right')) "
            "FROM given AS g LEFT JOIN repeated AS r ON r.rater = g.rater GROUP BY g.rater ORDER BY g.rater"
        )
        return [RaterChecks(*row) for row in rows]


# All names there are, wanted or not: leaving out the unwanted is quicker afterwards.
_NAMES = """
SELECT (SELECT list(DISTINCT unit) FROM app.votes), (SELECT list(DISTINCT rater) FROM app.votes),
       (SELECT list(DISTINCT name) FROM (SELECT unnest([left_model, right_model]) AS name FROM app.votes)),
       (SELECT list(DISTINCT name) FROM (SELECT unnest([left_arm, right_arm]) AS name FROM app.votes))
"""
_PLACES = "(SELECT unnest(${0}::VARCHAR[]) AS name, unnest(range(len(${0}::VARCHAR[]))) AS code)"
# LEFT, though every name is there: an inner join first tries to narrow the votes down by the names, for nothing.
_CODED = f"""
SELECT room.code AS room, rater.code AS rater, list_position($models::VARCHAR[], l) - 1 AS "left",
       list_position($models::VARCHAR[], r) - 1 AS "right", list_position($outcomes::VARCHAR[], choice) - 1 AS outcome
FROM ({{}}) AS counted
LEFT JOIN {_PLACES.format("rooms")} AS room ON room.name = counted.unit
LEFT JOIN {_PLACES.format("raters")} AS rater ON rater.name = counted.rater
"""  # noqa: S608 - constants of ours


def _counted(wanted: BallotFilter) -> tuple[str, dict[str, object]]:
    """Return the question for the votes' unit, rater, l and r (models or arms), choice and reasons, and its values."""
    names = ("left_model", "right_model") if wanted.arms is None else ("left_arm", "right_arm")
    question = f"SELECT unit, rater, {names[0]} AS l, {names[1]} AS r, choice, reasons FROM {_COUNTED} AND l <> r"  # noqa: S608
    values: dict[str, object] = {}
    for name, condition in _CONDITIONS.items():
        if (value := getattr(wanted, name)) is not None:
            question += f" AND {condition}"
            values[name] = list(value) if name == "arms" else value
    return question, values


_CONDITIONS = {
    "room_type": "room_type = $room_type",
    "style": "style = $style",
    "project": "project = $project",
    "rater": "rater = $rater",
    "since": "given_at >= $since",
    "until": "given_at < $until",
    "arms": "list_contains($arms::VARCHAR[], left_arm) AND list_contains($arms::VARCHAR[], right_arm)",
}


def _check(vote: Vote, ballot: Ballot, rater: str) -> None:
    """Raise VoteRefused unless the vote is one that this rater can give on this ballot."""
    if ballot.rater != rater:
        raise VoteRefused("This ballot is somebody else's: open the Vote page for one of your own.")
    if vote.choice is Choice.WITHDRAWN:
        raise VoteRefused("A vote is a choice or a skip.")
    losers = LOSERS.get(vote.choice, ())
    if not losers and (vote.reasons or vote.pin):
        raise VoteRefused("Reasons and a pin say why an output lost: there is no loser here.")
    if len(set(vote.reasons)) < len(vote.reasons):
        raise VoteRefused("A reason counts once.")
    pin = vote.pin
    if pin is not None and not (
        pin.side in losers and 0 <= pin.view < len(ballot.left.predictions) and 0 <= pin.x <= 1 and 0 <= pin.y <= 1
    ):
        raise VoteRefused("A pin is a place in a picture of the side that lost.")
    if vote.seconds is not None and not 0 <= vote.seconds < math.inf:
        raise VoteRefused("The time taken is a number of seconds.")


def _last(cursor: duckdb.DuckDBPyConnection, ballot: Ballot) -> tuple[int, Choice | None]:
    """Return the number of the ballot's next row, and what the last one says."""
    row = cursor.execute(
        "SELECT count(*), arg_max(choice, sequence) FROM app.votes WHERE rater = ? AND pair = ? AND showing = ?",
        [ballot.rater, ballot.pair, ballot.showing],
    ).fetchone()
    assert row is not None
    return row[0], None if row[1] is None else Choice(row[1])


def _append(cursor: duckdb.DuckDBPyConnection, ballot: Ballot, sequence: int, vote: Vote) -> None:
    pin = (None, None, None, None) if vote.pin is None else (vote.pin.side, vote.pin.view, vote.pin.x, vote.pin.y)
    seconds = vote.seconds if vote.seconds is not None and vote.seconds <= MOST_SECONDS else None
    about = (ballot.kind.value, ballot.unit, ballot.room_type, ballot.style, ballot.project)
    sides = (ballot.left.model, ballot.right.model, ballot.left.arm, ballot.right.arm)
    said = (vote.choice.value, [reason.value for reason in vote.reasons], *pin, seconds, vote.given_at)
    VOTES.insert(cursor, [(ballot.rater, ballot.pair, ballot.showing, sequence, ballot.id, *about, *sides, *said)])


def _row(ballot: Ballot) -> tuple[object, ...]:
    where = (ballot.queue, ballot.unit, ballot.room_type, ballot.style, ballot.project)
    left, right = ballot.left, ballot.right
    return (
        *(ballot.rater, ballot.pair, ballot.showing, ballot.id, ballot.kind.value, *where),
        *(list(left.predictions), list(right.predictions), left.model, right.model, left.arm, right.arm),
        ballot.made_at,
    )


_OWN = {field.name for field in fields(Ballot)} - {"left", "right"}


def _read(cursor: duckdb.DuckDBPyConnection, where: str, values: list[Any] | dict[str, Any]) -> list[Ballot]:
    rows = cursor.execute(f"SELECT {BALLOTS.select_list} FROM app.ballots WHERE {where}", values).fetchall()  # noqa: S608
    found = []
    for row in rows:
        facts = BALLOTS.read(row)
        left, right = (
            Side(tuple(facts[f"{side}_predictions"]), facts[f"{side}_model"], facts[f"{side}_arm"])
            for side in ("left", "right")
        )
        own = {name: facts[name] for name in _OWN} | {"kind": Kind(facts["kind"])}
        found.append(Ballot(**own, left=left, right=right))
    return found


def _get(cursor: duckdb.DuckDBPyConnection, ballot_id: str) -> Ballot:
    found = _read(cursor, "id = ?", [ballot_id])
    if not found:
        raise NotFound("There is no such ballot in the ledger: open the Vote page anew.")
    return found[0]
