"""Who each HTTP route answers to. A method and path without a row answers nobody, and fails a test."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from staging.access import Permission


class To(StrEnum):
    """What somebody has to show to a route."""

    ANYBODY = "nothing: it says whether the app is alive, or that there is nothing"
    LINK = "a signed link alone: it was made for people outside"
    PERSON = "a signed link, and with sign-in the cookie of a person who has a role"
    KEY = "an API key as Bearer token; without sign-in, this machine's address"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what to show, and which permission the person or key needs besides."""

    to: To
    permission: Permission | None = None


_NOTHING = Row(To.ANYBODY)
ROUTES: Mapping[tuple[str, str], Row] = {
    ("GET", "/healthz"): Row(To.ANYBODY),
    ("GET", "/pictures/blind/{ballot}/{side}/{view:int}"): Row(To.PERSON, Permission.VOTE),
    ("GET", "/pictures/{kind}/{digest}"): Row(To.PERSON),
    ("GET", "/pictures/{rest:path}"): _NOTHING,
    ("GET", "/downloads/{what}/{of}"): Row(To.PERSON, Permission.TAKE_AWAY),
    ("GET", "/downloads/{rest:path}"): _NOTHING,
    ("GET", "/shared/{token}"): Row(To.LINK),
    ("GET", "/shared/{token}/{kind}/{digest}"): Row(To.LINK),
    ("GET", "/shared/{rest:path}"): _NOTHING,
    ("GET", "/admin/prices"): Row(To.KEY, Permission.SEE_COSTS),
    ("GET", "/admin/prices/{model:path}"): Row(To.KEY, Permission.SEE_COSTS),
    ("PUT", "/admin/prices/{model:path}"): Row(To.KEY, Permission.EDIT_PRICES),
    **{
        (method, "/admin/{rest:path}"): Row(To.KEY)
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    },
}
"""By method and path as the route declares it."""


def row_of(method: str, path: str) -> Row | None:
    """Return the row of a route's method; None when nobody may use it. A HEAD is a GET, but not to the API."""
    row = ROUTES.get((method, path))
    if row is None and method == "HEAD" and (known := ROUTES.get(("GET", path))) and known.to is not To.KEY:
        return known
    return row
