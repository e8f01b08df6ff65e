"""What a judge is asked about a room and an output, how its answer is read, and what it comes to.

Closed questions about the architecture come first, figures after (VIEScore and GEdit: SC is the lower of
"does what was asked" and "changes nothing else", PQ the lower of "looks natural" and "free of artefacts",
overall √(SC · PQ)). A "yes" to any question about the architecture caps SC at 3: a judge that likes the sofa
must not forgive a missing window.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.errors import OutputRefused

RULE = "judge"
"""What a prediction bears as the rule by which its model was chosen, when it judges another one's output."""
ANSWER = "answer"
"""Under which name the answer stands among a call's metrics."""
JUDGEMENTS = "judge-"
"""How the ids of comparisons begin that hold judgements and no pictures: nobody is shown them as comparisons."""
ORDERS = ("room first", "output first")
CAPPED = 3.0
"""The most that SC can be where the architecture changed."""
DISAGREEMENT = 30.0
"""Points of 100 between judge and scorer, from which on a person should look."""
UNSTEADY = 20.0
"""Points of 100 between the two orders of the pictures, from which on the judge contradicts itself."""

Grade = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=100)]

_PLACES = {
    "room first": ("The first picture is the empty room", "the second picture is the same room, furnished"),
    "output first": ("The second picture is the empty room", "the first picture is the same room, furnished"),
}
_QUESTIONS = """\
{room}; {output} by a computer. A buyer must not be misled: furniture and decoration may be added, and nothing of the \
building may change. Compare the two pictures.

First answer about the building. Answer true when it is so, false when it is not. What furniture hides has not changed.
camera_moved: does the furnished picture show the room from another place, or cropped, or stretched?
windows_room, windows_output: how many windows does each picture show? Count one that furniture partly hides.
doors_room, doors_output: how many doors and doorways does each picture show?
windows_changed: was a window removed, added, moved, or given another shape?
doors_changed: was a door removed, added, moved, or given another shape?
walls_changed: was a wall, column, beam, fireplace, radiator or the ceiling removed, added or moved?
floor_changed: is the floor of another material or colour, other than under rugs?
colours_changed: have walls or ceiling another colour, or is the light of another colour?
openings_blocked: does furniture stand in a doorway, or cover most of a window?

Then give whole numbers from 0 (worst) to 10 (best).
furnished: is the room furnished completely and sensibly, as a person would?
kept: is everything else as it was?
natural: do perspective, scale, light and shadows of the furniture fit the room?
clean: is the picture free of blur, noise, seams, and shapes that make no sense?
reason: one sentence, what is worst.

Answer with one JSON object with exactly these names, and nothing else."""


