"""Models that run on this machine: the offline stager and the room as it is. No network, no token.

The stager works in child processes (`staging.stager.worker`), started when first needed and kept
warm: what it imports takes seconds, and a crash in a renderer must not take the app along. Nothing
here outlives this process: the engine begins offline predictions anew after a restart.
"""

import asyncio
import contextlib
import importlib.util
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import JsonValue

from staging.errors import ProviderRefused, Refusal, StagingError
from staging.images import Pictures
from staging.providers.base import RoomFile, Snapshot, Stage, Submission, UploadedPicture
from staging.providers.offline_worker import Worker, WorkerLost, WorkRefused

log = logging.getLogger(__name__)

FURNISH, TONE = "offline/furnish", "offline/tone"
Said = Callable[[str], Mapping[str, JsonValue]]
"""Returns what people have said of a room's floor, doors and windows, by its digest (`staging.stager.measure.Said`)."""
NEEDED = {"mitsuba": "mitsuba", "pyoidn": "pyoidn", "cv2": "opencv-python-headless"}
"""What the stager imports, by the name it is installed under."""
KEPT_FOR = timedelta(minutes=10)
FOR_EVER = timedelta(days=3650)


def missing_packages() -> tuple[str, ...]:
    """Return the packages of the `offline` extra that are not installed."""
    return tuple(package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None)


@dataclass(slots=True)
class _Job:
    snapshot: Snapshot
    began: float = 0.0
    """When a worker took it (monotonic seconds): what it waited for one before is no run time."""
    task: asyncio.Task[None] | None = None
    picture: bytes = b""


