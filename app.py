"""The launcher: settings → lab → routes → st.App, which `streamlit run app.py` finds below. One process, one port."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread

import streamlit as st
from starlette.middleware import Middleware

from pages.components.signing_in import claims_of, serve_under
from staging import lab
from staging.api import routes
from staging.api_gate import CrossSiteGuard, Gate
from staging.config import read_settings
from staging.errors import StagingError
from staging.signin import refuse_unready, streamlit_secrets

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, signatures included

try:
    settings = read_settings()
    refuse_unready(settings, st.get_option("server.address") or "", st.get_option("server.trustedUserHeaders"))
    opened = lab.open_lab(settings)
except StagingError as error:
    print(f"Staging Lab cannot start. {error}", file=sys.stderr)  # noqa: T201 - said to the operator
    sys.exit(1)
lab.set_current(opened)
serve_under(opened.people.public_url)


def warm_up() -> None:
    """Import what the first page needs (two seconds), while the first visitor's browser still loads Streamlit."""
    for module in ("pandas", "pyarrow", "pages.components.asking", "pages.components.watching"):
        import_module(module)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Close the lab when the server stops."""
    Thread(target=warm_up, name="warm-up", daemon=True).start()
    try:
        yield
    finally:
        opened.close()


app = st.App(
    Path(__file__).resolve().parent / "pages" / "index.py",
    routes=routes(opened, Gate(opened.people, claims_of, opened.keys.holder)),
    middleware=[Middleware(CrossSiteGuard, public_url=opened.people.public_url)],
    secrets=streamlit_secrets(settings) or None,
    lifespan=lifespan,
)
