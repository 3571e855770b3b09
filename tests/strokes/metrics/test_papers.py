"""AIoU and LDTW on drawings whose overlap and distance can be counted."""

import numpy as np
import pytest

from strokes.errors import ShapeError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.metrics.papers import box_dtw, measure_overlap
from strokes.metrics.pens import score_pens


def test_a_line_grows_until_it_is_as_wide_as_the_ink():
    grey = np.zeros((1, 28, 28), np.uint8)
    grey[0, 9:14, 3:24] = 200
    drawn = np.zeros((1, 28, 28), bool)
    drawn[0, 11, 5:22] = True
    # two dilations give just the ink
    assert measure_overlap(drawn, grey) == 1
    drawn[0, 11, 5:14] = False
    # so grown, the other half covers columns 12 to 23 of 21
    assert measure_overlap(drawn, grey) == pytest.approx(12 / 21)


def test_nothing_drawn_overlaps_with_nothing():
    empty = np.zeros((1, 28, 28), bool)
    assert np.isnan(measure_overlap(empty, empty.astype(np.uint8))).all()
    with pytest.raises(ShapeError, match="same"):
        measure_overlap(empty, np.zeros((2, 28, 28), np.uint8))


def test_dtw_in_a_box_of_64_is_of_the_truths_own_size():
    line = np.array([[0.25, 0.5], [0.75, 0.5]], np.float32)
    truth, found = ([Drawing((line + shift,)) for shift in (0, 0)] for _ in range(2))
    found = make_drawing_set([Drawing((line + np.float32([0, 1 / 28]),)), Drawing((line,))])
    truth = make_drawing_set(truth)
    dtw_px = score_pens(truth, found)["dtw"]
    # 14 px become 64
    assert box_dtw(truth, dtw_px) == pytest.approx([64 / 14, 0], abs=1e-4)
    dot = make_drawing_set([Drawing((line[:1],))])
    assert np.isnan(box_dtw(dot, np.zeros(1, np.float32))).all()
