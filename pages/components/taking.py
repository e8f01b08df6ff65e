"""Take away: a comparison's pictures, contact sheet, export for an MLS and link, each a press away."""

from urllib.parse import urlsplit

import streamlit as st

from pages.components.addresses import VIEW
from pages.components.bringing import bring_in
from pages.components.calm import calmly
from pages.components.disclosing import disclose
from pages.components.words import moment, plain
from staging.access import Permission, person
from staging.errors import NotFound
from staging.exports import Which
from staging.lab import Lab
from staging.sharing import MOST_DAYS

WHICH_WORDS = {Which.ALL: "All", Which.ACCEPTED: "Accepted", Which.FAVOURITES: "Favourites"}
FIRST_DAYS = 7


def take_away(lab: Lab, comparison_id: str) -> None:
    """Draw what can be taken away of a comparison, and the way to bring something into it."""

    @st.fragment
    @calmly
    def draw() -> None:
        with st.container(horizontal=True, horizontal_alignment="right"):
            # What is inside is asked of the ledger only while somebody looks at it.
            popover = st.popover(
                "Take away", icon=":material/download:", key="taking", on_change="rerun", width="content"
            )
            if popover.open:
                with popover:
                    _taking(lab, comparison_id)
            popover = st.popover(
                "Bring in", icon=":material/upload:", key="bringing", on_change="rerun", width="content"
            )
            if popover.open:
                with popover:
                    bring_in(lab, comparison_id)

    draw()


def origin() -> str:
    """Return the address that the reader came by, without path: "https://staging.example"."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _taking(lab: Lab, comparison_id: str) -> None:
    which = Which(
        st.segmented_control(
            "Which pictures",
            list(WHICH_WORDS),
            default=Which.ALL,
            required=True,
            format_func=WHICH_WORDS.__getitem__,
            key="taking-which",
            persist_state="session",
        )
        or Which.ALL
    )
    download, disclosure, share = st.tabs(["Download", "For an MLS", "Share"], key="taking-tabs")
    with download:
        _downloads(lab, comparison_id, which)
    with disclosure:
        disclose(lab, comparison_id, which, _outside_link(lab, comparison_id))
    with share:
        _sharing(lab, comparison_id)


def _downloads(lab: Lab, comparison_id: str, which: Which) -> None:
    try:
        selection = lab.takeaway.selection(comparison_id, which)
    except NotFound as error:
        st.info(plain(str(error)))
        return
    pictures = [piece for piece in selection.pieces if piece.now.outputs]
    url = lab.takeaway.links.url
    with st.container(horizontal=True):
        for label, what, icon, told in (
            ("Zip", "zip", "folder_zip", "Originals, outputs as received, and a manifest as CSV and JSON."),
            ("Contact sheet (PDF)", "pdf", "picture_as_pdf", "A4 pages, rooms down and models across."),
            ("Contact sheet (PNG)", "png", "image", "One picture; what is too long for one is left to the PDF."),
        ):
            st.link_button(
                label, url(what, comparison_id, which=which), icon=f":material/{icon}:", key=f"taking-{what}", help=told
            )
    if not pictures:
        return
    names = {piece.now.prediction.id: f"{piece.room.name}, {piece.title}" for piece in pictures}
    seen = st.query_params.get(VIEW, "")
    one = st.selectbox(
        "One picture, as received",
        list(names),
        index=list(names).index(seen) if seen in names else 0,
        format_func=names.__getitem__,
        key=f"taking-one-{which}",
    )
    if one:
        st.link_button("Download it", url("output", one), icon=":material/download:", key="taking-output")
    st.caption("The contact sheet's letters are A to Z: accents are dropped, and other scripts become question marks.")


def _outside_link(lab: Lab, comparison_id: str) -> str:
    """Return the link for people outside that was made in this session; empty when none of it opens any more."""
    made: dict[str, str] = st.session_state.get("taking-links", {})
    link = made.get(comparison_id, "")
    return link if lab.sharing.opened_by(link.rpartition("/")[2]) == comparison_id else ""


def _sharing(lab: Lab, comparison_id: str) -> None:
    st.markdown("**Colleagues** open this address. They see what you see.")
    st.code(f"{origin()}/?comparison={comparison_id}", language=None, wrap_lines=True)
    st.markdown("**People outside** see the pictures and the models' names, nothing else, and can change nothing.")
    if not lab.sharing.outside:
        st.caption("This is switched off. Whoever runs Staging Lab can switch it on: `STAGING_SHARE_OUTSIDE=true`.")
        return
    links: dict[str, str] = st.session_state.setdefault("taking-links", {})
    until = lab.sharing.shared_until(comparison_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.number_input("Days", 1, MOST_DAYS, FIRST_DAYS, key="taking-days", persist_state="session", width=120)
        if st.button("Make a link", icon=":material/link:", key="taking-link"):
            links[comparison_id] = origin() + lab.sharing.link(comparison_id, person(Permission.SHARE), int(days))
            st.rerun()
        if until and st.button(
            "Stop sharing",
            icon=":material/link_off:",
            key="taking-stop",
            help="Every link to this comparison ends now.",
        ):
            lab.sharing.stop(comparison_id, person(Permission.SHARE))
            links.pop(comparison_id, None)
            st.rerun()
    if until:
        if link := _outside_link(lab, comparison_id):
            st.code(link, language=None, wrap_lines=True)
        st.caption(
            plain(f"The last link ends {moment(until, st.context.timezone)}. A link is shown only to who made it.")
        )
    else:
        st.caption("Nobody outside can see this comparison now.")
