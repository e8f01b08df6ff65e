"""What an experiment came to so far, on the screen: the verdict first, then what it stands on."""

from collections.abc import Sequence

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages.components.experiment_charts import pair_charts
from pages.components.words import counted, plain
from staging.experiments import Experiment, Metric, Terms
from staging.experiments_report import ArmReport, Report, report
from staging.experiments_verdict import Answer, Held, Pair, e_words
from staging.lab import Lab

FEW_RATERS = 8
"""Fewer speak for themselves only, however many rooms they judge."""
SCORE = "The mean of the automatic scores of its outputs, 0 to 100, by the scorer of this release."
CHANGED = "The share of the scored outputs of which the scorer says that the room's architecture changed."
ICONS = {Held.HOLDS: ":material/check_circle:", Held.BROKEN: ":material/block:", Held.NOT_KNOWN: ":material/help:"}


def show_report(lab: Lab, experiment: Experiment, phase: int | None) -> None:
    """Draw the phase's report."""
    told = report(lab.store, experiment, phase)
    show_verdict(told)
    if told.ratio.alert:
        st.error(plain(told.ratio.words), icon=":material/warning:")
    st.markdown("**Arms**")
    arms_table(lab, told)
    if not told.ratio.alert:
        st.caption(plain(told.ratio.words))
    show_pairs(told)
    show_guards(told)


def show_verdict(told: Report) -> None:
    """Draw in words whether to stop, and for whom that holds."""
    verdict = told.verdict
    draw, icon = {
        Answer.BEGIN: (st.info, ":material/play_circle:"),
        Answer.GO_ON: (st.info, ":material/hourglass_top:"),
        Answer.PREFERRED: (st.success, ":material/check_circle:"),
        Answer.VETOED: (st.warning, ":material/block:"),
        Answer.EVEN: (st.success, ":material/balance:"),
        Answer.LIMIT: (st.warning, ":material/flag:"),
    }[verdict.answer]
    draw(plain(verdict.sentence), icon=icon)
    raters = max(pair.raters for pair in told.pairs)
    if not raters:
        return
    unit = told.phase.terms.unit
    decided = min(len(pair.tosses) for pair in told.pairs)
    waiting = max(pair.waiting for pair in told.pairs)
    words = [f"{counted(decided, unit.value)} decided"]
    if waiting:
        needed = told.phase.terms.stop.votes_per_unit
        words.append(f"{waiting} with votes, but not yet the {needed} that decide")
    words.append(counted(raters, "rater"))
    st.caption(plain(" · ".join(words)))
    if raters < FEW_RATERS:
        st.caption(
            plain(
                f"This is what {counted(raters, 'person prefers', 'people prefer')}: with so few, another panel may "
                "prefer otherwise, however many rooms they judge. Ask more people before you speak for customers."
            )
        )


def arms_table(lab: Lab, told: Report) -> None:
    """Draw what each arm came to, by the experiment's metrics."""
    terms, arms = told.phase.terms, told.arms
    columns: dict[str, list[object]] = {
        "Arm": [one.arm.name for one in arms],
        "Model": [_model(lab, one) for one in arms],
        "Weight": [one.arm.weight for one in arms],
        f"{terms.unit.capitalize()}s assigned": [told.ratio.units[one.arm.name] for one in arms],
        "Rooms run": [one.figures.rooms for one in arms],
        "Votes": [one.votes for one in arms],
        "Votes won": [one.won for one in arms],
    }
    per_cent, dollars, seconds = (st.column_config.NumberColumn(format=one) for one in ("%.0f %%", "$%.4f", "%.1f s"))
    formats: dict[str, ColumnConfig] = {}
    if told.shows(Metric.ACCEPTANCE):
        columns["Accepted"] = [_share(one.acceptance) for one in arms]
        columns["Judged"] = [one.figures.accepted + one.figures.rejected for one in arms]
        formats["Accepted"] = per_cent
    if told.shows(Metric.COST):
        columns["Cost per accepted"] = [_float(one.figures.usd_per_accepted) for one in arms]
        columns["At unknown cost"] = [one.figures.unknown_costs for one in arms]
        formats["Cost per accepted"] = dollars
    if told.shows(Metric.SECONDS):
        columns["p50 seconds"] = [one.figures.p50_seconds for one in arms]
        formats["p50 seconds"] = seconds
    if told.shows(Metric.FAILURES):
        columns["Failed"] = [_share(one.failure_rate) for one in arms]
        columns["Runs ended"] = [one.figures.ended for one in arms]
        formats["Failed"] = per_cent
    if told.shows(Metric.SCORE) and any(one.score is not None for one in arms):
        columns["Mean score"] = [one.score for one in arms]
        columns["Scored"] = [one.scores.scored if one.scores else 0 for one in arms]
        formats["Mean score"] = st.column_config.NumberColumn(format="%.1f", help=SCORE)
    if told.shows(Metric.STRUCTURE) and any(one.scores for one in arms):
        columns["Structure changed"] = [_share(one.structure_rate) for one in arms]
        formats["Structure changed"] = st.column_config.NumberColumn(format="%.0f %%", help=CHANGED)
    st.dataframe(
        columns,
        hide_index=True,
        key=f"experiment-arms-{told.phase.number}",
        alt="The arms and what they came to",
        placeholder="–",
        column_config={"Arm": st.column_config.TextColumn(pinned=True), **formats},
    )
    under_way = sum(one.figures.under_way for one in arms)
    if under_way:
        st.caption(f"{counted(under_way, 'picture')} under way.")


