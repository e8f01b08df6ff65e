"""Who is acting, and from where. Until sign-in is set up there is one local person, on this machine only."""

import ipaddress

from staging.errors import SettingsRefused

LOCAL_PERSON = "local"


def person() -> str:
    """Return the name that acts are logged under."""
    return LOCAL_PERSON


def refuse_open_address(address: str) -> None:
    """Raise SettingsRefused unless the server listens on this machine only: there is no sign-in yet.

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
        "Staging Lab has no sign-in yet, so it listens on this machine only, "
        f"not on {address or 'all addresses'}. Start it with --server.address 127.0.0.1."
    )
