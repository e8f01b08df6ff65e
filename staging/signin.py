"""Sign-in as it is configured: whether there is one, what is wrong with it, and what the server may listen on.

Nothing here is sent anywhere; the exchange with the identity provider is Streamlit's.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from staging.config import Settings, on_this_machine
from staging.errors import SettingsRefused

LEAST_SECRET_CHARACTERS = 32
METADATA_ENDING = "/.well-known/openid-configuration"
_GUIDE = "docs/sign_in.md says how."


def sign_in_wanted(settings: Settings) -> bool:
    """True when anything of a sign-in is set: then all of it must be, and nobody gets in without."""
    return any(
        (
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.oidc_metadata_url,
            settings.cookie_secret,
            settings.admins,
            settings.role_claim,
        )
    )


def faults(settings: Settings, *, admins_known: bool) -> list[str]:
    """Return what is wrong with the sign-in, a sentence each; none when it is complete or not wanted.

    `admins_known` says whether somebody is an admin by the People page.
    """
    if not sign_in_wanted(settings):
        return []
    return [
        *_missing(settings),
        *_addresses(settings),
        *_secrets(settings),
        *_admins(settings, admins_known),
    ]


def refuse_unready(settings: Settings, address: str, trusted_headers: object = None) -> None:
    """Raise SettingsRefused unless the server may start with this sign-in on this address (empty is all).

    `trusted_headers` is Streamlit's setting of that name: it lets a header say who somebody is.
    """
    if not sign_in_wanted(settings):
        refuse_open_address(address)
        return
    wrong = faults(settings, admins_known=True)  # who is one by the page is known once the ledger is open
    if trusted_headers:
        wrong.append("server.trustedUserHeaders lets whoever sends a header be anybody: take it out.")
    if wrong:
        raise SettingsRefused(f"The sign-in is not complete: {' '.join(wrong)} {_GUIDE}")


def refuse_open_address(address: str) -> None:
    """Raise SettingsRefused unless the server listens on this machine only: no sign-in is configured.

    An empty address is all addresses.
    """
    if address == "localhost":
        return
    try:
        if ipaddress.ip_address(address).is_loopback:
            return
    except ValueError:
        pass  # a host name: nobody knows where it leads
    raise SettingsRefused(
        "Without sign-in Staging Lab listens on this machine only, "
        f"not on {address or 'all addresses'}. Start it with --server.address 127.0.0.1, or set up a sign-in "
        "first (STAGING_OIDC_CLIENT_ID, STAGING_OIDC_CLIENT_SECRET, STAGING_OIDC_METADATA_URL, "
        f"STAGING_COOKIE_SECRET, STAGING_PUBLIC_URL, STAGING_ADMINS). {_GUIDE}"
    )


def streamlit_secrets(settings: Settings) -> dict[str, Any]:
    """Return what Streamlit would read from a secrets file, for `st.login`: empty without a sign-in."""
    if not sign_in_wanted(settings):
        return {}
    return {
        "auth": {
            "redirect_uri": f"{settings.public_url}/oauth2callback",
            "cookie_secret": _revealed(settings.cookie_secret),
            "client_id": settings.oidc_client_id,
            "client_secret": _revealed(settings.oidc_client_secret),
            "server_metadata_url": settings.oidc_metadata_url,
        }
    }


def _missing(settings: Settings) -> Sequence[str]:
    needed = {
        "STAGING_OIDC_CLIENT_ID": (settings.oidc_client_id, "how the identity provider knows Staging Lab"),
        "STAGING_OIDC_CLIENT_SECRET": (
            settings.oidc_client_secret,
            "the secret that the identity provider gave for it",
        ),
        "STAGING_OIDC_METADATA_URL": (
            settings.oidc_metadata_url,
            f"the provider's address that ends in {METADATA_ENDING}",
        ),
        "STAGING_COOKIE_SECRET": (settings.cookie_secret, "what signs the sign-in cookies"),
        "STAGING_PUBLIC_URL": (settings.public_url, "where people open Staging Lab, such as https://lab.example.com"),
    }
    return [f"{name} is not set: {meaning}." for name, (value, meaning) in needed.items() if not value]


def _addresses(settings: Settings) -> Sequence[str]:
    wrong = []
    if settings.public_url and _in_the_clear(settings.public_url):
        wrong.append(
            "STAGING_PUBLIC_URL is http, so cookies could be read on their way: "
            "put a proxy with https before it, or use an address of this machine."
        )
    if (url := settings.oidc_metadata_url) and (_in_the_clear(url) or not urlsplit(url).hostname):
        wrong.append("STAGING_OIDC_METADATA_URL is no https address, so anybody on the way could sign in as anybody.")
    elif url and not url.endswith(METADATA_ENDING):
        wrong.append(f"STAGING_OIDC_METADATA_URL does not end in {METADATA_ENDING}.")
    return wrong


def _secrets(settings: Settings) -> Sequence[str]:
    secret = _revealed(settings.cookie_secret)
    if secret and len(secret) < LEAST_SECRET_CHARACTERS:
        size = f"{LEAST_SECRET_CHARACTERS} or more, for example with `openssl rand -hex 32`"
        return [f"STAGING_COOKIE_SECRET has {len(secret)} characters and can be guessed: make one of {size}."]
    if secret and secret == _revealed(settings.oidc_client_secret):
        return ["STAGING_COOKIE_SECRET is the client secret too: make one of its own."]
    return []


def _admins(settings: Settings, known: bool) -> Sequence[str]:
    wrong = [f"STAGING_ADMINS names {one}, which is no e-mail address." for one in settings.admins if "@" not in one]
    if not settings.admins and not known:
        wrong.append("Nobody is an admin: set STAGING_ADMINS to the e-mail address of the first one.")
    return wrong


def _in_the_clear(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme != "https" and not (parts.scheme == "http" and on_this_machine(parts.hostname or ""))


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
