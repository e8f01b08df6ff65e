"""A finished comparison to look at: painted rooms, and outputs of several sizes, the same at every run.

Nothing is run for it: rooms, predictions and pictures are written into ledger and folder before the app starts.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from staging.images import Pictures
from staging.store import Store
from tests.app_server import AppServer
from tests.ledgers import NOW, comparison, ending, prediction, room, steps

ROOM_SIZE = (1800, 1200)
"""Larger than a view, so that the whole file has more to show."""
QWEN, KONTEXT, SEEDREAM = "qwen/qwen-image-edit", "black-forest-labs/flux-kontext-pro", "bytedance/seedream-4"
STRIPES = (0.52, 0.26)
"""The middle of the fine stripes, as fractions of the room."""
SOFA = (500, 700, 1300, 1050)
"""Where the furniture stands in every output, in pixels of the room: left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Viewed:
    """An app with the comparison in it."""

    server: AppServer
    comparison: str
    rooms: tuple[str, ...]
    """Digests."""
    predictions: dict[tuple[int, str], str]
    """Room's number and model → id."""

    def address(self, model: str = QWEN, room: int = 0, look: str = "") -> str:
        """Return the path and query that show this output."""
        query = f"/?comparison={self.comparison}&view={self.predictions[room, model]}"
        return f"{query}&look={look}" if look else query


def empty_room(warm: int = 0) -> Image.Image:
    """Return a room: walls, floor with boards, a window, and fine stripes that only the whole file can show."""
    width, height = ROOM_SIZE
    shade = np.linspace(236, 206, height)[:, None, None] + np.linspace(0, -18, width)[None, :, None]
    wall = np.clip(shade + np.array([warm, 0, -warm]), 0, 255).astype(np.uint8)
    photo = Image.fromarray(np.broadcast_to(wall, (height, width, 3)).copy())
    draw = ImageDraw.Draw(photo)
    draw.polygon([(0, 1200), (260, 860), (1540, 860), (1800, 1200)], fill=(168, 128, 92))
    for board in range(-6, 19):
        draw.line([(900 + (board - 6) * 106, 860), (900 + (board - 6) * 200, 1200)], fill=(140, 104, 74), width=3)
    draw.rectangle((220, 180, 700, 600), fill=(250, 250, 246), outline=(120, 124, 126), width=10)
    draw.rectangle((235, 195, 685, 585), fill=(176, 208, 232))
    draw.line([(460, 185), (460, 595)], fill=(120, 124, 126), width=10)
    draw.rectangle((1180, 240, 1520, 860), fill=(196, 190, 180), outline=(120, 112, 104), width=8)
    draw.rectangle((760, 200, 1120, 420), fill=(126, 134, 150))
    for stripe in range(760, 1120, 2):  # faint: how they blur when made small is another browser's affair
        draw.line([(stripe, 200), (stripe, 420)], fill=(146, 154, 170))
    return photo


def furnished(photo: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Return the room with a sofa in SOFA and a lamp."""
    staged = photo.copy()
    draw = ImageDraw.Draw(staged)
    left, top, right, bottom = SOFA
    draw.rounded_rectangle((left, top, right, bottom), 40, fill=colour)
    draw.rounded_rectangle(
        (left + 40, top + 130, right - 40, bottom - 60), 30, fill=tuple(min(255, c + 40) for c in colour)
    )
    draw.line([(1620, 1080), (1620, 520)], fill=(40, 40, 44), width=12)
    draw.polygon([(1540, 540), (1700, 540), (1660, 420), (1580, 420)], fill=(240, 214, 150))
    return staged


def make(data_dir: Path) -> Viewed:
    """Return the comparison of three models on two rooms; the app is not started yet."""
    data_dir.mkdir(parents=True, exist_ok=True)
    store = Store.open(data_dir / "staging.duckdb")
    pictures = Pictures(data_dir / "pictures", b"only for writing")
    asked = comparison(name="Elm Street 5")
    rooms, made = [], {}
    try:
        for number, photo in enumerate((empty_room(), empty_room(warm=14))):
            kept = pictures.keep_room(png(photo), f"room {number}")
            name = ("Living room", "Bedroom")[number]
            rooms.append(kept.digest)
            store.rooms.add(room(digest=kept.digest, name=name, width=kept.width, height=kept.height))
            outputs = {
                QWEN: furnished(photo, (70, 96, 120)),
                KONTEXT: furnished(photo, (150, 84, 60)).crop((200, 0, 1800, 1200)).resize((1024, 768)),
                SEEDREAM: furnished(photo, (88, 120, 84)).resize((1200, 800)),
            }
            for model, picture in outputs.items():
                one = prediction(asked, room=kept.digest, model=model, parameters={"go_fast": False, "guidance": 4})
                made[number, model] = (one, pictures.keep_output(png(picture)))
        store.predictions.queue(asked, [one for one, _ in made.values()], NOW)
        for one, kept_output in made.values():
            store.predictions.append([*steps(one), ending(one, outputs=(kept_output,))])
    finally:
        pictures.close()
        store.close()
    ids = {place: one.id for place, (one, _) in made.items()}
    return Viewed(AppServer(data_dir), asked.id, tuple(rooms), ids)


def png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
