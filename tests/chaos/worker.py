"""The process that is killed: it opens the lab, asks for predictions once, and carries them to their end.

    python -m tests.chaos.worker FOLDER SERVER_URL TOKEN PREDICTIONS [naive]

With `naive`, a doubt is settled the usual wrong way: the create is simply sent again.
"""

import sys
from pathlib import Path

from staging.desk import ModelChoice
from staging.engine import carry
from staging.engine.life import Life
from staging.engine.workplace import Workplace
from staging.lab import Lab
from staging.predictions import State
from tests.labs import ask, finished, lab_at, photo
from tests.replicate_server import ReplicateServer

MODELS = ("qwen/qwen-image-edit", "black-forest-labs/flux-kontext-pro", "google/nano-banana")
SEEDS = 4


async def naive_settle(work: Workplace, life: Life) -> None:
    """A fake: what happens without looking first. Tests only."""
    await life.step(life.next(State.QUEUED))


def main(folder: Path, server: ReplicateServer, wanted: int) -> None:
    """Print READY when all is asked for, and DONE when all has ended."""
    with lab_at(folder, server, settle_seconds=0.6, concurrency=24, create_burst=100, creates_per_minute=6000) as lab:
        comparisons = [comparison.id for comparison in lab.store.comparisons.list()]
        while _asked(lab, comparisons) < wanted:
            shade = len(comparisons)
            choices = [ModelChoice(model, seeds=SEEDS) for model in MODELS]
            comparisons.append(ask(lab, *choices, rooms=[photo(shade), photo(shade + 100)]))
        print("READY", flush=True)
        for comparison in comparisons:
            finished(lab, comparison, seconds=120)
    print("DONE", flush=True)


def _asked(lab: Lab, comparisons: list[str]) -> int:
    return sum(len(lab.store.predictions.of_comparison(comparison)) for comparison in comparisons)


if __name__ == "__main__":
    known = ReplicateServer(token=sys.argv[3])
    known.url = sys.argv[2]
    if sys.argv[5:] == ["naive"]:
        vars(carry)["settle"] = naive_settle
    main(Path(sys.argv[1]), known, int(sys.argv[4]))
