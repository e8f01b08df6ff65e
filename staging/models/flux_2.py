"""Black Forest Labs' FLUX.2: several pictures in, priced by the megapixel.

Every one of them makes a square picture unless told otherwise, so the framing is always asked for:
`match_input_image` matches the first picture, which is the room. `custom` with a width and height
would round both to a multiple of 16 as well, and is capped at 2048, so it would keep no more.
"""

from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from staging.models.pictures import LosslessOutput, given, pictures, size_of_area
from staging.models.prices import PUTER, THIRD_PARTY, per_megapixel, unknown
from staging.registry import Capability, ModelID, ModelSpec, OutputShape, Price, RoomInput

CAPABILITIES = frozenset({Capability.SEED, Capability.KEEPS_FRAMING, Capability.REFERENCES})
PROPRIETARY = "Proprietary: run on the terms of Replicate and Black Forest Labs."
MOST_MEGAPIXELS = 4.0


class Flux2Input(LosslessOutput):
    """flux-2-pro and -max: eight pictures in all."""

    most_references: ClassVar[int] = 7

    resolution: Literal["0.5 MP", "1 MP", "2 MP", "4 MP", "match_input_image"] = "1 MP"
    """How large the output is. It is paid by the megapixel, and the maker advises 2 MP or less."""
    safety_tolerance: int = Field(default=2, ge=1, le=5)
    """How much the provider's filter lets through, 1 strictest. Raise it for a room refused by mistake."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields."""
        return (
            given(
                input_images=pictures(room),
                prompt=prompt,
                aspect_ratio="match_input_image",
                resolution=self.resolution,
                safety_tolerance=self.safety_tolerance,
                seed=seed,
            )
            | self.file_fields()
        )

    def output_size(self, room: RoomInput) -> tuple[int, int]:
        """Return the room's proportions at the chosen resolution, at most four megapixels."""
        if self.resolution == "match_input_image":
            return size_of_area(room, min(room.width * room.height / 1e6, MOST_MEGAPIXELS))
        return size_of_area(room, float(self.resolution.removesuffix(" MP")))


class Flux2FlexInput(Flux2Input):
    """flux-2-flex: ten pictures in all, and the sampler's own knobs."""

    most_references: ClassVar[int] = 9

    steps: int = Field(default=30, ge=1, le=50)
    """How many steps to take: more is finer and slower."""
    guidance: float = Field(default=4.5, ge=1.5, le=10)
    """How closely the prompt is followed."""
    prompt_upsampling: bool = False
    """Let the provider rewrite the prompt to be more creative. Off, so that every model reads the prompt
    that is logged. The model's own default is on."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields."""
        return super().input_of(room, prompt, seed) | {
            "steps": self.steps,
            "guidance": self.guidance,
            "prompt_upsampling": self.prompt_upsampling,
        }


class Flux2DevInput(LosslessOutput):
    """flux-2-dev, the open-weight one: its schema is not recorded, and its size is left to the framing."""

    # Its limit is not recorded: five pictures in all is what one caller of it states.
    most_references: ClassVar[int] = 4

    go_fast: bool = True
    """Run faster, and cheaper, with further optimisations."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the input of the table in facts/replicate.md."""
        return (
            given(
                input_images=pictures(room),
                prompt=prompt,
                aspect_ratio="match_input_image",
                go_fast=self.go_fast,
                seed=seed,
            )
            | self.file_fields()
        )

    def price(self, listed: Price) -> Price:
        """Return the listed price, which is that of go_fast, or the one without it, which is a sixth more."""
        if self.go_fast:
            return listed
        # Published as 0.012 with it and 0.014 without; of another price it is taken to be the same share.
        rates = {name: getattr(listed, name) for name in ("usd_per_megapixel_in", "usd_per_megapixel_out")}
        slow = {name: (rate * 7 / 6).quantize(Decimal("0.000001")) for name, rate in rates.items() if rate is not None}
        return listed.model_copy(update=slow)


