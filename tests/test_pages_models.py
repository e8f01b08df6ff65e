"""The Models page tells everything the registry knows, and what cannot run here."""

from staging.lab import Lab
from tests.screens import visit, words


def test_every_model_of_the_registry_is_shown(first_lab: Lab) -> None:
    screen = visit("models")

    for spec in first_lab.registry:
        assert screen.get_by_key(f"model-{spec.id.value.replace('/', '-').replace('.', '-')}")
    assert "26 models in the registry, 3 of them ready to run here." in words(screen).replace("\\", "")


def test_a_price_comes_with_its_source_and_date(first_lab: Lab) -> None:
    spec = first_lab.registry.default
    screen = visit("models")

    table = screen.get_by_key("model-qwen-qwen-image-edit").table[0].value
    told = {str(name): str(value).replace("\\", "").replace("\u2060", "") for name, value in table.iloc[:, 0].items()}

    assert told["Price"].startswith("$0.03 per image")
    assert spec.price.source in told["Source"]
    assert str(spec.price.dated.year) in told["Source"]
    assert told["Licence"] == spec.licence


def test_an_unknown_price_is_said(first_lab: Lab) -> None:
    table = visit("models").get_by_key("model-google-nano-banana-2").table[0].value

    assert str(table.iloc[:, 0]["Price"]).startswith("price unknown")


def test_what_cannot_run_here_says_why(first_lab: Lab) -> None:
    card = visit("models").get_by_key("model-google-nano-banana")

    assert any("REPLICATE" in caption.value for caption in card.caption)


def test_offline_baselines_are_labelled(first_lab: Lab) -> None:
    screen = visit("models")

    for name in ("furnish", "unchanged"):
        card = screen.get_by_key(f"model-offline-{name}")
        assert any("offline baseline" in text.value.casefold() for text in card.markdown)


def test_search_finds_by_capability(first_lab: Lab) -> None:
    screen = visit("models")

    screen.text_input(key="models-search").set_value("mask").run()

    assert len([one for one in screen.link_button if one.value == "Documentation"]) == 1


def test_a_search_without_a_find_says_what_to_do(first_lab: Lab) -> None:
    screen = visit("models")

    screen.text_input(key="models-search").set_value("no such model").run()

    assert "No model matches" in words(screen)
