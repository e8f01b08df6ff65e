"""A ledger with the blind votes of a panel, for the page and the browser."""

from datetime import UTC, datetime, timedelta

from staging.predictions import Reason
from staging.ratings import Outcome
from staging.store import Store
from staging.store.tables import VOTES
from tests.leanings import leaning, rows_of

MODELS = (
    "google/nano-banana-pro",
    "black-forest-labs/flux-kontext-pro",
    "qwen/qwen-image-edit",
    "reve/edit",
    "bytedance/seedream-4",
    "offline/furnish",
)
SKILL = (1.0, 0.7, 0.6, 0.0, -0.3, -1.4)
REASONS = (Reason.ARTEFACTS, Reason.SCALE, Reason.ARTEFACTS, Reason.STRUCTURE, Reason.LIGHT, Reason.ARTEFACTS)
KINDS = (("living", "modern", ""), ("bedroom", "modern", "12 Elm Street"), ("kitchen", "coastal", "Harbour Lofts"))


def vote_for_a_month(store: Store, votes: int = 900, days: int = 30) -> int:
    """Write down so many votes of ten raters on forty rooms up to now, and return how many."""
    panel = leaning(11, votes, SKILL, rooms=40, raters=10, ties=0.1, both_bad=0.05)
    called = dict(zip(panel.models, MODELS, strict=True))
    people = {name: "local" if not n else name for n, name in enumerate(panel.raters)}
    now = datetime.now(UTC)
    rows = []
    for n, (room, rater, left, right, said) in enumerate(rows_of(panel)):
        room_type, style, project = KINDS[int(room[-4:]) % len(KINDS)]
        lost = said in (Outcome.LEFT, Outcome.RIGHT) and n % 3 == 0
        why = [REASONS[n // 3 % len(REASONS)].value] if lost else []
        given_at = now - timedelta(days=days * (1 - n / votes), minutes=5)
        key = (people[rater], f"{n:032x}", 0, 0, f"ballot {n}", "pair", room, room_type, style, project)
        models = (called[left], called[right], None, None)
        rows.append((*key, *models, said, why, None, None, None, None, 4.5, given_at))
    with store.ledger.writing() as cursor:
        VOTES.insert(cursor, rows)
    return votes
