"""Hand-made strokes: false starts, ends that turn back or fall short, ways walked twice, reversals and turns."""

import numpy as np
import pytest

from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.thinning import find_loose_ends
from strokes.metrics.pictures import render_set
from strokes.metrics.writing import score_writing


def px(*points: tuple[float, float]) -> np.ndarray:
    """A stroke through places in px of the frame."""
    return np.array(points, np.float32) / 28


LINE = px((4.5, 10.5), (24.5, 10.5))
FALSE_START = px((7.5, 10.5), (4.5, 10.5), (24.5, 10.5))
TURNS_BACK = px((4.5, 10.5), (24.5, 10.5), (21.5, 10.5))


def score(*strokes: np.ndarray, ink: tuple[np.ndarray, ...] = ()) -> dict[str, float]:
    """The figures of one drawing, over a picture of itself or of other strokes."""
    drawing, picture = (make_drawing_set([Drawing(tuple(own))]) for own in (strokes, ink or strokes))
    return {name: float(values[0]) for name, values in score_writing(drawing, render_set(picture)).items()}


def test_a_plain_line_has_no_fault():
    # 20 px long, drawn as 21 pixels
    expected = {"hook": 0, "tail": 0, "short": 0, "retrace": 20 / 21, "reversals": 0, "turn": 0}
    assert score(LINE) == pytest.approx(expected, abs=0.02)


def test_a_start_inside_the_stroke_is_a_hook_and_an_end_that_turns_back_a_tail():
    assert [score(FALSE_START)[name] for name in ("hook", "tail")] == [1, 0]
    assert [score(TURNS_BACK)[name] for name in ("hook", "tail")] == [0, 1]
    assert score(FALSE_START[::-1])["tail"] == 1


def test_only_the_first_start_and_the_last_end_are_hooks():
    assert score(LINE, FALSE_START)["hook"] == 0
    assert score(TURNS_BACK, LINE)["tail"] == 0


def test_a_roundabout_way_back_is_no_hook():
    # back within 1.2 px after 12.6 px, having been 3.9 px away: 2.8 · 3.9 + 1 is 11.9
    assert score(px((10, 10), (13, 10), (10, 12.5), (13, 12.5), (10, 10), (24, 10)))["hook"] == 0
    assert score(px((10, 10), (13, 12.5), (10, 10), (24, 10)))["hook"] == 1


def test_a_return_after_more_than_a_beginning_is_no_hook():
    # 10 px out and back to 1.2 px is 18.8 px
    assert score(px((15.5, 10.5), (5.5, 10.5), (24.5, 10.5)))["hook"] == 0
    assert score(px((13.0, 10.5), (5.5, 10.5), (24.5, 10.5)))["hook"] == 1


def test_ends_fall_short_by_the_mean_distance_from_loose_ends():
    # one of the line's two ends is missed by 3 px
    assert score(px((7.5, 10.5), (24.5, 10.5)), ink=(LINE,))["short"] == pytest.approx(1.5, abs=0.01)
    ring = px((8.5, 8.5), (16.5, 8.5), (16.5, 16.5), (8.5, 16.5), (8.5, 8.5))
    assert np.isnan(score(ring)["short"])


def test_a_way_walked_twice_is_longer_than_its_drawing():
    there_and_back = px((4.5, 10.5), (24.5, 10.5), (4.5, 10.5))
    assert score(there_and_back)["retrace"] == pytest.approx(40 / 21, abs=0.05)
    assert score(there_and_back)["reversals"] == 1


def test_a_turn_is_the_mean_of_all_its_corners():
    square = px((8.5, 8.5), (18.5, 8.5), (18.5, 18.5))
    # one right angle among 19 turns between 20 steps
    assert score(square)["turn"] == pytest.approx(np.pi / 2 / 19, abs=1e-3)
    assert score(square)["reversals"] == 0


def test_nothing_drawn_is_not_writing():
    scores = score(ink=(LINE,))
    assert (scores["hook"], scores["tail"], scores["short"], scores["reversals"]) == (0, 0, 28, 0)
    assert np.isnan([scores["retrace"], scores["turn"]]).all()


def test_a_loose_end_has_exactly_one_neighbour():
    ink = np.zeros((1, 28, 28), bool)
    ink[0, 5, 5:9] = ink[0, 0, 0] = True
    ink[0, 27, 26:28] = True
    assert np.argwhere(find_loose_ends(ink)[0]).tolist() == [[5, 5], [5, 8], [27, 26], [27, 27]]
