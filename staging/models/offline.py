"""The baselines that run on this machine, without a network and for nothing."""

from decimal import Decimal
from typing import Literal

from pydantic import JsonValue

from staging.errors import ParametersRefused
from staging.models.pictures import given
from staging.models.prices import OFFLINE
from staging.registry import Capability, InputBuilder, ModelID, ModelSpec, OutputShape, Price, RoomInput

FREE = Price(usd_per_run=Decimal(0), source=OFFLINE.name, dated=OFFLINE.dated)
CAPABILITIES = frozenset({Capability.OFFLINE, Capability.KEEPS_FRAMING})
DECLUTTER = "declutter"
"""The style of data/prompts.toml that empties the room."""
LICENCE = "Our own code."


class FurnishInput(InputBuilder):
    """offline/furnish: reads the room type and the style themselves, not the prompt."""

    quality: Literal["draft", "standard", "fine"] = "standard"
    """Draft is quicker and softer; fine takes several times as long."""

    def refuse_unusable(self, room: RoomInput) -> None:
        """Raise ParametersRefused for the style that takes furniture away: this only puts some in."""
        super().refuse_unusable(room)
        if room.style == DECLUTTER:
            raise ParametersRefused(
                "The offline baseline can furnish a room but not empty one: choose another style, or leave it out."
            )

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return what `staging.providers.offline` reads; `room` is the room's digest."""
        return given(room=room.url, room_type=room.room_type, style=room.style, quality=self.quality, seed=seed)


class ToneInput(InputBuilder):
    """offline/tone: light and colour only; reads neither prompt nor style."""

    look: Literal["natural", "bright", "warm"] = "bright"
    """How bright and how warm the room becomes."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return what `staging.providers.offline` reads; `room` is the room's digest."""
        return {"room": room.url, "look": self.look}


class UnchangedInput(InputBuilder):
    """offline/unchanged: the room as it is."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return what `staging.providers.offline` reads; `room` is the room's digest."""
        return {"room": room.url}


OFFLINE_FURNISH = ModelSpec(
    id=ModelID.OFFLINE_FURNISH,
    name="Offline baseline: furnish",
    owner="offline",
    provider="offline",
    builder=FurnishInput,
    output=OutputShape.PICTURE,
    price=FREE,
    typical_seconds=10.0,
    capabilities=CAPABILITIES | {Capability.SEED},
    licence="Our own code; furniture CC0.",
    link="",
    about="An offline baseline, not a model: measures the room and renders real furniture into the photo.",
)

OFFLINE_TONE = ModelSpec(
    id=ModelID.OFFLINE_TONE,
    name="Offline baseline: tone",
    owner="offline",
    provider="offline",
    builder=ToneInput,
    output=OutputShape.PICTURE,
    price=FREE,
    typical_seconds=2.0,
    capabilities=CAPABILITIES,
    licence=LICENCE,
    link="",
    about="An offline baseline, not a model: the room in better light and colour, unfurnished.",
)

OFFLINE_UNCHANGED = ModelSpec(
    id=ModelID.OFFLINE_UNCHANGED,
    name="Offline baseline: unchanged",
    owner="offline",
    provider="offline",
    builder=UnchangedInput,
    output=OutputShape.PICTURE,
    price=FREE,
    typical_seconds=1.0,
    capabilities=CAPABILITIES,
    licence=LICENCE,
    link="",
    about="An offline baseline, not a model: returns the room as it is, the control arm.",
)

MODELS = (OFFLINE_FURNISH, OFFLINE_TONE, OFFLINE_UNCHANGED)
