"""What counts against a budget, read within one transaction so that nothing is counted twice or missed."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import duckdb

from staging.store.costs import spent

Cursor: TypeAlias = duckdb.DuckDBPyConnection
"""A transaction of the ledger, to be handed on."""

_COLUMNS = {"": "", "model": "model", "project": "project", "person": "person"}


class Counted(NamedTuple):
    """What counts against a limit, in US dollars."""

    spent_usd: Decimal
    """What has ended: known costs, and what was reserved for those that nobody knows."""
    reserved_usd: Decimal
    """What is set aside for all that has not ended."""


def counted(cursor: Cursor, zone: str, first: date, last: date, dimension: str = "", key: str = "") -> Counted:
    """Return what the days from the first to the last came to, and what is open now.

    `dimension` is one of "model", "project" and "person", or empty for all. `cursor` may stand in the
    transaction that queues: what was committed before it is counted.
    """
    column = _COLUMNS[dimension]
    where = f"WHERE {column} = ?" if column else ""
    ((reserved,),) = cursor.execute(
        f"SELECT coalesce(sum(reserved_usd), 0)::DECIMAL(18, 6) FROM app.open_predictions {where}",  # noqa: S608
        [key] if column else [],
    ).fetchall()
    return Counted(spent(cursor, zone, first, last, dimension, key), reserved)
