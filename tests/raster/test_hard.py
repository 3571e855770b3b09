"""Exact drawing: which pixels a stroke covers."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raster.hard import SUBPIXEL_BITS, draw_segments, draw_strokes, to_pixels

coordinate = st.integers(0, 999).map(lambda n: n / 1000)


def stroke(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32)


def centre(row: int, column: int, *, size: int = 28) -> tuple[float, float]:
    """A pixel's centre, x and y in the unit square."""
    return (column + 0.5) / size, (row + 0.5) / size


def test_a_pixels_centre_is_a_whole_coordinate():
    fixed = to_pixels(stroke(centre(3, 5), (0, 0)), 28)
    assert fixed.tolist() == [[5 << SUBPIXEL_BITS, 3 << SUBPIXEL_BITS], [-(1 << SUBPIXEL_BITS) // 2] * 2]


@pytest.mark.parametrize("size", [5, 28, 100])
def test_a_horizontal_stroke_covers_its_row_from_end_to_end(size):
    image = draw_strokes([stroke(centre(2, 1, size=size), centre(2, 4, size=size))], size=size)
    expected = np.zeros((size, size), np.uint8)
    expected[2, 1:5] = 255
    assert np.array_equal(image, expected)


def test_a_stroke_of_one_point_is_a_dot():
    image = draw_strokes([stroke(centre(7, 9))])
    assert np.argwhere(image).tolist() == [[7, 9]]


def test_no_strokes_leave_the_paper_blank():
    assert not draw_strokes([], size=12).any()


@given(points=st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_stroke_is_connected_and_covers_the_pixels_of_its_points(points):
    path = stroke(*points)
    image = draw_strokes([path])
    count, _ = cv2.connectedComponents((image > 0).astype(np.uint8), connectivity=8)
    assert count == 2  # the paper and one line
    column, row = np.floor(path * 28).astype(int).T
    near = cv2.dilate(image, np.ones((3, 3), np.uint8))  # a point on a pixel's edge may fall to either side
    assert near[row, column].all()


@given(points=st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=5))
@settings(max_examples=30, deadline=None)
def test_two_strokes_leave_the_gap_between_them_blank(points):
    path = stroke(*points)
    apart = draw_strokes([path[:1], path[1:]])
    joined = draw_strokes([path])
    assert np.array_equal(np.maximum(apart, joined) > 0, joined > 0)


def test_thicker_lines_cover_thinner_ones_and_smooth_ones_have_greys():
    path = [stroke((0.2, 0.3), (0.8, 0.6))]
    thin, thick = draw_strokes(path), draw_strokes(path, thickness_px=3)
    assert (thick[thin > 0] > 0).all()
    assert np.count_nonzero(thick) > 2 * np.count_nonzero(thin)
    smooth = draw_strokes(path, size=56, smooth=True)
    assert np.count_nonzero((smooth > 0) & (smooth < 255)) > 0


def test_segments_are_drawn_one_a_picture_and_lifted_ones_not_at_all():
    ends = np.array([[0.1, 0.5, 0.9, 0.5], [0.5, 0.1, 0.5, 0.9], [0.1, 0.1, 0.9, 0.9]], np.float32)
    images = draw_segments(ends, np.array([True, True, False]))
    assert images.shape == (3, 28, 28)
    assert np.argwhere(images[0]).tolist() == [[14, column] for column in range(2, 26)]
    assert np.array_equal(images[1], images[0].T)
    assert not images[2].any()
    assert set(np.unique(images)) == {0, 255}
