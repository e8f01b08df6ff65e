"""The export for an MLS: which profile, what it asks for, and the profile itself to be edited."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.words import plain
from staging.access import Permission, person
from staging.errors import StagingError
from staging.exports import NOT_LEGAL_ADVICE, FileType, LabelRule, Original, QrCode, Which
from staging.exports.profiles import KnownProfile
from staging.lab import Lab

NEXT = "disclosing-next"
"""Where the session keeps the profile to show next: one that was saved under another name."""
LABEL_WORDS = {
    LabelRule.REQUIRED: "required on the picture",
    LabelRule.ALLOWED: "allowed on the picture",
    LabelRule.FORBIDDEN: "forbidden on the picture",
}
QR_WORDS = {QrCode.NONE: "None", QrCode.ORIGINAL: "To the original", QrCode.PAGE: "To the comparison"}


def disclose(lab: Lab, comparison_id: str, which: Which, outside_link: str) -> None:
    """Draw the choice of a profile, what it says, the export and the way to edit it."""
    known = {one.profile.name: one for one in lab.takeaway.profiles.list()}
    if (saved := st.session_state.pop(NEXT, "")) in known:
        st.session_state["disclosing-profile"] = saved
    name = st.selectbox("Profile", list(known), key="disclosing-profile", persist_state="session")
    if name is None:
        return
    profile = known[name].profile
    st.caption(
        f"{plain(NOT_LEGAL_ADVICE)} Source: {plain(profile.source)}; read {profile.dated:%-d %b %Y}.  \n"
        f"{plain(profile.note)}"
    )
    said = [
        f"Label {LABEL_WORDS[profile.label]}",
        f"original {profile.original.value} it",
        "QR code" if profile.qr is not QrCode.NONE else "no QR code",
    ]
    st.markdown(plain(" · ".join(said)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "File type", list(FileType), default=FileType.JPEG, required=True, key="disclosing-kind"
        )
        label = profile.label is LabelRule.ALLOWED and st.toggle(
            f"Write “{plain(profile.label_text)}” on the pictures", key="disclosing-label"
        )
    if profile.qr is not QrCode.NONE and not outside_link:
        st.caption("For the QR code, make a link for people outside first (Share). Without one it is left out.")
    link = lab.takeaway.links.url(
        "disclosure",
        comparison_id,
        which=which,
        profile=name,
        label="yes" if label else "no",
        kind=kind or FileType.JPEG,
        page=outside_link,
    )
    st.link_button("Export for this MLS", link, icon=":material/verified:", type="primary", key="disclosing-export")
    with st.expander("Edit the profiles", key="disclosing-edit"):
        _edit(lab, known[name])


def _edit(lab: Lab, known: KnownProfile) -> None:
    profile = known.profile
    place = f"disclosing-{profile.name}-{known.version}"
    with st.form(f"{place}-form", border=False):
        name = st.text_input("Name", profile.name, key=f"{place}-name", help="Another name makes another profile.")
        label = st.selectbox(
            "Label",
            list(LabelRule),
            index=list(LabelRule).index(profile.label),
            format_func=LABEL_WORDS.__getitem__,
            key=f"{place}-rule",
        )
        text = st.text_input("Words on the picture", profile.label_text, key=f"{place}-text")
        caption = st.text_area("Caption beside the picture", profile.caption, key=f"{place}-caption")
        original = st.segmented_control(
            "Original stands", list(Original), default=profile.original, required=True, key=f"{place}-original"
        )
        qr = st.selectbox(
            "QR code",
            list(QrCode),
            index=list(QrCode).index(profile.qr),
            format_func=QR_WORDS.__getitem__,
            key=f"{place}-qr",
        )
        source = st.text_input("Source", profile.source, key=f"{place}-source")
        note = st.text_area("What the rule says", profile.note, key=f"{place}-note")
        if st.form_submit_button("Save", icon=":material/save:", key=f"{place}-save"):
            values = {
                "name": name,
                "label": label,
                "label_text": text,
                "caption": caption,
                "original": original,
                "qr": qr,
                "source": source,
                "dated": profile.dated if source == profile.source else datetime.now(UTC).date(),
                "note": note,
            }
            try:
                # Under another name it is a new profile, or somebody's: then no version of ours comes before it.
                lab.takeaway.profiles.write(
                    values, person(Permission.TAKE_AWAY), follows=known.version if name == profile.name else -1
                )
            except StagingError as error:
                st.error(plain(str(error)), icon=":material/error:")
            else:
                st.session_state[NEXT] = (name or "").strip()
                st.rerun()
    if known.version >= 0:
        word = "Back to the shipped one" if known.shipped else "Remove"
        if st.button(word, icon=":material/undo:", key=f"{place}-remove"):
            lab.takeaway.profiles.remove(profile.name, person(Permission.TAKE_AWAY))
            st.rerun()
