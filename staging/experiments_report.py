"""What an experiment's phase came to so far: arms, pairs, split, guardrails and the verdict."""

from dataclasses import dataclass

from staging.errors import ExperimentRefused
from staging.experiments_split import SampleRatio, sample_ratio
from staging.experiments_terms import Arm, Experiment, Metric, Phase
from staging.experiments_verdict import Guard, Pair, Verdict, guards_of, pairs_of, verdict_of
from staging.quality import SCORER_VERSION
from staging.ratings import Outcome
from staging.store import ArmFigures, ArmScores, Store


@dataclass(frozen=True, slots=True)
class ArmReport:
    """What one arm came to."""

    arm: Arm
    key: str
    figures: ArmFigures
    votes: int
    won: int
    """Votes between arms that preferred it."""
    scores: ArmScores | None
    """What the automatic scorer says of its outputs; None without any score."""

    @property
    def score(self) -> float | None:
        """The mean of its outputs' automatic scores, 0 to 100; None without any."""
        return self.scores.mean if self.scores else None

    @property
    def structure_rate(self) -> float | None:
        """The share of its scored outputs whose architecture changed; None without any."""
        return self.scores.structure_rate if self.scores else None

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


def report(store: Store, experiment: Experiment, phase: int | None = None) -> Report:
    """Return what the phase (the last one when none is said) came to so far.

    Of automatic scores only those of this release's scorer count: versions are never mixed.
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
    scores = store.scores.of_arms(SCORER_VERSION, list(keys))
    units = dict.fromkeys(keys.values(), 0)
    for one in store.experiments.assignments(experiment.id, now.number):
        units[one.arm] = units.get(one.arm, 0) + 1
    pairs = pairs_of(votes, keys, terms.stop, terms.unit)
    held = guards_of(
        {name: figures[key] for key, name in keys.items()},
        terms.guards,
        {keys[key]: one for key, one in scores.items()},
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
                scores=scores.get(key),
            )
            for arm, key in zip(terms.arms, keys, strict=True)
        ),
        pairs=tuple(pairs),
        ratio=sample_ratio(units, {arm.name: arm.weight for arm in terms.arms}),
        guards=tuple(held),
        verdict=verdict_of(pairs, held, terms.stop, terms.unit),
        comparisons=tuple(store.experiments.comparisons(list(keys))),
    )
