"""A coarse walk laid onto fine ink goes along its pixels, in the walk's order and direction."""

import cv2
import numpy as np
import pytest

from strokes.recovery.pointer.map_matching import snap

COARSE_PX = 5.0
"""How many of these pictures' pixels make one of the frame that walks come from."""


def drawn(*lines):
    """A picture of 140 px with 8-connected lines, each a list of x, y."""
    picture = np.zeros((140, 140), np.uint8)
    for line in lines:
        cv2.polylines(picture, [np.array(line, np.int32)], False, (1,), 1)
    return picture > 0


def off_ink(stroke, ink):
    """How far each point is from the nearest pixel's centre."""
    centres = np.argwhere(ink)[:, ::-1] + 0.5
    return np.linalg.norm(stroke[:, None] - centres, axis=2).min(axis=1)


def coarse(points, *, seed=0):
    """Points moved by about a pixel of the frame, as a walk there is."""
    return np.array(points) + np.random.default_rng(seed).normal(0, COARSE_PX / 3, (len(points), 2))


def test_a_walk_along_a_line_lands_on_it_in_its_own_direction():
    ink = drawn([(20, 30), (120, 110)])
    walk = coarse(np.linspace((20, 30), (120, 110), 12))
    there, back = snap([walk, walk[::-1]], ink, coarse_px=COARSE_PX)
    for path, first, last in ((there, (20.5, 30.5), (120.5, 110.5)), (back, (120.5, 110.5), (20.5, 30.5))):
        assert off_ink(path, ink).max() < 0.75  # a step of the stairs, smoothed
        assert np.allclose(path[[0, -1]], [first, last])
        assert np.all(np.diff(path @ (np.array(last) - first)) > 0)
    assert len(there) > 50


@pytest.mark.parametrize("turn", [1, -1])
def test_a_walk_round_a_ring_goes_round_once_the_same_way(turn):
    angle = np.linspace(-np.pi / 2, 3 * np.pi / 2, 120)
    ring = np.stack([70 + 45 * np.cos(angle), 70 + 45 * np.sin(angle)], axis=1)
    walk = coarse(ring[::8][::turn], seed=1)
    (path,) = snap([walk], drawn(np.rint(ring).tolist()), coarse_px=COARSE_PX)
    way = np.unwrap(np.arctan2(*(path - 70.5).T[::-1]))
    assert turn * (way[-1] - way[0]) == pytest.approx(2 * np.pi, abs=0.6)
    assert np.all(turn * np.diff(way) > -0.05)


def test_strokes_through_a_crossing_each_keep_to_their_own_line():
    across, down = [(20, 70), (120, 70)], [(70, 20), (70, 120)]
    ink = drawn(across, down)
    first, second = snap(
        [coarse(np.linspace(*line, 10), seed=i) for i, line in enumerate((down, across))], ink, coarse_px=COARSE_PX
    )
    assert np.all(np.abs(first[:, 0] - 70.5) < 1)
    assert np.all(np.abs(second[:, 1] - 70.5) < 1)
    assert first[0, 1] < first[-1, 1]
    assert second[0, 0] < second[-1, 0]


def test_a_stroke_that_stops_short_goes_on_to_the_end_of_the_ink():
    ink = drawn([(20, 70), (120, 70)])
    (path,) = snap([np.linspace((30, 70), (110, 70), 9)], ink, coarse_px=COARSE_PX)
    assert path[[0, -1]].tolist() == [[20.5, 70.5], [120.5, 70.5]]
    (path,) = snap([np.linspace((60, 70), (80, 70), 3)], ink, coarse_px=COARSE_PX)
    assert np.ptp(path[:, 0]) < 25  # 40 px of ink are left: more than an end that was missed


def test_a_dot_on_a_short_line_becomes_the_line():
    ink = drawn([(66, 70), (74, 70)])
    (path,) = snap([np.array([[70.5, 70.5]])], ink, coarse_px=COARSE_PX)
    assert sorted(path[[0, -1], 0].tolist()) == [66.5, 74.5]


def test_the_gap_of_a_ring_is_filled_once():
    angle = np.linspace(0, 2 * np.pi, 200)
    ring = np.stack([70 + 40 * np.cos(angle), 70 + 40 * np.sin(angle)], axis=1)
    (path,) = snap([ring[4:-4]], drawn(np.rint(ring).tolist()), coarse_px=COARSE_PX)
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    assert length < 2 * np.pi * 40 * 1.12  # eight-connected stairs are a little longer than the circle


def test_where_no_path_follows_it_a_stroke_stays_as_it_is():
    two = drawn([(20, 30), (20, 110)], [(110, 30), (110, 110)])
    jump = np.array([[20.0, 50], [110, 50]])
    far = np.array([[60.0, 60], [70, 60]])
    assert [path.tolist() for path in snap([jump, far], two, coarse_px=COARSE_PX)] == [jump.tolist(), far.tolist()]
    assert snap([jump], drawn(), coarse_px=COARSE_PX)[0] is jump
    assert snap([], two, coarse_px=COARSE_PX) == []
