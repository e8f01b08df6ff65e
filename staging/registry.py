"""What a model is: its id, its facts, its price and the builder of its input.

A model enters the product by one `ModelSpec`, made in `staging/models/` and registered there; the
way is written in docs/guides/ADDING_NEW_MODEL.md. Everything else asks the registry.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from staging.errors import ParametersRefused, UnknownModel


class ModelID(StrEnum):
    """The models this product knows, by the provider's own slug."""

    QWEN_IMAGE_EDIT = "qwen/qwen-image-edit"
    QWEN_IMAGE_EDIT_PLUS = "qwen/qwen-image-edit-plus"
    QWEN_IMAGE_EDIT_2511 = "qwen/qwen-image-edit-2511"
    FLUX_KONTEXT_PRO = "black-forest-labs/flux-kontext-pro"
    FLUX_KONTEXT_MAX = "black-forest-labs/flux-kontext-max"
    FLUX_KONTEXT_DEV = "black-forest-labs/flux-kontext-dev"
    FLUX_2_PRO = "black-forest-labs/flux-2-pro"
    FLUX_2_FLEX = "black-forest-labs/flux-2-flex"
    FLUX_2_MAX = "black-forest-labs/flux-2-max"
    FLUX_2_DEV = "black-forest-labs/flux-2-dev"
    FLUX_2_KLEIN_4B = "black-forest-labs/flux-2-klein-4b"
    NANO_BANANA = "google/nano-banana"
    NANO_BANANA_PRO = "google/nano-banana-pro"
    NANO_BANANA_2 = "google/nano-banana-2"
    SEEDREAM_4 = "bytedance/seedream-4"
    SEEDREAM_4_5 = "bytedance/seedream-4.5"
    SEEDEDIT_3 = "bytedance/seededit-3.0"
    GPT_IMAGE_1_5 = "openai/gpt-image-1.5"
    REVE_EDIT = "reve/edit"
    REVE_EDIT_FAST = "reve/edit-fast"
    ADIRIK_INTERIOR_DESIGN = "adirik/interior-design"
    INTERIOR_V2 = "jschoormans/interior-v2"
    COMFYUI_INTERIOR_REMODEL = "jschoormans/comfyui-interior-remodel"
    OFFLINE_FURNISH = "offline/furnish"
    OFFLINE_TONE = "offline/tone"
    OFFLINE_UNCHANGED = "offline/unchanged"


class JudgeID(StrEnum):
    """The models that judge pictures and make none, by the provider's own slug."""

    GPT_4O_MINI = "openai/gpt-4o-mini"
    GPT_4_1_MINI = "openai/gpt-4.1-mini"


DEFAULT_MODEL = ModelID.QWEN_IMAGE_EDIT


class Kind(StrEnum):
    """What a model is for."""

    EDIT = "edit"
    """It makes a picture of a room."""
    JUDGE = "judge"
    """It says of two pictures what is wrong with the second one; nobody is offered it for a room."""


class Capability(StrEnum):
    """What a model can do that a person choosing it wants to know."""

    SEED = "seed"
    MASK = "mask"
    REFERENCES = "references"
    KEEPS_FRAMING = "keeps framing"
    NEGATIVE_PROMPT = "negative prompt"
    HIGH_RESOLUTION = "high resolution"
    OFFLINE = "offline"


class OutputShape(StrEnum):
    """The shape of a successful output, as the model's schema states it."""

    URI = "uri"
    URI_LIST = "list of uris"
    UNCERTAIN = "uncertain"
    PICTURE = "picture"
    """The bytes themselves: offline models."""
    TEXT = "text"
    """Words: judges."""


class Price(BaseModel):
    """What one run costs, in US dollars: the sum of the parts that are set.

    No part set means the price is unknown, which is never the same as zero.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd_per_run: Decimal | None = None
    usd_per_image: Decimal | None = None
    usd_per_second: Decimal | None = None
    usd_per_megapixel_in: Decimal | None = None
    usd_per_megapixel_out: Decimal | None = None
    hardware: str | None = None
    """The provider's hardware name that `usd_per_second` belongs to."""
    source: str
    """Where the figure was read: a person can follow it."""
    dated: date
    note: str = ""

    @property
    def known(self) -> bool:
        """True when at least one part is set (a part of 0 is a known price: free)."""
        return any(
            part is not None
            for part in (
                self.usd_per_run,
                self.usd_per_image,
                self.usd_per_second,
                self.usd_per_megapixel_in,
                self.usd_per_megapixel_out,
            )
        )


@dataclass(frozen=True, slots=True)
class RoomInput:
    """The pictures of one prediction, as the provider can fetch them.

    Width and height are the room's, in pixels. A white mask pixel may be changed.
    """

    url: str
    width: int
    height: int
    mask_url: str | None = None
    reference_urls: tuple[str, ...] = ()
    room_type: str = "other"
    """A `staging.rooms.RoomType` value; models that take it as an input use it."""
    style: str = ""
    """The style preset's name, for models that take it apart from the prompt."""


