"""The prediction engine: one thread that carries every prediction from queued to its end.

Pages and API write intents to the ledger and wake it; it reads the ledger, talks to the providers
and appends events. It imports no page and keeps nothing that a restart would need.

    thread.py   the thread, its loop, taking up work, stopping
    carry.py    one prediction from wherever it stands to its end, by these steps:
    create.py       queued → running: one create
    settle.py       in doubt → running, queued or unknown; adopt.py says what counts as ours
    watch.py        running → the provider's last word
    finish.py       the last word → pictures kept, charge reckoned, our last event
    life.py     the prediction in hand; workplace.py what is worked with
    poll.py     one question to the provider answers for all that wait
    pace.py     the token bucket and the places of a provider
    journal.py  events reach the ledger in groups
"""

from staging.engine.life import WAITING, Live
from staging.engine.thread import Engine

__all__ = ["WAITING", "Engine", "Live"]
