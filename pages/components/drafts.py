"""What somebody is changing in the prompt book before it is saved: kept for the session, lost by nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import streamlit as st

from pages.components.said import Said
from staging.access import Permission, person
from staging.errors import PromptsRefused, StagingError
from staging.lab import Lab
from staging.prompts import Body, Place, changed, text_at
from staging.shelf import Edition

DRAFT = "prompts-draft"
NOTE = "prompts-note"
SAID = Said("prompts-said")
"""What the last act on the book came to."""


@dataclass
class Draft:
    """Changes by place, and the edition that they were made to."""

    follows: int = 0
    changes: dict[Place, str | None] = field(default_factory=dict)

    def change(self, now: Edition, place: Place, text: str | None) -> None:
        """Have this text in place; what is as in the book already is no change."""
        if not self.changes:
            self.follows = now.number
        self.changes = {known: value for known, value in self.changes.items() if known[: len(place)] != place}
        body = now.usable().body()
        if changed(body, {place: text}) != body:
            self.changes[place] = text

    def body(self, now: Edition) -> Body:
        """Return the book with the changes in place; nobody has checked it yet."""
        return changed(now.usable().body(), self.changes)

    def names(self) -> list[str]:
        """Return the places that are changed, as the file writes them."""
        return [".".join(place) for place in self.changes]


def draft() -> Draft:
    """Return what this session is changing."""
    found: Draft = st.session_state.setdefault(DRAFT, Draft())
    return found


def typed(key: str, now: Edition, place: Place, empty_is_none: bool = False) -> None:
    """Take what was typed into the draft: a callback, so that it runs before the page is drawn again."""
    text = (st.session_state[key] or "").strip()
    draft().change(now, place, None if empty_is_none and not text else text)


def field_key(now: Edition, place: Place) -> str:
    """Return the widget's key, after its value was set to what the draft, or else the book, says."""
    key = f"prompts-{'.'.join(place)}"
    st.session_state[key] = text_at(draft().body(now), place)
    return key


def area(
    label: str, now: Edition, place: Place, *, height: int = 160, optional: bool = False, placeholder: str = ""
) -> None:
    """Draw a text of the book, to be changed; `optional` when it may be left out."""
    key = field_key(now, place)
    st.text_area(
        label, key=key, height=height, placeholder=placeholder, on_change=typed, args=(key, now, place, optional)
    )


def line(label: str, now: Edition, place: Place) -> None:
    """Draw a short text of the book, to be changed."""
    key = field_key(now, place)
    st.text_input(label, key=key, on_change=typed, args=(key, now, place))


def act(deed: Callable[[], Edition], before: int) -> bool:
    """Do it, and keep for the page what it came to; True when a version was written."""
    try:
        now = deed()
    except PromptsRefused as error:
        SAID.refused(f"Nothing was saved. {error}")
        return False
    except StagingError as error:
        SAID.refused(str(error))
        return False
    if now.number == before:
        SAID.nothing("Nothing was changed, so no version was saved.")
        return False
    SAID.done(f"Saved as version {now.number}. Compare uses it from now on.")
    return True


def save(lab: Lab) -> None:
    """Save the draft as the next version; refused, it stays as it was typed. A callback."""
    mine, shelf = draft(), lab.prompt_shelf
    note = st.session_state.get(NOTE) or ""

    def keep() -> Edition:
        body = mine.body(shelf.current())
        return shelf.keep(body, person(Permission.EDIT_PROMPTS), datetime.now(UTC), note=note, follows=mine.follows)

    if not mine.changes:
        SAID.nothing("Nothing was changed, so no version was saved.")
    elif act(keep, mine.follows):
        discard()


def replace(lab: Lab, body: Body, note: str, follows: int) -> None:
    """Save a whole book as the next version; a draft is left as it is. A callback."""
    act(
        lambda: lab.prompt_shelf.keep(
            body, person(Permission.EDIT_PROMPTS), datetime.now(UTC), note=note, follows=follows
        ),
        follows,
    )


def discard() -> None:
    """Forget the draft. A callback."""
    st.session_state[DRAFT] = Draft()
    st.session_state[NOTE] = ""


def put_on_top(now: Edition) -> None:
    """Have the draft follow this edition, after a person has looked at it. A callback."""
    draft().follows = now.number
