"""The server starts with the settings that are safe, and people can read what it shows."""

import re
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from streamlit.config import get_config_options

CONFIG: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parent.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8")
)
STATUS_COLORS = ("greenColor", "redColor", "orangeColor", "yellowColor", "blueColor", "violetColor", "grayColor")
READABLE = 4.5
"""WCAG 2.2 AA: the least contrast of text with its ground."""
VISIBLE = 3.0
"""The same, for charts and the outline of a control."""


def options(section: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in section.items():
        found.update(options(value, f"{path}{name}.") if isinstance(value, dict) else {path + name: value})
    return found


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    assert re.fullmatch("#[0-9a-f]{6}", color), color
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_option_is_one_that_streamlit_knows() -> None:
    assert sorted(set(options(CONFIG)) - set(get_config_options())) == []


@pytest.mark.parametrize(
    ("option", "safe"),
    [
        ("server.address", "127.0.0.1"),
        ("server.allowedHosts", ["127.0.0.1", "localhost", "[::1]"]),
        ("server.enableCORS", True),
        ("server.enableXsrfProtection", True),
        ("server.maxUploadSize", 25),
        ("server.headless", True),
        ("server.showEmailPrompt", False),
        ("server.fileWatcherType", "none"),
        ("browser.gatherUsageStats", False),
        ("client.showErrorDetails", "none"),
        ("client.showErrorLinks", False),
        ("client.toolbarMode", "minimal"),
        ("runner.magicEnabled", False),
        ("runner.postScriptGC", False),
        ("runner.fastReruns", False),
        ("global.disableWidgetStateDuplicationWarning", True),
    ],
)
def test_the_safe_setting_is_set(option: str, safe: object) -> None:
    assert options(CONFIG)[option] == safe


def test_no_colour_stands_where_it_would_lock_the_theme() -> None:
    assert [name for name in CONFIG["theme"] if name.endswith("Color")] == []
    assert sorted(CONFIG["theme"]["light"]) == sorted(CONFIG["theme"]["dark"])


def test_the_contrast_is_the_published_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_every_ground(scheme: str) -> None:
    theme = CONFIG["theme"][scheme]
    texts = [theme[name] for name in ("textColor", "linkColor", *STATUS_COLORS)]
    grounds = [theme[name] for name in ("backgroundColor", "secondaryBackgroundColor")]

    assert [pair for pair in product(texts, grounds) if contrast(*pair) < READABLE] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_button_is_readable_and_seen(scheme: str) -> None:
    """Streamlit 1.67 writes white on the primary colour in both themes."""
    theme = CONFIG["theme"][scheme]

    assert contrast("#ffffff", theme["primaryColor"]) >= READABLE
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= VISIBLE
    assert contrast(theme["primaryColor"], theme["secondaryBackgroundColor"]) >= VISIBLE


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chart_shows_on_its_ground(scheme: str) -> None:
    theme = CONFIG["theme"][scheme]
    colors = theme["chartCategoricalColors"]

    assert len(set(colors)) == len(colors) == 8
    assert [color for color in colors if contrast(color, theme["backgroundColor"]) < VISIBLE] == []
