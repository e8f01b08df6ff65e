"""Settings of retention: how long picture files are kept, and what would go, listed before it goes."""

import streamlit as st

from pages.components.calm import calm
from pages.components.words import counted, moment, plain
from staging.access import Permission, person
from staging.health import size_words
from staging.lab import Lab
from staging.retention import Listing, Policy
from staging.store import KEEPS, OUTPUT, ROOM, VIEW

LISTED = "settings-retention-listed"
"""Where the session keeps what was listed, until it is confirmed or listed anew."""
GONE = "settings-retention-gone"
SHOWN = 200
KINDS = {ROOM: "Originals of rooms", OUTPUT: "Outputs as received", VIEW: "Views of both"}


def show_retention(lab: Lab) -> None:
    """Draw the policy, and the way to delete what is past its time."""
    st.caption(
        "Only picture files are deleted. The ledger keeps every row and says which files went; thumbnails always stay. "
        "Sample rooms and rooms with work under way are never touched."
    )
    edit_policy(lab)
    st.subheader("What is past its time", anchor=False)
    if said := st.session_state.pop(GONE, ""):
        st.success(said, icon=":material/check_circle:")
    if st.button("List what would be deleted", icon=":material/list:", key="settings-retention-list"):
        with calm():
            st.session_state[LISTED] = lab.retention.listing()
    listing: Listing | None = st.session_state.get(LISTED)
    if listing is not None:
        confirm(lab, listing)


def edit_policy(lab: Lab) -> None:
    """Draw how long each kind is kept, and save it."""
    policy, version = lab.retention.policy(), lab.retention.version()
    with st.form(f"settings-retention-{version}"):
        days: dict[str, int | None] = {}
        with st.container(horizontal=True):
            for kind, label in KINDS.items():
                days[kind] = st.number_input(
                    f"{label}, days",
                    1,
                    36_500,
                    policy.days(kind),
                    placeholder="for ever",
                    key=f"settings-retention-{kind}-{version}",
                )
        keep = st.multiselect(
            "Keep, however old",
            KEEPS,
            default=policy.keep,
            key=f"settings-retention-keep-{version}",
            help="Outputs of these kinds stay, and the rooms they were made of.",
        )
        daily = st.toggle(
            "Delete every day by itself",
            policy.daily,
            key=f"settings-retention-daily-{version}",
            help="Off: files go only when somebody lists and confirms them here.",
        )
        if st.form_submit_button("Save", type="primary", key="settings-retention-save"):
            with calm():
                wanted = Policy(
                    room_days=days[ROOM], output_days=days[OUTPUT], view_days=days[VIEW], keep=tuple(keep), daily=daily
                )
                lab.retention.set(wanted, person(Permission.ADMINISTER), follows=version)
                st.session_state.pop(LISTED, None)
                st.rerun()


def confirm(lab: Lab, listing: Listing) -> None:
    """Draw what would go, with counts and bytes, and the press that deletes it."""
    if not listing.files:
        st.info("Nothing is past its time, or nothing has a time.", icon=":material/check:")
        return
    counts = {label: listing.count(kind) for kind, label in KINDS.items()}
    st.table(
        {
            "What": list(counts),
            "Files": [f"{count:,}" for count, _ in counts.values()],
            "Size": [plain(size_words(size)) for _, size in counts.values()],
        },
        border="horizontal",
        alt="What would be deleted",
    )
    zone = st.context.timezone
    with st.expander(f"The files ({min(len(listing.files), SHOWN)} of {len(listing.files):,})", key="settings-files"):
        rows = listing.files[:SHOWN]
        st.dataframe(
            {
                "What": [one.file.kind for one in rows],
                "Of": [one.name for one in rows],
                "Last wanted": [moment(one.wanted_at, zone) for one in rows],
                "Size": [size_words(one.file.size_bytes) for one in rows],
            },
            hide_index=True,
            key="settings-retention-files",
        )
    words = f"Delete {counted(len(listing.files), 'file')}, {size_words(listing.size_bytes)}"
    # What was listed is in the key: a press that was made on another list means nothing.
    key = f"settings-retention-delete-{listing.at.timestamp()}"
    st.warning("Deleted files cannot be brought back but from a backup.", icon=":material/warning:")
    if st.button(plain(words), type="primary", icon=":material/delete:", key=key):
        with calm(), st.spinner("Deleting…"):
            gone = lab.retention.delete(listing, person(Permission.ADMINISTER))
            st.session_state.pop(LISTED)
            st.session_state[GONE] = f"{counted(len(gone.files), 'file')} deleted, {size_words(gone.size_bytes)} free."
            st.rerun()
