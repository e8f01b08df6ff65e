"""Which votes the leaderboard is of: days, room type, style, project and rater, all of them in the address."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import streamlit as st

from staging.access import person
from staging.lab import Lab
from staging.store import BallotFilter

DAYS, MINE = "leaderboard-days", "leaderboard-mine"
_NO_PROJECT = "no project"
_MINE_HELP = (
    "Your own ranking: only your votes count. Its intervals tell how surely you prefer a model over rooms, "
    "not whether others agree."
)


class Chosen(NamedTuple):
    """What the leaderboard is of."""

    votes: BallotFilter
    first: date
    last: date

    @property
    def narrowed(self) -> bool:
        """True when some votes may be left out."""
        return self.votes != BallotFilter()


def choose_votes(lab: Lab) -> Chosen | None:
    """Draw the filters and return what they say; None while only one day is chosen."""
    zone = ZoneInfo(lab.store.costs.zone)
    today = lab.store.costs.today()
    given = lab.store.votes.first_given()
    whole = (min(today, given.astimezone(zone).date()) if given else today, today)
    known = lab.store.votes.choices()
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    days = row.date_input(
        "Days",
        whole,
        min_value=date(2000, 1, 1),
        max_value=today + timedelta(days=366),
        key=DAYS,
        bind="query-params",
        format="YYYY-MM-DD",
        width=250,
    )
    mine = row.toggle("My leaderboard", key=MINE, bind="query-params", help=_MINE_HELP)
    with st.grid(4, min_column_width=150):
        room_type = _choose("Room type", "room_type", known)
        style = _choose("Style", "style", known)
        project = _choose("Project", "project", known, {"": _NO_PROJECT})
        rater = _choose("Rater", "rater", known)
    if not isinstance(days, tuple) or len(days) != 2:
        return None
    first, last = days
    votes = BallotFilter(
        room_type=room_type,
        style=style,
        project=project,
        rater=person() if mine else rater,
        since=datetime.combine(first, time(), zone) if first > whole[0] else None,
        until=datetime.combine(last + timedelta(days=1), time(), zone) if last < today else None,
    )
    return Chosen(votes, first, last)


def _choose(
    label: str, dimension: str, known: Mapping[str, tuple[str, ...]], called: Mapping[str, str] | None = None
) -> str | None:
    shown = {(called or {}).get(value, value): value for value in known[dimension]}
    key = f"leaderboard-{dimension.replace('_', '-')}"
    picked = st.selectbox(label, list(shown), index=None, placeholder="All", key=key, bind="query-params")
    return None if picked is None else shown[picked]
