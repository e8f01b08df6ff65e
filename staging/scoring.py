"""Scores every output, some time after it is there: a thread with a queue that the ledger keeps, and a child process.

What waits is whatever the ledger has no score of by this version of the scorer and with the outlines that
hold now, so nothing has to survive a restart but the ledger. New outputs come first; a backlog after an
upgrade follows when there are none. A prediction has ended before it is looked at here: nothing that
happens to the scorer can change it or hold up its picture.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from staging.errors import LedgerUnavailable, NotFound, QualityUnavailable, StagingError
from staging.images import PictureKind, Pictures
from staging.predictions import PredictionNow, State
from staging.quality import SCORER_VERSION, Opening
from staging.scoring_child import Child, PairLost, PairRefused, Told
from staging.store import Quality, Score, ScoreFlag, ScoreState, Store, ToScore
from staging.thresholds import QualityThresholds

log = logging.getLogger(__name__)

Outlines = Callable[[], Mapping[str, Sequence[Opening]]]
"""What returns the doors and windows that people have outlined, by the room's digest."""

STRUCTURAL = frozenset(
    {"room_replaced", "structure_erased", "structure_moved", "structure_added", "window_gone", "door_gone"}
)
"""The flags that say that the architecture is not the room's any more."""
SEVERE = 0.5
"""From this severity on an output should not be used as it is."""
AT_ONCE = 20
LOOK_SECONDS = 10.0
"""An end wakes the thread; this is for outputs that are brought in, and for outlines that are drawn."""
TROUBLE_SECONDS = 60.0
"""Until a scorer that did not start is started again."""
IDLE_SECONDS = 30.0
"""How long a child process is kept for the next output."""
SOON = timedelta(minutes=2)
"""Who looks at an output so soon after its end is told that its score is on its way."""
STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the scorer is."""

    version: str
    scored: int
    """Outputs that this version has scored."""
    without: int
    """Outputs that it could not score."""
    new: int
    """Outputs that wait for their first score."""
    again: int
    """Outputs that wait for this version, or for new outlines; they have older scores, or were tried in vain."""
    trouble: str
    """Why nothing is scored now; "" while all is well."""


def no_outlines() -> Mapping[str, Sequence[Opening]]:
    """Return that nobody has outlined anything."""
    return {}


class Scoring:
    """The queue and its thread. `start` and `stop` are called once each; the rest at any time, by any thread."""

    def __init__(
        self,
        store: Store,
        pictures: Pictures,
        thresholds: QualityThresholds,
        outlines: Outlines = no_outlines,
        *,
        on: bool = True,
        version: str = SCORER_VERSION,
        make_child: Callable[[], Child] = Child,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`on` False: nothing is scored, and what is known stays."""
        self._store = store
        self._pictures = pictures
        self._thresholds = thresholds
        self._outlines = outlines
        self._on = on
        self.version = version
        self._make_child = make_child
        self._clock = clock
        self._child: Child | None = None
        self._used = 0.0
        # Protects the child against being made while the thread is told to stop: it would stay behind.
        self._guard = threading.Lock()
        self._trouble = "" if on else "Scoring is switched off (STAGING_SCORING)."
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scoring", daemon=True)

    def start(self) -> None:
        """Begin with what waits."""
        if self._on:
            self._thread.start()

    def wake(self) -> None:
        """Look soon: an output may have come. Costs nothing."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread and the child process; the pair under way is scored at the next start."""
        with self._guard:
            self._stopping.set()
            child = self._child
        self._wake.set()
        if child is not None:
            child.kill()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def standing(self) -> Standing:
        """Return how the scorer is and what waits for it."""
        counts = self._store.scores.counts(self.version)
        new, again = self._store.scores.count_waiting(self.version, self._digests(self._outlines()))
        scored = counts.pop(ScoreState.SCORED)
        return Standing(self.version, scored, sum(counts.values()), new, again, self._trouble)

    def awaited(self, predictions: Iterable[PredictionNow], known: Mapping[str, Quality]) -> int:
        """Return how many of these will most likely get their first score within seconds."""
        if self._trouble or not self._thread.is_alive():
            return 0
        since = self._clock() - SOON
        return sum(
            now.state is State.SUCCEEDED
            and now.prediction.id not in known
            and now.ended_at is not None
            and now.ended_at >= since
            for now in predictions
        )

    def old(self, score: Score) -> bool:
        """True when the score is of another version of the scorer than this one's."""
        return score.version != self.version

    # ── at work ──────────────────────────────────────────────────────────────────────────────

    def look(self) -> int:
        """Score what waits, some outputs at most, and return how many were tried.

        Ends early when something new has come, which is first in the next look. QualityUnavailable when
        nothing can be scored now.
        """
        outlines = self._outlines()
        tried = 0
        for one in self._store.scores.waiting(self.version, self._digests(outlines), AT_ONCE):
            if self._stopping.is_set() or (tried and self._wake.is_set()):
                break
            self._try(one, outlines.get(one.room, ()))
            tried += 1
        return tried

    def _try(self, one: ToScore, openings: Sequence[Opening]) -> None:
        began = Score(
            prediction_id=one.prediction_id,
            position=one.position,
            version=self.version,
            outlines=outlines_digest(openings),
            state=ScoreState.SCORED,
            scored_at=self._clock(),
        )
        try:
            question: dict[str, JsonValue] = {
                "room": str(self._pictures.path(one.room, PictureKind.ORIGINAL)),
                "output": str(self._pictures.path(one.digest, PictureKind.ORIGINAL)),
                "openings": _told(openings),
            }
            told = self._ready_child().ask(question)
        except NotFound as error:
            self._store.scores.record(replace(began, state=ScoreState.GONE, reason=str(error)))
        except PairRefused as error:
            self._store.scores.record(replace(began, state=ScoreState.REFUSED, reason=str(error)))
        except PairLost as error:
            self._child = None
            if not self._stopping.is_set():  # else it was us who ended it
                self._store.scores.record(replace(began, state=ScoreState.LOST, reason=str(error)))
        else:
            self._keep_calmly(one, began, told)
        self._used = time.monotonic()

    def _keep_calmly(self, one: ToScore, began: Score, told: Told) -> None:
        try:
            self._keep(one, began, told)
        except StagingError:
            raise
        except Exception:
            # It would stand at the head of the queue for ever.
            log.exception("a score of prediction %s could not be kept", one.prediction_id)
            reason = "The score could not be kept; the log has the reason."
            self._store.scores.record(replace(began, state=ScoreState.REFUSED, reason=reason))

    def _keep(self, one: ToScore, began: Score, told: Told) -> None:
        overlay = overlay_key(one.room, one.digest, began.version, began.outlines)
        before = self._store.scores.of([one.prediction_id]).get(one.prediction_id)
        try:
            self._pictures.keep_overlay(overlay, told.overlay)
        except OSError as error:
            log.warning("an overlay could not be kept: %s", error)
        score = scored(began, told, overlay)
        kept = self._store.scores.record(score, self._thresholds.judge(score) if one.position == 0 else None)
        if kept is None:
            self._pictures.delete(overlay, PictureKind.OVERLAY)
        old = before.score.overlay if before and before.score else None
        if old is not None and old != overlay:
            self._pictures.delete(old, PictureKind.OVERLAY)

    def _ready_child(self) -> Child:
        with self._guard:
            if self._stopping.is_set():
                raise PairLost("The app is stopping.")
            if self._child is None:
                self._child = self._make_child()
            return self._child

    def _end_child(self) -> None:
        with self._guard:
            child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _digests(self, outlines: Mapping[str, Sequence[Opening]]) -> dict[str, str]:
        return {room: digest for room, openings in outlines.items() if (digest := outlines_digest(openings))}

    # ── the thread ───────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            pause = LOOK_SECONDS
            try:
                if self.look():
                    pause = 0.0
                self._trouble = ""
            except QualityUnavailable as error:
                self._trouble, pause = str(error), TROUBLE_SECONDS
                self._child = None
                log.warning("nothing is scored now: %s", error)
            except LedgerUnavailable as error:
                log.warning("scores wait for the ledger: %s", error)
            except StagingError as error:
                log.warning("scores wait: %s", error)
            except Exception:
                log.exception("an output could not be scored")
            if pause and self._child is not None and time.monotonic() - self._used > IDLE_SECONDS:
                self._end_child()
            if pause == TROUBLE_SECONDS:
                self._stopping.wait(pause)  # outputs that come do not make it start
            elif pause:
                self._wake.wait(pause)
        with suppress(OSError):
            self._end_child()


