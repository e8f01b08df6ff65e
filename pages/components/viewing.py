"""The viewer's dialog: the outputs of one room over its photo, what is known of them, and what people think."""

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from pages.components import cells
from pages.components.addresses import LONGEST_ROOM, LOOK, ROOM, VIEW, let_go
from pages.components.calm import calmly
from pages.components.grid import Column
from pages.components.judging import heard, hears, take
from pages.components.scores import told
from pages.components.viewer import Marked, Shot, view
from pages.components.words import dollars, duration, moment
from staging.desk import ComparisonView
from staging.images import PictureKind, Pictures
from staging.lab import Lab
from staging.predictions import PredictionNow, Reason, Verdict
from staging.rooms import Room

KEY = "viewer"
SAME_SHAPE = 0.01
"""Shapes that differ by less are the same: models round sizes to multiples of 8 or 16."""


class Place(NamedTuple):
    """An output in the comparison."""

    room: str
    column: int
    now: PredictionNow


class Framing(NamedTuple):
    """How an output's frame differs from its room's: two empty texts when they are the same."""

    whole: str
    brief: str
    other_shape: bool


def open_viewer(lab: Lab, comparison_id: str) -> None:
    """Show the output that the address names, until the dialog is closed."""

    @st.dialog("Before and after", width="large", on_dismiss=_close_viewer)
    @calmly
    def show() -> None:
        take(lab)
        if VIEW not in st.query_params:
            # A mark and the closing, when they come together, run this dialog alone: the grid behind it is old.
            st.rerun()
        _show(lab, lab.desk.look(comparison_id))

    show()


def _close_viewer() -> None:
    let_go()  # else what opened it would be held against closing it
    for name in (VIEW, ROOM, LOOK):
        st.query_params.pop(name, None)


def _show(lab: Lab, seen: ComparisonView) -> None:
    places = outputs(seen)
    here = _wanted(places, st.query_params.get(VIEW, ""), st.query_params.get(ROOM, ""))
    if here is None:
        st.info("This picture is not part of the comparison, or not finished yet.")
        return
    columns = cells.columns(seen, lab.registry)
    digest, _, opened = places[here]
    room = lab.store.rooms.get(digest)
    of_room = [place for place in places if place.room == digest]
    zone = st.context.timezone
    ids = [place.now.prediction.id for place in places]
    first, last = places.index(of_room[0]), places.index(of_room[-1])
    view(
        [original(room, lab.pictures, zone)]
        + [
            with_score(output(place, columns[place.column], room, lab.pictures, zone), place.now, seen, lab)
            for place in of_room
        ],
        {place.now.prediction.id: _marked(place.now) for place in of_room},
        key=KEY,
        opened=opened.prediction.id,
        room=room.name,
        ratio=room.width / room.height,
        reasons=[reason.value for reason in Reason],
        heard=heard(),
        first=first + 1,
        total=len(places),
        previous=ids[first - 1] if first else None,
        following=ids[last + 1] if last + 1 < len(ids) else None,
        on_go=hears("go"),
        on_mark=hears("mark"),
    )


def outputs(seen: ComparisonView) -> list[Place]:
    """Return what can be looked at, room by room, in the order of the grid."""
    found = []
    for room in seen.rooms:
        for column, (model, seed) in enumerate(seen.columns):
            cell = seen.cells.get((room, model, seed))
            if cell is not None and cell.prediction.outputs:
                found.append(Place(room, column, cell.prediction))
    return found


def _wanted(places: list[Place], prediction_id: str, room: str) -> int | None:
    """Where the output is that was asked for; else the first of the room, as when it was tried again since."""
    exact = (number for number, place in enumerate(places) if place.now.prediction.id == prediction_id)
    near = (number for number, place in enumerate(places) if len(room) == LONGEST_ROOM and place.room.startswith(room))
    return next(exact, next(near, None))


def _original(pictures: Pictures, digest: str) -> str | None:
    return pictures.url(digest, PictureKind.ORIGINAL) if pictures.here(digest, PictureKind.ORIGINAL) else None


def _view(pictures: Pictures, digest: str) -> str:
    """Return the view, or the thumbnail when retention has deleted the view."""
    kind = PictureKind.VIEW if pictures.here(digest, PictureKind.VIEW) else PictureKind.THUMBNAIL
    return pictures.url(digest, kind)


def _kept(pictures: Pictures, digest: str) -> str:
    return "" if pictures.here(digest, PictureKind.ORIGINAL) else "only a smaller picture: the original was deleted"


# ── what is known of a picture ──────────────────────────────────────────────────────────────


