"""What the automatic scorer says of each model's outputs: how much they keep of the room, and what goes wrong."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages.components.words import counted, plain
from staging.lab import Lab
from staging.quality import FAMILIES, FLAG_CODES
from staging.store import BallotFilter, ModelQuality

ABOUT = (
    "Every output is compared with its room by the automatic scorer: is the architecture still there, did the camera "
    "move, were walls or floor changed, is the picture clean? It does not say whether people like the furniture: that "
    "is what the votes above are for. Models are in the order of their mean score."
)
MEAN = "The mean of the overall scores, 0 to 100."
LOW = "One output in ten scored lower than this."
CHANGED = "The share of the outputs in which windows, doors or walls are gone, moved or added, or the room is another."
PART = "The mean over the outputs in which it means something, 0 to 1; 1 is as in the photo."
FLAGS = "What the scorer saw most often, with the share of the outputs."
MOST_FLAGS = 3


def quality(lab: Lab, wanted: BallotFilter, names: Mapping[str, str]) -> None:
    """Draw what the scorer says of the models' outputs of these days, room type, style and project."""
    st.subheader("Automatic quality", anchor=False, help=ABOUT)
    models = lab.store.scores.of_models(lab.scoring.version, wanted)
    if not models:
        st.caption("No output like these has a score yet. Scores come by themselves, soon after each picture.")
        return
    _table(models, names)
    told = counted(sum(one.scored for one in models), "output")
    others = " The rater is not asked here: scores are nobody's opinion." if wanted.rater else ""
    st.caption(
        plain(f"{told} scored by scorer {lab.scoring.version}; scores of other versions are not mixed in.{others}")
    )


def _table(models: Sequence[ModelQuality], names: Mapping[str, str]) -> None:
    number = st.column_config.NumberColumn
    columns: dict[str, list[object]] = {
        "Model": [names.get(one.model, one.model) for one in models],
        "Score": [one.mean for one in models],
        "Lowest tenth": [one.low for one in models],
        "Structure changed": [one.structure_changed / one.scored for one in models],
        "Outputs": [one.scored for one in models],
        "Most frequent flags": [_flags(one) for one in models],
    }
    formats: dict[str, ColumnConfig] = {
        "Model": st.column_config.TextColumn(pinned=True, width="medium"),
        "Score": number(format="%.1f", help=MEAN),
        "Lowest tenth": number(format="%.0f", help=LOW),
        "Structure changed": number(format="percent", help=CHANGED),
        "Most frequent flags": st.column_config.TextColumn(help=FLAGS, width="large"),
    }
    for name, label in FAMILIES.items():
        if any(name in one.parts for one in models):
            columns[label] = [one.parts.get(name) for one in models]
            formats[label] = number(format="%.2f", help=PART)
    st.dataframe(
        columns,
        hide_index=True,
        key="leaderboard-quality",
        alt="Automatic scores of the models",
        placeholder="n/a",
        column_config=formats,
    )


def _flags(one: ModelQuality) -> str:
    frequent = list(one.flags.items())[:MOST_FLAGS]
    return ", ".join(f"{FLAG_CODES.get(code, code)} {count / one.scored:.0%}" for code, count in frequent)
