"""From a click on a past comparison to its pictures, with thousands of predictions in the ledger."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from staging.desk import ModelChoice
from staging.ids import new_id
from staging.predictions import Comparison, Event, Prediction, PredictionNow, State
from staging.store import Store
from tests.app_server import ROOT, AppServer
from tests.bench.figures import Figure
from tests.browser.chromium import FLAGS, find_chromium
from tests.labs import MODEL, ask, finished, lab_at
from tests.replicate_server import ReplicateServer

LEDGER = 5_000
OUTPUTS = 8
CLICKS = 30
NAME = "The one to open"

# Clicks the card and returns the milliseconds until every picture is decoded and a frame was drawn since.
OPEN = """async ({ name, wanted }) => {
  const all = (selector, root = document) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll("*")].filter((one) => one.shadowRoot).flatMap((one) => all(selector, one.shadowRoot)),
  ];
  const card = all(".picker .card").find((one) => one.textContent.includes(name));
  const began = performance.now();
  card.click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const shown = all(".grid .cell.done img");
    if (shown.length === wanted && shown.every((one) => one.complete && one.naturalWidth)) break;
  }
  await Promise.all(all(".grid .cell.done img").map((one) => one.decode()));
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""


def bench_history() -> list[Figure]:
    """Measure the clicks on a ledger of thousands, and on one that holds nothing else."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(FLAGS))
        small = _clicks(browser, _make(Path(folder) / "small", 0))
        large = _clicks(browser, _make(Path(folder) / "large", LEDGER))
        browser.close()
    return [
        Figure("comparison_click_to_pixels", _p95(large), "ms (p95)", "<= 300", f"only this one: {_p95(small):.0f}"),
    ]


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[round(0.95 * (len(values) - 1))]


def _make(data_dir: Path, more: int) -> Path:
    photo = (ROOT / "data" / "sample_rooms" / "living.jpg").read_bytes()
    with ReplicateServer(seconds=0.1) as server, lab_at(data_dir, server) as lab:
        comparison = ask(lab, ModelChoice(MODEL, seeds=4), ModelChoice("reve/edit", seeds=4), rooms=[photo])
        made = finished(lab, comparison)
        lab.store.comparisons.describe(comparison, "bench", datetime.now(UTC), name=NAME)
        one = next(iter(made.cells.values())).prediction
        ledger = lab.settings.ledger_path
    store = Store.open(ledger)  # without the engine, which would run what is queued
    for _ in range(more // OUTPUTS):
        _copy(store, one)
    store.close()
    return data_dir


def _copy(store: Store, one: PredictionNow) -> None:
    """Put a comparison of eight predictions into the past, each with the picture of `one`."""
    at = datetime.now(UTC) - timedelta(days=1)
    comparison = Comparison(new_id(), "", "", at, "bench")
    asked = one.prediction
    predictions = [
        Prediction(
            id=new_id(),
            comparison_id=comparison.id,
            room=asked.room,
            model=asked.model,
            version=asked.version,
            provider=asked.provider,
            style=asked.style,
            prompt=asked.prompt,
            parameters=asked.parameters,
            seed=seed,
            price=asked.price,
            estimate_usd=asked.estimate_usd,
            project="",
            created_at=at,
            created_by="bench",
        )
        for seed in range(OUTPUTS)
    ]
    store.predictions.queue(comparison, predictions, at)
    steps = []
    for prediction in predictions:
        steps += [
            Event(prediction.id, 1, State.SUBMITTING, at, input=one.input),
            Event(prediction.id, 2, State.RUNNING, at, provider_id=f"past-{prediction.id}"),
            Event(
                prediction.id,
                3,
                State.SUCCEEDED,
                at,
                total_seconds=5.0,
                run_seconds=3.0,
                charge_usd=Decimal("0.03"),
                charge_basis=one.charge_basis,
                charge_inputs=one.charge_inputs,
                outputs=one.outputs,
            ),
        ]
    store.predictions.append(steps)


def _clicks(browser: Browser, data_dir: Path) -> list[float]:
    server = AppServer(data_dir).start()
    try:
        page: Page = browser.new_context(viewport={"width": 1440, "height": 1400}).new_page()
        page.goto(server.url)
        page.get_by_role("link", name="History").click()
        each = []
        for _ in range(CLICKS):
            page.locator(".picker .card", has_text=NAME).wait_for(state="visible")
            page.locator("[data-test-script-state=notRunning]").first.wait_for(state="attached")
            each.append(float(page.evaluate(OPEN, {"name": NAME, "wanted": OUTPUTS})))
            page.get_by_role("link", name="History").click()
        return each
    finally:
        server.stop()
