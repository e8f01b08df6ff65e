"""Who each HTTP route answers to. A method and path without a row answers nobody, and fails a test."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from staging.access import Permission


class To(StrEnum):
    """What somebody has to show to a route."""

    ANYBODY = "nothing: it says whether the app is alive, or that there is nothing"
    LINK = "a signed link alone: it was made for people outside"
    PERSON = "a signed link, and with sign-in the cookie of a person who has a role, or an API key"
    KEY = "an API key as Bearer token; without sign-in, this machine's address"
    KEY_ALWAYS = "an API key as Bearer token, whatever the sign-in"
    READER = "as KEY; with sign-in, the cookie of a person who has a role does too: it only reads"
    SIGNATURE = "the provider's signature over the request"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what to show, and which permission the person or key needs besides."""

    to: To
    permission: Permission | None = None


_NOTHING = Row(To.ANYBODY)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
API: Mapping[tuple[str, str], Row] = {
    ("GET", "/admin/docs"): Row(To.READER, Permission.ADMINISTER),
    ("GET", "/admin/openapi.json"): Row(To.READER, Permission.ADMINISTER),
    ("GET", "/admin/models"): Row(To.KEY_ALWAYS, Permission.LOOK),
    ("GET", "/admin/settings/model"): Row(To.KEY_ALWAYS, Permission.LOOK),
    ("PUT", "/admin/settings/model"): Row(To.KEY_ALWAYS, Permission.MANAGE_MODELS),
    ("GET", "/admin/projects/{name:path}/model"): Row(To.KEY_ALWAYS, Permission.LOOK),
    ("PUT", "/admin/projects/{name:path}/model"): Row(To.KEY_ALWAYS, Permission.MANAGE_PROJECTS),
    ("POST", "/jobs"): Row(To.KEY_ALWAYS, Permission.RUN),
    ("GET", "/jobs/{job_id}"): Row(To.KEY_ALWAYS, Permission.LOOK),
    ("POST", "/jobs/{job_id}/cancel"): Row(To.KEY_ALWAYS, Permission.RUN),
    ("GET", "/reports/costs"): Row(To.KEY_ALWAYS, Permission.SEE_COSTS),
    ("GET", "/leaderboard"): Row(To.KEY_ALWAYS, Permission.LOOK),
    ("POST", "/webhooks/replicate"): Row(To.SIGNATURE),
    ("GET", "/metrics"): Row(To.KEY_ALWAYS, Permission.SEE_COSTS),
}
"""The routes of the FastAPI app (staging/api_app.py): each of its routes has a row here, and each row its route."""
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
    **API,
    **{(method, "/admin/{rest:path}"): Row(To.KEY) for method in METHODS},
    **{
        (method, f"/{place}/{{rest:path}}"): Row(To.KEY_ALWAYS)
        for method in METHODS
        for place in ("jobs", "reports", "webhooks")
    },
}
"""By method and path as the route declares it."""


def row_of(method: str, path: str) -> Row | None:
    """Return the row of a route's method; None when nobody may use it. A HEAD is a GET, but not to the API."""
    row = ROUTES.get((method, path))
    if row is None and method == "HEAD" and (known := ROUTES.get(("GET", path))) and known.to not in _API_ONLY:
        return known
    return row


_API_ONLY = (To.KEY, To.KEY_ALWAYS, To.READER)
