"""`python -m staging stage`: one room from the shell, without a lab."""

import argparse
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from staging.errors import ParametersRefused, RoomRefused
from staging.rooms import RoomType

NEEDED = {"mitsuba": "mitsuba", "pyoidn": "pyoidn", "cv2": "opencv-python-headless"}


def add_stage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The parser knows the command `stage`."""
    parser = commands.add_parser("stage", help="furnish the photo of an empty room; no lab is needed")
    parser.add_argument("photo", type=Path, metavar="IN", help="a JPEG, PNG or WebP picture")
    parser.add_argument("--room", default="living", choices=[kind.value for kind in RoomType], help="its type")
    parser.add_argument("--style", default="modern", help="one of the house's styles")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another layout")
    parser.add_argument("--preset", default="standard", choices=["draft", "standard", "fine"], help="quality for time")
    parser.add_argument("--out", type=Path, required=True, help="where the furnished picture goes: .png, .jpg or .webp")
    parser.add_argument("--debug", type=Path, metavar="DIR", help="a picture of each step goes here")
    parser.add_argument(
        "--said",
        type=Path,
        metavar="JSON",
        help='what a person says of the room: {"floor": [[x, y], …], "openings": [{"kind": "door", "corners": …}]}',
    )


def stage_photo(asked: argparse.Namespace, progress: Callable[[float, str], None]) -> list[str]:
    """Write the furnished picture, and return what was found, in lines; progress is told as by `stage`.

    RoomRefused says why the room cannot be staged, ParametersRefused what cannot be read or written.
    """
    if missing := [package for module, package in NEEDED.items() if find_spec(module) is None]:
        raise ParametersRefused(f"{', '.join(missing)} not installed: run `make install`.")
    import cv2
    import numpy as np

    from staging.stager.measure import CannotStage, Said
    from staging.stager.stage import stage

    photo = cv2.imread(str(asked.photo), cv2.IMREAD_COLOR_RGB)
    if photo is None:
        raise ParametersRefused(f"{asked.photo} is not a picture that can be read: give a JPEG, PNG or WebP file.")
    if asked.out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ParametersRefused(f"{asked.out} must end in .png, .jpg or .webp.")
    try:
        told = json.loads(asked.said.read_text(encoding="utf-8")) if asked.said else {}
    except (OSError, ValueError):
        raise ParametersRefused(f"{asked.said} is not a JSON file that can be read.") from None

    def keep(path: Path, picture: np.ndarray) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        except OSError:
            written = False
        if not written:
            raise ParametersRefused(f"{path} cannot be written: name a folder that can be made.")

    def show(name: str, draw: Callable[[], np.ndarray]) -> None:
        if asked.debug:
            keep(asked.debug / f"{name}.png", draw())

    try:
        staged = stage(
            np.asarray(photo, dtype=np.uint8),
            room_type=asked.room,
            style=asked.style,
            seed=asked.seed,
            preset=asked.preset,
            said=Said.read(told if isinstance(told, dict) else {"floor": told}),
            progress=progress,
            show=show,
        )
    except CannotStage as error:
        raise RoomRefused(str(error)) from None
    keep(asked.out, staged.picture)
    pieces = ", ".join(placement.piece.name for placement in staged.layout.placements)
    told_of = f"{asked.out}: {pieces}; fit {staged.confidence:.1f}; {sum(staged.seconds.values()):.1f} s"
    return [told_of, *staged.notes]
