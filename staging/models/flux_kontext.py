"""Black Forest Labs' FLUX.1 Kontext: edits one picture by instruction."""

from typing import Literal

from pydantic import Field, JsonValue

from staging.models.pictures import LosslessOutput, given
from staging.models.prices import DAIKINA, OPENAI_HK, per_image
from staging.registry import Capability, InputBuilder, ModelID, ModelSpec, OutputShape, RoomInput

CAPABILITIES = frozenset({Capability.SEED, Capability.KEEPS_FRAMING})
PROPRIETARY = "Proprietary: run on the terms of Replicate and Black Forest Labs."


class FluxKontextInput(InputBuilder):
    """flux-kontext-pro and -max."""

    output_format: Literal["png", "jpg"] = "png"
    """The file that comes out. PNG is lossless, so that models are compared and not codecs."""
    safety_tolerance: int = Field(default=2, ge=0, le=2)
    """How much the provider's filter lets through, 0 strictest; 2 is the most it allows with a picture."""
    prompt_upsampling: bool = False
    """Let the provider rewrite the prompt. Off, so that every model reads the prompt that is logged."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields (kontext-max: the same, by facts/replicate.md)."""
        return given(
            input_image=room.url,
            prompt=prompt,
            aspect_ratio="match_input_image",
            output_format=self.output_format,
            safety_tolerance=self.safety_tolerance,
            prompt_upsampling=self.prompt_upsampling,
            seed=seed,
        )


class FluxKontextDevInput(LosslessOutput):
    """flux-kontext-dev, the open-weight one: its schema, and so its limits, are not recorded."""

    guidance: float | None = Field(default=None, gt=0)
    """How closely the prompt is followed; empty leaves it to the model. Its limits are not recorded."""
    num_inference_steps: int | None = Field(default=None, ge=1)
    """How many steps to take; empty leaves it to the model. Its limits are not recorded."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the input of the table in facts/replicate.md."""
        return (
            given(
                input_image=room.url,
                prompt=prompt,
                aspect_ratio="match_input_image",
                guidance=self.guidance,
                num_inference_steps=self.num_inference_steps,
                seed=seed,
            )
            | self.file_fields()
        )


FLUX_KONTEXT_PRO = ModelSpec(
    id=ModelID.FLUX_KONTEXT_PRO,
    name="FLUX.1 Kontext Pro",
    owner="black-forest-labs",
    provider="replicate",
    builder=FluxKontextInput,
    output=OutputShape.URI,
    price=per_image("0.04", DAIKINA, "The openai-hk list says the same."),
    typical_seconds=4.4,
    capabilities=CAPABILITIES,
    licence=PROPRIETARY,
    link="https://replicate.com/black-forest-labs/flux-kontext-pro",
)

FLUX_KONTEXT_MAX = ModelSpec(
    id=ModelID.FLUX_KONTEXT_MAX,
    name="FLUX.1 Kontext Max",
    owner="black-forest-labs",
    provider="replicate",
    builder=FluxKontextInput,
    output=OutputShape.URI,
    price=per_image("0.08", DAIKINA, "The openai-hk list says the same."),
    typical_seconds=4.9,
    capabilities=CAPABILITIES,
    licence=PROPRIETARY,
    link="https://replicate.com/black-forest-labs/flux-kontext-max",
)

FLUX_KONTEXT_DEV = ModelSpec(
    id=ModelID.FLUX_KONTEXT_DEV,
    name="FLUX.1 Kontext Dev",
    owner="black-forest-labs",
    provider="replicate",
    builder=FluxKontextDevInput,
    output=OutputShape.URI,
    price=per_image("0.025", OPENAI_HK),
    typical_seconds=6.1,
    capabilities=CAPABILITIES,
    licence="Weights under the FLUX.1 [dev] Non-Commercial License: read Replicate's terms before using outputs.",
    link="https://replicate.com/black-forest-labs/flux-kontext-dev",
)

MODELS = (FLUX_KONTEXT_PRO, FLUX_KONTEXT_MAX, FLUX_KONTEXT_DEV)
