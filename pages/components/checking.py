"""A model checked against its provider: what its live schema has that ours has not, in a table in words."""

import streamlit as st

from pages.components.calm import calm
from pages.components.words import counted, moment, plain
from staging.access import Permission, person
from staging.lab import Lab
from staging.provider_checks import SchemaCheck
from staging.registry import ModelSpec

CHECKED = "settings-checked"
"""Where the session keeps what the last check of each model found."""


def show_check(lab: Lab, spec: ModelSpec) -> None:
    """Draw the way to compare the model's live schema with ours, and what the last look found."""
    st.markdown("**Check against the provider**")
    if not lab.provider_checks.checks(spec):
        st.caption("This model runs on this machine: there is nothing to check.")
        return
    checks: dict[str, SchemaCheck] = st.session_state.setdefault(CHECKED, {})
    if st.button("Check against the provider", icon=":material/fact_check:", key=f"settings-check-{spec.id}"):
        with calm(), st.spinner("Asking the provider…"):
            person(Permission.MANAGE_MODELS)
            checks.pop(spec.id.value, None)
            checks[spec.id.value] = lab.provider_checks.schema(spec)
    if check := checks.get(spec.id.value):
        show_result(spec, check)


def show_result(spec: ModelSpec, check: SchemaCheck) -> None:
    """Draw what differs, what would break our runs first."""
    when = moment(check.at, st.context.timezone)
    pinned = ""
    if spec.version and check.theirs.version and spec.version != check.theirs.version:
        pinned = f" We run the pinned version {spec.version[:12]}…; the latest is {check.theirs.version[:12]}…"
    breaking = sum(one.breaks for one in check.differences)
    if not check.differences:
        st.success(f"Nothing differs. Checked {when}.{pinned}", icon=":material/check_circle:")
    elif breaking:
        told = counted(breaking, "difference refuses", "differences refuse")
        st.error(f"{told} runs as we make them now. Checked {when}.{pinned}", icon=":material/error:")
    else:
        told = counted(len(check.differences), "difference")
        st.info(f"{told}, and our runs go on as they are. Checked {when}.{pinned}", icon=":material/info:")
    if check.differences:
        st.table(
            {
                "Input": [plain(one.name) for one in check.differences],
                "What": [one.what if not one.breaks else f"**{one.what}**" for one in check.differences],
                "Ours": [plain(one.ours) for one in check.differences],
                "The provider's": [plain(one.theirs) for one in check.differences],
                "What it means": [plain(one.meaning) or "–" for one in check.differences],
            },
            border="horizontal",
            alt=f"What differs between our schema of {spec.name} and the provider's",
        )
    known = "as a whole" if check.ours.complete else "in part: what is not recorded cannot be compared"
    st.caption(f"Ours is recorded {known}, from {plain(check.ours.source)}.")
