"""From queued to running: one create, sent at most once per `submitting`."""

import asyncio
import contextlib
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from staging import costs
from staging.engine.life import WAITING, Life, Live
from staging.engine.workplace import Workplace, waits
from staging.errors import (
    AlreadyAdopted,
    AnswerLost,
    NotFound,
    ParametersRefused,
    ProviderError,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    UnknownModel,
)
from staging.predictions import State
from staging.providers.base import RoomFile, Submission, UploadedPicture
from staging.registry import RoomInput

log = logging.getLogger(__name__)


async def create(work: Workplace, life: Life) -> None:
    """Leave the prediction running, in doubt (submitting) or ended; passing faults are waited out."""
    # From the first try on, over all doubts that were settled since; waiting for a place does not count.
    life.first_tried_at = life.first_tried_at or datetime.now(UTC)
    give_up_at = life.first_tried_at + timedelta(seconds=work.settings.deadline_seconds)
    reason = "Its creates went unanswered for too long, and none was taken. Try again later."
    for wait in waits():
        if life.cancel.is_set():
            await life.end(State.CANCELED, costs.not_created(State.CANCELED))
            return
        if datetime.now(UTC) > give_up_at:
            await life.fail(reason, "unavailable", costs.not_created(State.FAILED))
            return
        try:
            await _try(work, life)
        except ProviderUnavailable as error:
            # The provider's answer says that nothing was created, so it is safe to ask again.
            if life.now.state is State.SUBMITTING:
                await life.step(life.next(State.QUEUED))
            reason = str(error)
            if isinstance(error, ProviderThrottled):
                work.bucket.pause(error.retry_after_seconds)
            life.show(Live(f"waiting: {error}"))
            await life.wait(wait)
        except ProviderRefused as error:
            await life.fail(str(error), error.kind, costs.not_created(State.FAILED))
        except (ParametersRefused, NotFound, UnknownModel) as error:
            await life.fail(str(error), "input", costs.not_created(State.FAILED))
        except AnswerLost as error:
            log.warning("prediction %s: %s", life.prediction.id, error)
            return  # in doubt: `adopt.settle` comes next
        if life.now.state is not State.QUEUED:
            return


async def prepare(work: Workplace, life: Life) -> None:
    """Have the room ready to be sent; what goes wrong here is met again, and told, by `create`."""
    with contextlib.suppress(ProviderError, NotFound, UnknownModel, ParametersRefused):
        await _room_input(work, life)
    life.show(Live(WAITING))


async def _try(work: Workplace, life: Life) -> None:
    room = await _room_input(work, life)
    builder = work.registry.get(life.prediction.model).parameters(life.prediction.parameters)
    sent = builder.build(room, life.prediction.prompt, life.prediction.seed)
    sendable = await work.bucket.take(life.cancel)
    if work.closing.is_set():
        await asyncio.Event().wait()  # until this task is cancelled: what is still queued stays queued
    if not sendable or life.cancel.is_set():
        return
    await life.step(replace(life.next(State.SUBMITTING), input=sent))
    life.show(Live("sending"))
    submission = Submission(
        prediction_id=life.prediction.id,
        model=life.prediction.model,
        version=life.prediction.version,
        input=sent,
        deadline_seconds=work.settings.deadline_seconds,
    )
    request = asyncio.create_task(work.provider.create(submission))
    work.creating.add(request)
    try:
        snapshot = await request
        await life.step(replace(life.next(State.RUNNING), provider_id=snapshot.provider_id))
    except AlreadyAdopted as error:
        # An equal prediction of ours, in doubt, took this one for its own. Ours is then the one that
        # it lost, if that was created at all.
        raise AnswerLost("An equal prediction took the answer; looking for the other one.") from error
    finally:
        work.creating.discard(request)


async def _room_input(work: Workplace, life: Life) -> RoomInput:
    """Return the room as the provider can fetch it until the prediction's deadline."""
    prediction = life.prediction
    beside = work.registry.get(prediction.model).parameters(prediction.parameters).beside()
    needed_until = datetime.now(UTC) + timedelta(seconds=work.settings.deadline_seconds)
    if life.prepared is not None and life.prepared[1] > needed_until:
        return life.prepared[0]
    life.show(Live("preparing the picture"))
    known = await asyncio.to_thread(work.store.rooms.get, prediction.room)
    # The lock makes all who need the room wait for one copy and one upload, so inputs stay comparable.
    async with work.uploading.setdefault(prediction.room, asyncio.Lock()):
        room = await asyncio.to_thread(work.pictures.room_to_send, prediction.room)
        uploaded = [await _upload_once(work, room, needed_until)]
    for digest in beside:
        async with work.uploading.setdefault(digest, asyncio.Lock()):
            file = await asyncio.to_thread(work.pictures.file_to_send, digest)
            uploaded.append(await _upload_once(work, file, needed_until))
    picture = RoomInput(
        uploaded[0].url,
        room.width,
        room.height,
        reference_urls=tuple(one.url for one in uploaded[1:]),
        room_type=known.room_type,
        style=prediction.style,
    )
    life.prepared = picture, min(one.expires_at for one in uploaded)
    return picture


async def _upload_once(work: Workplace, room: RoomFile, needed_until: datetime) -> UploadedPicture:
    """Return where the provider finds the room; the caller holds the room's lock."""
    known = work.uploaded.get(room.digest)
    if known is None or known.expires_at <= needed_until:
        known = await asyncio.to_thread(work.store.uploads.find, work.provider.name, room.digest, needed_until)
    if known is None:
        known = await work.provider.upload(room)
        at = datetime.now(UTC)
        await asyncio.to_thread(work.store.uploads.record, work.provider.name, room.digest, known, at)
    work.uploaded[room.digest] = known
    return known
