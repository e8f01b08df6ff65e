"""Scores for tests: of the ledger alone, and of real pictures in a real folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import JsonValue

from staging.images import Pictures
from staging.images_door import Door
from staging.predictions import Prediction
from staging.quality import SCORER_VERSION, Flag, QualityReport
from staging.scoring_child import Child, Told, worker
from staging.store import Score, ScoreFlag, ScoreState, Store
from tests.ledgers import NOW, comparison, ending, photo, prediction, room, steps

GONE = ScoreFlag("window_gone", "the window on the left wall is gone", 0.9)
UNCHANGED_FLAG = ScoreFlag("room_unchanged", "the room is unchanged", 0.8)


def score(prediction_id: str, *, overall: float = 82.0, changed: bool = False, **facts: Any) -> Score:
    """Return a score; `changed` has the flag of a window that is gone; `facts` are laid over it."""
    known: dict[str, Any] = {
        "position": 0,
        "version": SCORER_VERSION,
        "state": ScoreState.SCORED,
        "scored_at": NOW,
        "overall": overall,
        "confidence": 0.9,
        "structure_changed": changed,
        "parts": {"structure": 0.4 if changed else 0.95, "floor": 0.8, "openings": None},
        "flags": (GONE,) if changed else (),
        "seconds": 0.4,
    }
    return Score(prediction_id, **known | facts)


def failed(prediction_id: str, state: ScoreState = ScoreState.LOST, **facts: Any) -> Score:
    """Return a try without a score."""
    known: dict[str, Any] = {
        "overall": None,
        "confidence": None,
        "structure_changed": None,
        "parts": {},
        "seconds": None,
        "state": state,
        "reason": "The scorer crashed on these two pictures.",
    }
    return score(prediction_id, **known | facts)


@dataclass
class Studio:
    """A ledger and pictures: one room, and predictions with an output each."""

    store: Store
    pictures: Pictures
    room: str
    predictions: list[Prediction]
    outputs: list[str]

    @property
    def ids(self) -> list[str]:
        """The predictions', in the order in which they were asked for."""
        return [one.id for one in self.predictions]


def studio(folder: Path, door: Door, outputs: int = 3) -> Studio:
    """Return a studio with so many outputs, all of them small."""
    store = Store.open(folder / "ledger.duckdb")
    pictures = Pictures(folder / "pictures", b"key", door=door)
    kept = pictures.keep_room(photo(1), "room.png")
    store.rooms.add(room(digest=kept.digest, width=kept.width, height=kept.height, size_bytes=kept.size_bytes))
    made = [pictures.keep_output(photo(10 + number)) for number in range(outputs)]
    asked = comparison()
    predictions = [prediction(asked, room=kept.digest) for _ in range(outputs)]
    store.predictions.queue(asked, predictions, NOW)
    for one, output in zip(predictions, made, strict=True):
        store.predictions.append([*steps(one), ending(one, outputs=(output,))])
    return Studio(store, pictures, kept.digest, predictions, [one.digest for one in made])


@dataclass
class Scripted(Child):
    """A child that is none: it answers at once, what it was told to, and remembers what it was asked."""

    answers: Mapping[str, Exception | QualityReport] = field(default_factory=dict)
    """By the output's digest; any other has a good report."""
    asked: list[Mapping[str, JsonValue]] = field(default_factory=list)
    before: Any = None
    """Called with each question before it is answered."""

    def ask(self, question: Mapping[str, JsonValue]) -> Told:
        """Return what the script says."""
        self.asked.append(question)
        if self.before is not None:
            self.before(question)
        found = self.answers.get(Path(str(question["output"])).stem) or report()
        if isinstance(found, Exception):
            raise found
        return Told(found, b"overlay" + hashlib.sha256(str(question).encode()).digest(), 0.4)

    @property
    def outputs(self) -> list[str]:
        """The digests of the outputs that it was asked about, in order."""
        return [Path(str(one["output"])).stem for one in self.asked]

    def kill(self) -> None:
        """There is nothing to kill."""


def report(overall: float = 90.0, *flags: Flag) -> QualityReport:
    """Return a report with these flags."""
    return QualityReport(SCORER_VERSION, overall, 0.9, {"structure": 0.95, "openings": None}, flags)


def prompt_child(**limits: Any) -> Child:
    """Return a real scorer that does not stand back behind the tests beside it."""
    return Child(worker(niceness=0, **limits))


def wall_over(path: Path, into: Path) -> Path:
    """Write the photo with everything in its middle painted over, as if windows and doors were gone; return where."""
    pixels = np.array(Image.open(path).convert("RGB").resize((768, 576)))
    pixels[60:430, 90:680] = np.median(pixels[60:430, 90:680], axis=(0, 1)).astype(np.uint8)
    Image.fromarray(pixels).save(into)
    return into