def original(room: Room, pictures: Pictures, zone: str | None) -> Shot:
    """Return the room's photo as a shot."""
    facts = [
        ("Room", room.name),
        ("Type", room.room_type.value),
        ("Project", room.project),
        ("Size", f"{_size(room.width, room.height)} pixels, {_bytes(room.size_bytes)}"),
        ("Uploaded", f"{moment(room.uploaded_at, zone)} by {room.uploaded_by}"),
        ("Note", room.note),
        ("Kept", _kept(pictures, room.digest)),
    ]
    return Shot(
        id=room.digest,
        code="0",
        label="Original",
        alt=f"{room.name} before",
        thumbnail=pictures.url(room.digest, PictureKind.THUMBNAIL),
        view=_view(pictures, room.digest),
        full=_original(pictures, room.digest),
        width=room.width,
        height=room.height,
        facts=_known(facts),
    )


def output(place: Place, column: Column, room: Room, pictures: Pictures, zone: str | None) -> Shot:
    """Return an output as a shot, with how its frame differs from the room's."""
    now, picture = place.now, place.now.outputs[0]
    title = f"{column.name}, {column.detail}" if column.detail else column.name
    frame = framing((picture.width, picture.height), (room.width, room.height))
    full = None if picture.media_type == "image/heic" else _original(pictures, picture.digest)
    return Shot(
        id=now.prediction.id,
        code=str(place.column + 1),
        label=title,
        alt=f"{room.name} staged by {title}",
        thumbnail=pictures.url(picture.digest, PictureKind.THUMBNAIL),
        view=_view(pictures, picture.digest),
        full=full,
        width=picture.width,
        height=picture.height,
        framing=frame.whole,
        framing_brief=frame.brief,
        other_shape=frame.other_shape,
        facts=(*facts(now, column, zone), *_known([("Kept", _kept(pictures, picture.digest))])),
        judged=True,
    )


def with_score(shot: Shot, now: PredictionNow, seen: ComparisonView, lab: Lab) -> Shot:
    """Return the shot with what the automatic scorer says of it, and its layer where one is kept."""
    quality = seen.quality.get(now.prediction.id)
    known = told(quality, lab.scoring.version)
    key = quality.score.overlay if quality and quality.score else None
    here = key is not None and lab.pictures.here(key, PictureKind.OVERLAY)
    return replace(
        shot,
        score=known.headline,
        flags=known.flags,
        automatic=known.automatic if now.verdict is Verdict.UNDECIDED else "",
        facts=(*shot.facts, *known.facts),
        overlay=lab.pictures.url(key, PictureKind.OVERLAY) if here and key else None,
        overlay_label=f"Overlay on {shot.label}: {', '.join(known.flags) or 'nothing stands out'}",
    )


def facts(now: PredictionNow, column: Column, zone: str | None) -> tuple[tuple[str, str], ...]:
    """Return all that is known of an output, label and value; what is not known of it is left out."""
    asked, picture = now.prediction, now.outputs[0]
    return _known(
        [
            ("Model", f"{column.name} ({asked.model})"),
            ("Version", asked.version or ""),
            ("Style", asked.style),
            ("Parameters", "\n".join(f"{name}: {value}" for name, value in asked.parameters.items())),
            ("Seed", "" if asked.seed is None else str(asked.seed)),
            ("Time", duration(now.total_seconds)),
            ("of it running", duration(now.run_seconds)),
            ("Cost", dollars(now.cost_usd)),
            ("Settled" if now.settled_usd is not None else "Reckoned", now.cost_basis),
            ("Size", f"{_size(picture.width, picture.height)} pixels, {_bytes(picture.size_bytes)}"),
            ("Made", f"{moment(now.ended_at, zone)}, asked for by {asked.created_by}" if now.ended_at else ""),
            ("Prompt", asked.prompt),
        ]
    )


def framing(output: tuple[int, int], room: tuple[int, int]) -> Framing:
    """Return how an output's frame differs from its room's. Sizes are width and height in pixels."""
    if output == room:
        return Framing("", "", False)
    size, of_room = _size(*output), f"the room's {_size(*room)}"
    if abs(output[0] * room[1] / (output[1] * room[0]) - 1) > SAME_SHAPE:
        whole = f"{size}, cropped or of another shape than {of_room}: shown whole"
        return Framing(whole, f"{size}, other shape", True)
    word = "of another size"
    if output[0] != room[0] and (output[0] < room[0]) is (output[1] < room[1]):
        word = "smaller" if output[0] < room[0] else "larger"
    return Framing(f"{size}, {word} than {of_room}", f"{size}, {word}", False)


def _known(facts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in facts if value)


def _size(width: int, height: int) -> str:
    return f"{width} × {height}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1e3))} kB"


def _marked(now: PredictionNow) -> Marked:
    mark = now.mark
    return Marked(mark.verdict.value, tuple(one.value for one in mark.reasons), mark.stars, mark.note, mark.favourite)
