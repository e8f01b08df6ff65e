"""One comparison as it runs and afterwards: the grid, what may be done in it, and the viewer."""

import streamlit as st

from pages.components import cells
from pages.components.calm import calmly
from pages.components.grid import Act, grid
from pages.components.viewer import MOST_PANES, Shot, view
from pages.components.words import moment, plain
from staging.access import person
from staging.desk import CellView, ComparisonView
from staging.images import PictureKind
from staging.lab import Lab
from staging.predictions import Verdict
from staging.rooms import Room

POLL = "1s"
VIEW = "view"
"""The query parameter that holds the prediction being looked at."""


def watch(lab: Lab, comparison_id: str) -> None:
    """Draw the comparison; while it runs, look again every second, and stop when all is done."""
    running = lab.desk.look(comparison_id).unfinished > 0

    @st.fragment(run_every=POLL if running else None)
    @calmly
    def live() -> None:
        seen = lab.desk.look(comparison_id)
        if running and not seen.unfinished:
            st.rerun()  # once, so that the timer stops
        _progress(lab, seen)
        rooms = {digest: lab.store.rooms.get(digest) for digest in seen.rooms}
        act = grid(cells.columns(seen, lab.registry), cells.rows(seen, rooms, lab.pictures), key="compare-grid")
        if act is not None:
            _do(lab, act)

    live()
    if VIEW in st.query_params:
        _open_viewer(lab, comparison_id)


def _progress(lab: Lab, seen: ComparisonView) -> None:
    share, words = cells.summary(seen)
    with st.container(horizontal=True, vertical_alignment="center"):
        if seen.unfinished:
            st.progress(share, text=words)
            if st.button("Cancel all", icon=":material/close:", key="compare-cancel-all"):
                lab.desk.cancel_comparison(seen.comparison.id, person())
                st.rerun(scope="fragment")
        else:
            st.markdown(plain(words), width="stretch")
        if st.button("New comparison", icon=":material/add:", key="compare-new"):
            st.query_params.clear()
            st.rerun()


def _do(lab: Lab, act: Act) -> None:
    match act.deed:
        case "open":
            st.query_params[VIEW] = act.prediction_id
            st.rerun()
        case "cancel":
            lab.desk.cancel([act.prediction_id], person())
            st.rerun(scope="fragment")
        case "retry":
            lab.desk.retry(act.prediction_id, person())
            st.rerun()  # the timer may have to start again


def _close_viewer() -> None:
    st.query_params.pop(VIEW, None)


def _open_viewer(lab: Lab, comparison_id: str) -> None:
    @st.dialog("Before and after", width="large", on_dismiss=_close_viewer)
    @calmly
    def show() -> None:
        seen = lab.desk.look(comparison_id)
        finished = [cell for cell in seen.cells.values() if cell.prediction.outputs]
        ids = [cell.prediction.prediction.id for cell in finished]
        wanted = st.query_params.get(VIEW, "")
        if wanted not in ids:
            st.info("This picture is not part of the comparison, or not finished yet.")
            return
        place = ids.index(wanted)
        room = lab.store.rooms.get(finished[place].prediction.prediction.room)
        _viewer(lab, room, finished, place)

    show()


def _viewer(lab: Lab, room: Room, finished: list[CellView], place: int) -> None:
    now = finished[place].prediction
    asked = now.prediction
    name = lab.registry.get(asked.model).name if lab.registry.exists(asked.model) else asked.model
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(name)}** on {plain(room.name)}", width="stretch")
        mode = st.segmented_control(
            "Look",
            ["Slider", "Side by side"],
            default="Slider",
            required=True,
            key="viewer-mode",
            label_visibility="collapsed",
        )
        _step("Previous", ":material/chevron_left:", finished, place - 1)
        _step("Next", ":material/chevron_right:", finished, place + 1)
    before = Shot(room.digest, lab.pictures.url(room.digest, PictureKind.VIEW), "Original", f"{room.name} before")
    after = [_shot(lab, room, cell) for cell in finished if cell.prediction.prediction.room == room.digest]
    here = next(shot for shot in after if shot.id == asked.id)
    others = [shot for shot in after if shot.id != asked.id]
    shots = [before, here] if mode == "Slider" else [before, here, *others][:MOST_PANES]
    view(shots, key="viewer", ratio=room.width / room.height, mode="slider" if mode == "Slider" else "panes")
    facts = [cells.facts(now), now.charge_basis or "", f"seed {asked.seed}" if asked.seed is not None else ""]
    if now.ended_at is not None:
        facts.append(moment(now.ended_at, st.context.timezone))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(plain(part) for part in facts if part), width="stretch")
        _judging(lab, asked.id, now.verdict)
    with st.expander("Prompt as sent"):
        st.text(asked.prompt)


def _shot(lab: Lab, room: Room, cell: CellView) -> Shot:
    now = cell.prediction
    model = now.prediction.model
    name = lab.registry.get(model).name if lab.registry.exists(model) else model
    return Shot(
        now.prediction.id,
        lab.pictures.url(now.outputs[0].digest, PictureKind.VIEW),
        name,
        f"{room.name} staged by {name}",
    )


def _step(label: str, icon: str, finished: list[CellView], place: int) -> None:
    def go() -> None:
        st.query_params[VIEW] = finished[place].prediction.prediction.id

    inside = 0 <= place < len(finished)
    st.button(label, icon=icon, key=f"viewer-{label.lower()}", disabled=not inside, on_click=go if inside else None)


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
            lab.desk.judge(prediction_id, Verdict.UNDECIDED if chosen else value, person())
            st.rerun(scope="fragment")
