"""Settings: what an admin decides for all: models, notifications, how long pictures are kept; and the lab's health."""

import streamlit as st

from pages.components.settings_health import show_health, show_notifications
from pages.components.settings_models import show_models
from pages.components.settings_retention import show_retention
from staging.lab import current

SECTIONS = {
    "Models": show_models,
    "Notifications": show_notifications,
    "Retention": show_retention,
    "Health": show_health,
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
