"""Which of a page's things has its fields open to be written, as the visitor's session keeps it."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class OpenFields:
    """At most one thing at a time, with the version that its writer saw when they opened it."""

    key: str
    """Where the session keeps it."""

    def open(self, what: str, version: int | None) -> None:
        """Have the fields of this one drawn; of a new one where `what` is empty. A callback."""
        st.session_state[self.key] = (what, version)

    def close(self) -> None:
        """Have no fields drawn. A callback."""
        st.session_state.pop(self.key, None)

    @property
    def now(self) -> tuple[str, int | None] | None:
        """Whose fields are open, and the version they were opened at."""
        kept: tuple[str, int | None] | None = st.session_state.get(self.key)
        return kept
