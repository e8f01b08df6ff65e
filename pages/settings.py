"""Settings: what an admin decides for all: models, quality, notifications, how long pictures stay; and the health."""

import streamlit as st

from pages.components.settings_health import show_health, show_notifications
from pages.components.settings_models import show_models
from pages.components.settings_quality import show_quality
from pages.components.settings_retention import show_retention
from staging.lab import current

SECTIONS = {
    "Models": show_models,
    "Quality": show_quality,
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
