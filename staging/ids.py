"""The ids of everything that is made here."""

import uuid_utils


def new_id() -> str:
    """Return a new id: a UUIDv7 as text, so that ids made later in this process sort later.

    Made in Python, not by the ledger, so that an id is known before its row is written; ids that
    sort by time keep a comparison's rows together in the ledger, which is what makes them quick to find.
    """
    return str(uuid_utils.uuid7())
