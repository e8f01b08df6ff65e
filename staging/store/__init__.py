"""The ledger: every room, prediction, output, verdict and charge, in one DuckDB file.

Only this package knows DuckDB. The file belongs to one process at a time.
"""

from pathlib import Path
from typing import Self

from staging.store.connection import LedgerFile
from staging.store.costs import CostLedger, CostReport, CostRow
from staging.store.predictions import PredictionLedger
from staging.store.rooms import RoomLedger
from staging.store.schema import make_views, migrate, read_migrations
from staging.store.uploads import UploadLedger

__all__ = ["CostLedger", "CostReport", "CostRow", "PredictionLedger", "RoomLedger", "Store", "UploadLedger"]


class Store:
    """The open ledger, by subject. Every method of every part may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self.ledger = ledger
        self.rooms = RoomLedger(ledger)
        self.predictions = PredictionLedger(ledger)
        self.uploads = UploadLedger(ledger)
        self.costs = CostLedger(ledger)

    @classmethod
    def open(cls, path: Path, export_to: Path | None = None) -> Self:
        """Return the ledger, made when it is not there, with every migration applied.

        `export_to` is the one folder that an export may write to. LedgerDamaged or DataFolderBusy
        say what to do when it cannot be opened.
        """
        ledger = LedgerFile(path, export_to)
        try:
            migrate(ledger, read_migrations())
            make_views(ledger)
        except BaseException:
            ledger.close()
            raise
        return cls(ledger)

    def close(self) -> None:
        """Let go of the file; what was acknowledged is in it."""
        self.ledger.close()
