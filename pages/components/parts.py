"""The parts of a page: one is shown at a time, and the address says which."""

from collections.abc import Sequence

import streamlit as st


def choose_part(parts: Sequence[str], key: str, help: str | None = None) -> str:  # noqa: A002 — Streamlit's word
    """Draw the choice and return the part to show: the first one unless the address or a press says otherwise."""
    part: str = st.segmented_control(
        "Part",
        parts,
        default=parts[0],
        required=True,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
        help=help,
    )
    return part
