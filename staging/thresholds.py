"""Thresholds on automatic scores: below them an output is marked to be looked at, or rejected. Off until set.

A threshold acts on each score as it comes, once, and only where no person has decided: what it makes of an
output is kept apart from people's verdicts and stands in no rate of acceptance.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.errors import NotFound, ThresholdsRefused
from staging.quality import FAMILIES, FLAG_CODES
from staging.store import AutomaticDeed, Judged, Score, Store

KIND = "quality thresholds"
NAME = "scores"
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Body):
    """Below which an output is marked, and below which it is rejected. None: never."""

    mark_below: _Share | None = None
    reject_below: _Share | None = None


class Thresholds(_Body):
    """What an admin has set. Nothing is set: nothing is marked and nothing rejected."""

    overall_mark_below: _Points | None = None
    """Of the overall score, 0 to 100."""
    overall_reject_below: _Points | None = None
    parts: Mapping[str, Limits] = Field(default_factory=dict)
    """By family, 0 to 1. A family that means nothing for an output passes."""
    flags: Mapping[str, AutomaticDeed] = Field(default_factory=dict)
    """What each flag, by its code, does."""
    least_severity: _Share = 0.5
    """A flag that is less severe does nothing."""
    least_confidence: _Share = 0.5
    """What is scored less surely is never rejected, only marked."""

    @property
    def on(self) -> bool:
        """True when anything may be marked or rejected."""
        limits = any(one.mark_below is not None or one.reject_below is not None for one in self.parts.values())
        return bool(limits or self.flags or (self.overall_mark_below, self.overall_reject_below) != (None, None))

    def judge(self, score: Score) -> tuple[AutomaticDeed, tuple[str, ...]] | None:
        """Return what these thresholds make of the score, and why in sentences; None: nothing."""
        found = list(self._found(score))
        if not found:
            return None
        rejecting = [why for deed, why in found if deed is AutomaticDeed.REJECTED]
        if rejecting and (score.confidence or 0.0) < self.least_confidence:
            told = (
                f"marked only: the scorer's confidence is {score.confidence or 0:.2f}, below {self.least_confidence:g}"
            )
            return AutomaticDeed.MARKED, (*(why for _, why in found), told)
        if rejecting:
            return AutomaticDeed.REJECTED, tuple(rejecting)
        return AutomaticDeed.MARKED, tuple(why for _, why in found)

    def _found(self, score: Score) -> Iterator[tuple[AutomaticDeed, str]]:
        overall = score.overall
        if overall is not None:
            yield from _below("score", overall, self.overall_mark_below, self.overall_reject_below, ".0f")
        for name, limits in self.parts.items():
            value = score.parts.get(name)
            if value is not None:
                yield from _below(name.replace("_", " "), value, limits.mark_below, limits.reject_below, ".2f")
        for flag in score.flags:
            deed = self.flags.get(flag.code)
            if deed is not None and flag.severity >= self.least_severity:
                yield deed, flag.words


def _below(
    name: str, value: float, mark_below: float | None, reject_below: float | None, form: str
) -> Iterator[tuple[AutomaticDeed, str]]:
    if reject_below is not None and value < reject_below:
        yield AutomaticDeed.REJECTED, f"{name} {value:{form}}, below {reject_below:g}"
    elif mark_below is not None and value < mark_below:
        yield AutomaticDeed.MARKED, f"{name} {value:{form}}, below {mark_below:g}"


class QualityThresholds:
    """The thresholds that hold, with all their versions. Callable from any thread."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    def current(self) -> Thresholds:
        """Return what holds; nothing when none were set, or they are of another release and cannot be read."""
        return self._read()[0]

    def version(self) -> int:
        """Return the version of the last thresholds; −1 when none were ever set."""
        return self._read()[1]

    def set(self, thresholds: Thresholds, by: str, *, follows: int, note: str = "") -> None:
        """Let these hold for every score from now on; the audit log has who, and what differs.

        EditedMeanwhile when somebody has set others since version `follows`; ThresholdsRefused for a family
        or flag that the scorer does not know.
        """
        unknown = [name for name in thresholds.parts if name not in FAMILIES]
        unknown += [code for code in thresholds.flags if code not in FLAG_CODES]
        if unknown:
            raise ThresholdsRefused(f"The scorer knows nothing called {unknown[0]!r}; nothing was saved.")
        body = thresholds.model_dump(mode="json")
        self._store.documents.write(KIND, NAME, body, by, self._clock(), note=note, follows=follows)

    def judge(self, score: Score) -> Judged | None:
        """Return what the thresholds of this moment make of the score; None: nothing."""
        thresholds, version = self._read()
        found = thresholds.judge(score)
        return Judged(*found, version) if found else None

    def _read(self) -> tuple[Thresholds, int]:
        try:
            document = self._store.documents.get(KIND, NAME)
        except NotFound:
            return Thresholds(), -1
        try:
            return Thresholds.model_validate(document.body), document.version
        except ValidationError:  # of another release: nothing is rejected on a guess
            return Thresholds(), document.version


def thresholds_of(values: object) -> Thresholds:
    """Return the thresholds; ThresholdsRefused in a sentence when a figure cannot be one."""
    try:
        return Thresholds.model_validate(values)
    except ValidationError:
        raise ThresholdsRefused(
            "A threshold of the overall score is 0 to 100, of a part, a severity or the confidence 0 to 1."
        ) from None
