"""Labelled pairs: what people accepted or rejected, beside what the scorer says of it now."""

from collections.abc import Sequence
from dataclasses import dataclass

from staging.calibration import Labelled
from staging.predictions import Verdict
from staging.quality import SCORER_VERSION
from staging.store import Label, Score, Store


@dataclass(frozen=True, slots=True)
class Pair:
    """An output that a person judged, and its score; None while this release's scorer has said nothing of it."""

    label: Label
    score: Score | None


class Labels:
    """The labelled pairs. Callable from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pairs(self) -> list[Pair]:
        """Return every output that was accepted or rejected, the last judged first.

        A score by an older scorer, which is still being replaced, counts as none: two scorers are not mixed.
        """
        labels = self._store.labels.last()
        known = self._store.scores.of([label.prediction_id for label in labels])
        found = []
        for label in labels:
            quality = known.get(label.prediction_id)
            score = quality.score if quality is not None else None
            found.append(Pair(label, score if score is not None and score.version == SCORER_VERSION else None))
        return found


def labelled(pairs: Sequence[Pair]) -> list[Labelled]:
    """Return the pairs that have a score, as observations."""
    return [
        Labelled(
            prediction_id=pair.label.prediction_id,
            room=pair.label.room,
            accepted=pair.label.verdict is Verdict.ACCEPTED,
            score=pair.score.overall,
            at=pair.label.at,
            flags={flag.code: flag.severity for flag in reversed(pair.score.flags)},  # the worst of a code counts
            reasons=pair.label.reasons,
            model=pair.label.model,
        )
        for pair in pairs
        if pair.score is not None and pair.score.overall is not None
    ]
