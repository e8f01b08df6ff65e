"""Models and settings over HTTP: which models there are, the active one, and each project's."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from staging.api_bodies import body_of, follows, refuse_other_than_json, sent_as
from staging.api_problems import Refused
from staging.api_routes import author_of, body_of_shape, header, never_kept, problems
from staging.api_shapes import ModelsTold, ModelTold, SettingAsked, SettingTold
from staging.errors import UnknownModel
from staging.routing import Setting

if TYPE_CHECKING:
    from staging.lab import Lab

Name = Annotated[
    str, Path(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", description="The project's name")
]
_IF_MATCH = header("If-Match", "The ETag of the setting that you read")
_PUT = {**body_of_shape("SettingAsked"), "parameters": [_IF_MATCH]}


def setting_routes(lab: "Lab") -> APIRouter:
    """Return the routes under /admin/."""
    router = APIRouter(tags=["models and settings"])

    @router.get("/admin/models", responses=problems())
    def models(response: Response) -> ModelsTold:
        """Every registered model, its parameters, and whether it can be run here and now."""
        never_kept(response)
        setting = lab.routing.current()
        active = setting.model if setting and setting.model else lab.registry.default.id.value
        return ModelsTold(
            models=[
                ModelTold(
                    id=offer.spec.id.value,
                    name=offer.spec.name,
                    provider=offer.spec.provider,
                    capabilities=sorted(capability.value for capability in offer.spec.capabilities),
                    available=offer.available,
                    reason=offer.reason,
                    price=offer.price.model_dump(mode="json", exclude_none=True),
                    parameters=offer.spec.builder.model_json_schema(),
                    active=offer.spec.id.value == active,
                )
                for offer in lab.desk.models()
            ]
        )

    @router.get("/admin/settings/model", responses=problems())
    def read_active(response: Response) -> SettingTold:
        """The active model: jobs of projects without a model of their own get it."""
        return _told(lab, None, response)

    @router.put("/admin/settings/model", responses=problems(400, 412, 413, 415, 428), openapi_extra=_PUT)
    async def write_active(request: Request, response: Response) -> SettingTold:
        """Make another model the active one."""
        return await _write(lab, None, request, response)

    @router.get("/admin/projects/{name:path}/model", responses=problems(404))
    def read_project(name: Name, response: Response) -> SettingTold:
        """A project's model; null where it has none of its own."""
        return _told(lab, _project(name), response)

    @router.put(
        "/admin/projects/{name:path}/model", responses=problems(400, 404, 412, 413, 415, 428), openapi_extra=_PUT
    )
    async def write_project(name: Name, request: Request, response: Response) -> SettingTold:
        """Give a project a model of its own."""
        return await _write(lab, _project(name), request, response)

    return router


def _project(name: str) -> str:
    if not name.strip() or name != name.strip():
        raise Refused(404, "There is no such project: a project's name has no spaces at its ends.")
    return name


async def _write(lab: "Lab", project: str | None, request: Request, response: Response) -> SettingTold:
    last = await run_in_threadpool(_last, lab, project)
    version = last.version if last else -1
    read = follows(request, _etag(version), version)
    refuse_other_than_json(request)
    sent = sent_as(SettingAsked, await body_of(request))
    by = author_of(request)

    def write() -> SettingTold:
        at = datetime.now(UTC)
        if sent.model is None:
            if last is not None and last.model is not None:
                lab.routing.clear(by, at, project=project, note=sent.note, follows=read)
            return _told(lab, project, response)
        try:
            lab.routing.set(
                sent.model, by, at, project=project, parameters=sent.parameters, note=sent.note, follows=read
            )
        except UnknownModel as error:
            raise Refused(422, f"Nothing was saved: {error}") from None
        return _told(lab, project, response)

    return await run_in_threadpool(write)


def _last(lab: "Lab", project: str | None) -> Setting | None:
    return next(iter(lab.routing.history(project)), None)


def _etag(version: int) -> str:
    return f'"{version + 1}"'


def _told(lab: "Lab", project: str | None, response: Response) -> SettingTold:
    last = _last(lab, project)
    active = lab.routing.current() if project is not None else last
    etag = _etag(last.version if last else -1)
    never_kept(response, {"ETag": etag})
    held = next((one.model for one in (last, active) if one is not None and one.model is not None), None)
    return SettingTold(
        project=project,
        model=last.model if last else None,
        parameters=dict(last.parameters) if last else {},
        effective=held or lab.registry.default.id.value,
        note=last.note if last else "",
        experiment=last.experiment if last else None,
        set_by=last.set_by if last else None,
        set_at=last.set_at if last else None,
        etag=etag,
    )
