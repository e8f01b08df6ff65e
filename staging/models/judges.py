"""Models that look at two pictures and answer in words: judges, through Replicate.

What they are asked, and how an answer is read, is `staging.judgements`. Only models that take several
pictures in one question are here: the Qwen and LLaVA wrappers take one, and a judge has to see both.
"""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import JsonValue

from staging.models.prices import PriceSource
from staging.registry import InputBuilder, JudgeID, Kind, ModelSpec, OutputShape, Price, RoomInput

MOST_TOKENS = 600
"""An answer is about 200 tokens long; what is cut off is no JSON and is refused."""
LICENCE = "Proprietary: run on the terms of Replicate and OpenAI."
_DATED = date(2026, 11, 23)
_NOTE = (
    "Billed by the token, which is not published by the picture: this is the most that two pictures of any "
    "shape, the questions and the longest answer come to at OpenAI's list price. The bill says what it was."
)


class OpenAIJudgeInput(InputBuilder):
    """OpenAI's models on Replicate: a prompt and a list of pictures. What is judged is a parameter.

    Never sent: openai_api_key (our key would lie in the stored input).
    """

    most_references: ClassVar[int] = 1

    subject: str
    """The prediction that is judged."""
    candidate: str
    """The digest of the picture that is shown as its output."""
    order: Literal["room first", "output first"]
    """Which of the two pictures is shown first."""
    control: Literal["", "swapped", "black"] = ""
    """What is shown in place of the output, to see whether the judge can be trusted; empty for the output."""

    def beside(self) -> tuple[str, ...]:
        """Return the digest of the picture that is judged."""
        return (self.candidate,)

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:  # noqa: ARG002
        """Return the fields of Replicate's page of OpenAI's models, the pictures in their order."""
        pictures: list[JsonValue] = [room.url, *room.reference_urls]
        return {
            "prompt": prompt,
            "image_input": pictures if self.order == "room first" else pictures[::-1],
            "max_completion_tokens": MOST_TOKENS,
            "temperature": 0,
        }


def _per_run(usd: str, reckoned: str) -> Price:
    source = PriceSource(f"reckoned from {reckoned}", _DATED)
    return Price(usd_per_run=Decimal(usd), source=source.name, dated=source.dated, note=_NOTE)


GPT_4O_MINI = ModelSpec(
    id=JudgeID.GPT_4O_MINI,
    name="GPT-4o mini",
    owner="openai",
    provider="replicate",
    builder=OpenAIJudgeInput,
    output=OutputShape.TEXT,
    # 2,833 tokens and 5,667 a tile of 512 pixels, at most 8 tiles of a picture: twice 48,169, with 1,500 of text.
    price=_per_run("0.016", "0.15 dollars a million tokens in and 0.60 out"),
    typical_seconds=None,
    capabilities=frozenset(),
    licence=LICENCE,
    link="https://replicate.com/openai/gpt-4o-mini",
    about="Quick and cheap; small models miss small changes.",
    kind=Kind.JUDGE,
)

GPT_4_1_MINI = ModelSpec(
    id=JudgeID.GPT_4_1_MINI,
    name="GPT-4.1 mini",
    owner="openai",
    provider="replicate",
    builder=OpenAIJudgeInput,
    output=OutputShape.TEXT,
    # A token a patch of 32 pixels, at most 1,536 of them, times 1.62: twice 2,489, with 1,500 of text.
    price=_per_run("0.004", "0.40 dollars a million tokens in and 1.60 out"),
    typical_seconds=None,
    capabilities=frozenset(),
    licence=LICENCE,
    link="https://replicate.com/openai/gpt-4.1-mini",
    about="The successor, which sees finer detail.",
    kind=Kind.JUDGE,
)

MODELS = (GPT_4O_MINI, GPT_4_1_MINI)
