import numpy as np
import pytest

from staging.stager import composite
from staging.stager.colour import to_linear, to_pixels
from staging.stager.composite import Layers, find_exposure, flat_place, lay_over, make_layers
from staging.stager.frame import Crop, Views, fade_to_edges, fit_size

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (120, 160, 3)).astype(np.uint8)
PLACE = flat_place(40.0, 30.0, 120.0, 90.0)


def layers(cover: float = 0.0, shade: float = 1.0, size: tuple[int, int] = (60, 80)) -> Layers:
    """Layers that cover and shade their middle only."""
    middle = np.s_[size[0] // 4 : -size[0] // 4, size[1] // 4 : -size[1] // 4]
    covers, shades = np.zeros(size, np.float32), np.ones(size, np.float32)
    covers[middle], shades[middle] = cover, shade
    return Layers(covers, np.full((*size, 3), 0.25, np.float32), shades)


def test_every_shade_of_a_photo_comes_back_from_linear_light() -> None:
    shades = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)
    assert (to_pixels(to_linear(shades)) == shades).all()


def test_what_is_neither_furniture_nor_shadow_stays_bit_for_bit() -> None:
    laid = lay_over(PHOTO, layers(cover=1.0, shade=0.5), PLACE)
    changed = (laid != PHOTO).any(axis=2)
    assert changed[45:75, 60:100].mean() > 0.95
    changed[44:76, 59:101] = False
    assert not changed.any()


def test_the_photo_given_is_left_as_it_was() -> None:
    before = PHOTO.copy()
    lay_over(PHOTO, layers(cover=1.0), PLACE)
    assert (before == PHOTO).all()


def test_a_shadow_only_darkens() -> None:
    laid = lay_over(PHOTO, layers(shade=0.6), PLACE)
    assert (laid <= PHOTO).all()
    assert (laid < PHOTO).any()


def test_full_cover_shows_the_furniture() -> None:
    laid = lay_over(PHOTO, layers(cover=1.0), PLACE)
    assert (laid[55:65, 75:85] == to_pixels(np.full((1, 1, 3), 0.25, np.float32))).all()


def test_layers_are_stretched_over_their_place() -> None:
    """A layer of half the resolution covers the same part of the photo."""
    fine, coarse = (lay_over(PHOTO, layers(cover=1.0, size=size), PLACE) for size in ((60, 80), (30, 40)))
    differing = (fine != coarse).any(axis=2)
    assert not differing[48:72, 63:97].any()
    differing[43:77, 58:102] = False
    assert not differing.any()


def test_strips_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lay_over(PHOTO, layers(cover=0.5, shade=0.7), PLACE)
    monkeypatch.setattr(composite, "STRIP_ROWS", 7)
    assert (lay_over(PHOTO, layers(cover=0.5, shade=0.7), PLACE) == whole).all()


def views(shadow: float = 1.0, dimming: float = 1.0) -> Views:
    """An evenly lit room, and the same with a shadow at the left."""
    empty = np.full((90, 120, 3), 0.4, np.float32)
    furnished = empty * np.float32(dimming)
    furnished[20:70, 10:40] *= shadow
    return Views(furnished, empty)


def layered(of: Views) -> Layers:
    bare = np.zeros((90, 120), np.float32)
    cover = bare.copy()
    cover[30:60, 60:80] = 1
    return make_layers(of, of.furnished, cover, floor=bare + 1, exposure=1.0, scale=1.0)


def test_no_shadow_means_no_change() -> None:
    assert (layered(views()).shade == 1).all()


def test_a_rendered_shadow_is_laid_over_the_photo() -> None:
    shade = layered(views(shadow=0.6)).shade
    assert shade[45, 25] < 0.6
    assert shade[10, 110] == 1


def test_no_shadow_is_looked_for_on_a_window() -> None:
    """What a pane shows is the render's unrest; beside it the wall's shadow is the wall's own."""
    unquiet, glass = views(), np.zeros((90, 120), np.float32)
    unquiet.furnished[40:60, 90:110] *= np.float32(0.3)
    glass[40:60, 90:110] = 1
    bare = np.zeros((90, 120), np.float32)
    cover = bare.copy()
    cover[30:60, 60:80] = 1

    def shade(known: np.ndarray | None) -> np.ndarray:
        return make_layers(unquiet, unquiet.furnished, cover, bare + 1, 1.0, 1.0, known).shade

    assert shade(None)[50, 86] < 0.98
    assert (shade(glass) == 1).all()


def test_furniture_that_dims_the_whole_room_does_not_dim_the_photo() -> None:
    assert (layered(views(dimming=0.9)).shade == 1).all()


def test_the_rim_of_the_furniture_takes_its_own_colour_and_not_the_walls() -> None:
    wall, sofa = np.float32(0.8), np.float32(0.1)
    cover = np.zeros((60, 60), np.float32)
    cover[20:40, 20:40] = 1
    cover[20:40, 19] = 0.5
    furnished = wall * (1 - cover) + sofa * cover
    both = Views(np.repeat(furnished[..., None], 3, axis=2), np.full((60, 60, 3), wall))
    laid = make_layers(both, both.furnished, cover, floor=np.zeros((60, 60), np.float32), exposure=1.0, scale=1.0)
    assert laid.furniture[30, 19] == pytest.approx([0.1] * 3, abs=0.03)


def test_exposure_counts_each_surface_alike() -> None:
    photo, render = np.full((10, 10, 3), 0.5, np.float32), np.full((10, 10, 3), 0.25, np.float32)
    floor, wall = np.zeros((10, 10), np.float32), np.zeros((10, 10), np.float32)
    floor[6:], wall[:1] = 1, 1
    photo[:1] = 2.0
    assert find_exposure(photo, render, (floor, wall)) == pytest.approx((2 * 8) ** 0.5)
    assert find_exposure(photo, render, (floor, wall * 0)) == pytest.approx(2)
    assert find_exposure(photo, render, (floor * 0,)) == 1


def test_shadows_fade_out_towards_the_crop_but_not_at_the_pictures_own_side() -> None:
    shade = np.full((100, 100), 0.5, np.float32)
    faded = fade_to_edges(shade, Crop(left=0, top=50, width=100, height=100), (400, 150), pixels=20)
    assert faded[50, 0] == 0.5
    assert faded[99, 50] == 0.5
    assert faded[0, 50] == 1
    assert faded[50, 99] == 1
    assert faded[50, 50] == 0.5


def test_no_photo_is_rendered_larger_than_it_is() -> None:
    assert fit_size(1536, 1152, 1024) == (1024, 768)
    assert fit_size(640, 480, 1024) == (640, 480)
