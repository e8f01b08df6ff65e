"""What Streamlit keeps of a sign-in, for the routes beside the pages; and the address it is served under."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from streamlit import config
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME


def claims_of(cookies: Mapping[str, str]) -> Mapping[str, object] | None:
    """Return the claims in the sign-in cookie that Streamlit signed; None when there is none, or another's."""
    secret = get_cookie_secret()

    def part(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1", "replace"))

    whole = get_cookie_with_chunks(part, USER_COOKIE_NAME)
    if whole is None:
        return None
    try:
        claims = json.loads(whole)
    except ValueError:
        return None
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") is True else None


def serve_under(public_url: str) -> None:
    """Let Streamlit answer pages opened at the address, besides this machine's; an empty one changes nothing."""
    host = urlsplit(public_url).hostname
    if host is None:
        return
    hosts = config.get_option("server.allowedHosts")
    config.set_option("server.allowedHosts", [*hosts, host])
    config.set_option("server.corsAllowedOrigins", [*config.get_option("server.corsAllowedOrigins"), public_url])
