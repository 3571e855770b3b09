"""Scores against a picture: what they are at the ends, and that the fast way agrees with the plain one."""

import cv2
import numpy as np
import pytest

from strokes.errors import ShapeError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.metrics.pictures import NOWHERE_PX, TOLERANCE_PX, render_hard, render_set, score_pictures


def random_drawings(count: int) -> list[Drawing]:
    """Drawings of 0 to 3 strokes of 1 to 8 points, some beyond the frame's edge."""
    random = np.random.default_rng(0)
    return [
        Drawing(
            tuple(
                random.uniform(-0.1, 1.1, (random.integers(1, 9), 2)).astype(np.float32)
                for _ in range(random.integers(4))
            )
        )
        for _ in range(count)
    ]


def plain_scores(line: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """F1 and chamfer distance of one picture with ink on both sides, by OpenCV's exact distance transform."""
    to_line, to_truth = (
        cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for mask in (line, truth)
    )
    off_ink, off_line = to_truth[line], to_line[truth]
    precision, recall = (off_ink < TOLERANCE_PX).mean(), (off_line < TOLERANCE_PX).mean()
    return 2 * precision * recall / max(precision + recall, 1e-9), (off_ink.mean() + off_line.mean()) / 2


def test_a_set_is_rendered_as_its_drawings_are():
    drawings = random_drawings(200)
    assert (render_set(make_drawing_set(drawings)) == render_hard(d.strokes for d in drawings)).all()


def test_no_drawings_render_to_no_pictures():
    assert render_set(make_drawing_set([]), size=14).shape == (0, 14, 14)


def test_scores_agree_with_distance_transforms():
    pictures = render_set(make_drawing_set([d for d in random_drawings(300) if d.strokes]))
    pictures = pictures[pictures.any(axis=(1, 2))]
    drawn, ink = pictures[::2][:80], pictures[1::2][:80]
    scores = score_pictures(drawn, ink)
    expected = np.array([plain_scores(line, truth) for line, truth in zip(drawn, ink, strict=True)])
    # the distance transform's means are taken in float32
    np.testing.assert_allclose(np.stack([scores["f1"], scores["chamfer"]], axis=1), expected, rtol=1e-5, atol=1e-6)


def test_a_picture_matches_itself():
    (picture,) = render_set(make_drawing_set([Drawing((np.array([[0.2, 0.2], [0.8, 0.5]], np.float32),))]))
    scores = score_pictures(picture[None], picture[None])
    assert (scores["f1"].item(), scores["chamfer"].item()) == (1, 0)


def test_a_pixel_to_the_side_is_near_and_two_are_not():
    ink = np.zeros((3, 28, 28), np.bool_)
    ink[:, 5, 5:20] = True
    drawn = np.stack([np.roll(ink[0], shift, axis=0) for shift in (0, 1, 2)])
    scores = score_pictures(drawn, ink)
    assert scores["f1"].tolist() == [1, 1, 0]
    assert scores["chamfer"].tolist() == [0, 1, 2]


def test_an_empty_side_scores_nothing_unless_both_are_empty():
    blank, dot = np.zeros((28, 28), np.bool_), np.eye(28, dtype=np.bool_)
    scores = score_pictures(np.stack([blank, dot, blank]), np.stack([dot, blank, blank]))
    assert scores["f1"].tolist() == [0, 0, 1]
    assert scores["chamfer"].tolist() == [NOWHERE_PX, NOWHERE_PX, 0]


def test_pictures_of_different_shapes_are_refused():
    with pytest.raises(ShapeError, match="expected the same"):
        score_pictures(np.zeros((2, 28, 28), np.bool_), np.zeros((3, 28, 28), np.bool_))
