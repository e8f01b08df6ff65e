"""Take away and bring in, on the Compare page: what is offered, signed, switched off and refused."""

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from staging.externals import Import, bring_in
from staging.lab import Lab
from staging.predictions import Verdict
from staging.sharing import Sharing
from tests.labs import UNCHANGED, ask, finished, only, photo
from tests.screens import SCRIPT, answer, told, visit, words


@pytest.fixture
def comparison(first_lab: Lab) -> str:
    made = ask(first_lab, UNCHANGED)
    finished(first_lab, made)
    return made


def opened(comparison: str, popover: str = "taking") -> AppTest:
    """Return the comparison with this popover open."""
    screen = visit(comparison=comparison)
    screen.session_state[popover] = True
    screen.run()
    assert not screen.exception
    return screen


def urls(screen: AppTest) -> dict[str, str]:
    return {button.proto.label: button.proto.url for button in screen.get("link_button")}


def addresses(screen: AppTest) -> list[str]:
    return [code.value for code in screen.code if code.value.startswith("/")]


def options(lab: Lab, url: str) -> dict[str, str] | None:
    parts = urlsplit(url)
    _, _, what, of = parts.path.split("/")
    return lab.takeaway.links.options(what, of, parse_qsl(parts.query, keep_blank_values=True))


def test_a_closed_popover_asks_nothing_of_the_ledger(first_lab: Lab, comparison: str) -> None:
    assert urls(visit(comparison=comparison)) == {}


def test_every_download_is_offered_with_an_address_that_opens_it(first_lab: Lab, comparison: str) -> None:
    found = urls(opened(comparison))

    assert list(found) == [
        "Zip",
        "Contact sheet (PDF)",
        "Contact sheet (PNG)",
        "Download it",
        "Export for this MLS",
    ]
    assert options(first_lab, found["Zip"]) == {"which": "all"}
    assert options(first_lab, found["Download it"]) == {}
    asked = options(first_lab, found["Export for this MLS"])
    assert asked == {
        "which": "all", "profile": "California AB 723", "label": "no", "kind": "JPEG", "page": "",
    }  # fmt: skip


def test_accepted_only_takes_accepted_only_and_says_when_there_are_none(first_lab: Lab, comparison: str) -> None:
    screen = answer(opened(comparison), "taking-which", "accepted")
    assert "Nothing in it is accepted" in words(screen).replace("\\", "")
    assert "Zip" not in urls(screen)

    now = only(first_lab.desk.look(comparison))
    first_lab.desk.mark(now.prediction.id, "ada", verdict=Verdict.ACCEPTED)
    screen.run()

    assert options(first_lab, urls(screen)["Zip"]) == {"which": "accepted"}


def test_a_profile_says_its_source_and_that_it_is_no_legal_advice(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison)
    screen.selectbox(key="disclosing-profile").set_value("RMLS").run()

    drawn = words(screen).replace("\\", "")
    assert "This is not legal advice" in drawn
    assert "RMLS rule 3.8" in drawn
    assert "required on the picture" in drawn
    assert not [toggle for toggle in screen.toggle if toggle.key == "disclosing-label"]


def test_the_label_is_asked_for_only_where_it_is_allowed(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison)
    screen.toggle(key="disclosing-label").set_value(True).run()

    asked = options(first_lab, urls(screen)["Export for this MLS"])
    assert asked is not None
    assert asked["label"] == "yes"


def test_a_profile_can_be_edited_and_a_bad_one_is_a_sentence(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison)
    place = "disclosing-California AB 723--1"
    screen.text_area(key=f"{place}-caption").set_value("")
    screen.button(key=f"{place}-save").click().run()
    assert "cannot be kept" in screen.error[0].value

    screen.text_area(key=f"{place}-caption").set_value("Staged by us.")
    screen.button(key=f"{place}-save").click().run()
    assert first_lab.takeaway.profiles.get("California AB 723").caption == "Staged by us."

    screen.button(key="disclosing-California AB 723-0-remove").click().run()
    assert first_lab.takeaway.profiles.get("California AB 723").caption != "Staged by us."