def _model(lab: Lab, one: ArmReport) -> str:
    name = lab.registry.get(one.arm.model).name if lab.registry.exists(one.arm.model) else one.arm.model
    return f"{name} ({parameter_words(one)})" if one.arm.parameters else name


def parameter_words(one: ArmReport) -> str:
    """Return the arm's parameters: "steps 30, go fast off"."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.arm.parameters.items())


def _share(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))


def show_pairs(told: Report) -> None:
    """Draw the evidence of each pair of arms; of one at a time where there are several."""
    if told.verdict.answer is Answer.BEGIN:
        return
    terms = told.phase.terms
    pair = told.pairs[0]
    if len(told.pairs) > 1:
        pairs_table(told.pairs, terms)
        names = [f"{one.first} and {one.second}" for one in told.pairs]
        key = f"experiment-pair-{told.phase.number}"
        name = st.segmented_control("Charts of", names, default=names[0], required=True, key=key)
        pair = told.pairs[names.index(name or names[0])]
    pair_charts(pair, terms.stop, terms.unit, f"experiment-pair-{pair.first}-{pair.second}")
    low, high = pair.interval
    ties = f" {counted(pair.ties, terms.unit.value)} without a majority left out." if pair.ties else ""
    bad = f" Both bad: {counted(pair.both_bad, 'vote')} of {pair.votes}." if pair.both_bad else ""
    st.caption(
        plain(
            f"{pair.wins} of {counted(pair.units, terms.unit.value)} prefer {pair.second} to {pair.first}; the share "
            f"among all such {terms.unit}s lies between {100 * low:.0f} and {100 * high:.0f} %.{ties}{bad}"
        )
    )
    with st.expander("What does this mean?", icon=":material/help:", key="experiment-meaning"):
        st.markdown(MEANING.format(needed=f"{100 / terms.stop.error_percent:g}", error=terms.stop.error_percent))


MEANING = (
    "**The e-value** says how much better these decisions fit a preference than a coin. At {needed} or more it is "
    "enough: without any preference that happens in at most {error} of 100 experiments, *however often you look*.\n\n"
    "**The band** holds the true share in 95 of 100 experiments (by the setting of false alarms), at every moment. "
    "The grey strip is what is worth nothing: when the band lies within it, there is no difference that counts.\n\n"
    "**One room is one decision**, whatever the number of votes: votes on one room are about that room, and counting "
    "each would make noise look like proof."
)


def pairs_table(pairs: Sequence[Pair], terms: Terms) -> None:
    """Draw every pair; the evidence is divided by their number already."""
    st.dataframe(
        {
            "Pair": [f"{one.first} and {one.second}" for one in pairs],
            f"Decided {terms.unit}s": [one.units for one in pairs],
            "Prefer the second": [one.wins for one in pairs],
            "e-value": [e_words(one.evidence) for one in pairs],
            "Preferred": [one.winner or "open" for one in pairs],
        },
        hide_index=True,
        key="experiment-pairs",
        alt="Every pair of arms",
    )
    st.caption(f"With {len(pairs)} pairs, every e-value is divided by {len(pairs)}: more pairs, more chances to err.")


def show_guards(told: Report) -> None:
    """Draw what the guardrails say."""
    if not told.guards:
        return
    broken = [guard for guard in told.guards if guard.held is Held.BROKEN]
    label = f"Guardrails: {counted(len(broken), 'broken', 'broken')}" if broken else "Guardrails"
    with st.expander(label, icon=":material/shield:", expanded=bool(broken), key="experiment-guards"):
        for guard in told.guards:
            st.markdown(f"{ICONS[guard.held]} **{plain(guard.arm)}**, {guard.name}: {plain(guard.sentence)}")
        if told.shows(Metric.SCORE) and all(one.score is None for one in told.arms):
            st.caption("These arms have no automatic scores yet, so none is guarded.")
