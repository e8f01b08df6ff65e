"""The audit log as CSV, for whoever keeps it elsewhere."""

import csv
import io
import json
from collections.abc import Iterable

from staging.audit import Entry
from staging.exports.words import harmless

COLUMNS = ("sequence", "at", "actor", "origin", "act", "subject", "before", "after", "note", "previous", "digest")


def as_csv(entries: Iterable[Entry]) -> str:
    """Return the entries as CSV, before and after as JSON; a cell that a spreadsheet would run is quoted off."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([harmless(_cell(getattr(entry, name))) for name in COLUMNS])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None or isinstance(value, dict | list):
        return "" if value is None else json.dumps(value, ensure_ascii=False)
    return str(value)
