"""The one shape of every error over HTTP: application/problem+json (RFC 9457), with a sentence fit to show."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from staging.errors import (
    BudgetExceeded,
    ConfirmationNeeded,
    EditedMeanwhile,
    JobRefused,
    JobUnderWay,
    LedgerUnavailable,
    NotAllowed,
    NotFound,
    PromptsRefused,
    ProviderError,
    SignInNeeded,
    StagingError,
    TooManyRequests,
    UnknownModel,
)

MEDIA_TYPE = "application/problem+json"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATUSES: Mapping[type[StagingError], int] = {
    SignInNeeded: 401,
    NotAllowed: 403,
    UnknownModel: 404,
    NotFound: 404,
    JobUnderWay: 409,
    BudgetExceeded: 409,
    ConfirmationNeeded: 409,
    EditedMeanwhile: 412,
    JobRefused: 422,
    TooManyRequests: 429,
    LedgerUnavailable: 503,
    PromptsRefused: 503,
    ProviderError: 503,
}
"""What is in none of these rows was asked wrongly: 422."""


class Refused(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        self.status = status
        self.headers = headers
        super().__init__(sentence)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer: `detail` says what happened, why, and what to do."""
    known = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(known, status, headers={**HEADERS, **(headers or {})}, media_type=MEDIA_TYPE)


def status_of(error: StagingError) -> int:
    """Return the status of the nearest row among the error's kinds."""
    return next((_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), 422)
