"""What an experiment's phase came to so far: arms, pairs, split, guardrails and the verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from staging.errors import ExperimentRefused
from staging.experiments_split import SampleRatio, sample_ratio
from staging.experiments_terms import Arm, Experiment, Metric, Phase
from staging.experiments_verdict import Guard, Pair, Verdict, guards_of, pairs_of, verdict_of
from staging.ratings import Outcome
from staging.store import ArmFigures, Store

Scores = Callable[[Sequence[str]], Mapping[str, float]]
"""What returns the automatic scores of predictions by their ids; those without one are absent."""


@dataclass(frozen=True, slots=True)
class ArmReport:
    """What one arm came to."""

    arm: Arm
    key: str
    figures: ArmFigures
    votes: int
    won: int
    """Votes between arms that preferred it."""
    score: float | None
    """The mean of its outputs' automatic scores; None without any."""

    @property
    def acceptance(self) -> float | None:
        """The share of the judged outputs that was accepted; None before any was."""
        judged = self.figures.accepted + self.figures.rejected
        return self.figures.accepted / judged if judged else None

    @property
    def failure_rate(self) -> float | None:
        """The share of the ended runs that failed; None before any ended."""
        return self.figures.failed / self.figures.ended if self.figures.ended else None


@dataclass(frozen=True, slots=True)
class Report:
    """What a phase came to so far."""

    experiment: Experiment
    phase: Phase
    arms: tuple[ArmReport, ...]
    pairs: tuple[Pair, ...]
    ratio: SampleRatio
    guards: tuple[Guard, ...]
    verdict: Verdict
    comparisons: tuple[str, ...]
    """In which its predictions were made."""

    def shows(self, metric: Metric) -> bool:
        """True when the experiment compares its arms by this."""
        return metric in self.phase.terms.metrics


def report(store: Store, experiment: Experiment, phase: int | None = None, scores: Scores | None = None) -> Report:
    """Return what the phase (the last one when none is said) came to so far.

    ExperimentRefused when the experiment was never started or has no such phase.
    """
    of = [one for one in experiment.body.phases if phase in (None, one.number)]
    if not of:
        raise ExperimentRefused("There is no such phase: the experiment was not started, or has fewer.")
    now = of[-1]
    terms = now.terms
    keys = {experiment.key(arm.name, now.number): arm.name for arm in terms.arms}
    figures = store.experiments.figures(list(keys))
    votes = store.experiments.votes(list(keys))
    means = _means(store, list(keys), scores)
    units = dict.fromkeys(keys.values(), 0)
    for one in store.experiments.assignments(experiment.id, now.number):
        units[one.arm] = units.get(one.arm, 0) + 1
    pairs = pairs_of(votes, keys, terms.stop, terms.unit)
    held = guards_of(
        {name: figures[key] for key, name in keys.items()},
        terms.guards,
        {keys[key]: mean for key, mean in means.items()},
    )
    winners = [{Outcome.LEFT: vote.left, Outcome.RIGHT: vote.right}.get(vote.outcome) for vote in votes]
    return Report(
        experiment=experiment,
        phase=now,
        arms=tuple(
            ArmReport(
                arm=arm,
                key=key,
                figures=figures[key],
                votes=sum(key in (vote.left, vote.right) for vote in votes),
                won=winners.count(key),
                score=means.get(key),
            )
            for arm, key in zip(terms.arms, keys, strict=True)
        ),
        pairs=tuple(pairs),
        ratio=sample_ratio(units, {arm.name: arm.weight for arm in terms.arms}),
        guards=tuple(held),
        verdict=verdict_of(pairs, held, terms.stop, terms.unit),
        comparisons=tuple(store.experiments.comparisons(list(keys))),
    )


def _means(store: Store, keys: Sequence[str], scores: Scores | None) -> dict[str, float]:
    """Return the mean automatic score of each arm that has one."""
    if scores is None:
        return {}
    arms = store.experiments.outputs(keys)
    found = scores(list(arms))
    of_arm: dict[str, list[float]] = {}
    for prediction_id, score in found.items():
        of_arm.setdefault(arms[prediction_id], []).append(score)
    return {key: sum(values) / len(values) for key, values in of_arm.items()}
