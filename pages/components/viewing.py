"""The viewer's dialog: one output over its room's original, what is known of it, and what a person decides."""

import streamlit as st

from pages.components import cells
from pages.components.calm import calmly
from pages.components.grid import Column
from pages.components.viewer import Shot, view
from pages.components.words import moment, plain
from staging.access import person
from staging.images import PictureKind
from staging.lab import Lab
from staging.predictions import PredictionNow, Verdict
from staging.rooms import Room

SLIDER = "Slider"
PANES = "Side by side"
VIEW = "view"
"""The query parameter that holds the prediction being looked at."""


def _close_viewer() -> None:
    st.query_params.pop(VIEW, None)


def open_viewer(lab: Lab, comparison_id: str) -> None:
    """Show the output that the address names, until the dialog is closed."""

    @st.dialog("Before and after", width="large", on_dismiss=_close_viewer)
    @calmly
    def show() -> None:
        seen = lab.desk.look(comparison_id)
        pictures = [(place, cell.prediction) for place, cell in seen.cells.items() if cell.prediction.outputs]
        ids = [now.prediction.id for _, now in pictures]
        wanted = st.query_params.get(VIEW, "")
        if wanted not in ids:
            st.info("This picture is not part of the comparison, or not finished yet.")
            return
        here = ids.index(wanted)
        titles = {
            place: _title(column) for place, column in zip(seen.columns, cells.columns(seen, lab.registry), strict=True)
        }
        (digest, model, seed), now = pictures[here]
        room = lab.store.rooms.get(digest)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(titles[model, seed])}** on {plain(room.name)}", width="stretch")
            slider = _mode() == SLIDER
            _judging(lab, wanted, now.verdict)
        after = [_shot(lab, other, titles[model, seed], room) for (of, model, seed), other in pictures if of == digest]
        after.sort(key=lambda shot: shot.id != wanted)  # the one that was opened comes first
        before = Shot(digest, lab.pictures.url(digest, PictureKind.VIEW), "Original", f"{room.name} before")
        shots = [before, after[0]] if slider else [before, *after]
        go = view(
            shots,
            key="viewer",
            ratio=room.width / room.height,
            mode="slider" if slider else "panes",
            previous=ids[here - 1] if here else None,
            following=ids[here + 1] if here + 1 < len(ids) else None,
        )
        if go is not None:
            st.query_params[VIEW] = go
            st.rerun(scope="fragment")
        _facts(now)

    show()


def _title(column: Column) -> str:
    return f"{column.name}, {column.detail}" if column.detail else column.name


def _mode() -> str:
    mode = st.segmented_control(
        "Look", [SLIDER, PANES], default=SLIDER, required=True, key="viewer-mode", label_visibility="collapsed"
    )
    return mode or SLIDER


def _shot(lab: Lab, now: PredictionNow, title: str, room: Room) -> Shot:
    url = lab.pictures.url(now.outputs[0].digest, PictureKind.VIEW)
    return Shot(now.prediction.id, url, title, f"{room.name} staged by {title}")


def _judging(lab: Lab, prediction_id: str, verdict: Verdict) -> None:
    for word, icon, value in (
        ("Accept", ":material/check:", Verdict.ACCEPTED),
        ("Reject", ":material/close:", Verdict.REJECTED),
    ):
        chosen = verdict is value
        pressed = st.button(
            f"{word}ed" if chosen else word,
            icon=icon,
            type="primary" if chosen else "secondary",
            key=f"viewer-{word.lower()}",
            help="Press again to take it back." if chosen else None,
        )
        if pressed:
            lab.desk.mark(prediction_id, person(), verdict=Verdict.UNDECIDED if chosen else value)
            st.rerun(scope="fragment")


def _facts(now: PredictionNow) -> None:
    asked = now.prediction
    facts = [cells.facts(now), now.charge_basis or "", f"seed {asked.seed}" if asked.seed is not None else ""]
    if now.ended_at is not None:
        facts.append(moment(now.ended_at, st.context.timezone))
    st.caption(" · ".join(plain(part) for part in facts if part))
    with st.expander("Prompt as sent"):
        st.text(asked.prompt)
