"""Settings: what an admin decides for all: models, notifications, how long pictures are kept; and the lab's health."""

import streamlit as st

from pages.components.settings_models import show_models
from staging.lab import current

SECTIONS = {
    "Models": show_models,
}

section = st.segmented_control(
    "Settings",
    list(SECTIONS),
    default="Models",
    required=True,
    key="settings-section",
    bind="query-params",
    label_visibility="collapsed",
)
SECTIONS[section or "Models"](current())
