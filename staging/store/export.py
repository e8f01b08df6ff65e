"""The ledger as files that any tool reads: one Parquet and one CSV for each subject."""

from pathlib import Path

from staging.store.connection import LedgerFile, quoted

_SUBJECTS = {
    "predictions": "FROM predictions_now ORDER BY prediction_id",
    "outputs": "FROM app.outputs ORDER BY prediction_id, position",
    "rooms": "FROM rooms_now ORDER BY uploaded_at, digest",
    "comparisons": "FROM comparisons_now ORDER BY id",
    "documents": "FROM app.documents ORDER BY kind, name, version",
    "verdicts": "FROM app.verdicts ORDER BY prediction_id, sequence",
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
