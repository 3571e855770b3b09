"""A picture's ink at the pen's own scale doesn't hang on how many pixels the scanner took."""

import cv2
import numpy as np
import pytest

from strokes.ink.pen_width import PEN_PX, to_pen


def scan(times):
    """Two strokes with a pen 3 px wide, scanned so many times as large."""
    fine = np.zeros((400, 800), np.uint8)
    lines = [np.array([(80, 320), (200, 80), (320, 320)]), np.array([(400, 200), (720, 240)])]
    cv2.polylines(fine, lines, False, (255,), 24)
    return cv2.resize(fine, None, fx=times / 8, fy=times / 8, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("times", [0.5, 1, 2, 4])
def test_the_pen_comes_out_as_wide_at_any_size(times):
    picture = scan(times)
    ink, pen_px = to_pen(picture)
    assert pen_px == pytest.approx(PEN_PX, rel=0.1)
    width = pen_px / max(ink.shape) * 100  # of the picture's 100 px at times 1
    assert width == pytest.approx(3, rel=0.12)  # half a pixel of ink on either side is 0.06 of it at 4 times


def test_booleans_and_bytes_say_the_same():
    picture = scan(4)
    (grey, _), (ink, _) = to_pen(picture), to_pen(picture > 127)
    assert max(grey.shape) == pytest.approx(max(ink.shape), rel=0.05)


def test_without_ink_there_is_no_pen():
    ink, pen_px = to_pen(np.zeros((40, 60), np.uint8))
    assert (ink.any(), pen_px) == (False, 0.0)
