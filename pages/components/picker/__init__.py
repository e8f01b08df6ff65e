"""Cards to choose from, by click and keyboard: rooms with their thumbnails, models with their facts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from pages.components.assets import component

_PICKER = component(Path(__file__).parent, '<div class="picker"></div>')

Tone = Literal["quiet", "good", "warn"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its address, with the size that keeps its place while it loads."""

    url: str
    width: int
    height: int
    alt: str


_PICTURE = ("url", "width", "height", "alt")


@dataclass(frozen=True, slots=True)
class Badge:
    """A word on a card."""

    text: str
    tone: Tone = "quiet"


@dataclass(frozen=True, slots=True)
class Choice:
    """One card. All of its text is shown as text, whatever it contains."""

    id: str
    title: str
    detail: str = ""
    badges: tuple[Badge, ...] = ()
    picture: Picture | None = None
    disabled: bool = False
    facts: tuple[str, ...] = ()
    """More lines below the detail."""
    changed: str = ""
    """What a person has set otherwise than usual."""
    words: str = ""
    """What a search finds it by, besides title and detail; not shown."""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By a filter's key: the values that let it through."""


@dataclass(frozen=True, slots=True)
class Group:
    """Cards under one heading (none when the name is empty); a folded group shows no cards until opened."""

    name: str
    choices: tuple[Choice, ...]
    note: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A list to filter the cards by. Filtering happens in the browser: no rerun, and it is quick."""

    key: str
    label: str
    options: tuple[tuple[str, str], ...]
    """Value and text."""
    since: bool = False
    """Let through what has this value or, in the order of text, a later one: days as 2026-11-22."""


def choose(
    groups: Sequence[Group], *, label: str, key: str, preset: Sequence[str], filters: Sequence[Filter] = ()
) -> list[str]:
    """Return the ids of the chosen cards, in the order of the cards; `preset` until a person chooses.

    What is chosen lives in the session under `key`-chosen, so that Python may change it
    (`add_choice`, `set_choice`) and a page switch keeps it. A filter with one option is left out.
    """
    memory = f"{key}-chosen"
    state = st.session_state
    state.setdefault(memory, list(preset))
    state.setdefault(f"{key}-revision", 0)

    def remember() -> None:
        state[memory] = list(state[key]["chosen"] or [])

    _PICKER(
        key=key,
        data={
            "label": label,
            "multiple": True,
            "groups": [_told(group) for group in groups],
            "filters": [asdict(one) for one in filters if len(one.options) > 1],
            "chosen": state[memory],
            "revision": state[f"{key}-revision"],
        },
        on_chosen_change=remember,
    )
    chosen = set(state[memory])
    return [choice.id for group in groups for choice in group.choices if choice.id in chosen and not choice.disabled]


def add_choice(key: str, ids: Sequence[str]) -> None:
    """Choose these cards too: call before `choose` draws them."""
    set_choice(key, [*st.session_state.get(f"{key}-chosen", []), *ids])


def set_choice(key: str, ids: Sequence[str]) -> None:
    """Choose exactly these cards: call before `choose` draws them."""
    st.session_state[f"{key}-chosen"] = list(ids)
    st.session_state[f"{key}-revision"] = st.session_state.get(f"{key}-revision", 0) + 1


def just_picked(key: str) -> str | None:
    """Return the id of the card that was just pressed, once, without drawing the cards again; or None.

    For a page that leaves when a card is pressed: it need not draw itself first.
    """
    told = st.session_state.get(key)
    picked = told.get("picked") if told is not None else None
    return picked if isinstance(picked, str) else None


def pick(groups: Sequence[Group], *, label: str, key: str) -> str | None:
    """Return the id of the card that was just pressed, once, or None."""
    result = _PICKER(
        key=key,
        data={"label": label, "multiple": False, "groups": [_told(group) for group in groups], "filters": []},
        on_picked_change=lambda: None,
    )
    picked = result.picked
    return picked if isinstance(picked, str) else None


def _told(group: Group) -> dict[str, Any]:
    """Return the group as the script reads it. By hand: `asdict` takes five times as long for 500 cards."""
    return {
        "name": group.name,
        "note": group.note,
        "folded": group.folded,
        "choices": [
            {
                "id": choice.id,
                "title": choice.title,
                "detail": choice.detail,
                "badges": [{"text": badge.text, "tone": badge.tone} for badge in choice.badges],
                "picture": choice.picture and {name: getattr(choice.picture, name) for name in _PICTURE},
                "disabled": choice.disabled,
                "facts": choice.facts,
                "changed": choice.changed,
                "words": choice.words,
                "facets": choice.facets,
            }
            for choice in group.choices
        ],
    }
