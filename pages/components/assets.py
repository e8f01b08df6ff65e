"""A component's script and style, read from the files beside its Python."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

DOM = Path(__file__).with_name("dom.js")


def component(folder: Path, html: str) -> "ComponentRenderer":
    """Register the component made of the folder's .js files, one after the other, and its .css; call once, at import.

    dom.js, which all components share, comes first; then the file that bears the folder's name, with the
    default export; the others, in the order of their names, are parts of the same script.
    """
    name = folder.name
    parts = [DOM, *sorted(folder.glob("*.js"), key=lambda path: (path.stem != name, path.stem))]
    return st.components.v2.component(
        f"staging_{name}",
        html=html,
        css=(folder / f"{name}.css").read_text(encoding="utf-8"),
        js="\n".join(part.read_text(encoding="utf-8") for part in parts),
    )
