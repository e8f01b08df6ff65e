"""Interior-design models by members of Replicate's community.

They run by a version: the provider answers 404 to a community model's bare name. None of them says
what shape its output has, so none is said to keep the framing.
"""

from typing import ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from staging.models.pictures import LosslessOutput, given
from staging.models.prices import MODEL_PAGE, per_second, unknown
from staging.registry import Capability, InputBuilder, ModelID, ModelSpec, OutputShape, RoomInput

LICENCE = "Not stated on a page that was read: ask the author before selling outputs."


class AdirikInteriorDesignInput(InputBuilder):
    """adirik/interior-design: Stable Diffusion kept to the room's lines and surfaces."""

    negative_prompt: str = (
        "lowres, watermark, banner, logo, watermark, contactinfo, text, deformed, blurry, blur, out of focus, "
        "out of frame, surreal, extra, ugly, upholstered walls, fabric walls, plush walls, mirror, mirrored, "
        "functional, realistic"
    )
    """What must not be seen; the author's own list."""
    num_inference_steps: int = Field(default=50, ge=1, le=500)
    """How many steps to take: more is finer and slower."""
    guidance_scale: float = Field(default=15.0, ge=1, le=50)
    """How closely the prompt is followed."""
    prompt_strength: float = Field(default=0.8, ge=0, le=1)
    """How much of the room may change: 1 forgets it."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields."""
        return given(
            image=room.url,
            prompt=prompt,
            negative_prompt=self.negative_prompt,
            num_inference_steps=self.num_inference_steps,
            guidance_scale=self.guidance_scale,
            prompt_strength=self.prompt_strength,
            seed=seed,
        )


class InteriorV2Input(InputBuilder):
    """jschoormans/interior-v2: finds windows, ceiling and furniture itself, and repaints the rest.

    A mask of ours goes in as `mask_furniture`, which the schema names and does not describe: taken to
    be white where furniture goes, as our masks are. One reference sets the look (`ip_adapter_image`).
    It takes no seed.
    """

    takes_mask: ClassVar[bool] = True
    most_references: ClassVar[int] = 1

    negative_prompt: str = "(worst quality, low quality, illustration, 3d, 2d, painting, cartoons, sketch), open mouth"
    """What must not be seen; the author's own list."""
    strength: float = Field(default=0.999999, ge=0, le=1)
    """How much of the repainted part may change."""
    max_resolution: int = Field(default=1536, ge=512, le=2048)
    """The longer side of the output at most, by its name, in pixels; larger takes longer and costs more."""
    keep_furniture_structure: bool = False
    """Keep the shapes of the furniture that is in the room."""
    empty_room_mode: bool = False
    """For rooms without furniture; the author does not say what it does."""
    controlnet_conditioning_scale: float = Field(default=0.7, ge=0, le=1)
    """How strictly the room's structure is kept."""
    control_guidance_start: float = Field(default=0.0, ge=0, le=1)
    """From which part of the run the structure is kept."""
    control_guidance_end: float = Field(default=0.8, ge=0, le=1)
    """To which part of the run the structure is kept."""
    num_inference_steps: int = Field(default=30, ge=1, le=100)
    """How many steps to take: more is finer, slower and dearer."""
    guidance_scale: float = Field(default=7.0, ge=1, le=20)
    """How closely the prompt is followed."""

    @model_validator(mode="after")
    def _guided_for_a_while(self) -> Self:
        # Diffusers refuses an empty span, and the provider would find out after the run was paid for.
        if self.control_guidance_start >= self.control_guidance_end:
            raise ValueError("control_guidance_start must be less than control_guidance_end")
        return self

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the recorded schema's fields."""
        return given(
            image=room.url,
            prompt=prompt,
            negative_prompt=self.negative_prompt,
            strength=self.strength,
            max_resolution=self.max_resolution,
            keep_furniture_structure=self.keep_furniture_structure,
            empty_room_mode=self.empty_room_mode,
            controlnet_conditioning_scale=self.controlnet_conditioning_scale,
            control_guidance_start=self.control_guidance_start,
            control_guidance_end=self.control_guidance_end,
            num_inference_steps=self.num_inference_steps,
            guidance_scale=self.guidance_scale,
            mask_furniture=room.mask_url,
            ip_adapter_image=next(iter(room.reference_urls), None),
        )


class ComfyuiInteriorRemodelInput(LosslessOutput):
    """jschoormans/comfyui-interior-remodel: it takes no seed, but can be told not to roll a new one."""

    negative_prompt: str = "blurry, illustration, distorted, horror"
    """What must not be seen; the author's own list."""
    randomise_seeds: bool = True
    """Roll new seeds for every run. Off, equal inputs give equal pictures."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the recorded schema's fields."""
        return (
            given(
                image=room.url,
                prompt=prompt,
                negative_prompt=self.negative_prompt,
                randomise_seeds=self.randomise_seeds,
            )
            | self.file_fields()
        )


ADIRIK_INTERIOR_DESIGN = ModelSpec(
    id=ModelID.ADIRIK_INTERIOR_DESIGN,
    name="Interior Design (adirik)",
    owner="adirik",
    provider="replicate",
    builder=AdirikInteriorDesignInput,
    output=OutputShape.URI,
    price=unknown("Paid by the second of a hardware that is not recorded."),
    typical_seconds=13.7,
    capabilities=frozenset({Capability.SEED, Capability.NEGATIVE_PROMPT}),
    licence=LICENCE,
    link="https://replicate.com/adirik/interior-design",
    version="76604baddc85b1b4616e1c6475eca080da339c8875bd4996705440484a6eac38",
    about="Over four minutes in all when it has not run for a while.",
)

INTERIOR_V2 = ModelSpec(
    id=ModelID.INTERIOR_V2,
    name="Interior V2",
    owner="jschoormans",
    provider="replicate",
    builder=InteriorV2Input,
    output=OutputShape.URI_LIST,
    price=per_second(
        "gpu-l40s",
        MODEL_PAGE,
        "Its page says at most 11 seconds and about 0.010 a run; a recorded run took 40 seconds.",
    ),
    typical_seconds=11.0,
    capabilities=frozenset({Capability.MASK, Capability.REFERENCES, Capability.NEGATIVE_PROMPT}),
    licence=LICENCE,
    link="https://replicate.com/jschoormans/interior-v2",
    version="8372bd24c6011ea957a0861f0146671eed615e375f038c13259c1882e3c8bac7",
)

COMFYUI_INTERIOR_REMODEL = ModelSpec(
    id=ModelID.COMFYUI_INTERIOR_REMODEL,
    name="ComfyUI Interior Remodel",
    owner="jschoormans",
    provider="replicate",
    builder=ComfyuiInteriorRemodelInput,
    output=OutputShape.URI_LIST,
    price=unknown("Paid by the second of a hardware that is not recorded."),
    typical_seconds=6.2,
    capabilities=frozenset({Capability.NEGATIVE_PROMPT}),
    licence=LICENCE,
    link="https://replicate.com/jschoormans/comfyui-interior-remodel",
    version="2a360362540e1f6cfe59c9db4aa8aa9059233d40e638aae0cdeb6b41f3d0dcce",
)

MODELS = (ADIRIK_INTERIOR_DESIGN, INTERIOR_V2, COMFYUI_INTERIOR_REMODEL)
