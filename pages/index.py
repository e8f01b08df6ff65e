"""The frame of every page: navigation, title, whether Replicate is connected, and a calm end to every error."""

from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.components.acting import arrive, show_sign_in, show_signed_in, show_stranger, stay, who
from pages.components.bell import bell
from pages.components.calm import calm
from pages.components.demo_note import demo_note
from pages.components.finishing import tell_what_finished
from pages.components.listed import LISTED, Listed
from staging.access import Actor, Permission, acting, set_acting
from staging.access_pages import may_open
from staging.errors import SignInNeeded, Stranger
from staging.lab import current

PAGES = Path(__file__).resolve().parent

st.set_page_config(page_title="Staging Lab", page_icon=PAGES / "icon.svg", layout="wide")


def connection() -> None:
    """Say whether Replicate is connected, and how to connect it."""
    if current().settings.replicate_api_token is not None:
        st.badge("Replicate connected", icon=":material/cloud_done:", color="green")
        return
    with st.popover("Replicate not connected", icon=":material/cloud_off:", type="tertiary"):
        st.markdown(
            "The offline baselines run without it. To run the models on Replicate, make a token at "
            "[replicate.com/account/api-tokens](https://replicate.com/account/api-tokens), set it in the "
            "environment, and start the app again:"
        )
        st.code("export REPLICATE_API_TOKEN=r8_…\nmake run", language="bash")


def navigation(actor: Actor | None) -> tuple[Listed, StreamlitPage]:
    """Return the page that is asked for; what the actor may not open is not listed, and says so at its address."""

    def may(listed: Listed) -> bool:
        return actor is not None and may_open(actor, listed.file)

    first = next(filter(may, LISTED), LISTED[0])
    pages = {
        listed: st.Page(
            PAGES / f"{listed.file}.py",
            title=listed.title,
            icon=listed.icon,
            help=listed.help,
            default=listed is first,
            visibility="visible" if may(listed) else "hidden",
        )
        for listed in LISTED
    }
    sections: dict[str, list[StreamlitPage]] = {}
    for listed, page in pages.items():
        sections.setdefault(listed.section, []).append(page)
    chosen = st.navigation(sections, position="top" if actor else "hidden")
    return next(listed for listed, page in pages.items() if page is chosen), chosen


def somebody() -> Actor | None:
    """Return who acts; None when it is nobody, for whatever reason, which is said below."""
    with suppress(Exception):
        return acting()
    return None


def frame(listed: Listed, page: StreamlitPage) -> None:
    """Draw the page under its title, for somebody who may open it."""
    actor = acting()
    arrive(listed.file)
    allowed = may_open(actor, listed.file)
    blind = listed.file == "vote"  # an alert or a finished comparison may name a model (docs/decisions/0042)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(page.title, anchor=False, width="stretch")
        if allowed and actor.may(Permission.SEE_COSTS) and not blind:
            with st.container(width="content"):
                bell(current())
        if allowed and actor.may(Permission.LOOK):
            connection()
        show_signed_in(actor)
    stay()
    if actor.may(Permission.LOOK) and not blind:
        demo_note(current(), actor)
    shown = st.query_params.get("comparison") if listed.file == "compare" else None
    page.run()
    if actor.may(Permission.LOOK) and not blind:
        tell_what_finished(current(), shown=shown)


set_acting(who)
listed, page = navigation(somebody())
if st.context.theme.type == "dark":
    # The theme's colour carries white text on buttons: as text on the dark page it is too dim to read.
    st.html('<style>button[data-selected="true"] p { color: #5cc4b0; }</style>')
with calm():
    try:
        frame(listed, page)
    except SignInNeeded as needed:
        show_sign_in(needed)
    except Stranger as stranger:
        show_stranger(current(), stranger)
