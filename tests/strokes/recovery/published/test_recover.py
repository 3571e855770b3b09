"""Pictures to drawings: where paths are cut, and that blocks and workers don't show."""

import dataclasses

import numpy as np
import pytest

from strokes.errors import ConfigError
from strokes.ink.drawing import make_drawing_set, to_pictures
from strokes.ink.pictures import make_image_set
from strokes.recovery.blocks import BLOCK
from strokes.recovery.published.recover import GRID, Recovery, check_labels, cut_strokes, touched

UP, DOWN = False, True


def blank(count: int):
    """Pictures of nothing, of class 0."""
    return make_image_set(np.zeros((count, 28, 28), bool), labels=np.zeros(count, np.int64), classes=("0",))


@pytest.mark.parametrize(
    ("down", "strokes"),
    [
        ([DOWN, DOWN, DOWN, DOWN], [[0, 1, 2, 3, 4]]),
        ([DOWN, UP, DOWN, DOWN], [[0, 1], [2, 3, 4]]),
        ([UP, DOWN, UP, DOWN], [[1, 2], [3, 4]]),
        ([UP, UP, DOWN, UP], [[2, 3]]),
        ([DOWN, UP, UP, UP], [[0, 1]]),
        ([DOWN, UP, UP, DOWN], [[0, 1], [3, 4]]),
        ([UP, UP, UP, UP], []),
    ],
)
def test_a_lifted_segment_cuts_and_points_of_no_drawn_segment_go(down, strokes):
    path = np.random.default_rng(0).random((1, 5, 3), np.float32)
    drawings = cut_strokes(path, np.array([down]), blank(1))
    found = drawings[0].strokes
    assert len(found) == len(strokes)
    for stroke, rows in zip(found, strokes, strict=True):
        assert np.array_equal(stroke, path[0, rows, :2])
    assert drawings.flagged.tolist() == [not strokes]


def test_drawings_of_a_block_are_cut_as_each_alone():
    random = np.random.default_rng(1)
    path, down = random.random((40, 6, 3), np.float32), random.random((40, 5)) > 0.6
    together = cut_strokes(path, down, blank(40))
    for i, drawing in enumerate(together):
        alone = cut_strokes(path[i : i + 1], down[i : i + 1], blank(1))[0]
        assert len(drawing.strokes) == len(alone.strokes)
        assert all(np.array_equal(a, b) for a, b in zip(drawing.strokes, alone.strokes, strict=True))
        assert all(len(stroke) >= 2 for stroke in drawing.strokes)


def test_a_point_is_kept_when_a_drawn_segment_ends_at_it():
    assert touched(np.array([[UP, DOWN, UP, UP]])).tolist() == [[False, True, True, False, False]]


def test_points_move_to_their_own_pictures():
    path = np.full((2, 3, 3), 0.5, np.float32)
    path[1] = 0.25
    drawings = cut_strokes(path, np.array([[DOWN, DOWN], [DOWN, DOWN]]), blank(2))
    frames = np.array([[1, 0, 0], [2, 0.1, -0.2]], np.float32)
    moved = to_pictures(dataclasses.replace(drawings, frames=frames))
    assert np.array_equal(moved[0].strokes[0], np.full((3, 2), 0.5, np.float32))
    np.testing.assert_allclose(moved[1].strokes[0], np.tile([0.6, 0.3], (3, 1)), atol=1e-6)
    assert len(to_pictures(make_drawing_set([]))) == 0


@pytest.fixture(scope="module")
def recovery(tiny_network, tiny_recipe):
    return Recovery(tiny_network, tiny_recipe)


@pytest.fixture(scope="module")
def drawn(recovery, digits):
    return list(recovery.run(digits.select(slice(2 * BLOCK + 7))))


def same(a, b) -> bool:
    arrays = ("points", "stroke_offsets", "drawing_offsets", "labels", "source_index", "images", "flagged")
    return (
        all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)
        and all(np.array_equal(a.scores[name], b.scores[name]) for name in a.scores)
        and np.array_equal(a.point_columns["softness"], b.point_columns["softness"])
    )


def test_drawings_come_in_whole_blocks_in_order(drawn):
    assert [len(block) for block in drawn] == [BLOCK, BLOCK, 7]
    assert np.array_equal(np.concatenate([block.source_index for block in drawn]), np.arange(2 * BLOCK + 7))


def test_any_number_of_workers_draws_the_same(recovery, digits, drawn):
    for workers in (2, 5):
        again = list(recovery.run(digits.select(slice(2 * BLOCK + 7)), workers=workers))
        assert len(again) == len(drawn)
        assert all(same(a, b) for a, b in zip(again, drawn, strict=True))


def test_a_block_is_the_same_however_many_pictures_follow(recovery, digits, drawn):
    (first,) = recovery.run(digits.select(slice(BLOCK)))
    assert same(first, drawn[0])


def test_drawings_carry_scores_softness_and_what_was_known_of_their_pictures(drawn, digits, tiny_recipe):
    block = drawn[0]
    assert set(block.scores) == {"mse", "f1", "chamfer"}
    assert all(np.isfinite(values).all() for values in block.scores.values())
    assert np.array_equal(block.images, digits.images[:BLOCK])
    assert np.array_equal(block.labels, digits.labels[:BLOCK])
    softness = block.point_columns["softness"]
    assert softness.dtype == np.float32
    last = np.isin(np.arange(len(block.points)), block.stroke_offsets[1:] - 1)
    assert np.log(softness[~last]).min() > tiny_recipe.drawing.softness.lift - 1e-5  # these start a drawn segment


def test_points_lie_on_the_grid_and_the_pen_goes_up_and_down(drawn):
    block = drawn[0]
    assert np.array_equal(block.points * GRID, np.rint(block.points * GRID))
    strokes = np.diff(block.drawing_offsets)
    assert strokes.min() < strokes.max()


def test_a_picture_without_ink_becomes_an_empty_flagged_drawing(recovery, digits):
    pictures = digits.select([0, 1, 2])
    pictures.images[1] = False
    labels = np.array([pictures.labels[0], -1, pictures.labels[2]])
    (found,) = recovery.run(dataclasses.replace(pictures, labels=labels))
    assert found[1].strokes == ()
    assert bool(found.flagged[1])
    assert (found.scores["f1"][1], found.scores["chamfer"][1], found.scores["mse"][1]) == (1, 0, 0)


def test_no_pictures_give_no_drawings(recovery, digits):
    assert sum(len(block) for block in recovery.run(digits.select(slice(0)))) == 0


def test_scores_are_left_out_when_not_wanted(tiny_network, tiny_recipe, digits, drawn):
    (found,) = Recovery(tiny_network, tiny_recipe, scores=False).run(digits.select(slice(BLOCK)))
    assert not found.scores
    assert np.array_equal(found.points, drawn[0].points)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_that_the_network_does_not_know_is_refused(digits, tiny_recipe, label):
    pictures = digits.select(slice(2))
    strange = dataclasses.replace(pictures, labels=np.array([0, label]), classes=(*pictures.classes, "ten"))
    with pytest.raises(ConfigError, match="tiny draws classes 0…9"):
        check_labels(strange, tiny_recipe)
