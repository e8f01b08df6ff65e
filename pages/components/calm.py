"""No person ever sees a traceback: an error of ours is its sentence, any other is a number to quote."""

import functools
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from pages.components.acting import stay
from pages.components.words import plain
from staging.errors import StagingError

log = logging.getLogger(__name__)
P = ParamSpec("P")


@contextmanager
def calm() -> Iterator[None]:
    """Show what goes wrong inside as one sentence; what nobody foresaw goes to the log with a number.

    Streamlit's own control flow (rerun, stop) is no Exception and passes.
    """
    try:
        yield
    except StagingError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:
        number = secrets.token_hex(4)
        log.exception("page error %s", number)
        st.error(
            f"Something went wrong here. Reload the page; if it happens again, "
            f"tell the person who runs Staging Lab this number: {number}.",
            icon=":material/error:",
        )


def calmly(body: Callable[P, None]) -> Callable[P, None]:
    """Return the body with `calm` around it: for fragments and dialogs, which run outside of a page.

    It runs while the person may open the page; a role that was taken away ends it.
    """

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with calm():
            stay()
            body(*args, **kwargs)

    return run
