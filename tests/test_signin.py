"""Who may reach the app, with sign-in and without."""

import pytest

from staging.errors import SettingsRefused
from staging.signin import refuse_open_address


def allowed(address: str) -> bool:
    try:
        refuse_open_address(address)
    except SettingsRefused:
        return False
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_is_allowed(address: str) -> None:
    assert allowed(address)


@pytest.mark.parametrize("address", ["", "0.0.0.0", "192.168.1.7", "::", "lab.example.com"])
def test_any_other_address_is_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(SettingsRefused, match=r"this machine only, not on .*--server.address 127\.0\.0\.1"):
        refuse_open_address(address)
