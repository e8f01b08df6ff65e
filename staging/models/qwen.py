"""Qwen's image-edit models: the default of the house and its two successors."""

from typing import ClassVar

from pydantic import JsonValue

from staging.models.pictures import LosslessOutput, given, pictures
from staging.models.prices import ARENA, TEST_LOG, per_image
from staging.registry import Capability, ModelID, ModelSpec, OutputShape, RoomInput

LICENCE = "Weights Apache-2.0; run on Replicate's terms."


class QwenImageEditInput(LosslessOutput):
    """qwen-image-edit: one picture, and no aspect_ratio, for the output has the proportions of the input.

    Its safety checker stays on, as with every model here.
    """

    go_fast: bool = True
    """Run faster with further optimisations."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the recorded schema's fields."""
        return given(image=room.url, prompt=prompt, go_fast=self.go_fast, seed=seed) | self.file_fields()


class QwenImageEditPlusInput(QwenImageEditInput):
    """qwen-image-edit-plus and -2511: a list of pictures, and the framing asked for."""

    # Its limit is not recorded: three pictures in all is our own.
    most_references: ClassVar[int] = 2

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        """Return the input of the table in facts/replicate.md: the schema is not recorded."""
        return super().input_of(room, prompt, seed) | {
            "image": pictures(room),
            "aspect_ratio": "match_input_image",
        }


QWEN_IMAGE_EDIT = ModelSpec(
    id=ModelID.QWEN_IMAGE_EDIT,
    name="Qwen Image Edit",
    owner="qwen",
    provider="replicate",
    builder=QwenImageEditInput,
    output=OutputShape.URI_LIST,
    price=per_image("0.03", ARENA),
    typical_seconds=2.85,
    capabilities=frozenset({Capability.SEED, Capability.KEEPS_FRAMING}),
    licence=LICENCE,
    link="https://replicate.com/qwen/qwen-image-edit",
    about="The default: quick, cheap, and it leaves the room where it is.",
)

QWEN_IMAGE_EDIT_PLUS = ModelSpec(
    id=ModelID.QWEN_IMAGE_EDIT_PLUS,
    name="Qwen Image Edit Plus",
    owner="qwen",
    provider="replicate",
    builder=QwenImageEditPlusInput,
    output=OutputShape.URI_LIST,
    price=per_image("0.03", ARENA),
    typical_seconds=6.4,
    capabilities=frozenset({Capability.SEED, Capability.KEEPS_FRAMING, Capability.REFERENCES}),
    licence=LICENCE,
    link="https://replicate.com/qwen/qwen-image-edit-plus",
    about="The release of 2509: takes reference pictures beside the room.",
)

QWEN_IMAGE_EDIT_2511 = ModelSpec(
    id=ModelID.QWEN_IMAGE_EDIT_2511,
    name="Qwen Image Edit 2511",
    owner="qwen",
    provider="replicate",
    builder=QwenImageEditPlusInput,
    output=OutputShape.URI_LIST,
    price=per_image("0.03", TEST_LOG),
    typical_seconds=18.8,
    capabilities=frozenset({Capability.SEED, Capability.KEEPS_FRAMING, Capability.REFERENCES}),
    licence=LICENCE,
    link="https://replicate.com/qwen/qwen-image-edit-2511",
    about="The release of 2511; its time was seen with go_fast off.",
)

MODELS = (QWEN_IMAGE_EDIT, QWEN_IMAGE_EDIT_PLUS, QWEN_IMAGE_EDIT_2511)
