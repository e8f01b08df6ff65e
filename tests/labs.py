"""A real lab in a temporary folder, for tests: open it, ask for predictions, wait for their end."""

import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import JsonValue

from staging.config import Settings
from staging.desk import ComparisonView, ModelChoice
from staging.lab import Lab, open_lab
from staging.predictions import PredictionNow
from tests.replicate_server import ReplicateServer

QUICK: Mapping[str, Any] = {
    "sample_rooms": False,
    "scoring": False,
    "settle_seconds": 1.0,
    "poll_fastest_seconds": 0.05,
    "poll_slowest_seconds": 0.2,
    "deadline_seconds": 30.0,
}
"""Settings that make a test short where the product waits for a live provider."""

MODEL = "qwen/qwen-image-edit"
UNCHANGED = "offline/unchanged"


def photo(shade: int = 0, size: tuple[int, int] = (320, 256), kind: str = "PNG") -> bytes:
    """Return a picture of its own for each shade, 0 to 255."""
    data = io.BytesIO()
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture.putpixel((0, 0), (shade, 0, 0))
    picture.save(data, kind)
    return data.getvalue()


@contextmanager
def lab_at(folder: Path, server: ReplicateServer | None = None, **settings: Any) -> Iterator[Lab]:
    """An open lab on the folder, with the server as its Replicate; closed afterwards."""
    replicate: dict[str, Any] = {}
    if server is not None:
        replicate = {
            "replicate_api_token": server.token,
            "replicate_base_url": server.url,
            "output_hosts": (server.host,),
        }
    lab = open_lab(Settings(data_dir=folder, **{**QUICK, **replicate, **settings}))
    try:
        yield lab
    finally:
        lab.close()


def ask(
    lab: Lab,
    *choices: ModelChoice | str,
    rooms: Sequence[bytes] = (),
    prompt: str = "Furnish this room.",
    parameters: Mapping[str, JsonValue] | None = None,
) -> str:
    """Return the id of a comparison of these models on these photos, under way."""
    digests = [lab.desk.keep_room(data, f"room {n}.png", "tester").digest for n, data in enumerate(rooms or [photo()])]
    chosen = [
        choice if isinstance(choice, ModelChoice) else ModelChoice(choice, parameters or {}) for choice in choices
    ]
    plan = lab.desk.plan(digests, chosen, style="modern", prompts=dict.fromkeys(digests, prompt))
    return lab.desk.start(plan, "tester", confirmed=plan.estimate.amount)


def wait_for(what: Callable[[], bool], seconds: float = 90.0, every: float = 0.05) -> None:
    """Return when it holds; AssertionError when it does not in time."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(every)


def finished(lab: Lab, comparison_id: str, seconds: float = 90.0, every: float = 0.05) -> ComparisonView:
    """Return the comparison once nothing in it is under way."""
    # Asked often, so the cheapest way: a whole look takes a third of a core.
    wait_for(lambda: not lab.store.comparisons.running(among=[comparison_id]), seconds, every)
    return lab.desk.look(comparison_id)


def only(view: ComparisonView) -> PredictionNow:
    """Return the one prediction of a comparison."""
    (cell,) = view.cells.values()
    return cell.prediction


def run_one(lab: Lab, choice: ModelChoice | str = MODEL, **asked: Any) -> PredictionNow:
    """Return one prediction, ended."""
    return only(finished(lab, ask(lab, choice, **asked)))
