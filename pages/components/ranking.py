"""The ranking in figures and tables: ratings, who beat whom, who is surely better, and why outputs lose."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages.components.words import counted, plain
from staging.predictions import Reason
from staging.ratings import Gap, Ratings
from staging.registry import Capability, ModelRegistry
from staging.store import CostReport

MOST_GAPS = 200
RATING = (
    "How often people prefer this model, on a scale like that of chess: all models together average 1000, and a "
    "model 100 points above another is expected to win 64 votes in 100 against it; 400 points above, 91 in 100."
)
INTERVAL = (
    "Where the true rating lies in 95 cases of 100, were other rooms and other raters asked. Votes of few people on "
    "few rooms are not independent, so more of the same votes narrow it little: more rooms and raters do."
)
TIER = (
    "Models in tier 1 have nobody above them that is surely better. Within a tier, treat the order as open: "
    "the votes do not tell these models apart yet."
)
BOTH_BAD = (
    "The share of votes with this model in which the rater would use neither picture. "
    "They are not in the rating: a model can be the best of a bad pair."
)
DECIDED = "Votes for one of the two pictures, or for a tie. Skips, hidden repeats and votes taken back are not in it."
ROOMS = "How many rooms (or sets of rooms) these votes are about."
RATERS = "How many people gave these votes."
SURE = "How many of all pairs of models differ surely: the interval of their gap leaves out 0."
POINTS = "Each row: votes that this model won against the model in the column. A tie is half a vote for each."
GAPS = (
    "The gap between two ratings with its own interval: it is sure when that leaves out 0. Each is judged by itself "
    "at 95 %, so of twenty gaps that are truly 0 about one is called sure."
)
FAULTS = (
    "How often each reason was given against the model: when its picture lost a vote (both lose when both are bad), "
    "and when its output was rejected. The reasons to work on first stand on top."
)


class Fault(NamedTuple):
    """How often a reason was given."""

    reason: str
    lost: int
    """Votes that the model lost for it."""
    rejected: int
    """Outputs that were rejected for it."""
    share: float
    """Of all reasons given, this one and those given more often."""


def offline_names(registry: ModelRegistry) -> Mapping[str, str]:
    """Return what the models that keep the architecture by construction are called beside the others."""
    return {
        spec.id.value: f"{spec.id} (offline baseline)" for spec in registry if Capability.OFFLINE in spec.capabilities
    }


def pareto(
    lost: Mapping[tuple[str, Reason], int], rejected: Mapping[tuple[str, str], int], model: str | None
) -> list[Fault]:
    """Return the reasons given against the model (against any, for None), the most frequent first."""
    in_votes, by_hand = Counter[str](), Counter[str]()
    for counts, into in ((lost, in_votes), (rejected, by_hand)):
        for (of, reason), count in counts.items():
            if model in (None, of):
                into[str(reason)] += count
    together = in_votes + by_hand
    so_far, faults = 0, []
    for reason, count in sorted(together.items(), key=lambda one: (-one[1], one[0])):
        so_far += count
        faults.append(Fault(reason, in_votes[reason], by_hand[reason], so_far / together.total()))
    return faults


def figures(ratings: Ratings, part: str) -> None:
    """Draw what the ranking stands on."""
    shown = ratings.votes + ratings.both_bad
    with st.grid(5, min_column_width=140, key=f"leaderboard-figures{part}"):
        for label, value, hint in (
            ("Decided votes", f"{ratings.votes:,}", DECIDED),
            ("Rooms", f"{ratings.rooms:,}", ROOMS),
            ("Raters", f"{ratings.raters:,}", RATERS),
            ("Both bad", f"{ratings.both_bad / shown:.0%}", BOTH_BAD),
            ("Surely different", f"{len(ratings.sure)} of {len(ratings.gaps)}", SURE),
        ):
            with st.container(border=True, height="stretch"):
                st.metric(label, value, help=hint)


def in_words(ratings: Ratings, names: Mapping[str, str]) -> str:
    """Return what the ranking says in a sentence or two, as Markdown."""
    best = [plain(names.get(one.model, one.model)) for one in ratings.models if one.tier == 1]
    if len(ratings.models) > len(best) == 1:
        beaten = len({gap.worse for gap in ratings.sure if gap.better == ratings.models[0].model})
        others = len(ratings.models) - 1
        told = "all others" if beaten == others else f"{beaten} of {counted(others, 'other')}"
        return f"**{best[0]}** is on top, surely better than {told}."
    if not ratings.sure:
        return "The votes do not tell these models apart yet: no gap is sure."
    return f"On top, and not told apart yet: **{'**, **'.join(best)}**."


def ratings_table(ratings: Ratings, names: Mapping[str, str], costs: CostReport, key: str) -> None:
    """Draw every figure of each model, the best first; each column explains itself."""
    accepted = {row.key: row.usd_per_accepted for row in costs.by_model if not row.unknown_charges}
    seconds = {one.model: one.p50_seconds for one in costs.run_times}
    models = ratings.models
    columns: dict[str, Sequence[object]] = {
        "Model": [names.get(one.model, one.model) for one in models],
        "Tier": [one.tier for one in models],
        "Rating": [one.rating for one in models],
        "From": [one.low for one in models],
        "To": [one.high for one in models],
        "Both bad": [one.both_bad_rate for one in models],
        "Votes": [one.votes for one in models],
        "Rooms": [one.rooms for one in models],
        "Raters": [one.raters for one in models],
        "Per accepted": [None if (usd := accepted.get(one.model)) is None else float(usd) for one in models],
        "p50": [seconds.get(one.model) for one in models],
    }
    number = st.column_config.NumberColumn
    _draw(
        columns,
        {
            "Tier": number(help=TIER, width="small"),
            "Rating": number(help=RATING, format="%.0f"),
            "From": number(help=INTERVAL, format="%.0f"),
            "To": number(help=INTERVAL, format="%.0f"),
            "Both bad": number(help=BOTH_BAD, format="percent"),
            "Votes": number(help=DECIDED),
            "Rooms": number(help=ROOMS),
            "Raters": number(help=RATERS),
            "Per accepted": number(help=PER_ACCEPTED, format="$%.4f"),
            "p50": number(help=P50, format="%.1f s"),
        },
        "Ratings of the models",
        key,
    )


PER_ACCEPTED = (
    "All known costs of the model in these days, of rejected and failed pictures too, over the accepted ones. "
    "Empty where none was accepted, or where a charge is not known."
)
P50 = "Half of the model's successes in these days took less time than this, by the provider's clock."


def points_table(ratings: Ratings, names: Mapping[str, str], key: str) -> None:
    """Draw how many votes each model won against each other one."""
    called = [names.get(one.model, one.model) for one in ratings.models]
    columns: dict[str, Sequence[object]] = {"Model": called}
    for place, name in enumerate(called):
        columns[name] = [None if place == row else won[place] for row, won in enumerate(ratings.points)]
    _draw(columns, {}, "Votes won by row against column", key)


def gaps_table(gaps: Sequence[Gap], names: Mapping[str, str], key: str) -> None:
    """Draw every gap with its interval, the sure ones first."""
    shown = sorted(gaps, key=lambda gap: (not gap.sure, -gap.gap))[:MOST_GAPS]
    columns: dict[str, Sequence[object]] = {
        "Better": [names.get(gap.better, gap.better) for gap in shown],
        "Than": [names.get(gap.worse, gap.worse) for gap in shown],
        "Surely": ["yes" if gap.sure else "not yet" for gap in shown],
        "Gap": [gap.gap for gap in shown],
        "From": [gap.low for gap in shown],
        "To": [gap.high for gap in shown],
        "Wins": [gap.chance for gap in shown],
    }
    number = st.column_config.NumberColumn
    wins = "How many of the decided votes between the two the better one is expected to win."
    formats: dict[str, ColumnConfig] = {
        "Gap": number(format="%.0f", help=GAPS),
        "Wins": number(format="percent", help=wins),
    }
    formats |= {"From": number(format="%.0f", help=INTERVAL), "To": number(format="%.0f", help=INTERVAL)}
    _draw(columns, formats, "Gaps between models", key)
    if len(gaps) > MOST_GAPS:
        st.caption(f"And {len(gaps) - MOST_GAPS} more that are smaller.")


def faults_table(faults: Sequence[Fault], key: str) -> None:
    """Draw how often each reason was given."""
    columns: dict[str, Sequence[object]] = {
        "Reason": [one.reason for one in faults],
        "Lost votes": [one.lost for one in faults],
        "Rejected outputs": [one.rejected for one in faults],
        "Together so far": [one.share for one in faults],
    }
    so_far = "The share of all reasons given that this one and those above it make up."
    share = st.column_config.NumberColumn(format="percent", help=so_far)
    _draw(columns, {"Together so far": share}, "Reasons given against models", key)


def _draw(columns: Mapping[str, Sequence[object]], formats: Mapping[str, ColumnConfig], alt: str, key: str) -> None:
    first = next(iter(columns))
    st.dataframe(
        {name: list(values) for name, values in columns.items()},
        hide_index=True,
        key=key,
        alt=alt,
        placeholder="–",
        column_config={first: st.column_config.TextColumn(pinned=True, width="medium"), **formats},
    )
