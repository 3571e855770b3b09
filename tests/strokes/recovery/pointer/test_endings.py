"""Strokes' ends on the ink's own ends, and what a false start costs."""

import numpy as np

from strokes.recovery.pointer import risk
from strokes.recovery.pointer.decoding import Walks
from strokes.recovery.pointer.endings import meet_ends
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.risk import count_hooks, minimise_bayes_risk


def line_of_ink() -> np.ndarray:
    """A picture of a line from column 4 to 24 of row 10."""
    ink = np.zeros((1, 28, 28), bool)
    ink[0, 10, 4:25] = True
    return ink


def walks(*ways: list[float], likelihood: list[float] | None = None) -> Walks:
    """Walks along row 10 of the frame, by the columns they go through."""
    steps = max(map(len, ways))
    points = np.zeros((len(ways), steps, 2), np.float32)
    flags = np.full((len(ways), steps), -1)
    for i, way in enumerate(ways):
        points[i, : len(way)] = np.stack([way, np.full(len(way), 10.5)], axis=1)
        flags[i, : len(way)] = [GO] * (len(way) - 1) + [END]
    chances = np.zeros(len(ways)) if likelihood is None else likelihood
    return Walks(
        np.zeros_like(flags), flags, points, np.array(chances, np.float32), np.zeros((len(ways), 2), np.float32)
    )


def test_ends_go_where_the_inks_ends_are():
    short = walks([5.5, 14.5, 23.3])
    met = meet_ends(short.points_px, short.flags, line_of_ink())
    assert met[0].tolist() == [[4.5, 10.5], [14.5, 10.5], [24.5, 10.5]]


def test_far_ends_and_dots_stay_where_they_are():
    far = walks([8.5, 14.5, 21.5])
    assert (meet_ends(far.points_px, far.flags, line_of_ink()) == far.points_px).all()
    dot = walks([5.0])
    assert (meet_ends(dot.points_px, dot.flags, line_of_ink()) == dot.points_px).all()


def test_of_two_strokes_that_end_there_the_nearer_meets_the_inks_end():
    points = np.array([[[5.5, 10.5], [14.5, 10.5], [5.0, 10.5], [14.5, 10.5]]], np.float32)
    met = meet_ends(points, np.array([[GO, LIFT, GO, END]]), line_of_ink())
    assert met[0, :, 0].tolist() == [5.5, 14.5, 4.5, 14.5]


FALSE_START = [7.5, 5.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5, 16.5, 18.5, 20.5, 22.5, 24.5]
PLAIN = [4.5, 6.5, 8.5, 10.5, 12.5, 14.5, 16.5, 18.5, 20.5, 22.5, 24.5]


def test_hooks_are_counted_at_both_ends():
    assert count_hooks(walks(FALSE_START, PLAIN, FALSE_START[::-1], [7.5, 4.5, 24.5, 20.5])).tolist() == [1, 0, 1, 2]


def test_a_penalty_turns_the_choice_away_from_a_false_start(monkeypatch):
    # so much likelier is the plain walk that by the rest of the risk the false start is only just chosen
    ways = walks(FALSE_START, PLAIN, likelihood=[0.0, 50.0])
    assert minimise_bayes_risk(ways, line_of_ink(), 2).walks.points_px[0, 0, 0] == 4.5
    monkeypatch.setattr(risk, "UNNATURAL", 0.0)
    assert minimise_bayes_risk(ways, line_of_ink(), 2).walks.points_px[0, 0, 0] == 7.5
