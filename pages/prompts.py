"""Prompts: the words that every model gets, to be edited; every version is kept."""

import streamlit as st

from pages.components.drafting import Focus, choose_model, preview, show_meanwhile
from pages.components.drafts import NOTE, SAID, area, discard, draft, field_key, line, save, typed
from pages.components.editions import named, offer_shipped, show_history
from pages.components.parts import choose_part
from pages.components.words import counted, plain
from staging.access import Permission, acting
from staging.lab import Lab, current
from staging.prompts import PLACEHOLDERS, text_at
from staging.rooms import RoomType
from staging.shelf import Edition

PARTS = ("Styles", "Room types", "Templates", "History")


def edit(lab: Lab, now: Edition, part: str) -> None:
    """Draw one part of the book to be changed, beside the prompt that it makes."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        focus = {"Styles": edit_styles, "Room types": edit_rooms, "Templates": edit_templates}[part](lab, now)
        st.text_input("Why (kept in the history)", key=NOTE, max_chars=200, persist_state="session")
        with st.container(horizontal=True):
            may = acting().may(Permission.EDIT_PROMPTS)
            st.button(
                "Save",
                type="primary",
                icon=":material/check:",
                key="prompts-save",
                on_click=save,
                args=(lab,),
                disabled=not may,
                help=None if may else "Only managers and admins may edit prompts. What you write here is a trial.",
            )
            if draft().changes:
                st.button("Discard", icon=":material/undo:", key="prompts-discard", on_click=discard)
        if names := draft().names():
            st.caption(f":material/edit: {counted(len(names), 'unsaved change')}: {plain(', '.join(names))}")
    with right:
        preview(lab, now, focus)


def chosen(label: str, options: list[str], key: str) -> str:
    """Draw the options and return the chosen one, the first when it is gone."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    return (
        st.pills(label, options, key=key, required=True, format_func=str.capitalize, persist_state="session", wrap=True)
        or options[0]
    )


def parts_of(now: Edition, name: str) -> list[str]:
    """Return the names in a part of the draft: its styles, its templates."""
    inside = draft().body(now)[name]
    return list(inside) if isinstance(inside, dict) else []


def edit_styles(_lab: Lab, now: Edition) -> Focus:
    """Draw a style's words; styles can come and go."""
    styles = parts_of(now, "styles")
    style = chosen("Style", styles, "prompts-style")
    area("Look, as it follows “furnish it in”", now, ("styles", style, "look"), height=110, optional=True)
    place = ("styles", style, "template")
    key = field_key(now, place)
    st.selectbox(
        "Template that it is put into", parts_of(now, "templates"), key=key, on_change=typed, args=(key, now, place)
    )
    with st.container(horizontal=True):
        with st.popover("Add a style", icon=":material/add:"):
            name = st.text_input("Name", key="prompts-new-style", placeholder="art deco", max_chars=40)
            new = (name or "").strip().casefold()
            st.button("Add", key="prompts-add-style", on_click=add_style, args=(now, new), disabled=not new)
        if len(styles) > 1:
            st.button(
                "Take this style away",
                icon=":material/delete:",
                key="prompts-remove-style",
                help="Nothing is lost until you save, and earlier versions keep it.",
                on_click=draft().change,
                args=(now, ("styles", style), None),
            )
    return Focus(styles=[style])


def add_style(now: Edition, name: str) -> None:
    """Add a style to the draft, its look still to be written. A callback."""
    if name in parts_of(now, "styles"):
        st.session_state["prompts-style"] = name
        return
    draft().change(now, ("styles", name, "template"), "furnish")
    draft().change(now, ("styles", name, "look"), f"{name} style:")
    st.session_state["prompts-style"] = name


def edit_rooms(_lab: Lab, now: Edition) -> Focus:
    """Draw a room type's words."""
    kind = chosen("Room type", [one.value for one in RoomType], "prompts-room")
    line("What the prompt calls it", now, ("rooms", kind, "name"))
    area("What belongs into it, as it follows “add”", now, ("rooms", kind, "furniture"), height=110)
    return Focus(kind=RoomType(kind))


def edit_templates(lab: Lab, now: Edition) -> Focus:
    """Draw a template: the book's own, or what one model is told in place of it."""
    name = chosen("Template", parts_of(now, "templates"), "prompts-template")
    model = choose_model(lab, now, "For", "prompts-template-model")
    place = ("models", model, name) if model else ("templates", name)
    everybody = text_at(draft().body(now), ("templates", name)) if model else ""
    area("Words", now, place, height=320, optional=bool(model), placeholder=everybody)
    known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
    fallback = " Left empty, the model is told what every model is told." if model else ""
    st.caption(plain(f"{known} are filled in.{fallback}"))
    body = draft().body(now)
    users = [style for style in parts_of(now, "styles") if text_at(body, ("styles", style, "template")) == name]
    return Focus(styles=users, model=model)


lab = current()
now = lab.prompt_shelf.current()
st.caption(
    f"{named(now)} is in use. What every model is told comes from here; each prediction is logged with its version."
)
SAID.show()
part = choose_part(PARTS, "prompts-part")
offer_shipped(lab, now)
if now.book is None:
    st.error(plain(f"{named(now)} cannot be used by this release: {now.fault}"), icon=":material/error:")
if now.book is None or part == "History":
    show_history(lab)
else:
    show_meanwhile(lab, now)
    edit(lab, now, part or PARTS[0])