class Answer(BaseModel):
    """What a judge said of one output, seen in one order. Extra words are refused: half an answer is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera_moved: bool
    windows_room: Count
    windows_output: Count
    doors_room: Count
    doors_output: Count
    windows_changed: bool
    doors_changed: bool
    walls_changed: bool
    floor_changed: bool
    colours_changed: bool
    openings_blocked: bool
    furnished: Grade
    kept: Grade
    natural: Grade
    clean: Grade
    reason: Annotated[str, Field(max_length=600)] = ""

    @property
    def changes(self) -> tuple[str, ...]:
        """What of the architecture the judge says has changed, in words; a count that fell is such a change."""
        told = {
            "camera moved": self.camera_moved,
            "windows changed": self.windows_changed or self.windows_output < self.windows_room,
            "doors changed": self.doors_changed or self.doors_output < self.doors_room,
            "walls changed": self.walls_changed,
            "floor changed": self.floor_changed,
            "colours changed": self.colours_changed,
            "openings blocked": self.openings_blocked,
        }
        return tuple(words for words, so in told.items() if so)

    @property
    def overall(self) -> float:
        """√(SC · PQ), 0 to 100; SC is at most CAPPED where the architecture changed."""
        consistency = min(self.furnished, self.kept)
        if self.changes:
            consistency = min(consistency, CAPPED)
        return 10 * math.sqrt(consistency * min(self.natural, self.clean))


def question(order: str) -> str:
    """Return what the judge is asked when the pictures are shown in this order (one of ORDERS)."""
    room, output = _PLACES[order]
    return _QUESTIONS.format(room=room, output=output)


def read_answer(text: str) -> Answer:
    """Return the answer in a judge's text; OutputRefused when it is not the JSON that was asked for.

    A code fence round it is taken off, as most models put one there.
    """
    body = text.strip()
    if body.startswith("```"):
        body = body.strip("`").removeprefix("json").strip()
    try:
        return Answer.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        what = f"{where}: {fault['msg']}" if where else "no JSON object"
        raise OutputRefused(f"The judge did not answer as it was asked ({what[:120]}). Ask it again.") from None


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a judge: about one output, in one order."""

    prediction_id: str
    """Of the call itself: a prediction like any other, with its price and charge."""
    run: str
    """All calls that were asked for together."""
    model: str
    subject: str
    """The prediction whose output is judged."""
    order: str
    control: str
    asked_at: datetime
    ended: bool
    answer: Answer | None
    error: str
    """Why there is no answer, once it has ended."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the last calls about one output, or about what was shown in its place, come to."""

    subject: str
    control: str
    """ "", or "swapped" or "black"."""
    model: str
    asked_at: datetime
    calls: tuple[Call, ...]

    @property
    def pending(self) -> bool:
        """True while an answer is awaited."""
        return not all(call.ended for call in self.calls)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What was answered, in the order it was asked."""
        return tuple(call.answer for call in self.calls if call.answer is not None)

    @property
    def overall(self) -> float | None:
        """The mean over the orders, 0 to 100; None unless every call was answered as it was asked."""
        answers = self.answers
        if len(answers) < len(self.calls):
            return None
        return sum(answer.overall for answer in answers) / len(answers)

    @property
    def changes(self) -> tuple[str, ...]:
        """What of the architecture changed, by either order."""
        return tuple(dict.fromkeys(words for answer in self.answers for words in answer.changes))

    @property
    def steady(self) -> bool | None:
        """False when the orders contradict each other; None where there are not two answers."""
        if len(self.answers) < 2:
            return None
        scores = [answer.overall for answer in self.answers]
        return max(scores) - min(scores) <= UNSTEADY

    @property
    def errors(self) -> tuple[str, ...]:
        """Why answers are missing."""
        return tuple(dict.fromkeys(call.error for call in self.calls if call.ended and call.answer is None))

    def disagrees(self, score: float | None) -> bool:
        """True when judge and scorer are further apart than DISAGREEMENT."""
        mine = self.overall
        return mine is not None and score is not None and abs(mine - score) > DISAGREEMENT


def judgements(calls: Sequence[Call]) -> dict[tuple[str, str], Judgement]:
    """Return, by subject and control, what the last run about it came to; `calls` come the first asked first."""
    last: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        mine = last.setdefault((call.subject, call.control), [])
        if mine and mine[0].run != call.run:
            mine.clear()
        mine.append(call)
    return {key: Judgement(key[0], key[1], mine[0].model, mine[0].asked_at, tuple(mine)) for key, mine in last.items()}


@dataclass(frozen=True, slots=True)
class Trust:
    """How a judge did on labelled outputs, and on pictures that it has to refuse."""

    judged: int
    """Outputs with a judgement."""
    unanswered: int
    """Outputs and controls that were not answered as asked."""
    steady: int
    """Outputs on which the two orders agree."""
    swapped: int
    swapped_caught: int
    """Pictures of another room that it said had changed."""
    black: int
    black_caught: int
    """Black pictures that it gave at most 30."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Why it is not to be trusted, in sentences; nothing when no control speaks against it."""
        told = []
        asked = self.judged + self.unanswered + self.swapped + self.black
        if self.judged and self.steady < 0.8 * self.judged:
            told.append(
                f"It contradicts itself on {self.judged - self.steady} of {self.judged} outputs when the two "
                "pictures change places."
            )
        if self.swapped_caught < 0.95 * self.swapped:
            told.append(
                f"It takes another room for the same one in {self.swapped - self.swapped_caught} of "
                f"{self.swapped} cases."
            )
        if self.black_caught < 0.95 * self.black:
            told.append(f"It accepts a black picture in {self.black - self.black_caught} of {self.black} cases.")
        if self.unanswered > 0.05 * asked:
            told.append(f"{self.unanswered} of {asked} questions were not answered as they were asked.")
        return tuple(told)


BLACK_AT_MOST = 30.0


def trust(found: Sequence[Judgement]) -> Trust:
    """Return how a judge did, over judgements of outputs and of controls; pending ones are left out."""
    ended = [one for one in found if not one.pending]
    answered = [one for one in ended if one.overall is not None]
    outputs = [one for one in answered if not one.control]
    swapped = [one for one in answered if one.control == "swapped"]
    black = [one for one in answered if one.control == "black"]
    return Trust(
        judged=len(outputs),
        unanswered=len(ended) - len(answered),
        steady=sum(one.steady is True for one in outputs),
        swapped=len(swapped),
        swapped_caught=sum(bool(one.changes) for one in swapped),
        black=len(black),
        black_caught=sum((one.overall or 0.0) <= BLACK_AT_MOST for one in black),
    )
