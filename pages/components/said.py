"""What the last act came to, kept in the visitor's session until the next run has drawn it."""

from dataclasses import dataclass

import streamlit as st

from pages.components.words import plain


@dataclass(frozen=True, slots=True)
class Said:
    """At most one sentence waits, the last one; it is drawn whatever ends the script that said it."""

    key: str
    """Where the session keeps it."""

    def done(self, sentence: str) -> None:
        """Have this drawn as what was done, in a box that stays."""
        self._keep("success", sentence)

    def briefly(self, sentence: str) -> None:
        """Have this drawn as what was done, in a corner and for a moment: the page shows it besides."""
        self._keep("toast", sentence)

    def nothing(self, sentence: str) -> None:
        """Have this drawn as why nothing was to be done."""
        self._keep("info", sentence)

    def refused(self, sentence: str) -> None:
        """Have this drawn as why it was not done."""
        self._keep("error", sentence)

    def show(self) -> None:
        """Draw, once, what waits."""
        kind, sentence = st.session_state.pop(self.key, ("", ""))
        match kind:
            case "success":
                st.success(plain(sentence), icon=":material/check:")
            case "toast":
                st.toast(plain(sentence), icon=":material/check:")
            case "info":
                st.info(plain(sentence), icon=":material/info:")
            case "error":
                st.error(plain(sentence), icon=":material/error:")

    def _keep(self, kind: str, sentence: str) -> None:
        st.session_state[self.key] = (kind, sentence)
