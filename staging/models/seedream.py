"""ByteDance's Seedream, and SeedEdit before it."""

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from staging.models.pictures import given, pictures
from staging.models.prices import ARENA, per_image, unknown
from staging.registry import Capability, InputBuilder, ModelID, ModelSpec, OutputShape, RoomInput

PROPRIETARY = "Proprietary: run on the terms of Replicate and ByteDance."


class Seedream45Input(InputBuilder):
    """seedream-4.5: fourteen pictures in all. It takes no seed.

    Always one picture a run: a group of pictures would be billed by the picture, and the framing is
    matched for one only. `size` is never "custom", for the framing is matched only without it.
    """

    most_references: ClassVar[int] = 13

    size: Literal["2K", "4K"] = "2K"
    """How large the output is."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the recorded schema's fields."""
        return {
            "image_input": pictures(room),
            "prompt": prompt,
            "size": self.size,
            "aspect_ratio": "match_input_image",
            "sequential_image_generation": "disabled",
            "max_images": 1,
        }


class Seedream4Input(InputBuilder):
    """seedream-4: ten pictures in all; otherwise as seedream-4.5."""

    most_references: ClassVar[int] = 9

    size: Literal["1K", "2K", "4K"] = "2K"
    """How large the output is."""
    enhance_prompt: bool = False
    """Let the provider rewrite the prompt. Off, so that every model reads the prompt that is logged. The
    model's own default is on."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the recorded schema's fields."""
        return {
            "image_input": pictures(room),
            "prompt": prompt,
            "size": self.size,
            "aspect_ratio": "match_input_image",
            "enhance_prompt": self.enhance_prompt,
            "sequential_image_generation": "disabled",
            "max_images": 1,
        }


class SeedEditInput(InputBuilder):
    """seededit-3.0: one picture; its schema, and so its limits, are not recorded."""

    guidance_scale: float | None = Field(default=None, gt=0)
    """How closely the prompt is followed; empty leaves it to the model. Its limits are not recorded."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the input of the table in facts/replicate.md."""
        return given(image=room.url, prompt=prompt, guidance_scale=self.guidance_scale, seed=seed)


SEEDREAM_4 = ModelSpec(
    id=ModelID.SEEDREAM_4,
    name="Seedream 4",
    owner="bytedance",
    provider="replicate",
    builder=Seedream4Input,
    output=OutputShape.URI_LIST,
    price=per_image("0.03", ARENA, "A copy of the model's own page says the same."),
    typical_seconds=14.4,
    capabilities=frozenset({Capability.KEEPS_FRAMING, Capability.REFERENCES, Capability.HIGH_RESOLUTION}),
    licence=PROPRIETARY,
    link="https://replicate.com/bytedance/seedream-4",
)

SEEDREAM_4_5 = ModelSpec(
    id=ModelID.SEEDREAM_4_5,
    name="Seedream 4.5",
    owner="bytedance",
    provider="replicate",
    builder=Seedream45Input,
    output=OutputShape.URI_LIST,
    price=unknown("About 0.04 an image is said, by nobody who could be named."),
    typical_seconds=None,
    capabilities=frozenset({Capability.KEEPS_FRAMING, Capability.REFERENCES, Capability.HIGH_RESOLUTION}),
    licence=PROPRIETARY,
    link="https://replicate.com/bytedance/seedream-4.5",
)

SEEDEDIT_3 = ModelSpec(
    id=ModelID.SEEDEDIT_3,
    name="SeedEdit 3.0",
    owner="bytedance",
    provider="replicate",
    builder=SeedEditInput,
    output=OutputShape.URI,
    price=per_image("0.03", ARENA),
    typical_seconds=13.1,
    capabilities=frozenset({Capability.SEED}),
    licence=PROPRIETARY,
    link="https://replicate.com/bytedance/seededit-3.0",
)

MODELS = (SEEDREAM_4, SEEDREAM_4_5, SEEDEDIT_3)
