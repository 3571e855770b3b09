"""No ink is lost, no line leaves it, and what no walk took says so."""

import itertools

import cv2
import numpy as np

from strokes.ink.pen_width import edge_distance
from strokes.ink.thinning import thin
from strokes.recovery.nudging import reach_rest
from strokes.recovery.pointer.map_matching import find_lines, lay
from strokes.recovery.words.covering import cover, straighten
from strokes.recovery.words.examples import draw

PEN_PX = 6.0


def drawn(*lines, side=140):
    """Ink of a pen 6 px wide along lines of x, y."""
    picture = np.zeros((side, side), np.uint8)
    for line in lines:
        cv2.polylines(picture, [np.array(line, np.int32)], False, (1,), int(PEN_PX))
    return picture > 0


def off_ink(ink):
    return cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 5)


def away_from(strokes, shape):
    canvas = np.ones(shape, np.uint8)
    for stroke in strokes:
        cv2.polylines(canvas, [np.rint((stroke - 0.5) * 16).astype(np.int32)], False, (0,), 1, cv2.LINE_8, 4)
    return cv2.distanceTransform(canvas, cv2.DIST_L2, 5)


def recovered(walks, ink):
    lines = find_lines(thin(ink))
    laid = lay(walks, lines, off_ink(ink), coarse_px=3.0)
    smooth = straighten(laid, lines, ink, edge_distance(ink), PEN_PX)
    return cover(smooth, ink, thin(ink), PEN_PX)


def test_all_ink_is_covered_whatever_was_walked():
    ink = drawn([(20, 30), (70, 110), (120, 30)], [(30, 120), (110, 125)], [(100, 70), (100, 72)])
    for walks in ([], [np.array([[20.0, 30.0], [45.0, 70.0]])]):
        found = recovered(walks, ink)
        assert (away_from(found.strokes, ink.shape)[ink] <= PEN_PX / 2 + 1.5).mean() >= 0.998
        assert (off_ink(ink)[away_from(found.strokes, ink.shape) == 0] <= 1.5).all()


def test_ink_that_no_walk_took_becomes_a_stroke_after_its_neighbour_and_says_so():
    left, middle, right = [(20, 20), (20, 120)], [(40, 20), (40, 120)], [(120, 20), (120, 120)]
    found = recovered([np.array(left, float), np.array(right, float)], drawn(left, middle, right))
    assert found.added == [False, True, False]
    assert abs(found.strokes[1][:, 0].mean() - 40) < 2


def test_a_short_end_that_no_walk_took_makes_no_stroke():
    found = recovered([np.array([(20.0, 60.0), (114.0, 60.0)])], drawn([(20, 60), (120, 60)], [(60, 60), (60, 68)]))
    assert found.added == [False]


def test_stairs_of_pixels_at_a_line_s_edge_call_for_no_nudge():
    ends = np.array([[10.5, 12.5], [90.5, 30.5]])
    ink = draw([ends], (44, 104), 5.0) > 60
    stroke = ends[0] + np.linspace(0, 1, 83)[:, None] * (ends[1] - ends[0])
    (same,) = reach_rest([stroke], ink, 5.0)
    assert len(same) == len(stroke)


def sharp_turns(stroke):
    ways = np.diff(stroke, axis=0)
    return int(((ways[1:] * ways[:-1]).sum(axis=1) < -1e-6).sum())


def broad_stem():
    """Ink of two passes of the pen side by side, and each of them."""
    passes = [np.array([(x, 20.0), (x, 120.0)]) for x in (60.0, 65.0)]
    return drawn(*passes), passes


def test_broad_ink_that_was_walked_over_once_is_written_along_and_has_no_rungs():
    ink, _ = broad_stem()
    found = recovered([np.array([(62.0, 20.0), (62.0, 120.0)])], ink)
    assert (away_from(found.strokes, ink.shape)[ink] <= PEN_PX / 2 + 1.5).all()
    assert sum(map(sharp_turns, found.strokes)) <= 4


def test_two_passes_over_broad_ink_come_apart_without_rungs():
    ink, (down, up) = broad_stem()
    found = recovered([np.concatenate([down, up[::-1]])], ink)
    assert (away_from(found.strokes, ink.shape)[ink] <= PEN_PX / 2 + 1.5).all()
    (stroke,) = found.strokes
    assert sharp_turns(stroke) <= 2
    going, coming = (part[(part[:, 1] > 40) & (part[:, 1] < 100), 0] for part in np.array_split(stroke, 2))
    assert going.mean() < coming.mean() - 2


def test_a_corner_that_was_cut_is_turned_at_and_not_gone_to_and_back_from():
    ink = drawn([(20, 20), (70, 110), (120, 20)])
    rounded = np.array([[20.0, 20.0], [64.0, 99.0], [76.0, 99.0], [120.0, 20.0]])
    sides = [(a, b, int(np.hypot(*(b - a)))) for a, b in itertools.pairwise(rounded)]
    stroke = np.concatenate([a + np.arange(steps)[:, None] / steps * (b - a) for a, b, steps in sides])
    (found,) = reach_rest([stroke], ink, PEN_PX)
    assert (away_from([found], ink.shape)[ink] <= PEN_PX / 2 + 1.5).all()
    ways = np.diff(found, axis=0)
    turns = (ways[1:] * ways[:-1]).sum(axis=1) < -0.9 * np.hypot(*ways[1:].T) * np.hypot(*ways[:-1].T)
    assert not turns.any()


def test_a_gap_as_wide_as_the_pen_is_no_lift_and_a_wider_one_is():
    walk = [np.stack([np.arange(20.0, 121, 5), np.full(21, 60.0)], axis=1)]
    for gap, strokes in ((5, 1), (14, 2)):
        ink = drawn([(20, 60), (120, 60)])
        ink[:, 70 : 70 + gap] = False
        assert len(lay(walk, find_lines(thin(ink)), off_ink(ink), coarse_px=3.0)) == strokes
