"""What the test server knows: predictions, files, faults, counters, and a clock that can be moved.

A prediction's state is not stepped; it is read off the clock whenever somebody asks. So two hundred in
flight cost nothing, and moving the clock by an hour is one addition.
"""

import hashlib
import math
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.replicate_server_models import ServedModel
from tests.replicate_server_options import Fault, ServerOptions

NEVER = math.inf


@dataclass(slots=True)
class Run:
    """One prediction as the server keeps it. Moments are seconds on the server's clock."""

    ordinal: int
    id: str
    model: ServedModel
    version: str
    input: dict[str, Any]
    created: float
    starts: float
    ends: float
    deadline: float = NEVER
    canceled: float = NEVER
    overlay: dict[str, Any] = field(default_factory=dict)
    """Laid over the prediction once it has ended."""
    drop: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    """The create's headers that matter: Prefer and Cancel-After."""
    webhook: str | None = None
    webhook_events: tuple[str, ...] = ()
    vanished: bool = False

    @property
    def stopped(self) -> float:
        """When a cancel or the deadline ended it; NEVER when it ran to its end."""
        stop = min(self.deadline, self.canceled)
        return stop if stop < self.ends else NEVER

    @property
    def over(self) -> float:
        """When it is over, whichever way."""
        return min(self.stopped, self.ends)

    def status(self, now: float) -> str:
        """Return Replicate's status at this moment."""
        if self.stopped <= now:
            by_deadline = self.deadline <= self.canceled
            return "aborted" if by_deadline and self.stopped < self.starts else "canceled"
        if now >= self.ends:
            return str(self.overlay.get("status", "succeeded"))
        return "processing" if now >= self.starts else "starting"

    def billed(self, now: float) -> bool:
        """True from the moment it is taken on; not when the deadline ends it before it starts."""
        return self.status(now) != "aborted"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One uploaded file."""

    id: str
    name: str
    content_type: str
    content: bytes
    metadata: dict[str, Any]
    created: float


class Book:
    """Everything the server knows; every method may be called by any thread."""

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.runs: list[Run] = []
        self._by_id: dict[str, Run] = {}
        self._by_output: dict[str, tuple[Run, int]] = {}
        self.files: dict[str, KeptFile] = {}
        self.calls: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.faults_done: Counter[str] = Counter()
        self._in_flight: list[Run] = []
        self.most_in_flight = 0
        self.authorized_downloads = 0
        self._faults: list[tuple[Fault, list[int]]] = []
        self._draws: Counter[str] = Counter()
        self._clock_moved = 0.0
        self._tokens = float(options.create_burst)
        self._tokens_at = self.now()
        self.add_faults(options.faults)

    def now(self) -> float:
        """Return the time on the server's clock: real time, and what it was moved by."""
        return time.time() + self._clock_moved

    def move_clock(self, seconds: float) -> None:
        """Move the clock on; whoever waits for a prediction looks again."""
        with self.lock:
            self._clock_moved += seconds
            self.changed.notify_all()

    def chance(self, about: str) -> random.Random:
        """Return the next random numbers about something: the same after every start with one seed."""
        with self.lock:
            self._draws[about] += 1
            return random.Random(f"{self.options.seed} {about} {self._draws[about]}")

    def add_faults(self, faults: tuple[Fault, ...]) -> None:
        """Add faults; the ones added first are tried first."""
        with self.lock:
            self._faults += [(fault, [math.inf if fault.times is None else fault.times]) for fault in faults]  # type: ignore[list-item]

    def clear_faults(self) -> None:
        """Let nothing more go wrong."""
        with self.lock:
            self._faults.clear()

    def fault(self, kind: str, model: str | None = None) -> Fault | None:
        """Return the fault that strikes this call, if one does, and count it."""
        with self.lock:
            for fault, left in self._faults:
                fits = fault.on == kind or (fault.on == "api" and kind not in ("run", "output"))
                if not fits or left[0] < 1 or (fault.model is not None and fault.model != model):
                    continue
                if fault.probability < 1 and self.chance(f"fault {kind}").random() >= fault.probability:
                    continue
                left[0] -= 1
                self.faults_done[f"{kind} {fault.do}"] += 1
                return fault
        return None

    def take_create(self) -> float:
        """Return 0 when a create is within the pace, else the seconds until one is."""
        pace = self.options.creates_per_minute
        if pace is None:
            return 0.0
        with self.lock:
            now = self.now()
            self._tokens = min(self.options.create_burst, self._tokens + (now - self._tokens_at) * pace / 60)
            self._tokens_at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0
            return (1 - self._tokens) * 60 / pace

    def begin(
        self, model: ServedModel, version: str, inputs: dict[str, Any], headers: dict[str, str], lifetime: float = NEVER
    ) -> Run:
        """Take a prediction on and return it. `lifetime` is the deadline in seconds from now."""
        options = self.options
        with self.lock:
            ordinal = len(self.runs)
            chance = self.chance("run")
            mean = options.model_seconds.get(model.slug, options.seconds)
            seconds = mean * (1 + options.jitter * (2 * chance.random() - 1)) / options.speed
            now = self.now()
            fault = self.fault("run", model.slug)
            cold = fault.seconds if fault and fault.do == "cold" else 0.0
            starts = now + (options.queue_seconds / options.speed) + cold
            run = Run(
                ordinal=ordinal,
                id=_identifier(options.seed, ordinal, now),
                model=model,
                version=version,
                input=inputs,
                created=now,
                starts=starts,
                ends=starts + seconds,
                deadline=now + lifetime,
                headers=headers,
                overlay=dict(fault.fields) if fault and fault.do == "end" else {},
                drop=fault.drop if fault and fault.do == "end" else (),
                vanished=bool(fault and fault.do == "vanish"),
            )
            self.runs.append(run)
            count = inputs.get("number_of_images", inputs.get("num_outputs", 1)) if model.listed else 1
            names = [uuid.UUID(int=chance.getrandbits(128)).hex for _ in range(count if isinstance(count, int) else 1)]
            run.output_names = tuple(names)
            for index, name in enumerate(names):
                self._by_output[name] = (run, index)
            self._by_id[run.id] = run
            self._in_flight = [one for one in self._in_flight if one.over > now] + [run]
            self.most_in_flight = max(self.most_in_flight, len(self._in_flight))
            self.changed.notify_all()
        return run

    def run(self, run_id: str) -> Run | None:
        """Return the prediction of this id; None when the server knows none."""
        run = self._by_id.get(run_id)
        return None if run is None or run.vanished else run

    def run_of_output(self, name: str) -> tuple[Run, int] | None:
        """Return the prediction and the place of one output; None when it was never made."""
        return self._by_output.get(name)

    def cancel(self, run: Run) -> None:
        """End the prediction now unless it is over."""
        with self.lock:
            if run.over > self.now():
                run.canceled = self.now()
                self.changed.notify_all()

    def wait_until_over(self, run: Run, seconds: float) -> None:
        """Return when the prediction is over, or after so many real seconds."""
        until = time.monotonic() + seconds
        with self.lock:
            while (left := min(run.over - self.now(), until - time.monotonic())) > 0:
                self.changed.wait(left)

    def removed(self, run: Run) -> bool:
        """True when input, output and logs have been deleted."""
        return self.now() >= run.over + self.options.lifetime_seconds

    def keep_file(self, name: str, content_type: str, content: bytes, metadata: dict[str, Any]) -> KeptFile:
        """Keep an uploaded file and return it."""
        with self.lock:
            ordinal = len(self.files)
            file_id = _identifier(self.options.seed, -1 - ordinal, self.now())
            kept = KeptFile(file_id, name, content_type, content, metadata, self.now())
            self.files[kept.id] = kept
        return kept

    def file(self, file_id: str) -> KeptFile | None:
        """Return a file that is still kept."""
        kept = self.files.get(file_id)
        alive = kept is not None and self.now() < kept.created + self.options.file_lifetime_seconds
        return kept if alive else None

    def ledger(self) -> dict[str, Any]:
        """Return all that was taken on and every call counted, as JSON."""
        with self.lock:
            now = self.now()
            return {
                "predictions": [
                    {
                        "id": run.id,
                        "model": run.model.slug,
                        "version": run.version,
                        "input": run.input,
                        "status": run.status(now),
                        "billed": run.billed(now),
                        "created": run.created,
                        "over": None if run.over > now else run.over,
                        "canceled": run.canceled < NEVER,
                        "headers": run.headers,
                    }
                    for run in self.runs
                ],
                "calls": dict(self.calls),
                "answers": dict(self.answers),
                "faults": dict(self.faults_done),
                "most_in_flight": self.most_in_flight,
                "authorized_downloads": self.authorized_downloads,
                "files": [
                    {"id": kept.id, "name": kept.name, "content_type": kept.content_type, "size": len(kept.content)}
                    for kept in self.files.values()
                ],
                "now": now,
            }


def _identifier(seed: int, ordinal: int, now: float) -> str:
    """Return an id of 26 characters, as Replicate's are."""
    digest = hashlib.sha256(f"{seed} {ordinal} {now}".encode()).digest()
    number = int.from_bytes(digest[:17], "big")
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(letters[number >> (5 * place) & 31] for place in range(26))
