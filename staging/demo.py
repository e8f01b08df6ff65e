"""A month of demo history: real runs of the offline models on the sample rooms, and made-up people who judge them.

What is real: every picture, how long it took, and what the scorer says of it. What is made up, from a
seed: who asked and when, votes, marks, prices, budgets, experiments and a few failures. All of it is the
doing of `staging.demo_cast.ACTORS`, whose names say so, and goes by one press.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import JsonValue

from staging.demo_cast import ACTORS, DAYS, KIND, NAME, SEED
from staging.demo_house import House
from staging.demo_month import Month
from staging.demo_runs import Run, Runs
from staging.demo_scenes import Stage, play
from staging.errors import NotFound, ParametersRefused
from staging.images import PictureKind, Pictures
from staging.origins import LAB, Author
from staging.registry import ModelRegistry
from staging.rooms import Room, RoomType
from staging.shelf import PromptShelf
from staging.store import Store

STYLES_A_ROOM = 2
BY = Author("Staging Lab", LAB)

Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class DemoMade:
    """What a month of demo history came to."""

    pictures: int
    predictions: int
    votes: int


class Demo:
    """The demo history of a ledger. Every method may be called from any thread."""

    def __init__(
        self, store: Store, pictures: Pictures, registry: ModelRegistry, shelf: PromptShelf, folder: Path
    ) -> None:
        """`folder` is where the runs are kept until the history is whole."""
        self._store, self._pictures, self._registry = store, pictures, registry
        self._shipped, self._runs_path = shelf.shipped, folder / "demo-runs.json"

    def here(self) -> bool:
        """Return True while there is demo history, be it half of one that was interrupted."""
        return self._marker() is not None

    def whole(self) -> bool:
        """Return True when its making came to its end."""
        return self._marker() is True

    def make(self, now: datetime, tell: Tell, *, days: int = DAYS, styles: int = STYLES_A_ROOM) -> DemoMade:
        """Write the month before `now`; the same seed, rooms and machine make the same pictures and votes.

        Interrupted, it goes on when it is called again: with the rooms that were run, and a month written anew.
        ParametersRefused where somebody has worked already: a demo gets a folder of its own.
        """
        if self.whole():
            raise ParametersRefused("There is demo history here already. Remove it first.")
        if self.here():
            self._store.demo.remove(ACTORS, BY, now)
        if self._store.predictions.count_by_state().total():
            raise ParametersRefused("There is real work in this folder: make the demo in one of its own.")
        rooms = [room for room in self._store.rooms.list() if room.sample and room.room_type is not RoomType.BATHROOM]
        kept = Runs(self._pictures, self._runs_path, styles)
        runs: dict[str, list[Run]] = {}
        for number, room in enumerate(rooms):
            tell(0.9 * number / len(rooms), f"Running the offline models on {room.name} ({number + 1} of {len(rooms)})")
            runs[room.digest] = kept.of(room)
        tell(0.9, "Writing a month of history")
        self._mark(now, days, whole=False)
        month = self._play(rooms, runs, now, days)
        self._mark(now, days, whole=True)
        for run in (run for made in runs.values() for run in made):
            if run.output is not None and run.output.digest not in month.used:  # no dice fell on it
                overlay = run.score.overlay if run.score is not None else None
                self._delete([run.output.digest], [overlay] if overlay else [])
        kept.forget()
        tell(1.0, "Done")
        pictures = sum(run.output is not None for made in runs.values() for run in made)
        return DemoMade(pictures, month.predictions, month.votes)

    def remove(self, by: str, at: datetime) -> None:
        """The demo history is gone from the ledger, and its pictures from the folder; nothing else is.

        The audit log keeps that it was made and removed: both were done.
        """
        if not self.here():
            return
        gone = self._store.demo.remove(ACTORS, by, at)
        self._store.alerts.reread()
        self._delete(gone.outputs, gone.overlays)
        self._runs_path.unlink(missing_ok=True)

    def _delete(self, outputs: Sequence[str], overlays: Sequence[str]) -> None:
        for digest in outputs:
            for kind in (PictureKind.ORIGINAL, PictureKind.VIEW, PictureKind.THUMBNAIL):
                self._pictures.delete(digest, kind)
        for digest in overlays:
            self._pictures.delete(digest, PictureKind.OVERLAY)

    def _marker(self) -> bool | None:
        """Return whether the history is whole; None when there is none."""
        try:
            body = self._store.documents.get(KIND, NAME).body
        except NotFound:
            return None
        return not isinstance(body, dict) or body.get("whole") is not False

    def _mark(self, now: datetime, days: int, *, whole: bool) -> None:
        body: JsonValue = {"people": [*ACTORS], "days": days, "whole": whole}
        self._store.documents.write(KIND, NAME, body, BY, now)

    def _play(self, rooms: Sequence[Room], runs: Mapping[str, list[Run]], now: datetime, days: int) -> Month:
        """Write the month: everything in the order in which it is said to have happened."""
        dice = random.Random(SEED)  # noqa: S311 - it plays people, and guards nothing
        with self._store.made_up() as store:  # the whole month or nothing, and in no log of deeds
            house = House(store, self._registry, PromptShelf(store, self._shipped))
            month = Month(store, now, dice)
            ready = [room for room in rooms if runs[room.digest]]
            play(Stage(house, month, dice, ready, runs, now - timedelta(days=days), now), days)
        return month
