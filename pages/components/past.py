"""Past comparisons: as cards to open, and what may be said of one or done with it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from pages.components.addresses import COMPARISON, go
from pages.components.cards import room_picture
from pages.components.finishing import expect_end_of
from pages.components.picker import Badge, Choice
from pages.components.prefilling import prefill
from pages.components.words import counted, dollars, moment, money_words, plain
from staging.access import Permission, person
from staging.errors import StagingError
from staging.images import Pictures
from staging.lab import Lab
from staging.predictions import LONGEST_NOTE, Comparison, Verdict
from staging.rooms import Room
from staging.store import ComparisonLine, Favourite

LONGEST_NAME = 120


def line_cards(lab: Lab, lines: Sequence[ComparisonLine]) -> tuple[Choice, ...]:
    """Return a card for each comparison: what it is called, what came of it, and its first room."""
    rooms = lab.store.rooms.of({line.rooms[0] for line in lines if line.rooms})
    zone = st.context.timezone
    return tuple(_card(line, rooms[line.rooms[0]] if line.rooms else None, lab.pictures, zone) for line in lines)


def _card(line: ComparisonLine, room: Room | None, pictures: Pictures, zone: str | None) -> Choice:
    comparison = line.comparison
    when = moment(comparison.created_at, zone)
    badges = [Badge(f"{line.unfinished} to go", "warn")] if line.unfinished else []
    badges.append(Badge(counted(line.succeeded, "picture")))
    if line.accepted:
        badges.append(Badge(f"{line.accepted} accepted", "good"))
    detail = [
        f"{counted(len(line.rooms), 'room')} × {counted(len(line.models), 'model')}",
        dollars(line.spent_usd),
        when if comparison.name else "",
        comparison.project,
        comparison.created_by,
    ]
    return Choice(
        id=comparison.id,
        title=comparison.name or when,
        detail=" · ".join(part for part in detail if part),
        badges=tuple(badges),
        picture=room_picture(pictures, room.digest, room.width, room.height, "") if room else None,
    )


def favourite_cards(lab: Lab, favourites: Sequence[Favourite]) -> tuple[Choice, ...]:
    """Return a card for each output with a heart."""
    return tuple(_favourite_card(lab, one) for one in favourites)


def _favourite_card(lab: Lab, one: Favourite) -> Choice:
    name = lab.registry.get(one.model).name if lab.registry.exists(one.model) else one.model
    badges = [Badge("★" * one.stars)] if one.stars else []
    if one.verdict is not Verdict.UNDECIDED:
        badges.append(Badge(one.verdict.value.capitalize(), "good" if one.verdict is Verdict.ACCEPTED else "warn"))
    alt = f"{one.room_name} staged by {name}"
    return Choice(
        id=one.prediction_id,
        title=name,
        detail=one.room_name,
        badges=tuple(badges),
        picture=room_picture(lab.pictures, one.digest, one.width, one.height, alt),
    )


def manage(lab: Lab, comparison: Comparison) -> None:
    """Draw what may be said of the comparison and done with it: name, note, archive, run again."""
    with st.popover("Manage", icon=":material/more_horiz:"):
        with st.form(f"manage-{comparison.id}", border=False):
            name = st.text_input("Name", comparison.name, max_chars=LONGEST_NAME, key=f"manage-name-{comparison.id}")
            note = st.text_area("Note", comparison.note, max_chars=LONGEST_NOTE, key=f"manage-note-{comparison.id}")
            if st.form_submit_button("Save", icon=":material/check:", type="primary"):
                _say(lab, comparison.id, name=name.strip(), note=note.strip())
        _run_again(lab, comparison)
        if st.button("Duplicate with changes", icon=":material/edit_note:", key="manage-duplicate"):
            prefill(lab, lab.desk.recipe(comparison.id))
            go({})
        if comparison.archived:
            if st.button("Take out of the archive", icon=":material/unarchive:", key="manage-restore"):
                _say(lab, comparison.id, archived=False)
        elif st.button("Archive", icon=":material/archive:", key="manage-archive"):
            _say(lab, comparison.id, archived=True)


def _say(
    lab: Lab, comparison_id: str, *, name: str | None = None, note: str | None = None, archived: bool | None = None
) -> None:
    lab.store.comparisons.describe(
        comparison_id, person(Permission.RUN), datetime.now(UTC), name=name, note=note, archived=archived
    )
    st.rerun()


def _run_again(lab: Lab, comparison: Comparison) -> None:
    pressed = st.button(
        "Run again",
        icon=":material/replay:",
        key="manage-again",
        help="The same rooms, models, prompts and seeds at today's prices.",
    )
    asked = f"manage-sure-{comparison.id}"
    if not pressed and asked not in st.session_state:
        return
    recipe = lab.desk.recipe(comparison.id)
    try:
        plan = lab.desk.plan(
            recipe.rooms,
            recipe.choices,
            style=recipe.style,
            prompts=recipe.prompts,
            project=recipe.project,
            prompt_version=recipe.prompt_version,
        )
    except StagingError as error:  # a model that has gone since, a token that was taken away
        st.error(plain(str(error)))
        return
    amount = plan.estimate.amount
    if lab.desk.must_confirm(plan):
        st.session_state[asked] = True
        # The amount is in the key: a press that was made on another amount means nothing.
        key = f"manage-confirm-{amount.highest_usd}-{amount.unknown_count}"
        st.markdown(" · ".join(money_words(plan.estimate)))
        if not st.button("Yes, run it again", icon=":material/play_arrow:", type="primary", key=key):
            return
    st.session_state.pop(asked, None)
    name = f"{comparison.name} (again)"[-LONGEST_NAME:] if comparison.name else ""
    started = lab.desk.start(plan, person(Permission.RUN), name=name, confirmed=amount)
    expect_end_of(started)
    go({COMPARISON: started})