def scored(began: Score, told: Told, overlay: str | None) -> Score:
    """Return the try with what the scorer said; ValueError for a score that cannot be."""
    report = told.report
    if not (0 <= report.overall <= 100 and 0 <= report.confidence <= 1):  # false for nan too
        raise ValueError(f"a score of {report.overall} with a confidence of {report.confidence}")
    return replace(
        began,
        overall=report.overall,
        confidence=report.confidence,
        structure_changed=any(flag.code in STRUCTURAL and flag.severity >= SEVERE for flag in report.flags),
        parts=dict(report.parts),
        flags=tuple(ScoreFlag(flag.code, flag.words, flag.severity) for flag in report.flags),
        seconds=told.seconds,
        overlay=overlay,
    )


def overlay_key(room: str, output: str, version: str, outlines: str) -> str:
    """Return under which digest the overlay of this output on this room is kept, by this version and these outlines."""
    return hashlib.sha256(f"{room} {output} {version} {outlines}".encode()).hexdigest()


def outlines_digest(openings: Sequence[Opening]) -> str:
    """Return the name under which scores keep these outlines; "" for none."""
    if not openings:
        return ""
    return hashlib.sha256(json.dumps(_told(openings)).encode()).hexdigest()[:16]


def _told(openings: Sequence[Opening]) -> list[JsonValue]:
    return [{"kind": one.kind, "corners": [[x, y] for x, y in one.corners]} for one in openings]
