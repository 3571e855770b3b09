"""Two paths over the same ink: the same walk, the reverse, strokes in another order, and how far apart they are."""

import numpy as np
import pytest

from strokes.errors import ShapeError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.metrics.pens import STEP_PX, sample_path, score_pens

BAR = np.array([[0.2, 0.5], [0.8, 0.5]], np.float32)
STEM = np.array([[0.5, 0.1], [0.5, 0.9]], np.float32)
HOOK = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]], np.float32)
ASIDE = np.array([1 / 28, 0], np.float32)
"""One pixel to the right."""


def score(truth, found) -> dict[str, float]:
    """The scores of one pair."""
    return {name: float(values[0]) for name, values in score_pens([truth], [found]).items()}


def plain_dtw(truth, found) -> float:
    """The textbook's whole table, and a walk back through it."""
    a, b = sample_path(truth)[:, :2], sample_path(found)[:, :2]
    apart = np.linalg.norm(a[:, None] - b[None], axis=2)
    table = np.full((len(a) + 1, len(b) + 1), np.inf)
    table[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            table[i + 1, j + 1] = apart[i, j] + min(table[i, j], table[i, j + 1], table[i + 1, j])
    i, j, steps = len(a), len(b), 0
    while i or j:
        steps += 1
        i, j = min([(i - 1, j - 1), (i - 1, j), (i, j - 1)], key=lambda at: table[at] if min(at) >= 0 else np.inf)
    return table[-1, -1] / steps


def test_a_path_agrees_with_itself():
    assert score([HOOK, BAR], [HOOK, BAR]) == {"dtw": 0, "direction": 1, "order": 1, "strokes": 1, "start": 1}


def test_a_path_and_its_reverse_disagree_in_everything():
    scores = score([HOOK], [HOOK[::-1]])
    assert scores["direction"] == 0
    # at the corner two points tie
    assert scores["order"] == pytest.approx(-1, abs=0.01)
    assert scores["start"] == 0


def test_strokes_in_another_order_are_still_walked_the_same_way():
    scores = score([BAR, STEM], [STEM, BAR])
    assert scores["direction"] == 1
    # two strokes of shares 3/7 and 4/7: the pairs within a stroke agree (0.51 of all), the others don't
    assert scores["order"] == pytest.approx((3 / 7) ** 2 + (4 / 7) ** 2 - 2 * 12 / 49, abs=0.03)


def test_a_crossing_matches_the_branch_that_runs_the_same_way():
    scores = score([STEM], [BAR, STEM + ASIDE])
    assert (scores["direction"], scores["order"], scores["strokes"]) == (1, 1, 0)


def test_a_path_moved_sideways_is_as_far_apart_as_it_was_moved():
    assert score([STEM], [STEM + 2 * ASIDE])["dtw"] == pytest.approx(2, rel=1e-5)


@pytest.mark.parametrize(("moved_px", "near"), [(2.9, 1), (3.1, 0)])
def test_a_start_is_right_within_three_pixels(moved_px, near):
    assert score([BAR], [BAR + np.float32([0, moved_px / 28])])["start"] == near


def test_dtw_is_the_textbooks():
    random = np.random.default_rng(0)
    for _ in range(20):
        truth, found = ([random.random((4, 2), np.float32), random.random((2, 2), np.float32)] for _ in range(2))
        assert score(truth, found)["dtw"] == pytest.approx(plain_dtw(truth, found), rel=1e-5)


def test_samples_are_equally_spaced_and_have_unit_tangents():
    path = sample_path([HOOK])
    steps = np.hypot(*np.diff(path[:, :2], axis=0).T)
    assert steps.max() <= STEP_PX + 1e-9
    np.testing.assert_allclose(np.hypot(path[:, 2], path[:, 3]), 1)
    np.testing.assert_allclose(path[[0, -1], :2], HOOK[[0, -1]] * 28, rtol=1e-6)


def test_every_length_of_stroke_is_sampled_to_its_end():
    random = np.random.default_rng(1)
    for count in random.integers(2, 60, 200):
        stroke = np.cumsum(random.normal(0, random.choice([1e-4, 0.02, 0.3]), (count, 2)), axis=0).astype(np.float32)
        path = sample_path([stroke])
        np.testing.assert_allclose(np.hypot(path[:, 2], path[:, 3]), 1, rtol=1e-6)
        np.testing.assert_allclose(path[-1, :2], stroke[-1] * 28, atol=1e-5)


@pytest.mark.parametrize("dots", [[BAR[:1]], [BAR[[0, 0]]]])
def test_dots_agree_in_place_alone(dots):
    scores = score([BAR], dots)
    assert (scores["direction"], scores["order"], scores["start"]) == (0, -1, 1)
    turned = score(dots, [BAR])
    assert np.isnan(turned["direction"])
    assert np.isnan(turned["order"])
    assert turned["dtw"] > 0


def test_a_drawing_without_strokes_scores_the_worst():
    assert score([BAR], []) == {"dtw": 28, "direction": 0, "order": -1, "strokes": 0, "start": 0}


def test_points_that_repeat_change_nothing():
    scores = score([HOOK], [np.repeat(HOOK, 2, axis=0)])
    assert (scores["direction"], scores["order"], scores["dtw"]) == (1, 1, 0)


def test_sets_score_as_their_drawings_do():
    drawings = [[HOOK], [], [BAR, STEM, BAR[:1]]]
    others = [[HOOK[::-1]], [BAR], [STEM, BAR]]
    whole = score_pens(*(make_drawing_set([Drawing(tuple(d)) for d in some]) for some in (drawings, others)))
    for i, (truth, found) in enumerate(zip(drawings, others, strict=True)):
        np.testing.assert_array_equal([values[i] for values in whole.values()], list(score(truth, found).values()))


def test_sets_of_different_lengths_are_refused():
    with pytest.raises(ShapeError, match="one for each"):
        score_pens([[BAR]], [])
