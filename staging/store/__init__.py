"""The ledger: every room, prediction, output, verdict and charge, in one DuckDB file.

Only this package knows DuckDB. The file belongs to one process at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from staging.errors import LedgerDamaged
from staging.images import Pictures
from staging.store.alerts import Alert, AlertKey, AlertLedger, AlertLine, Bell, Delivery, Step
from staging.store.audit import AuditFilter, AuditLedger
from staging.store.ballots import (
    Ballot,
    BallotFilter,
    Choice,
    Kind,
    Meetings,
    Pin,
    RaterChecks,
    RaterState,
    Side,
    Vote,
)
from staging.store.comparisons import ComparisonFilter, ComparisonLedger, ComparisonLine, Favourite
from staging.store.connection import LedgerFile
from staging.store.contenders import Contender, ContenderLedger
from staging.store.cost_reading import LONGEST_BY_DAY
from staging.store.costs import CostLedger
from staging.store.demo import DemoGone, DemoLedger, NoAudit
from staging.store.documents import Document, DocumentLedger
from staging.store.experiments import ArmFigures, ArmVote, Assignment, ExperimentLedger
from staging.store.export import export, parquet
from staging.store.history import HistoryLedger, ModelHistory
from staging.store.judgements import JudgementLedger
from staging.store.keys import ApiKey, JobLedger, JobOrder, KeyLedger
from staging.store.labels import Label, LabelLedger
from staging.store.predictions import PredictionLedger
from staging.store.reports import CostFilter, CostReport, CostRow, DayOfModel, RunTimes, UnderWay, Waste
from staging.store.retention import KEEPS, OUTPUT, ROOM, VIEW, Deletion, RetentionLedger
from staging.store.rooms import RoomLedger
from staging.store.schema import applied_migrations, make_views, migrate, pending, read_migrations
from staging.store.scored import (
    ArmScores,
    AutomaticDeed,
    AutomaticMark,
    ModelQuality,
    Quality,
    Score,
    ScoreFlag,
    ScoreState,
    ToScore,
)
from staging.store.scores import Judged, ScoreLedger
from staging.store.settlements import Billed, Settlement, SettlementLedger
from staging.store.uploads import UploadLedger
from staging.store.verify import Verification, verify
from staging.store.votes import VoteLedger

__all__ = [
    "KEEPS",
    "LONGEST_BY_DAY",
    "OUTPUT",
    "ROOM",
    "VIEW",
    "Alert",
    "AlertKey",
    "AlertLedger",
    "AlertLine",
    "ApiKey",
    "ArmFigures",
    "ArmScores",
    "ArmVote",
    "Assignment",
    "AuditFilter",
    "AuditLedger",
    "AutomaticDeed",
    "AutomaticMark",
    "Ballot",
    "BallotFilter",
    "Bell",
    "Billed",
    "Choice",
    "ComparisonFilter",
    "ComparisonLedger",
    "ComparisonLine",
    "Contender",
    "ContenderLedger",
    "CostFilter",
    "CostLedger",
    "CostReport",
    "CostRow",
    "DayOfModel",
    "Deletion",
    "Delivery",
    "DemoGone",
    "Document",
    "DocumentLedger",
    "ExperimentLedger",
    "Favourite",
    "HistoryLedger",
    "JobLedger",
    "JobOrder",
    "Judged",
    "JudgementLedger",
    "KeyLedger",
    "Kind",
    "Label",
    "LabelLedger",
    "Meetings",
    "ModelHistory",
    "ModelQuality",
    "Pin",
    "PredictionLedger",
    "Quality",
    "RaterChecks",
    "RaterState",
    "RetentionLedger",
    "RoomLedger",
    "RunTimes",
    "Score",
    "ScoreFlag",
    "ScoreLedger",
    "ScoreState",
    "Settlement",
    "SettlementLedger",
    "Side",
    "Step",
    "Store",
    "ToScore",
    "UnderWay",
    "UploadLedger",
    "Verification",
    "Vote",
    "VoteLedger",
    "Waste",
    "parquet",
]


class Store:
    """The open ledger, by subject. Every method of every part may be called from any thread."""

    def __init__(self, ledger: LedgerFile, zone: str = "UTC", audit: AuditLedger | None = None) -> None:
        self.ledger = ledger
        self.audit = audit or AuditLedger(ledger)
        self.retention = RetentionLedger(ledger, self.audit)
        self.rooms = RoomLedger(ledger, self.audit)
        self.comparisons = ComparisonLedger(ledger)
        self.predictions = PredictionLedger(ledger)
        self.documents = DocumentLedger(ledger, self.audit)
        self.history = HistoryLedger(ledger)
        self.uploads = UploadLedger(ledger)
        self.costs = CostLedger(ledger, zone)
        self.alerts = AlertLedger(ledger)
        self.settlements = SettlementLedger(ledger, self.audit)
        self.experiments = ExperimentLedger(ledger)
        self.votes = VoteLedger(ledger)
        self.contenders = ContenderLedger(ledger)
        self.keys = KeyLedger(ledger, self.audit)
        self.jobs = JobLedger(ledger)
        self.scores = ScoreLedger(ledger, self.audit)
        self.labels = LabelLedger(ledger)
        self.judgements = JudgementLedger(ledger)
        self.demo = DemoLedger(ledger, self.audit)

    @classmethod
    def open(cls, path: Path, zone: str = "UTC") -> Self:
        """Return the ledger, made when it is not there, with every migration applied.

        `zone` is the IANA name of the time zone whose days and months count for costs.

        LedgerDamaged or DataFolderBusy say what to do when it cannot be opened.
        """
        ledger = LedgerFile(path)
        try:
            migrate(ledger, read_migrations())
            make_views(ledger)
        except BaseException:
            ledger.close()
            raise
        return cls(ledger, zone)

    @classmethod
    def read(cls, path: Path, zone: str = "UTC", *, export_to: Path | None = None) -> Self:
        """Return the ledger to be read only: nothing is changed, whatever is asked of it.

        `export_to` is the one folder that an export may write to. Errors as of `open`; LedgerDamaged
        also when it is an older one, which the app has to bring up to date first.
        """
        ledger = LedgerFile(path, read_only=True, export_to=export_to)
        try:
            if pending(ledger, read_migrations()):
                raise LedgerDamaged(f"The ledger {path} is of an older Staging Lab: start the app once to update it.")
            make_views(ledger)
        except BaseException:
            ledger.close()
            raise
        return cls(ledger, zone)

    @contextmanager
    def made_up(self) -> Iterator["Store"]:
        """Run the body in one transaction, with no deed in the audit log: only for demo history, which nobody did."""
        with self.ledger.all_in_one() as ledger:
            yield Store(ledger, self.costs.zone, NoAudit(ledger))

    @property
    def schema_version(self) -> int:
        """The number of the last migration applied."""
        return len(applied_migrations(self.ledger))

    def verify(self, pictures: Pictures) -> Verification:
        """Return what differs between the ledger, its pictures and its totals, all derived again."""
        return verify(self.ledger, self.audit, self.costs, pictures)

    def export(self, folder: Path) -> dict[str, int]:
        """Write the ledger into the folder it was opened to export to; return the rows of each file."""
        return export(self.ledger, folder)

    def close(self) -> None:
        """Let go of the file; what was acknowledged is in it."""
        self.ledger.close()
