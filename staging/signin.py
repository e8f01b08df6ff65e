"""Sign-in as it is configured: whether there is one, and what the server may listen on."""

import ipaddress

from staging.errors import SettingsRefused


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
        f"not on {address or 'all addresses'}. Start it with --server.address 127.0.0.1, or set up sign-in "
        "(STAGING_OIDC_CLIENT_ID and what docs/sign_in.md lists)."
    )
