import tomllib
from pathlib import Path

import numpy as np
import pytest

from staging.stager.carpentry import low_table, rug
from staging.stager.furniture import FOLDER, Catalogue, Part, parse_colour
from staging.stager.groups import GROUPS, Chooser

CATALOGUE = Catalogue()
ROOT = Path(__file__).resolve().parent.parent
BUILT = [
    low_table(1.1, 0.6, parse_colour("#5f4a39"), parse_colour("#232323")),
    rug(2.4, 1.7, parse_colour("#cfcac1"), parse_colour("#8c8f92"), seed=1),
]


def bounds(parts: tuple[Part, ...]) -> tuple[np.ndarray, np.ndarray]:
    positions = np.concatenate([part.positions for part in parts])
    return positions.min(axis=0), positions.max(axis=0)


@pytest.mark.parametrize("piece", [*CATALOGUE.pieces, *BUILT], ids=lambda piece: piece.name)
def test_every_piece_has_the_size_it_claims_and_stands_on_the_floor(piece: object) -> None:
    low, high = bounds(CATALOGUE.parts(piece))  # type: ignore[arg-type]
    size = (piece.width, piece.depth, piece.height)  # type: ignore[attr-defined]
    assert high - low == pytest.approx(size, abs=0.002)
    assert low[2] == pytest.approx(0, abs=0.002)
    assert (low + high)[:2] == pytest.approx([0, 0], abs=0.004)


@pytest.mark.parametrize("piece", [*CATALOGUE.pieces, *BUILT], ids=lambda piece: piece.name)
def test_every_piece_can_be_drawn(piece: object) -> None:
    for part in CATALOGUE.parts(piece):  # type: ignore[arg-type]
        assert part.faces.max() < len(part.positions) == len(part.normals) == len(part.coordinates)
        assert np.linalg.norm(part.normals, axis=1) == pytest.approx(1, abs=0.02)
        assert part.texture is None or (part.texture.dtype == np.uint8 and part.texture.shape[2] == 3)


def test_the_normals_of_a_built_piece_point_out_of_it() -> None:
    for piece in BUILT:
        for part in CATALOGUE.parts(piece):
            a, b, c = (part.positions[part.faces[:, i]] for i in range(3))
            across = np.cross(b - a, c - a)
            assert (across * part.normals[part.faces[:, 0]]).sum(axis=1).min() > 0
            middle = part.positions.mean(axis=0)
            assert ((part.positions - middle) * part.normals).sum(axis=1).min() > 0


def test_every_style_of_the_prompts_has_furniture() -> None:
    prompts = tomllib.loads((ROOT / "data" / "prompts.toml").read_text(encoding="utf-8"))
    furnishing = {name for name, words in prompts["styles"].items() if words.get("template", "furnish") == "furnish"}
    assert set(CATALOGUE.styles) == furnishing
    families = {family for piece in CATALOGUE.pieces for family in piece.styles}
    assert {style.like for style in CATALOGUE.styles.values()} <= families


@pytest.mark.parametrize("style", CATALOGUE.styles)
@pytest.mark.parametrize("room_type", GROUPS)
def test_every_style_furnishes_every_room_type(style: str, room_type: str) -> None:
    choose = Chooser(CATALOGUE, CATALOGUE.style(style), np.random.default_rng(0))
    groups = GROUPS[room_type](choose)
    assert sum(group.needed for group in groups) == 1
    assert any(spot.needed for group in groups for spot in group.spots if group.needed)


def test_the_style_chooses_among_the_sofas() -> None:
    def sofas(style: str) -> set[str]:
        return {piece.name for piece in CATALOGUE.of("sofa", CATALOGUE.style(style))}

    assert sofas("modern") != sofas("traditional")
    assert "winchesterSofa" in sofas("industrial")


def test_an_unknown_style_is_shown_as_a_known_one() -> None:
    assert CATALOGUE.style("no such style") == CATALOGUE.style("modern")


def test_the_folder_is_small_and_holds_nothing_twice() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 8_000_000
    contents = [path.read_bytes() for path in files]
    assert len(set(contents)) == len(contents)


def test_authors_and_licence_are_named() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "CC0" in readme
    assert [entry for entry in CATALOGUE.authors if entry not in readme] == []


def test_the_threads_of_a_rug_come_from_its_seed() -> None:
    def picture(seed: int) -> np.ndarray:
        (part,) = CATALOGUE.parts(rug(2.0, 1.5, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), seed))
        assert part.texture is not None
        return part.texture

    assert (picture(1) == picture(1)).all()
    assert (picture(1) != picture(2)).any()
