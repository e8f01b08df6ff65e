"""The versions of the prompt book: who changed what when and why, and the way back to any of them."""

import streamlit as st

from pages.components.drafts import replace
from pages.components.words import moment, plain
from staging.lab import Lab
from staging.prompts import PromptBook, changed, difference
from staging.shelf import Edition

SHOWN = 20
"""Versions that are drawn before somebody asks for all."""


def named(edition: Edition) -> str:
    """Return "Version 3", or "Shipped 2026-11-22"."""
    return edition.label.capitalize() if edition.number == 0 else f"Version {edition.number}"


def show_difference(before: PromptBook, after: PromptBook) -> None:
    """Draw what was changed, phrase by phrase."""
    lines = difference(before, after)
    if lines:
        st.code(lines, language="diff", wrap_lines=True)
    else:
        st.caption("The same words.")


def show_history(lab: Lab) -> None:
    """Draw every version, the newest first, each with its difference to the one before."""
    editions = lab.prompt_shelf.editions()
    all_of_them = len(editions) <= SHOWN or st.session_state.get("prompts-all-versions", False)
    for position, edition in enumerate(editions if all_of_them else editions[:SHOWN]):
        before = editions[position + 1] if position + 1 < len(editions) else None
        with st.container(border=True, key=f"prompts-edition-{edition.number}"):
            show_edition(lab, edition, before, editions[0])
    if len(editions) > SHOWN:
        st.toggle(f"Show all {len(editions)} versions", key="prompts-all-versions")


def show_edition(lab: Lab, edition: Edition, before: Edition | None, current: Edition) -> None:
    """Draw one version; any but the current one can be made it again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        badge = " :green-badge[current]" if edition is current else ""
        st.markdown(f"**{plain(named(edition))}**{badge}", width="stretch")
        if edition is not current and edition.book is not None:
            st.button(
                "Make this the current one again",
                icon=":material/history:",
                key=f"prompts-again-{edition.number}",
                on_click=replace,
                args=(lab, edition.book.body(), f"{named(edition)} again", current.number),
            )
    when = moment(edition.written_at, st.context.timezone) if edition.written_at else ""
    st.caption(" · ".join(plain(part) for part in (when, edition.written_by, edition.note) if part))
    if edition.book is None:
        st.warning(plain(f"This release cannot use it: {edition.fault}"), icon=":material/warning:")
    elif before is not None and before.book is not None:
        with st.expander(f"What it changed in {plain(named(before))}"):
            show_difference(before.book, edition.book)


def offer_shipped(lab: Lab, current: Edition) -> None:
    """Say that the product ships other prompts than those that ours were edited from, and offer them."""
    shipped = lab.prompt_shelf.shipped
    if current.book is None or current.book.version == shipped.version:
        return
    with st.container(border=True, key="prompts-shipped"):
        st.markdown(
            f":material/upgrade: **This release ships other prompts** ({plain(shipped.version)}). Yours were edited "
            f"from those of {plain(current.book.version)} and are still in use."
        )
        with st.expander("What would change"):
            show_difference(current.book, shipped)
        with st.container(horizontal=True):
            st.button(
                "Take the shipped prompts",
                icon=":material/download:",
                key="prompts-take-shipped",
                on_click=replace,
                args=(lab, shipped.body(), f"Shipped {shipped.version}", current.number),
            )
            st.button(
                "Keep ours",
                key="prompts-keep-ours",
                help="Saves a version with the same words that does not ask again until another release.",
                on_click=replace,
                args=(
                    lab,
                    changed(current.book.body(), {("version",): shipped.version}),
                    f"Ours kept; shipped {shipped.version} looked at",
                    current.number,
                ),
            )
