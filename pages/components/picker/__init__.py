"""Cards to choose from, by click and keyboard: rooms with their thumbnails, models with their facts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Group:
    """Cards under one heading (none when the name is empty); a folded group shows no cards until opened."""

    name: str
    choices: tuple[Choice, ...]
    note: str = ""
    folded: bool = False


def choose(groups: Sequence[Group], *, label: str, key: str, preset: Sequence[str]) -> list[str]:
    """Return the ids of the chosen cards, in the order of the cards; `preset` until a person chooses.

    What is chosen lives in the session under `key`-chosen, so that Python may add to it
    (`add_choice`) and a page switch keeps it.
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
            "groups": [asdict(group) for group in groups],
            "chosen": state[memory],
            "revision": state[f"{key}-revision"],
        },
        on_chosen_change=remember,
    )
    chosen = set(state[memory])
    return [choice.id for group in groups for choice in group.choices if choice.id in chosen and not choice.disabled]


def add_choice(key: str, ids: Sequence[str]) -> None:
    """Choose these cards too: call before `choose` draws them."""
    memory = f"{key}-chosen"
    st.session_state[memory] = [*st.session_state.get(memory, []), *ids]
    st.session_state[f"{key}-revision"] = st.session_state.get(f"{key}-revision", 0) + 1


def pick(groups: Sequence[Group], *, label: str, key: str) -> str | None:
    """Return the id of the card that was just pressed, once, or None."""
    result = _PICKER(
        key=key,
        data={"label": label, "multiple": False, "groups": [asdict(group) for group in groups]},
        on_picked_change=lambda: None,
    )
    picked = result.picked
    return picked if isinstance(picked, str) else None
