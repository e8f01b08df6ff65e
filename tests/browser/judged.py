"""A lab with pairs to judge: small painted rooms and outputs by four models; nothing is run for it."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from staging.images import Pictures
from staging.store import Store
from tests.ledgers import NOW, comparison, ending, prediction, room, steps

MODELS = ("qwen/qwen-image-edit", "black-forest-labs/flux-kontext-pro", "bytedance/seedream-4", "reve/edit")
SIZES = ((640, 480), (512, 384), (480, 480), (1024, 768))
"""Each model's outputs have a size of their own, and one of them a shape too."""
COLOURS = ((70, 96, 120), (150, 84, 60), (88, 120, 84), (180, 150, 60))
ROOMS = 5


def make(data_dir: Path, rooms: int = ROOMS, project: str = "") -> str:
    """Return the id of a finished comparison of these models on painted rooms; the app is not started yet."""
    data_dir.mkdir(parents=True, exist_ok=True)
    store = Store.open(data_dir / "staging.duckdb")
    pictures = Pictures(data_dir / "pictures", b"only for writing")
    asked = comparison(name="Elm Street 5", project=project)
    made = []
    try:
        for number in range(rooms):
            photo = painted(number)
            kept = pictures.keep_room(_png(photo), f"room {number}")
            name = f"Room {number}"
            facts = room(digest=kept.digest, name=name, width=640, height=480, project=project)
            store.rooms.add(facts)
            for model, size, colour in zip(MODELS, SIZES, COLOURS, strict=True):
                one = prediction(asked, room=kept.digest, model=model)
                made.append((one, pictures.keep_output(_png(furnished(photo, colour).resize(size)))))
        store.predictions.queue(asked, [one for one, _ in made], NOW)
        for one, output in made:
            store.predictions.append([*steps(one), ending(one, outputs=(output,))])
    finally:
        pictures.close()
        store.close()
    return asked.id


def painted(number: int) -> Image.Image:
    """Return an empty room, another one for each number."""
    photo = Image.new("RGB", (640, 480), (226 - 6 * number, 220, 208 + 6 * number))
    draw = ImageDraw.Draw(photo)
    draw.polygon([(0, 480), (90, 340), (550, 340), (640, 480)], fill=(168, 128 + 8 * number, 92))
    draw.rectangle(
        (80 + 20 * number, 70, 250 + 20 * number, 240), fill=(176, 208, 232), outline=(120, 124, 126), width=5
    )
    return photo


def furnished(photo: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Return the room with a sofa."""
    staged = photo.copy()
    ImageDraw.Draw(staged).rounded_rectangle((190, 300, 470, 430), 20, fill=colour)
    return staged


def _png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
