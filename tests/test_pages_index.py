"""The frame of every page: where one can go, and whether Replicate is connected."""

import shutil
from pathlib import Path

import pytest

from pages.components.listed import LISTED
from staging import lab as labs
from staging.lab import Lab
from tests.labs import lab_at
from tests.screens import visit, words

PAGES = tuple(listed.file for listed in LISTED)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_under_its_own_title(first_lab: Lab, page: str) -> None:
    screen = visit(page)

    assert [title.value for title in screen.title] == [page.capitalize()]
    assert not screen.error


@pytest.mark.parametrize("page", PAGES)
def test_without_a_token_every_page_says_how_to_connect(first_lab: Lab, page: str) -> None:
    screen = visit(page)

    assert any("REPLICATE_API_TOKEN" in code.value for code in screen.code)


def test_a_token_is_said_to_be_there_and_never_shown(first_folder: Path, tmp_path: Path, canary_token: str) -> None:
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", replicate_api_token=canary_token) as lab:
        labs.set_current(lab)
        screens = [visit(page) for page in PAGES]
        labs.set_current(None)

    for screen in screens:
        assert "Replicate connected" in words(screen)
        assert canary_token not in str(screen)


def test_no_lab_is_a_calm_sentence() -> None:
    labs.set_current(None)

    screen = visit()

    assert not screen.exception
    assert len(screen.error) == 1