class InputBuilder(BaseModel):
    """One model family's parameters: type, limits, default and help at once.

    An instance holds checked parameters; `build` turns them, with the room and the prompt, into
    exactly the input the model takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    takes_mask: ClassVar[bool] = False
    most_references: ClassVar[int] = 0

    def build(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the model's input.

        `seed` is left out where the model has none. ParametersRefused when the room brings a mask
        or references that the model cannot take.
        """
        self.refuse_unusable(room)
        return self.input_of(room, prompt, seed)

    @abstractmethod
    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the input, of a room whose pictures the model can take: what a family writes."""

    def beside(self) -> tuple[str, ...]:
        """Return the digests of kept pictures that go to the model with the room, as its `reference_urls`."""
        return ()

    def output_size(self, room: RoomInput) -> tuple[int, int]:
        """Return the width and height, in pixels, to expect of the output: the room's unless a family knows better."""
        return room.width, room.height

    def price(self, listed: Price) -> Price:
        """Return the price of a run with these parameters: the listed one unless they change it."""
        return listed

    def refuse_unusable(self, room: RoomInput) -> None:
        """Raise ParametersRefused when the room brings pictures this model cannot take."""
        if room.mask_url is not None and not self.takes_mask:
            raise ParametersRefused("This model takes no mask: remove it or choose another model.")
        if len(room.reference_urls) > self.most_references:
            raise ParametersRefused(
                f"This model takes at most {self.most_references} reference pictures beside the room, "
                f"and {len(room.reference_urls)} were given."
            )

    def chosen(self) -> dict[str, JsonValue]:
        """Return only what differs from the defaults, as JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The facts about one model."""

    id: ModelID | JudgeID
    name: str
    """As people here say it: "Qwen Image Edit"."""
    owner: str
    provider: str
    """The provider's name: "replicate" or "offline"."""
    builder: type[InputBuilder]
    output: OutputShape
    price: Price
    typical_seconds: float | None
    """Single published observations, for a first expectation only."""
    capabilities: frozenset[Capability]
    licence: str
    link: str
    version: str | None = None
    """The 64-hex version that a community model is run by; None for official models."""
    about: str = ""
    kind: Kind = Kind.EDIT

    def parameters(self, values: Mapping[str, Any] | None = None) -> InputBuilder:
        """Return the checked parameters; ParametersRefused names the model and the field."""
        try:
            return self.builder.model_validate(dict(values or {}))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or 'parameters'}: {fault['msg']}"
                for fault in error.errors()
            )
            raise ParametersRefused(f"{self.name} ({self.id}) cannot run with these parameters: {faults}.") from None


class ModelRegistry:
    """The models that can be run, in the order they were registered.

    Looked up by id, all of them are found. Listed, counted and gone through are those that make pictures;
    `judges` lists the others, and `every` all.
    """

    def __init__(self, default: str = DEFAULT_MODEL) -> None:
        self._specs: dict[str, ModelSpec] = {}
        self._default = default

    def register(self, spec: ModelSpec) -> None:
        """Add a model; ValueError when its id is taken (a programming error, not a person's)."""
        if spec.id in self._specs:
            raise ValueError(f"{spec.id} is registered twice")
        self._specs[spec.id] = spec

    def get(self, model: str) -> ModelSpec:
        """Return the facts of a model of any kind; UnknownModel lists those that make pictures."""
        if not self.exists(model):
            known = ", ".join(sorted(spec.id for spec in self.list()))
            raise UnknownModel(f"No model {model!r} is registered. Known models: {known}.")
        return self._specs[model]

    def editor(self, model: str) -> ModelSpec:
        """Return the facts of a model that makes pictures; UnknownModel also for one that only judges them."""
        spec = self.get(model)
        if spec.kind is not Kind.EDIT:
            raise UnknownModel(f"{spec.name} judges pictures and makes none: choose a model that does.")
        return spec

    def exists(self, model: str) -> bool:
        """True when the model can be run."""
        return model in self._specs

    def every(self) -> tuple[ModelSpec, ...]:
        """All models, those that judge too, in the order they were registered."""
        return tuple(self._specs.values())

    def list(self) -> tuple[ModelSpec, ...]:
        """All models that make pictures, in the order they were registered."""
        return tuple(spec for spec in self._specs.values() if spec.kind is Kind.EDIT)

    def judges(self) -> tuple[ModelSpec, ...]:
        """All models that judge pictures, in the order they were registered."""
        return tuple(spec for spec in self._specs.values() if spec.kind is Kind.JUDGE)

    @property
    def default(self) -> ModelSpec:
        """The model used when nobody chose one; UnknownModel when it is not registered."""
        return self.editor(self._default)

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())
