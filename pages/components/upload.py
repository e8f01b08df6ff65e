"""Uploading in place: every file is kept or refused with its reason, and the others go through."""

import logging
import secrets

import streamlit as st

from pages.components.words import counted, plain
from staging.access import Permission, person
from staging.errors import StagingError, UploadRejected
from staging.lab import Lab
from staging.rooms import RoomType

log = logging.getLogger(__name__)

ENDINGS = ["jpg", "jpeg", "png", "webp", "heic", "heif"]
MOST_MEGABYTES = 25


def upload_rooms(lab: Lab, *, key: str) -> list[str]:
    """Take the files that were just dropped here; return the digests of the rooms they became.

    The uploader is emptied afterwards, and what was refused stays to be read until the next upload.
    """
    state = st.session_state
    batch = state.setdefault(f"{key}-batch", 0)
    drop, about = st.columns([5, 2], vertical_alignment="bottom")
    files = drop.file_uploader(
        "Add rooms",
        type=ENDINGS,
        accept_multiple_files=True,
        max_upload_size=MOST_MEGABYTES,
        key=f"{key}-files-{batch}",
        help="Drop as many photos as you like: JPEG, PNG, WebP or HEIC, up to 25 MB and 40 megapixels each.",
    )
    kind = about.selectbox(
        "Their room type",
        list(RoomType),
        index=list(RoomType).index(RoomType.OTHER),
        format_func=lambda value: value.value.capitalize(),
        key=f"{key}-type",
        persist_state="session",
        help="It chooses the prompt, and can be changed on the Rooms page.",
    )
    refusals: list[str] = state.setdefault(f"{key}-refusals", [])
    kept: list[str] = state.pop(f"{key}-kept", [])
    if files:
        kept, refusals = [], []
        bar = st.progress(0.0, text="Reading the pictures…")
        for place, file in enumerate(files):
            bar.progress(place / len(files), text=f"Reading {plain(file.name)} ({place + 1} of {len(files)})…")
            try:
                kept.append(
                    lab.desk.keep_room(
                        file.getvalue(), file.name, person(Permission.RUN), room_type=kind or RoomType.OTHER
                    ).digest
                )
            except UploadRejected as refusal:
                refusals.append(f"**{plain(refusal.name)}** was not added: {plain(refusal.reason)}")
            except StagingError as error:
                refusals.append(f"**{plain(file.name)}** was not added: {plain(str(error))}")
            except Exception:
                number = secrets.token_hex(4)
                log.exception("upload error %s", number)
                refusals.append(f"**{plain(file.name)}** was not added: it could not be read (number {number}).")
        state[f"{key}-refusals"] = refusals
        state[f"{key}-kept"] = kept
        state[f"{key}-batch"] = batch + 1
        st.rerun()
    if kept:
        st.toast(f"{counted(len(kept), 'room')} added.", icon=":material/check:")
    if refusals:
        st.error("  \n".join(refusals), icon=":material/error:")
    return kept
