"""Labelled stagings to measure the scorer by: StageBench beside the checkout, and rooms that are drawn here."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from staging.quality import Opening
from staging.quality.pair import Pixels
from tests import drawn_rooms
from tests.picture_faults import FAULTS, LAST, regenerated, resampled

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "stagebench" / "dev"
"""Present on the machines where the scorer is developed; never committed."""
GOOD = "good"
_CHANGED = ("window_removed", "door_removed", "wall_moved", "floor_changed", "recolor", "blocked")
STRUCTURAL = frozenset((*_CHANGED, "cam_shift", "crop_zoom", "shift", "aspect", "wobble"))
"""The modes in which the room itself is another one."""


@dataclass(frozen=True)
class Staging:
    """One output with its room and what is wrong with it."""

    room: str
    mode: str
    """GOOD, or the one thing that is wrong."""
    original: Pixels
    output: Pixels
    openings: tuple[Opening, ...] = ()


def read(path: Path) -> Pixels:
    """Return the file's (rows, columns, RGB)."""
    found = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert found is not None, path
    return np.asarray(found, np.uint8)


def stagebench(folder: Path = FOLDER) -> Iterator[Staging]:
    """Yield every labelled output of the folder; nothing where it is not there."""
    if not (folder / "meta.json").exists():
        return
    rooms: dict[str, Pixels] = {}
    for record in json.loads((folder / "meta.json").read_text()):
        room = record["scene"]
        if room not in rooms:
            rooms[room] = read(folder / f"{room}__orig.webp")
        output = read((folder / record["file"]).with_suffix(".webp"))
        yield Staging(room, record["mode"], rooms[room], output)


def drawn(seeds: Sequence[int], size: tuple[int, int] = (768, 576), finer: int = 1) -> Iterator[Staging]:
    """Yield good and bad stagings of the rooms of these seeds, each as a model gives it back."""
    for seed in seeds:
        room = drawn_rooms.make_room(seed)
        original = drawn_rooms.draw(room, size, finer)
        openings = drawn_rooms.openings_of(room, size)

        def given_back(name: str, picture: Pixels, seed: int = seed) -> Pixels:
            dice = np.random.default_rng([seed, *name.encode()])
            return (regenerated if dice.random() < 0.4 else resampled)(picture, dice)

        scenes = [drawn_rooms.furnish(room, number) for number in (1, 2)]
        goods = [drawn_rooms.draw(scene, size, finer) for scene in scenes]
        for good in goods:
            for way in (resampled, regenerated):
                yield Staging(f"drawn{seed}", GOOD, original, way(good, np.random.default_rng(seed)), openings)
        for number, (mode, spoil) in enumerate(FAULTS.items()):
            spoilt = spoil(goods[number % 2], np.random.default_rng([seed, number]))
            output = spoilt if mode in LAST else given_back(mode, spoilt)
            yield Staging(f"drawn{seed}", mode, original, output, openings)
        yield Staging(f"drawn{seed}", "unchanged", original, given_back("unchanged", original), openings)
        for mode, scene in drawn_rooms.wrong(scenes[0], scenes[1], np.random.default_rng(seed)).items():
            output = given_back(mode, drawn_rooms.draw(scene, size, finer))
            yield Staging(f"drawn{seed}", mode, original, output, openings)


SET = Path(__file__).resolve().parent / "quality_set"
SET_SEED = 302
SET_MODES = (
    "window_removed",
    "door_removed",
    "floor_changed",
    "blocked",
    "recolor",
    "shift",
    "unchanged",
    "blur",
    "wobble",
)


def committed() -> Iterator[Staging]:
    """Yield the few stagings of one drawn room that are kept beside the tests."""
    facts = json.loads((SET / "set.json").read_text())
    original = read(SET / "original.webp")
    openings = tuple(Opening(one["kind"], tuple((x, y) for x, y in one["corners"])) for one in facts["openings"])
    for name, mode in facts["outputs"].items():
        yield Staging("set", mode, original, read(SET / f"{name}.webp"), openings)


def write_set() -> None:
    """Draw the committed set anew: `python -m tests.stagebench`."""
    SET.mkdir(exist_ok=True)
    outputs: dict[str, str] = {}
    quality = [cv2.IMWRITE_WEBP_QUALITY, 88]
    for staging in drawn([SET_SEED]):
        if staging.mode == GOOD or staging.mode in SET_MODES:
            name = f"{staging.mode}_{len(outputs)}"
            outputs[name] = staging.mode
            cv2.imwrite(str(SET / f"{name}.webp"), staging.output[..., ::-1], quality)
            cv2.imwrite(str(SET / "original.webp"), staging.original[..., ::-1], quality)
            openings = [{"kind": one.kind, "corners": one.corners} for one in staging.openings]
    (SET / "set.json").write_text(json.dumps({"outputs": outputs, "openings": openings}, indent=1) + "\n")


if __name__ == "__main__":
    write_set()
