"""The ledger as files that any tool reads: one Parquet and one CSV for each subject."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from staging.store.connection import LedgerFile, quoted
from staging.store.tables import Table

_SUBJECTS = {
    "predictions": "FROM predictions_now ORDER BY prediction_id",
    "outputs": "FROM app.outputs ORDER BY prediction_id, position",
    "rooms": "FROM rooms_now ORDER BY uploaded_at, digest",
    "comparisons": "FROM comparisons_now ORDER BY id",
    "audit": "FROM app.audit ORDER BY sequence",
    "documents": "FROM app.documents ORDER BY kind, name, version",
    "verdicts": "FROM app.verdicts ORDER BY prediction_id, sequence",
    "ballots": "FROM app.ballots ORDER BY rater, pair, showing",
    "assignments": "FROM app.assignments ORDER BY experiment, phase, unit",
    "scores": "FROM app.scores ORDER BY prediction_id, position, sequence",
    "automatic_marks": "FROM app.automatic_marks ORDER BY prediction_id, position, sequence",
    "votes": "FROM app.votes ORDER BY rater, pair, showing, sequence",
}
_FORMATS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


def export(ledger: LedgerFile, folder: Path) -> dict[str, int]:
    """Write every subject into the folder, over what was there, and return the rows of each file.

    The ledger must have been opened with this folder as the one to export to. Uploads stay out:
    their addresses are between the provider and us.
    """
    written = {}
    for subject, rows in _SUBJECTS.items():
        for suffix, options in _FORMATS.items():
            path = folder / f"{subject}.{suffix}"
            ((written[path.name],),) = ledger.rows(f"COPY ({rows}) TO {quoted(path)} ({options})")
    return written


def parquet(columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return the rows as a Parquet file with these columns, each of its SQL type."""
    # A connection of its own: the ledger's may write no file.
    with TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        path = Path(folder) / "rows.parquet"
        table = Table("rows_to_write", columns)
        defined = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table.name} ({defined})")
        table.insert(connection, rows)
        connection.execute(f"COPY {table.name} TO {quoted(path)} ({_FORMATS['parquet']})")
        return path.read_bytes()
