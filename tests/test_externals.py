"""Pictures made elsewhere: they stand in a comparison like any other, and nobody is ever asked to run them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pages.components import cells
from staging.errors import EventRefused, NotFound, ParametersRefused, UploadRejected
from staging.externals import Import, bring_in, external_id, is_external, model_name
from staging.lab import Lab
from staging.predictions import Event, PredictionNow, State, Verdict
from tests.labs import UNCHANGED, ask, finished, lab_at, photo


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_at(tmp_path / "data") as lab:
        yield lab


def brought(lab: Lab, comparison: str | None, maker: str = "Studio Müller", **facts: object) -> PredictionNow:
    digest = lab.desk.keep_room(photo(), "room 0.png", "tester").digest
    known: dict[str, object] = {"data": photo(7, kind="JPEG"), "file_name": "done.jpg", "room": digest, "maker": maker}
    piece = Import(**known | facts)  # type: ignore[arg-type]
    made = bring_in(lab.store, lab.pictures, piece, "ada", comparison=comparison)
    return lab.store.predictions.get(made.id)


def test_it_stands_in_the_comparison_as_a_column_of_its_own(lab: Lab) -> None:
    comparison = ask(lab, UNCHANGED)
    finished(lab, comparison)

    now = brought(lab, comparison, usd=Decimal("12.50"))

    view = lab.desk.look(comparison)
    assert view.columns == ((UNCHANGED, 0), ("external/studio-muller", 0))
    assert view.cells[now.prediction.room, "external/studio-muller", 0].prediction == now
    assert (now.state, now.prediction.provider, now.prediction.created_by) == (State.SUCCEEDED, "external", "ada")
    assert lab.pictures.output_path(now.outputs[0].digest).read_bytes() == photo(7, kind="JPEG")
    assert lab.desk.mark(now.prediction.id, "ada", verdict=Verdict.ACCEPTED).verdict is Verdict.ACCEPTED


def test_what_was_made_elsewhere_is_not_run_again(lab: Lab) -> None:
    comparison = ask(lab, UNCHANGED)
    brought(lab, comparison)

    recipe = lab.desk.recipe(comparison)

    assert [choice.model for choice in recipe.choices] == [UNCHANGED]
    assert set(recipe.prompts.values()) == {"Furnish this room."}


def test_its_column_bears_the_makers_name_and_says_that_it_is_external(lab: Lab) -> None:
    view = lab.desk.look(brought(lab, None).prediction.comparison_id)

    (column,) = cells.columns(view, lab.registry)

    assert (column.name, column.badge) == ("Studio Müller", cells.EXTERNAL)


def test_it_can_be_a_comparison_of_its_own(lab: Lab) -> None:
    now = brought(lab, None)

    assert lab.desk.look(now.prediction.comparison_id).unfinished == 0
    assert lab.store.comparisons.get(now.prediction.comparison_id).created_by == "ada"


@pytest.mark.parametrize("usd", [Decimal("12.50"), Decimal(0), None])
def test_what_it_cost_is_as_stated_and_verify_agrees(lab: Lab, usd: Decimal | None) -> None:
    now = brought(lab, None, usd=usd)

    assert now.charge_usd == usd
    assert (now.charge_basis or "").startswith("imported, as stated: " + ("price unknown" if usd is None else ""))
    report = lab.store.costs.report(lab.store.costs.today(), lab.store.costs.today())
    assert (report.total.cost_usd, report.total.unknown_charges) == (usd or 0, int(usd is None))
    assert lab.store.verify(lab.pictures).differences == ()


def test_no_moment_shows_it_unfinished(lab: Lab) -> None:
    """The engine takes what is unfinished: between the two events there must be nothing to read."""
    now = brought(lab, None)
    assert lab.store.predictions.unfinished() == []

    late = Event(now.prediction.id, 2, State.SUCCEEDED, now.state_at)
    with pytest.raises(ValueError, match="does not end"):
        lab.store.predictions.bring_in(lab.store.comparisons.get(now.prediction.comparison_id), now.prediction, late)
    end = Event(now.prediction.id, 1, State.SUCCEEDED, now.state_at)
    with pytest.raises(EventRefused):
        lab.store.predictions.bring_in(lab.store.comparisons.get(now.prediction.comparison_id), now.prediction, end)


def test_an_import_that_breaks_off_leaves_nothing_queued(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from staging.store import predictions

    write = predictions._write_events

    def broken(cursor: object, events: list[Event]) -> None:
        if events[0].state is State.SUCCEEDED:
            raise RuntimeError("power cut")
        write(cursor, events)  # type: ignore[arg-type]

    monkeypatch.setattr(predictions, "_write_events", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        brought(lab, None)

    assert lab.store.predictions.unfinished() == []
    assert lab.store.comparisons.list() == []


def test_the_same_picture_twice_is_one(lab: Lab) -> None:
    comparison = ask(lab, UNCHANGED)

    first, again = brought(lab, comparison), brought(lab, comparison, maker="STUDIO MULLER")
    other = brought(lab, comparison, data=photo(8))

    assert first == again
    assert other.prediction.id != first.prediction.id


def test_a_file_that_is_no_picture_is_named_and_nothing_is_written(lab: Lab) -> None:
    with pytest.raises(UploadRejected, match=r"done\.jpg: .*not a picture"):
        brought(lab, None, data=b"MZ\x90 not a picture at all")

    assert lab.store.comparisons.list() == []


def test_what_cannot_be_is_refused_in_a_sentence(lab: Lab) -> None:
    comparison = ask(lab, UNCHANGED)
    elsewhere = lab.desk.keep_room(photo(99), "other.png", "tester").digest

    for facts in ({"usd": Decimal(-1)}, {"usd": Decimal("NaN")}, {"maker": "  "}, {"maker": "x" * 81}):
        with pytest.raises(ParametersRefused):
            brought(lab, comparison, **facts)
    with pytest.raises(ParametersRefused, match="no room of this comparison"):
        brought(lab, comparison, room=elsewhere)
    with pytest.raises(NotFound):
        brought(lab, "no-such-comparison")


def test_every_maker_has_an_id_and_a_name_that_can_be_read(lab: Lab) -> None:
    assert external_id("Studio Müller") == external_id(" studio  muller ") == "external/studio-muller"
    assert external_id("Студия") != external_id("工作室")
    assert is_external(external_id("Студия"))
    assert model_name("external/jane-doe", lab.registry) == "Jane doe"
    assert model_name(external_id("Студия"), lab.registry, {"maker": "Студия"}) == "Студия"
    assert model_name("gone/model", lab.registry) == "gone/model"
    assert not any(is_external(spec.id) for spec in lab.registry)
