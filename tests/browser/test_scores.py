"""Scores as people see them: badges in the grid, its filter, and the layer in the viewer with its legend."""

import re
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect

from staging.images import Pictures
from staging.scoring import Scoring
from staging.store import Store
from staging.thresholds import QualityThresholds
from tests.browser.conftest import LOOKS, Look, OpenPage
from tests.browser.test_accessibility import hindrances
from tests.browser.viewed import QWEN, Viewed, empty_room, furnished, make, png
from tests.ledgers import NOW, comparison, ending, prediction, steps
from tests.scored import prompt_child, score

BANANA = "google/nano-banana"


def without_window(photo: Image.Image) -> Image.Image:
    """Return the room with its window and its door painted over."""
    ImageDraw.Draw(photo).rectangle((190, 150, 1560, 850), fill=(214, 210, 206))
    return photo


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewed]:
    """A comparison whose outputs of the first room were scored by the real scorer; one lost the window."""
    folder = tmp_path_factory.mktemp("scored") / "data"
    made = make(folder)
    store = Store.open(folder / "staging.duckdb")
    pictures = Pictures(folder / "pictures", b"only for writing")
    asked = store.comparisons.get(made.comparison)
    one = prediction(comparison(id=asked.id), room=made.rooms[0], model=BANANA)
    store.predictions.queue(asked, [one], NOW)
    kept = pictures.keep_output(png(furnished(without_window(empty_room()), (70, 96, 120))))
    store.predictions.append([*steps(one), ending(one, outputs=(kept,))])
    for (number, _), known in made.predictions.items():
        if number:  # of the second room nothing is looked at here
            store.scores.record(score(known))
    scoring = Scoring(store, pictures, QualityThresholds(store), make_child=prompt_child)
    while scoring.look():
        pass
    scoring.stop()
    pictures.close()
    store.close()
    made.predictions[0, BANANA] = one.id
    made.server.start()
    yield made
    made.server.stop()


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["wide and light", "phone and dark"])
def test_the_grid_shows_scores_and_leaves_what_changed_the_structure(
    scored: Viewed, open_page: OpenPage, look: Look
) -> None:
    page = open_page(f"/?comparison={scored.comparison}", server=scored.server, look=look)
    changed = page.locator(f'[data-prediction="{scored.predictions[0, BANANA]}"]')
    badge = changed.locator(".badge.score")
    expect(badge).to_have_text(re.compile(r"^\d+ · "))
    expect(changed.get_by_role("button", name=re.compile(r"score \d+"))).to_be_visible()

    button = page.get_by_role("button", name=re.compile(r"^Structure changed \(\d+\)$"))
    button.click()

    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".grid")).to_have_class(re.compile("only-changed"))
    expect(page).to_have_url(re.compile("grid=.*changed"))
    expect(changed.locator("img")).to_have_css("opacity", "1")
    kept = page.locator(f'[data-prediction="{scored.predictions[0, QWEN]}"]')
    expect(kept.locator("img")).to_have_css("opacity", "0.3")
    kept.get_by_role("button").focus()
    expect(kept.locator("img")).to_have_css("opacity", "1")
    assert hindrances(page) == []


def layer(dialog: Locator) -> Locator:
    return dialog.locator(".layer img.overlay")


def test_the_layer_is_a_key_and_a_button_with_a_legend_in_words(scored: Viewed, open_page: OpenPage) -> None:
    page = open_page(scored.address(BANANA), server=scored.server)
    dialog = page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Overlay", exact=True)
    legend = dialog.get_by_role("group", name="Legend of the overlay")
    expect(dialog.get_by_role("group", name="Automatic score")).to_contain_text(re.compile(r"Score \d+ of 100: \w"))
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(legend).to_be_hidden()

    dialog.get_by_role("slider", name=re.compile("^Divider")).press("o")

    expect(button).to_have_attribute("aria-pressed", "true")
    expect(layer(dialog)).to_have_count(1)
    expect(layer(dialog)).to_have_js_property("complete", True)
    assert layer(dialog).evaluate("image => image.naturalWidth") == 1600
    for word in ("Kept", "Erased", "Hidden", "Added", "Arrows"):
        expect(legend).to_contain_text(word)
    expect(page).to_have_url(re.compile("look=.*v"))
    assert hindrances(page) == []

    again = open_page(page.url.removeprefix(scored.server.url), server=scored.server).get_by_role("dialog")
    expect(layer(again)).to_have_count(1)
    again.get_by_role("button", name="Overlay", exact=True).click()
    expect(layer(again)).to_have_count(0)


def test_the_drawer_has_every_part(scored: Viewed, open_page: OpenPage) -> None:
    page = open_page(scored.address(QWEN, look="i"), server=scored.server)
    drawer = page.get_by_role("complementary", name="Information")

    expect(drawer).to_contain_text("Structure kept: ")
    expect(drawer).to_contain_text("Doors and windows kept and free: ")
