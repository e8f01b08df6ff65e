"""The FastAPI app: the routes of staging/access_routes.py's API, their OpenAPI document, one shape of errors.

It stands behind the gate and gets no request that the gate has not let in. It is made at the first request for
it: FastAPI takes half a second to import, which a start need not wait for.
"""

import logging
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from staging.api_docs import SECURITY_POLICY, docs_page
from staging.api_jobs import job_routes
from staging.api_metrics import MEDIA_TYPE, Requests, metrics
from staging.api_problems import HEADERS, Refused, problem, status_of
from staging.api_reports import report_routes
from staging.api_routes import problems
from staging.api_settings import setting_routes
from staging.api_shapes import JobAsked, Problem, SettingAsked, UploadAsked
from staging.api_webhooks import webhook_routes
from staging.errors import StagingError

if TYPE_CHECKING:
    from staging.lab import Lab

log = logging.getLogger(__name__)

TITLE = "Staging Lab"
ABOUT = (
    "Every request takes an API key, as Authorization: Bearer; cookies do not count. What goes wrong is answered as "
    "application/problem+json with a sentence in `detail`. docs/api.md has examples."
)


def make_app(lab: "Lab", requests: Requests) -> FastAPI:
    """Return the app."""
    app = FastAPI(
        title=TITLE,
        description=ABOUT,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )

    @app.get("/admin/openapi.json", include_in_schema=False)
    def document() -> Response:
        return JSONResponse(app.openapi(), headers=HEADERS)

    @app.get("/admin/docs", include_in_schema=False)
    def docs() -> Response:
        return HTMLResponse(docs_page(app.openapi()), headers={**HEADERS, "Content-Security-Policy": SECURITY_POLICY})

    for router in (setting_routes(lab), job_routes(lab), report_routes(lab), webhook_routes(lab)):
        app.include_router(router)

    text: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}

    @app.get("/metrics", response_class=PlainTextResponse, responses={**problems(), **text}, tags=["monitoring"])
    def for_prometheus() -> Response:
        """Counts and gauges, as Prometheus reads them."""
        return Response(metrics(lab, requests), media_type=MEDIA_TYPE, headers=HEADERS)

    _calm(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _calm(app: FastAPI) -> None:
    """Make every error a problem with a sentence."""

    @app.exception_handler(Refused)
    def refused(_request: Request, error: Refused) -> Response:
        return problem(error.status, str(error), error.headers)

    @app.exception_handler(StagingError)
    def known(_request: Request, error: StagingError) -> Response:
        return problem(status_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> Response:
        fault = error.errors()[0]
        return problem(422, f"Nothing was done: {'.'.join(map(str, fault['loc']))}: {fault['msg']}.")

    @app.exception_handler(HTTPException)
    def other(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    def ours(request: Request, error: Exception) -> Response:
        log.error("the API failed at %s", request.scope["route"].path, exc_info=error)
        return problem(500, "Staging Lab itself failed at this request; its log has the reason. Tell whoever runs it.")


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document["components"]["schemas"]
        for shape in (Problem, SettingAsked, UploadAsked, JobAsked):
            schemas[shape.__name__] = shape.model_json_schema(ref_template="#/components/schemas/{model}")
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"key": []}]
        app.openapi_schema = document
    return app.openapi_schema
