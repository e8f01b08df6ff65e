import numpy as np
import pytest

from staging.stager.patches import PATCH, by_patch, holding, rectangles


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (33, 31), (100, 70)])
def test_rectangles_hold_every_chosen_patch_once(size: tuple[int, int]) -> None:
    rows, columns = size
    random = np.random.default_rng(rows)
    wanted = random.random(size) < 0.002
    wanted[0, 0] = True
    chosen = holding(wanted)
    held = np.zeros(size, np.intp)
    for part in rectangles(chosen, (columns, rows)):
        assert part.width > 0
        assert part.height > 0
        held[part.top : part.top + part.height, part.left : part.left + part.width] += 1
    assert held.shape == size
    assert held.max() == 1
    assert (held[wanted] == 1).all()
    assert (np.kron(chosen, np.ones((PATCH, PATCH), np.intp))[:rows, :columns] == held).all()


def test_patches_in_one_block_are_one_rectangle() -> None:
    chosen = np.zeros((4, 5), np.bool_)
    chosen[1:3, 1:4] = True
    (part,) = rectangles(chosen, (5 * PATCH, 4 * PATCH))
    assert (part.left, part.top, part.width, part.height) == (PATCH, PATCH, 3 * PATCH, 2 * PATCH)


def test_nothing_chosen_is_no_rectangle() -> None:
    assert rectangles(np.zeros((3, 3), np.bool_), (90, 90)) == []


def test_the_mean_of_a_patch_is_that_of_its_pixels() -> None:
    values = np.zeros((PATCH, 2 * PATCH), np.float32)
    values[:, PATCH:] = 2
    assert by_patch(values) == pytest.approx(np.array([[0, 2]]))
