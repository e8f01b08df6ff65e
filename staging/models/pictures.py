"""What the families share: the pictures that go in, and the file that comes out."""

import math
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from staging.registry import InputBuilder, RoomInput

Quality = Annotated[int, Field(ge=0, le=100)]

PROVIDER_MEGAPIXEL = 1_000_000


class LosslessOutput(InputBuilder):
    """A family whose file format can be chosen.

    Lossless by default: outputs are compared zoomed in, and scored, and a codec's blocks and smears
    must not be taken for the model's.
    """

    output_format: Literal["png", "webp", "jpg"] = "png"
    """The file that comes out. PNG is lossless, so that models are compared and not codecs."""
    output_quality: Quality = 95
    """How good a webp or jpg is, 0 to 100; PNG does not use it."""

    def file_fields(self) -> dict[str, JsonValue]:
        """Return the two fields as the models take them."""
        return {"output_format": self.output_format, "output_quality": self.output_quality}


def pictures(room: RoomInput) -> list[JsonValue]:
    """Return the room and then the references: models that match an input's framing match the first."""
    return [room.url, *room.reference_urls]


def given(**fields: JsonValue) -> dict[str, JsonValue]:
    """Return the fields that have a value; the model's own default holds for the others."""
    return {name: value for name, value in fields.items() if value is not None}


def nearest_ratio(room: RoomInput, ratios: Iterable[str]) -> str:
    """Return the ratio ("3:2") nearest to the room's: nearest by proportion, so wide and tall are alike."""

    def distance(ratio: str) -> float:
        width, height = ratio.split(":")
        return abs(math.log(room.width / room.height) - math.log(int(width) / int(height)))

    return min(ratios, key=distance)


def size_of_area(room: RoomInput, megapixels: float) -> tuple[int, int]:
    """Return the room's proportions at that many megapixels, in whole pixels."""
    scale = math.sqrt(megapixels * PROVIDER_MEGAPIXEL / (room.width * room.height))
    return max(1, round(room.width * scale)), max(1, round(room.height * scale))
