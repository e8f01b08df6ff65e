"""Real runs of the offline models on a sample room, scored by the real scorer: what demo history is made of.

They take seconds each, so what is done is kept in a file beside the ledger: whoever was interrupted
goes on with the next room.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from staging.demo_cast import FLOORS, FURNISH, STYLES, TONE, UNCHANGED
from staging.errors import ParametersRefused, QualityUnavailable
from staging.images import PictureKind, Pictures
from staging.predictions import Output
from staging.providers.offline import missing_packages
from staging.providers.offline_worker import Worker, WorkerLost, WorkRefused
from staging.quality import SCORER_VERSION
from staging.rooms import Room
from staging.scoring import overlay_key, scored
from staging.scoring_child import Child, PairLost, PairRefused, worker
from staging.store import Score, ScoreState

log = logging.getLogger(__name__)

LOOKS = ("bright", "warm")


class Run(BaseModel):
    """A real run of an offline model: its picture with its score, or the sentence with which it refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    style: str = ""
    """"": the model reads no style."""
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Only what differs from the builder's defaults."""
    output: Output | None = None
    error: str = ""
    seconds: float
    score: Score | None = None
    """None where the scorer had nothing to say; its prediction, and when, are for whoever writes it down."""


_KEPT = TypeAdapter(dict[str, list[Run]])


class Runs:
    """The runs of each room: made when they are asked for, and kept until `forget`."""

    def __init__(self, pictures: Pictures, path: Path, styles: int) -> None:
        """`styles` is in how many styles each room is furnished."""
        self._pictures, self._path, self._styles = pictures, path, styles
        self._kept = self._read()

    def of(self, room: Room) -> list[Run]:
        """Return the room's runs. ParametersRefused where the offline models cannot run."""
        known = self._kept.get(room.digest)
        if known is not None and all(map(self._here, known)):
            return known
        if missing := missing_packages():
            raise ParametersRefused(f"{', '.join(missing)} not installed. Run `make install` and start again.")
        made = self._scored(room, list(self._run(room)))
        self._kept[room.digest] = made
        unfinished = self._path.with_suffix(".new")
        unfinished.write_bytes(_KEPT.dump_json(self._kept))
        unfinished.replace(self._path)  # whole or not at all
        return made

    def forget(self) -> None:
        """The file is gone; the pictures stay."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, list[Run]]:
        try:
            return _KEPT.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):  # none, or of another release
            return {}

    def _here(self, run: Run) -> bool:
        if run.score is not None and run.score.version != SCORER_VERSION:
            return False
        return run.output is None or self._pictures.here(run.output.digest, PictureKind.ORIGINAL)

    def _run(self, room: Room) -> Iterator[Run]:
        """Yield a run each: furnished in some styles, where the stager can; relit in two ways; unchanged."""
        path = self._pictures.room_file(room.digest).path
        corners: JsonValue = [[x, y] for x, y in FLOORS.get(room.name, ())]
        said: JsonValue = {"floor": corners} if corners else {}
        stager = Worker()

        def one(question: Mapping[str, JsonValue], run: Run) -> Run:
            began = datetime.now(UTC)
            try:
                made = stager.ask({"path": path, **question}, lambda _share, _step: None)
            except WorkRefused as refusal:
                return run.model_copy(update={"error": str(refusal), "seconds": _since(began)})
            return run.model_copy(update={"output": self._pictures.keep_output(made.picture), "seconds": _since(began)})

        try:
            for number in range(self._styles):
                style = STYLES[(number + int(room.digest[:4], 16)) % len(STYLES)]
                asked: dict[str, JsonValue] = {"room_type": room.room_type, "style": style, "seed": number + 1}
                asked |= {"quality": "draft", "work": "furnish", "said": said}
                made = one(asked, Run(model=FURNISH, style=style, parameters={"quality": "draft"}, seconds=0))
                yield made
                if made.error:  # it would refuse the room in every style
                    break
            for look in LOOKS:
                told: dict[str, JsonValue] = {} if look == LOOKS[0] else {"look": look}
                yield one({"work": "tone", "look": look}, Run(model=TONE, parameters=told, seconds=0))
        except WorkerLost as error:
            raise ParametersRefused(f"{error} Start the demo again: it goes on with this room.") from None
        finally:
            stager.kill()
        began = datetime.now(UTC)
        same = self._pictures.keep_output(Path(path).read_bytes())
        yield Run(model=UNCHANGED, output=same, seconds=_since(began))

    def _scored(self, room: Room, runs: list[Run]) -> list[Run]:
        """Return the runs with what the scorer says of their pictures."""
        try:
            child = Child(worker(niceness=0))  # nobody waits for anything else meanwhile
        except QualityUnavailable as error:
            log.warning("the demo's pictures have no scores: %s", error)
            return runs
        try:
            return [run.model_copy(update={"score": self._score(child, room, run.output)}) for run in runs]
        except (QualityUnavailable, PairLost) as error:
            log.warning("the demo's pictures have no scores: %s", error)
            return runs
        finally:
            child.kill()

    def _score(self, child: Child, room: Room, output: Output | None) -> Score | None:
        if output is None:
            return None
        paths = [str(self._pictures.path(one, PictureKind.ORIGINAL)) for one in (room.digest, output.digest)]
        began = Score("", 0, SCORER_VERSION, ScoreState.SCORED, datetime.now(UTC))
        try:
            told = child.ask({"room": paths[0], "output": paths[1], "openings": []})
        except PairRefused as refusal:
            return replace(began, state=ScoreState.REFUSED, reason=str(refusal))
        overlay = overlay_key(room.digest, output.digest, began.version, began.outlines)
        self._pictures.keep_overlay(overlay, told.overlay)
        return scored(began, told, overlay)


def _since(began: datetime) -> float:
    return round((datetime.now(UTC) - began).total_seconds(), 3)