def test_sharing_outside_is_off_and_says_how_to_switch_it_on(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison)

    assert addresses(screen) == [f"/?comparison={comparison}"]
    assert "STAGING_SHARE_OUTSIDE" in words(screen)
    assert not [button for button in screen.button if button.key == "taking-link"]


def test_a_link_for_people_outside_is_made_and_stopped(
    first_lab: Lab, comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing: Sharing = first_lab.sharing
    monkeypatch.setattr(sharing, "outside", True)
    screen = opened(comparison)
    screen.button(key="taking-link").click().run()

    _, link = addresses(screen)
    token = link.rpartition("/shared/")[2]
    assert sharing.opened_by(token) == comparison
    asked = options(first_lab, urls(screen)["Export for this MLS"])
    assert asked is not None
    assert asked["page"] == link

    sharing.stop(comparison, "somebody else")
    asked = options(first_lab, urls(screen.run())["Export for this MLS"])
    assert asked is not None
    assert asked["page"] == ""
    assert len(addresses(screen)) == 1
    screen.button(key="taking-link").click().run()
    token = addresses(screen)[1].rpartition("/shared/")[2]
    assert sharing.opened_by(token) == comparison

    screen.button(key="taking-stop").click().run()

    assert sharing.opened_by(token) is None
    assert len(addresses(screen)) == 1
    assert "Nobody outside" in words(screen)


def test_a_picture_made_elsewhere_becomes_a_column(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison, "bringing")
    screen.button(key="bringing-go").click().run()
    assert "say who made it" in screen.warning[0].value
    screen.text_input(key="bringing-maker").set_value(SCRIPT)
    screen.number_input(key="bringing-usd").set_value(12.5)
    screen.file_uploader(key="bringing-file-0").upload("done.png", photo(9), "image/png")
    screen.run()
    screen.button(key="bringing-go").click().run()

    assert not screen.exception
    (made,) = [
        now for now in first_lab.store.predictions.of_comparison(comparison) if now.prediction.provider == "external"
    ]
    assert made.charge_usd == Decimal("12.5")
    columns = told(screen, f"compare-grid-{comparison}")["columns"]
    assert (columns[-1]["name"], columns[-1]["badge"]["text"]) == (SCRIPT, "external")
    assert SCRIPT not in words(screen)
    assert screen.file_uploader(key="bringing-file-1").value is None


def test_a_file_that_is_no_picture_is_refused_by_name(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison, "bringing")
    screen.text_input(key="bringing-maker").set_value("Studio")
    screen.file_uploader(key="bringing-file-0").upload("done.png", b"MZ not a picture", "image/png")
    screen.run()
    screen.button(key="bringing-go").click().run()

    assert "done" in screen.error[0].value
    assert len(first_lab.store.predictions.of_comparison(comparison)) == 1


def test_a_price_that_nobody_knows_is_unknown_and_a_new_comparison_is_opened(first_lab: Lab, comparison: str) -> None:
    screen = opened(comparison, "bringing")
    screen.text_input(key="bringing-maker").set_value("Studio")
    screen.file_uploader(key="bringing-file-0").upload("done.png", photo(9), "image/png")
    answer(screen, "bringing-where", "A new comparison")
    screen.button(key="bringing-go").click().run()

    (made,) = [one.id for one in first_lab.store.comparisons.list() if one.id != comparison]
    assert made in screen.query_params["comparison"]
    (now,) = first_lab.store.predictions.of_comparison(made)
    assert now.charge_usd is None


def test_the_picture_that_was_open_is_offered_first(first_lab: Lab, comparison: str) -> None:
    room = first_lab.desk.look(comparison).rooms[0]
    piece = Import(photo(9), "x.png", room, "Studio")
    made = bring_in(first_lab.store, first_lab.pictures, piece, "ada", comparison=comparison)
    screen = visit(comparison=comparison, view=made.id)
    screen.session_state["taking"] = True
    screen.run()

    assert made.id in urls(screen)["Download it"]
