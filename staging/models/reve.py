"""Reve's edit models. Their schemas are not recorded; a picture and a prompt are known to be taken."""

from pydantic import JsonValue

from staging.models.prices import ARENA, per_image
from staging.registry import InputBuilder, ModelID, ModelSpec, OutputShape, RoomInput

PROPRIETARY = "Proprietary: run on the terms of Replicate and Reve."


class ReveEditInput(InputBuilder):
    """reve/edit and reve/edit-fast: nothing to choose."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the input of the table in facts/replicate.md."""
        return {"image": room.url, "prompt": prompt}


REVE_EDIT = ModelSpec(
    id=ModelID.REVE_EDIT,
    name="Reve Edit",
    owner="reve",
    provider="replicate",
    builder=ReveEditInput,
    output=OutputShape.UNCERTAIN,
    price=per_image("0.04", ARENA),
    typical_seconds=None,
    capabilities=frozenset(),
    licence=PROPRIETARY,
    link="https://replicate.com/reve/edit",
)

REVE_EDIT_FAST = ModelSpec(
    id=ModelID.REVE_EDIT_FAST,
    name="Reve Edit Fast",
    owner="reve",
    provider="replicate",
    builder=ReveEditInput,
    output=OutputShape.UNCERTAIN,
    price=per_image("0.01", ARENA),
    typical_seconds=None,
    capabilities=frozenset(),
    licence=PROPRIETARY,
    link="https://replicate.com/reve/edit-fast",
)

MODELS = (REVE_EDIT, REVE_EDIT_FAST)
