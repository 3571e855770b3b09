"""A coarse walk laid onto fine ink goes along its pixels, in the walk's order and direction, and never over paper."""

import cv2
import numpy as np
import pytest

from strokes.recovery.pointer.map_matching import find_lines, lay

COARSE_PX = 5.0
"""How many of these pictures' pixels make one of the frame that walks come from."""


def drawn(*lines):
    """A picture of 140 px with 8-connected lines, each a list of x, y."""
    picture = np.zeros((140, 140), np.uint8)
    for line in lines:
        cv2.polylines(picture, [np.array(line, np.int32)], False, (1,), 1)
    return picture > 0


def laid(walks, ink):
    """The places of each stroke laid onto ink."""
    off_ink_px = cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 5)
    lines = find_lines(ink)
    return [lines.places[stroke.path] for stroke in lay(walks, lines, off_ink_px, coarse_px=COARSE_PX)]


def coarse(points, *, seed=0):
    """Points moved by about a pixel of the frame, as a walk there is."""
    return np.array(points) + np.random.default_rng(seed).normal(0, COARSE_PX / 3, (len(points), 2))


def test_a_walk_along_a_line_lands_on_it_in_its_own_direction():
    ink = drawn([(20, 30), (120, 110)])
    walk = coarse(np.linspace((20, 30), (120, 110), 12))
    there, back = laid([walk, walk[::-1]], ink)
    for path, first, last in ((there, (20.5, 30.5), (120.5, 110.5)), (back, (120.5, 110.5), (20.5, 30.5))):
        assert np.allclose(path[[0, -1]], [first, last])
        assert np.all(np.diff(path @ (np.array(last) - first)) > 0)
    assert len(there) > 50


@pytest.mark.parametrize("turn", [1, -1])
def test_a_walk_round_a_ring_goes_round_once_the_same_way(turn):
    angle = np.linspace(-np.pi / 2, 3 * np.pi / 2, 120)
    ring = np.stack([70 + 45 * np.cos(angle), 70 + 45 * np.sin(angle)], axis=1)
    (path,) = laid([coarse(ring[::8][::turn], seed=1)], drawn(np.rint(ring).tolist()))
    way = np.unwrap(np.arctan2(*(path - 70.5).T[::-1]))
    assert turn * (way[-1] - way[0]) == pytest.approx(2 * np.pi, abs=0.6)


@pytest.mark.parametrize("degrees", [15, 30, 60, 90])
def test_strokes_through_a_crossing_go_straight_on(degrees):
    angle = np.radians(degrees)
    way = 55 * np.array([np.cos(angle), np.sin(angle)])
    across, slanted = [(15, 70), (125, 70)], [tuple(70 - way), tuple(70 + way)]
    ink = drawn(np.rint(across).tolist(), np.rint(slanted).tolist())
    first, second = laid([coarse(np.linspace(*line, 12), seed=i) for i, line in enumerate((across, slanted))], ink)
    assert np.abs(first[:, 1] - 70.5).max() < 2
    assert np.abs((second - 70.5) @ np.array([-np.sin(angle), np.cos(angle)])).max() < 2
    assert first[-1, 0] > 120
    assert second[-1, 1] > 70 + 0.9 * way[1]


def test_a_stroke_that_stops_short_goes_on_to_the_end_of_the_ink():
    ink = drawn([(20, 70), (120, 70)])
    (path,) = laid([np.linspace((30, 70), (110, 70), 9)], ink)
    assert path[[0, -1]].tolist() == [[20.5, 70.5], [120.5, 70.5]]
    (path,) = laid([np.linspace((60, 70), (80, 70), 3)], ink)
    assert np.ptp(path[:, 0]) < 25  # 40 px of ink are left: more than an end that was missed


def test_a_dot_on_a_short_line_becomes_the_line():
    (path,) = laid([np.array([[70.5, 70.5]])], drawn([(66, 70), (74, 70)]))
    assert sorted(path[[0, -1], 0].tolist()) == [66.5, 74.5]


def test_a_stroke_over_paper_is_parted_there():
    two = drawn([(20, 30), (20, 110)], [(110, 30), (110, 110)])
    walk = np.concatenate([np.linspace((20, 30), (20, 110), 9), np.linspace((110, 110), (110, 30), 9)])
    first, second = laid([walk], two)
    assert set(first[:, 0]) == {20.5}
    assert set(second[:, 0]) == {110.5}
    assert second[0, 1] > second[-1, 1]


def test_far_from_all_ink_and_without_any_there_is_nothing_to_lay():
    far = np.array([[60.0, 60], [70, 60]])
    assert laid([far], drawn([(20, 110), (25, 110)])) == []
    assert laid([far], drawn()) == []
