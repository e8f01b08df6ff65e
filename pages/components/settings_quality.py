"""Settings of quality: how the scorer is, and thresholds that mark or reject outputs by their scores."""

from collections.abc import Mapping

import streamlit as st

from pages.components.calm import calm
from pages.components.words import counted, plain
from staging.access import Permission, person
from staging.lab import Lab
from staging.quality import FAMILIES, FLAG_CODES
from staging.store import AutomaticDeed
from staging.thresholds import Limits, Thresholds, thresholds_of

SAVED = "settings-quality-saved"
ABOUT = (
    "A threshold acts on each score as it comes, from the moment it is set, and only where nobody has judged. An "
    "automatic rejection is told apart from a person's, stands in no rate of acceptance, and gives way to any verdict. "
    "Each one is in the audit log."
)
FLAG_HELP = "Of flags at least as severe as said below."


def show_quality(lab: Lab) -> None:
    """Draw how the scorer is, and the thresholds."""
    _standing(lab)
    st.subheader("Thresholds", anchor=False)
    if said := st.session_state.pop(SAVED, ""):
        st.success(said, icon=":material/check_circle:")
    st.caption(ABOUT)
    _thresholds(lab)


def _standing(lab: Lab) -> None:
    now = lab.scoring.standing()
    if now.trouble:
        st.warning(plain(now.trouble), icon=":material/error:")
    with st.grid(4, min_column_width=140, key="settings-quality-standing"):
        for label, value, hint in (
            ("Scorer", now.version, "The version of the scorer. A new one scores everything again; old scores stay."),
            ("Scored", f"{now.scored:,}", "Outputs with a score of this version."),
            ("Waiting", f"{now.new + now.again:,}", _waiting(now.new, now.again)),
            ("Not scored", f"{now.without:,}", "Outputs that this version could not score; why stands below."),
        ):
            with st.container(border=True, height="stretch"):
                st.metric(label, value, help=hint)
    for reason, count in lab.store.scores.reasons(lab.scoring.version) if now.without else ():
        st.caption(plain(f"{counted(count, 'output')} not scored: {reason}"))


def _waiting(new: int, again: int) -> str:
    return f"{counted(new, 'new output')}, and {again:,} to be scored again, which have their turn when nothing is new."


def _thresholds(lab: Lab) -> None:
    now, version = lab.thresholds.current(), lab.thresholds.version()
    st.markdown("**On**" if now.on else "**Off**: nothing is marked or rejected by a score.")
    with st.form(f"settings-quality-{version}"):
        values: dict[str, object] = {}
        with st.container(horizontal=True):
            values["overall_mark_below"] = _number("Mark below a score of", 100.0, now.overall_mark_below, version)
            values["overall_reject_below"] = _number(
                "Reject below a score of", 100.0, now.overall_reject_below, version
            )
        values["flags"] = _flags(now, version)
        with st.container(horizontal=True):
            values["least_severity"] = st.number_input(
                "Flags count from a severity of",
                0.0,
                1.0,
                now.least_severity,
                0.05,
                key=f"settings-quality-severity-{version}",
            )
            values["least_confidence"] = st.number_input(
                "Reject only from a confidence of",
                0.0,
                1.0,
                now.least_confidence,
                0.05,
                key=f"settings-quality-confidence-{version}",
                help="What is scored less surely is marked instead.",
            )
        with st.expander("Thresholds on parts of the score (0 to 1)", key=f"settings-quality-parts-{version}"):
            values["parts"] = _parts(now, version)
        note = st.text_input("Why", max_chars=300, key=f"settings-quality-note-{version}", placeholder="For the log")
        if st.form_submit_button("Save", type="primary", key="settings-quality-save"):
            with calm():
                wanted = thresholds_of(values)
                lab.thresholds.set(wanted, person(Permission.ADMINISTER), follows=version, note=note or "")
                st.session_state[SAVED] = "Saved: they hold for every score from now on." if wanted.on else "Off."
                st.rerun()


def _flags(now: Thresholds, version: int) -> dict[str, str]:
    """Return what each chosen flag does; one that is chosen twice rejects."""
    chosen: dict[str, str] = {}
    with st.container(horizontal=True):
        for deed, label in ((AutomaticDeed.MARKED, "Flags that mark"), (AutomaticDeed.REJECTED, "Flags that reject")):
            picked = st.multiselect(
                label,
                list(FLAG_CODES),
                default=[code for code, of in now.flags.items() if of is deed and code in FLAG_CODES],
                format_func=FLAG_CODES.__getitem__,
                placeholder="None",
                key=f"settings-quality-{deed.value}-{version}",
                help=FLAG_HELP,
            )
            chosen |= dict.fromkeys(picked, deed.value)
    return chosen


def _parts(now: Thresholds, version: int) -> Mapping[str, Mapping[str, float]]:
    parts: dict[str, Mapping[str, float]] = {}
    for name, label in FAMILIES.items():
        known = now.parts.get(name, Limits())
        with st.container(horizontal=True):
            mark = _number(f"{label}: mark below", 1.0, known.mark_below, version)
            reject = _number(f"{label}: reject below", 1.0, known.reject_below, version)
        limits = {"mark_below": mark, "reject_below": reject}
        if told := {key: value for key, value in limits.items() if value is not None}:
            parts[name] = told
    return parts


def _number(label: str, most: float, value: float | None, version: int) -> float | None:
    return st.number_input(
        label,
        0.0,
        most,
        value,
        most / 20,
        placeholder="never",
        key=f"settings-quality-{label.lower().replace(' ', '-')}-{version}",
    )
