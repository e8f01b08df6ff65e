"""Jobs over HTTP: asked for once however often they are sent, looked at, cancelled."""

import hashlib
import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from staging.api_bodies import body_of, refuse_other_than_json, sent_as
from staging.api_problems import Refused
from staging.api_routes import actor_of, author_of, header, never_kept, problems
from staging.api_shapes import CostTold, JobAsked, JobTaken, JobTold, OutputTold, UploadAsked
from staging.audit import canonical
from staging.errors import NotFound, UnknownModel
from staging.jobs import Job, JobWanted

if TYPE_CHECKING:
    from staging.lab import Lab

MOST_UPLOAD_BYTES = 26 << 20
"""The door for pictures takes 25 MB; the rest is for what stands around it."""
LONGEST_KEY = 200
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", re.ASCII)
_UPLOAD: dict[str, Any] = {
    "type": "object",
    "required": ["picture"],
    "properties": {
        "picture": {"type": "string", "contentMediaType": "application/octet-stream"},
        "job": {"$ref": "#/components/schemas/UploadAsked"},
    },
}
_POST = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/JobAsked"}},
            "multipart/form-data": {
                "schema": _UPLOAD,
                "encoding": {"picture": {"contentType": "image/*"}, "job": {"contentType": "application/json"}},
            },
        },
    },
    "parameters": [
        header(
            "Idempotency-Key",
            "Made by you for this job: sent again with the same one, it is answered and not run again",
            maxLength=LONGEST_KEY,
            pattern=r"^[\x21-\x7e]+$",
        )
    ],
}


def job_routes(lab: "Lab") -> APIRouter:
    """Return the routes under /jobs."""
    router = APIRouter(tags=["jobs"])

    @router.post(
        "/jobs",
        status_code=202,
        responses=problems(400, 404, 409, 413, 415),
        openapi_extra=_POST,
    )
    async def ask(request: Request, response: Response) -> JobTaken:
        """Run one model on one room, sent as a picture (multipart/form-data) or named by its digest (JSON)."""
        key = request.headers.get("idempotency-key", "").strip()
        if not _KEY.fullmatch(key):
            raise Refused(
                400,
                f"Send Idempotency-Key, 1 to {LONGEST_KEY} visible ASCII characters that you make for each job, so "
                "that a job sent twice is not bought twice. Nothing was started.",
            )
        form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
        asked, picture, name = await (_uploaded(request) if form else _named(request))
        actor, by = actor_of(request), author_of(request)
        digest = hashlib.sha256(canonical(asked.model_dump(mode="json")).encode())
        if picture is not None:
            digest.update(hashlib.sha256(picture).digest())

        def wanted() -> JobWanted:
            room = asked.room if isinstance(asked, JobAsked) else ""
            if picture is not None:
                room = lab.desk.keep_room(picture, name, by, project=asked.project).digest
            said = asked.model_dump(exclude={"room"})
            return JobWanted(room, **said)

        def take() -> tuple[Job, bool]:
            try:
                return lab.jobs.ask(actor, key, digest.hexdigest(), wanted)
            except (NotFound, UnknownModel) as error:  # what the body names, not what was asked for
                raise Refused(422, f"Nothing was started: {error}") from None

        job, again = await run_in_threadpool(take)
        taken = _taken(lab, job)
        never_kept(response, {"Location": taken["url"], **({"Idempotency-Replayed": "true"} if again else {})})
        return JobTaken(**taken)

    @router.get("/jobs/{job_id}", responses=problems(404))
    def look(job_id: str, response: Response) -> JobTold:
        """How the job stands, what it made, by which rule it got its model, and what it cost."""
        never_kept(response)
        return _told(lab, lab.jobs.get(job_id))

    @router.post("/jobs/{job_id}/cancel", responses=problems(404))
    def cancel(job_id: str, request: Request, response: Response) -> JobTold:
        """Ask for the job to be stopped; one that has ended stays as it is. Look again to see what came of it."""
        never_kept(response)
        return _told(lab, lab.jobs.cancel(job_id, actor_of(request)))

    return router


async def _named(request: Request) -> tuple[UploadAsked, bytes | None, str]:
    refuse_other_than_json(request)
    return sent_as(JobAsked, await body_of(request)), None, ""


async def _uploaded(request: Request) -> tuple[UploadAsked, bytes | None, str]:
    """Return what the form says; Refused unless it is one picture and at most one job."""
    body = await body_of(request, MOST_UPLOAD_BYTES)
    whole = Request(request.scope, _once_more(body))
    try:
        async with whole.form(max_files=2, max_fields=2, max_part_size=256 * 1024) as form:
            parts = form.multi_items()
            names = sorted(name for name, _ in parts)
            if names not in (["picture"], ["job", "picture"]):
                raise Refused(422, "Send one part `picture`, and beside it at most one part `job` with JSON.")
            given = dict(parts)
            picture, job = given["picture"], given.get("job", "{}")
            if not isinstance(picture, UploadFile):
                raise Refused(422, "The part `picture` has no file name: send it as a file.")
            said = await job.read() if isinstance(job, UploadFile) else job.encode(errors="surrogatepass")
            return sent_as(UploadAsked, said), await picture.read(), picture.filename or "picture"
    except HTTPException as error:  # what Starlette makes of a broken form
        raise Refused(400, f"The form cannot be read: {error.detail}") from None


def _once_more(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _taken(lab: "Lab", job: Job) -> dict[str, Any]:
    asked = job.first.prediction
    return {
        "id": job.order.id,
        "url": f"{lab.settings.public_url}/jobs/{job.order.id}",
        "room": asked.room,
        "project": asked.project,
        "model": asked.model,
        "parameters": dict(asked.parameters),
        "rule": asked.rule or "",
        "because": asked.rule_note or "",
        "arm": asked.arm,
        "style": asked.style,
        "prompt": asked.prompt,
        "estimate_usd": asked.estimate_usd,
        "asked_at": asked.created_at,
        "asked_by": asked.created_by,
    }


def _told(lab: "Lab", job: Job) -> JobTold:
    from staging.images import PictureKind

    now = job.now

    def url(digest: str, kind: PictureKind) -> str:
        return lab.settings.public_url + lab.pictures.url(digest, kind)

    return JobTold(
        **_taken(lab, job),
        state=now.state.value,
        final=now.state.final,
        error=now.error,
        error_kind=now.error_kind,
        ended_at=now.ended_at,
        outputs=[
            OutputTold(
                digest=output.digest,
                media_type=output.media_type,
                width=output.width,
                height=output.height,
                size_bytes=output.size_bytes,
                original=url(output.digest, PictureKind.ORIGINAL),
                view=url(output.digest, PictureKind.VIEW),
                thumbnail=url(output.digest, PictureKind.THUMBNAIL),
            )
            for output in now.outputs
        ],
        cost=CostTold(usd=now.cost_usd, basis=now.cost_basis),
    )
