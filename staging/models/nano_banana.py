"""Google's Nano Banana: Gemini's image models."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from staging.models.pictures import pictures
from staging.models.prices import ARENA, per_image, unknown
from staging.registry import Capability, InputBuilder, ModelID, ModelSpec, OutputShape, Price, RoomInput

CAPABILITIES = frozenset({Capability.KEEPS_FRAMING, Capability.REFERENCES})
PROPRIETARY = "Proprietary: run on the terms of Replicate and Google."


class NanoBananaInput(InputBuilder):
    """nano-banana: it takes no seed, so a repeat differs by chance alone."""

    # Its limit is not recorded: three pictures in all is our own.
    most_references: ClassVar[int] = 2

    output_format: Literal["png", "jpg"] = "png"
    """The file that comes out. PNG is lossless, so that models are compared and not codecs."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the recorded schema's fields."""
        return {
            "image_input": pictures(room),
            "prompt": prompt,
            "aspect_ratio": "match_input_image",
            "output_format": self.output_format,
        }


class NanoBananaProInput(NanoBananaInput):
    """nano-banana-pro: fourteen pictures in all; its schema is not recorded."""

    most_references: ClassVar[int] = 13

    resolution: Literal["1K", "2K", "4K"] = "2K"
    """How large the output is. 4K costs more, and nobody published how much."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the input of the table in facts/replicate.md."""
        return super().input_of(room, prompt, seed) | {"resolution": self.resolution}

    def price(self, listed: Price) -> Price:
        """Return the listed price up to 2K; 4K is dearer by an amount that is not known."""
        return (
            unknown("4K costs more than the listed 1K and 2K, and by how much was not found.")
            if (self.resolution == "4K")
            else listed
        )


class NanoBanana2Input(NanoBananaInput):
    """nano-banana-2: fourteen pictures in all.

    Its web and image search stay off: what a search finds changes from day to day, and a client's
    room is nobody else's business.
    """

    most_references: ClassVar[int] = 13

    resolution: Literal["1K", "2K", "4K"] = "1K"
    """How large the output is; larger takes longer."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields."""
        return super().input_of(room, prompt, seed) | {
            "resolution": self.resolution,
            "google_search": False,
            "image_search": False,
        }


NANO_BANANA = ModelSpec(
    id=ModelID.NANO_BANANA,
    name="Nano Banana",
    owner="google",
    provider="replicate",
    builder=NanoBananaInput,
    output=OutputShape.URI,
    price=per_image("0.04", ARENA),
    typical_seconds=10.5,
    capabilities=CAPABILITIES,
    licence=PROPRIETARY,
    link="https://replicate.com/google/nano-banana",
)

NANO_BANANA_PRO = ModelSpec(
    id=ModelID.NANO_BANANA_PRO,
    name="Nano Banana Pro",
    owner="google",
    provider="replicate",
    builder=NanoBananaProInput,
    output=OutputShape.URI,
    price=per_image("0.15", ARENA, "At 1K and 2K; 4K is dearer by an unknown amount."),
    typical_seconds=None,
    capabilities=CAPABILITIES | {Capability.HIGH_RESOLUTION},
    licence=PROPRIETARY,
    link="https://replicate.com/google/nano-banana-pro",
)

NANO_BANANA_2 = ModelSpec(
    id=ModelID.NANO_BANANA_2,
    name="Nano Banana 2",
    owner="google",
    provider="replicate",
    builder=NanoBanana2Input,
    output=OutputShape.UNCERTAIN,
    price=unknown("Its price was not found."),
    typical_seconds=None,
    capabilities=CAPABILITIES | {Capability.HIGH_RESOLUTION},
    licence=PROPRIETARY,
    link="https://replicate.com/google/nano-banana-2",
)

MODELS = (NANO_BANANA, NANO_BANANA_PRO, NANO_BANANA_2)