class OfflineProvider:
    """A `staging.providers.base.Provider`; all calls come from one asyncio loop."""

    name = "offline"
    survives_restart = False

    def __init__(self, pictures: Pictures, workers: int, said: Said = lambda _: {}) -> None:
        self._pictures = pictures
        self._said = said
        self._jobs: dict[str, _Job] = {}
        # Each place holds a warm worker or nobody yet: so many render at once, and no more.
        self._places: asyncio.LifoQueue[Worker | None] = asyncio.LifoQueue()
        for _ in range(workers):
            self._places.put_nowait(None)

    async def upload(self, room: RoomFile) -> UploadedPicture:
        """The room is here already; its digest is its address."""
        return UploadedPicture(room.digest, datetime.now(UTC) + FOR_EVER)

    async def create(self, submission: Submission) -> Snapshot:
        """Begin the work and return at once."""
        job = _Job(
            Snapshot(
                submission.prediction_id,
                Stage.STARTING,
                model=submission.model,
                input=dict(submission.input),
                created_at=datetime.now(UTC),
            )
        )
        self._forget_old()
        self._jobs[submission.prediction_id] = job
        job.task = asyncio.create_task(self._run(job, submission))
        return job.snapshot

    async def snapshots(self, wanted: Mapping[str, datetime]) -> dict[str, Snapshot]:
        """Answer from memory."""
        return {key: self._jobs[key].snapshot for key in wanted if key in self._jobs}

    async def recent(self, since: datetime) -> Collection[Snapshot]:  # noqa: ARG002 - the seam's signature
        """Nothing is ever in doubt here."""
        return ()

    async def cancel(self, provider_id: str) -> None:
        """Stop the work; its worker is ended if it is busy with it."""
        job = self._jobs.get(provider_id)
        if job is not None and job.task is not None:
            job.task.cancel()
            self._end(job, Stage.CANCELED)  # a task that had not begun never gets to say so itself

    async def collect(self, snapshot: Snapshot) -> list[bytes]:
        """Return the picture; it stays for a while, should it not be kept at the first try."""
        job = self._jobs.get(snapshot.provider_id)
        if job is None or not job.picture:
            raise ProviderRefused("The picture is no longer in memory. Run it again.", Refusal.NOT_FOUND)
        return [job.picture]

    def _forget_old(self) -> None:
        """Let go of pictures that ended long ago: they are kept, or nobody wants them."""
        before = datetime.now(UTC) - KEPT_FOR
        for key, job in list(self._jobs.items()):
            if job.snapshot.completed_at is not None and job.snapshot.completed_at < before:
                del self._jobs[key]

    async def close(self) -> None:
        """End every worker; unfinished work is lost, and begun anew by the next process."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not self._places.empty():
            worker = self._places.get_nowait()
            if worker is not None:
                worker.kill()

    async def _run(self, job: _Job, submission: Submission) -> None:
        """Bring the job to a final stage, whatever happens."""
        try:
            async with asyncio.timeout(submission.deadline_seconds):
                if submission.model == FURNISH:
                    metrics = await self._work(job, "furnish")
                elif submission.model == TONE:
                    metrics = await self._work(job, "tone")
                else:
                    metrics = await self._unchanged(job)
        except asyncio.CancelledError:
            self._end(job, Stage.CANCELED)
        except TimeoutError:
            self._end(job, Stage.ABORTED if job.snapshot.started_at is None else Stage.CANCELED)
        except WorkRefused as error:
            kind = Refusal.FLOOR if error.asks_for_floor else Refusal.INPUT
            self._end(job, Stage.FAILED, error=str(error), kind=kind)
        except WorkerLost as error:
            self._end(job, Stage.FAILED, error=str(error), kind=Refusal.MODEL_FAILED)
        except StagingError as error:
            self._end(job, Stage.FAILED, error=str(error), kind=Refusal.INPUT)
        except Exception:
            log.exception("offline prediction %s failed", submission.prediction_id)
            text = f"The offline stager failed; the log has the reason under {submission.prediction_id}."
            self._end(job, Stage.FAILED, error=text, kind=Refusal.MODEL_FAILED)
        else:
            seconds = round(time.monotonic() - job.began, 3)
            self._end(job, Stage.SUCCEEDED, metrics={"predict_time": seconds, "image_count": 1, **metrics})

    async def _unchanged(self, job: _Job) -> dict[str, JsonValue]:
        self._tell(job, None)
        job.picture = await asyncio.to_thread(Path(self._room(job).path).read_bytes)
        return {}

    async def _work(self, job: _Job, work: str) -> dict[str, JsonValue]:
        if missing := missing_packages():
            raise WorkRefused(f"{', '.join(missing)} not installed: run `make install` and start again.")
        room = await asyncio.to_thread(self._room, job)
        said = dict(await asyncio.to_thread(self._said, room.digest))
        question: dict[str, JsonValue] = {**job.snapshot.input, "path": room.path, "work": work, "said": said}
        loop = asyncio.get_running_loop()

        def tell(share: float, step: str) -> None:  # from the worker's thread
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._tell, job, share, step)

        worker = await self._places.get()
        try:
            worker = worker or Worker()
            self._tell(job, 0.0)
            answer = await asyncio.to_thread(worker.ask, question, tell)
        except BaseException as error:
            # A refusal leaves the worker good for more; whatever else happened, it is busy or broken.
            if worker is not None and not isinstance(error, WorkRefused):
                worker.kill()
                worker = None
            raise
        finally:
            self._places.put_nowait(worker)
        job.picture = answer.picture
        if work == "tone":
            return {}
        return {"stage_seconds": dict(answer.seconds), "confidence": answer.confidence, "notes": list(answer.notes)}

    def _room(self, job: _Job) -> RoomFile:
        return self._pictures.room_file(str(job.snapshot.input.get("room", "")))

    def _tell(self, job: _Job, progress: float | None, step: str = "") -> None:
        if not job.snapshot.stage.final:
            job.began = job.began or time.monotonic()
            started_at = job.snapshot.started_at or datetime.now(UTC)
            job.snapshot = replace(
                job.snapshot, stage=Stage.PROCESSING, started_at=started_at, progress=progress, step=step
            )

    def _end(
        self,
        job: _Job,
        stage: Stage,
        *,
        error: str | None = None,
        kind: Refusal | None = None,
        metrics: Mapping[str, JsonValue] | None = None,
    ) -> None:
        if job.snapshot.stage.final:
            return
        job.snapshot = replace(
            job.snapshot,
            stage=stage,
            error=error,
            error_kind=kind,
            metrics=dict(metrics or {}),
            completed_at=datetime.now(UTC),
        )
