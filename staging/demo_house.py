"""What the demo's people have set up: prompts, projects, model sets, keys, experiments, budgets and their alerts."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import cast

from pydantic import JsonValue

from staging.access import Role
from staging.alerts.due import due
from staging.budgets import Budget, Budgets, Period, Scope
from staging.demo_cast import ADA, BEN, CHLOE, EVE, FLOORS, FURNISH, KEY, OLD_KEY, PROJECTS, TONE, UNCHANGED
from staging.desk import ModelChoice
from staging.desk.sets import ModelSets
from staging.experiments import Arm, Experiment, Experiments, Guards, StopRule, Terms, Unit
from staging.experiments_report import report
from staging.floors import Floors
from staging.model_setups import ModelSetups
from staging.projects import Projects
from staging.registry import ModelRegistry
from staging.rooms import Room
from staging.routing import Routing
from staging.shelf import PromptShelf
from staging.store import ApiKey, Store
from staging.votes_contests import Unit as Judged
from staging.votes_queues import Queues

KEY_DAYS = 120
SPENT_OF_PROJECT = Decimal("0.87")
"""Of the budget that is near its limit."""


@dataclass(frozen=True, slots=True)
class House:
    """Sets things up as the demo's people. `store` writes no audit log: nobody did any of it."""

    store: Store
    registry: ModelRegistry
    shelf: PromptShelf
    """On the same store."""

    def edit_prompts(self, at: datetime) -> None:
        """A second edition of the prompt book is in use."""
        book = self.shelf.current().usable().body()
        styles = cast(dict[str, dict[str, str]], book["styles"])
        styles["industrial"]["look"] += " One tall plant softens the corner."
        told = cast(Mapping[str, JsonValue], book)
        self.shelf.keep(told, BEN, at, note="demo: a plant sells (made up)", follows=self.shelf.current().number)

    def set_up(self, at: datetime, now: datetime) -> None:
        """Projects, a saved set of models and API keys that nobody holds are there."""
        projects, sets = Projects(self.store), ModelSets(self.store.documents)
        for name, style in zip(PROJECTS, ("scandinavian", "modern"), strict=True):
            projects.set(name, ADA, at, style=style)
        routing = Routing(
            self.store, self.registry, self._experiments, ModelSetups(self.store.documents, self.registry)
        )
        routing.set(
            FURNISH, ADA, at, project=PROJECTS[1], parameters={"quality": "draft"}, note="demo: quick is enough"
        )
        sets.save("demo: all offline", [ModelChoice(model, {}) for model in (FURNISH, TONE, UNCHANGED)], CHLOE)
        for name, age in ((OLD_KEY, 29), (KEY, 9)):
            made = max(at, now - timedelta(days=age))
            nobodys = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
            ends = now + timedelta(days=KEY_DAYS)
            key = ApiKey(secrets.token_hex(6), name, nobodys, Role.OPERATOR, EVE, made, ends, None, None, None)
            self.store.keys.add(key, EVE)
            if name == OLD_KEY:
                self.store.keys.revoke(key.id, EVE, min(now, made + timedelta(days=12)))

    def outline(self, rooms: Iterable[Room], at: datetime) -> None:
        """The floors that somebody has clicked on are remembered."""
        for room in rooms:
            if room.name in FLOORS:
                Floors(self.store).keep(room.digest, FLOORS[room.name], CHLOE, at)

    def begin(self, question: str, arms: Sequence[Arm], projects: Sequence[str], at: datetime, most: int) -> Experiment:
        """An experiment on these listings is running; return it."""
        terms = Terms(
            question=question,
            owner=ADA,
            arms=tuple(arms),
            unit=Unit.PROJECT,
            projects=tuple(projects),
            stop=StopRule(most_units=most),
            guards=Guards(cost_percent=1000),
        )
        drafted = self._experiments.draft(terms, ADA, at)
        return self._experiments.start(drafted.id, ADA, at, note="demo: started", follows=drafted.version)

    def conclude(self, experiment: Experiment, at: datetime) -> Experiment:
        """The experiment is over, with what its report says and the arm that it prefers; its listings are archived."""
        found = report(self.store, experiment).verdict
        follows = experiment.version
        for name in experiment.terms.projects:
            Projects(self.store).set(name, ADA, at, archived=True)
        return self._experiments.decide(
            experiment.id, found.winner, found.sentence, ADA, at, note="demo: made-up votes", follows=follows
        )

    def ask_for_votes(self, comparisons: Sequence[str]) -> None:
        """A queue of these comparisons is open."""
        Queues(self.store).make("demo: rooms of the last days", comparisons, Judged.PICTURE, CHLOE)

    def budget(self, spent: Mapping[str, Decimal], at: datetime, now: datetime) -> None:
        """Three budgets hold, one of them nearly used up; what they call for by now was raised, and sent nowhere."""
        budgets = Budgets(self.store, self.registry, lambda: now)
        project = max(PROJECTS, key=lambda one: spent.get(one, Decimal(0)))
        for budget in (
            Budget(
                "demo: everything", Scope.ALL, "", Period.MONTH, _limit(sum(spent.values()), Decimal("0.25")), False
            ),
            Budget(
                project,
                Scope.PROJECT,
                project,
                Period.TOTAL,
                _limit(spent.get(project, Decimal(0)), SPENT_OF_PROJECT),
                True,
            ),
            Budget("demo: Ben's trials", Scope.PERSON, BEN, Period.WEEK, Decimal("2.00"), False),
        ):
            budgets.save(budget, ADA, at, note="demo")
        for standing in budgets.standings():
            for alert in due(standing, (), None, budgets.today(), now - timedelta(hours=3)):
                self.store.alerts.raise_once(alert, ())

    @property
    def _experiments(self) -> Experiments:
        return Experiments(self.store, self.registry)


def _limit(spent: Decimal | int, share: Decimal) -> Decimal:
    """Return the limit of which so much is spent, in whole cents, at least one."""
    return max(Decimal("0.01"), (Decimal(spent) / share).quantize(Decimal("0.01"), ROUND_UP))
