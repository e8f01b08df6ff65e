"""OpenAI's GPT Image, through Replicate."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from staging.models.pictures import Quality, nearest_ratio, pictures
from staging.models.prices import unknown
from staging.registry import Capability, InputBuilder, ModelID, ModelSpec, OutputShape, RoomInput

RATIOS = ("1:1", "3:2", "2:3")


class GptImageInput(InputBuilder):
    """gpt-image-1.5: it makes three shapes only, so the nearest one is asked for and the framing changes.

    Never sent: openai_api_key (our key would lie in the stored input), user_id (nobody's business)
    and moderation (the provider's filter stays as it is). A room has no transparent background, and
    one run makes one picture: repeats are predictions of their own.
    """

    # Its limit is not recorded: four pictures in all is our own.
    most_references: ClassVar[int] = 3

    quality: Literal["auto", "low", "medium", "high"] = "auto"
    """How much work goes into the picture; the price goes with it."""
    input_fidelity: Literal["low", "high"] = "high"
    """How closely the room is kept. High, for walls and windows must not change. The model's own default
    is low."""
    output_format: Literal["png", "webp", "jpeg"] = "png"
    """The file that comes out. PNG is lossless, so that models are compared and not codecs."""
    output_compression: Quality = 95
    """How good a webp or jpeg is, 0 to 100; PNG does not use it."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the recorded schema's fields."""
        return {
            "input_images": pictures(room),
            "prompt": prompt,
            "aspect_ratio": nearest_ratio(room, RATIOS),
            "quality": self.quality,
            "input_fidelity": self.input_fidelity,
            "background": "opaque",
            "number_of_images": 1,
            "output_format": self.output_format,
            "output_compression": self.output_compression,
        }


GPT_IMAGE_1_5 = ModelSpec(
    id=ModelID.GPT_IMAGE_1_5,
    name="GPT Image 1.5",
    owner="openai",
    provider="replicate",
    builder=GptImageInput,
    output=OutputShape.URI_LIST,
    price=unknown("It varies with the quality, and no table of it was found."),
    typical_seconds=None,
    capabilities=frozenset({Capability.REFERENCES}),
    licence="Proprietary: run on the terms of Replicate and OpenAI.",
    link="https://replicate.com/openai/gpt-image-1.5",
    about="It makes 1:1, 3:2 and 2:3 only: other rooms come back cropped or extended.",
)

MODELS = (GPT_IMAGE_1_5,)