class Flux2KleinInput(LosslessOutput):
    """flux-2-klein-4b: five pictures in all, in a field of another name."""

    most_references: ClassVar[int] = 4

    output_megapixels: Literal["0.25", "0.5", "1", "2", "4"] = "1"
    """How large the output is, in megapixels; it is paid by the megapixel."""
    go_fast: bool = False
    """Run faster with further optimisations."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields."""
        return (
            given(
                images=pictures(room),
                prompt=prompt,
                aspect_ratio="match_input_image",
                output_megapixels=self.output_megapixels,
                go_fast=self.go_fast,
                seed=seed,
            )
            | self.file_fields()
        )

    def output_size(self, room: RoomInput) -> tuple[int, int]:
        """Return the room's proportions at the chosen megapixels."""
        return size_of_area(room, float(self.output_megapixels))


FLUX_2_PRO = ModelSpec(
    id=ModelID.FLUX_2_PRO,
    name="FLUX.2 Pro",
    owner="black-forest-labs",
    provider="replicate",
    builder=Flux2Input,
    output=OutputShape.URI,
    price=per_megapixel(
        "0.015", PUTER, usd_per_run="0.015", note="Replicate's image-editing-arena says 0.06 for a typical run."
    ),
    typical_seconds=5.6,
    capabilities=CAPABILITIES | {Capability.HIGH_RESOLUTION},
    licence=PROPRIETARY,
    link="https://replicate.com/black-forest-labs/flux-2-pro",
)

FLUX_2_FLEX = ModelSpec(
    id=ModelID.FLUX_2_FLEX,
    name="FLUX.2 Flex",
    owner="black-forest-labs",
    provider="replicate",
    builder=Flux2FlexInput,
    output=OutputShape.URI,
    price=per_megapixel(
        "0.06",
        THIRD_PARTY,
        note="Read as in and out alike: it then agrees with the 0.12 for a typical run of image-editing-arena.",
    ),
    typical_seconds=22.6,
    capabilities=CAPABILITIES | {Capability.HIGH_RESOLUTION},
    licence=PROPRIETARY,
    link="https://replicate.com/black-forest-labs/flux-2-flex",
)

FLUX_2_MAX = ModelSpec(
    id=ModelID.FLUX_2_MAX,
    name="FLUX.2 Max",
    owner="black-forest-labs",
    provider="replicate",
    builder=Flux2Input,
    output=OutputShape.URI,
    price=unknown("Its price was not found; expect more than FLUX.2 Pro."),
    typical_seconds=None,
    capabilities=CAPABILITIES | {Capability.HIGH_RESOLUTION},
    licence=PROPRIETARY,
    link="https://replicate.com/black-forest-labs/flux-2-max",
)

FLUX_2_DEV = ModelSpec(
    id=ModelID.FLUX_2_DEV,
    name="FLUX.2 Dev",
    owner="black-forest-labs",
    provider="replicate",
    builder=Flux2DevInput,
    output=OutputShape.URI,
    price=per_megapixel(
        "0.012", PUTER, note="With go_fast; 0.014 without it. The arena's typical run, in 2026-03, was 0.02."
    ),
    typical_seconds=5.2,
    capabilities=CAPABILITIES,
    licence="Weights under the FLUX non-commercial licence: read Replicate's terms before using outputs.",
    link="https://replicate.com/black-forest-labs/flux-2-dev",
)

FLUX_2_KLEIN_4B = ModelSpec(
    id=ModelID.FLUX_2_KLEIN_4B,
    name="FLUX.2 Klein 4B",
    owner="black-forest-labs",
    provider="replicate",
    builder=Flux2KleinInput,
    output=OutputShape.UNCERTAIN,
    price=per_megapixel("0.001", PUTER, note="A third-party test log says the same."),
    typical_seconds=1.2,
    capabilities=CAPABILITIES | {Capability.HIGH_RESOLUTION},
    licence="Weights Apache-2.0; run on Replicate's terms.",
    link="https://replicate.com/black-forest-labs/flux-2-klein-4b",
    about="The cheapest. About 100 seconds when it has not run for a while.",
)

MODELS = (FLUX_2_PRO, FLUX_2_FLEX, FLUX_2_MAX, FLUX_2_DEV, FLUX_2_KLEIN_4B)
