"""A component's script and style, read from the files beside its Python."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def component(folder: Path, html: str) -> "ComponentRenderer":
    """Register the component whose .js and .css bear the folder's name; call once, at import."""
    name = folder.name
    return st.components.v2.component(
        f"staging_{name}",
        html=html,
        css=(folder / f"{name}.css").read_text(encoding="utf-8"),
        js=(folder / f"{name}.js").read_text(encoding="utf-8"),
    )
