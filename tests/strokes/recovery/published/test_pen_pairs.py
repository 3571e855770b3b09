"""Pen samples made into training pairs: paths that draw their pictures."""

import cv2
import numpy as np
import pytest

from strokes.datasets import load_pen_samples
from strokes.errors import SourceError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.resampling import along, path_length, resample_path
from strokes.ink.thinning import thin
from strokes.recovery.published.pen_pairs import make_pen_pairs

LINE = np.array([[0.1, 0.5], [0.4, 0.5], [0.9, 0.5]], np.float32)
SHORT = np.array([[0.2, 0.1], [0.2, 0.3]], np.float32)
DOT = np.array([[0.7, 0.7]], np.float32)


@pytest.mark.parametrize("label", range(10))
def test_a_pair_is_a_thin_picture_and_a_path_whose_pen_is_down_on_its_ink(label):
    pictures, paths = make_pen_pairs(load_pen_samples(), label, count=12, points=20, seed=3)
    assert (pictures.shape, pictures.dtype) == ((12, 28, 28), np.bool_)
    assert (paths.shape, paths.dtype) == ((12, 20, 3), np.float32)
    assert (thin(pictures) == pictures).all()
    for picture, path in zip(pictures, paths, strict=True):
        distance = cv2.distanceTransform((~picture).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        column, row = np.clip(path[:, :2] * 28, 0, 27).astype(int).T
        assert distance[row, column].mean() < 1.5  # thinning shortens ends by about the pen's half width


def test_the_pen_is_lifted_where_strokes_end_and_nowhere_else():
    samples = load_pen_samples()
    for label in (0, 4, 5):
        own = {len(drawing.strokes) for drawing in samples if drawing.label == str(label)}
        _, paths = make_pen_pairs(samples, label, count=30, points=20, seed=0)
        lifts = (paths[..., 2] == 0).sum(axis=1)
        assert set(lifts.tolist()) <= own
        assert (paths[:, -1, 2] == 0).all()
        assert set(np.unique(paths[..., 2])) == {0, 1}


def test_pairs_follow_from_the_seed_and_vary():
    samples = load_pen_samples()
    one, other, third = (make_pen_pairs(samples, 3, count=5, points=20, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[1], third[1])
    assert len(np.unique(one[1].reshape(5, -1), axis=0)) == 5


def test_a_class_without_samples_is_refused_by_its_name():
    samples = make_drawing_set([Drawing((LINE,), "a")], classes=("a", "b"))
    with pytest.raises(SourceError, match="no pen sample of class 'b'"):
        make_pen_pairs(samples, 1, count=1, points=20, seed=0)


def test_a_line_is_resampled_at_equal_steps():
    path = resample_path([LINE], 9)
    np.testing.assert_allclose(path[:, :2], np.stack([np.linspace(0.1, 0.9, 9), np.full(9, 0.5)], axis=1), atol=1e-6)
    assert path[:, 2].tolist() == [1] * 8 + [0]


@pytest.mark.parametrize("strokes", [[LINE, SHORT], [SHORT, LINE, DOT], [DOT], [DOT, DOT], [DOT, LINE]])
def test_strokes_share_the_points_by_length_and_keep_their_ends(strokes):
    path = resample_path(strokes, 20)
    assert path.shape == (20, 3)
    ends = np.flatnonzero(path[:, 2] == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    assert len(ends) == len(strokes)
    for stroke, start, end in zip(strokes, starts, ends, strict=True):
        np.testing.assert_allclose(path[[start, end], :2], stroke[[0, -1]], atol=1e-6)
        assert end > start
    if len(strokes) == 2 and strokes[1] is SHORT:
        assert (ends - starts + 1).tolist() == [15, 5]  # 16 points to share, lengths 0.8 and 0.2, and two a stroke


def test_strokes_that_do_not_fit_are_left_out_from_the_end():
    assert (resample_path([LINE, SHORT, DOT], 4)[:, 2] == 0).sum() == 2


def test_places_along_a_line_are_measured_from_its_start():
    assert path_length(LINE) == pytest.approx(0.8)
    np.testing.assert_allclose(along(LINE, np.array([0, 0.35, 0.8])), [[0.1, 0.5], [0.45, 0.5], [0.9, 0.5]], atol=1e-6)
