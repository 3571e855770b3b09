"""Two paths over the same ink: the same walk, the reverse, and strokes in another order."""

import numpy as np
import pytest

from strokes.agreement import STEP_PX, sample_path, walked_alike

BAR = np.array([[0.2, 0.5], [0.8, 0.5]], np.float32)
STEM = np.array([[0.5, 0.1], [0.5, 0.9]], np.float32)
HOOK = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]], np.float32)


def test_a_path_agrees_with_itself():
    direction, order = walked_alike([HOOK], [HOOK])
    assert direction == 1
    assert order == 1


def test_a_path_and_its_reverse_disagree_in_everything():
    direction, order = walked_alike([HOOK], [HOOK[::-1]])
    assert direction == 0
    # at the corner two points tie
    assert order == pytest.approx(-1, abs=0.01)


def test_strokes_in_another_order_are_still_walked_the_same_way():
    direction, order = walked_alike([BAR, STEM], [STEM, BAR])
    assert direction == 1
    # two strokes of shares 3/7 and 4/7: the pairs within a stroke agree (0.51 of all), the others don't
    assert order == pytest.approx((3 / 7) ** 2 + (4 / 7) ** 2 - 2 * 12 / 49, abs=0.03)


def test_a_crossing_matches_the_branch_that_runs_the_same_way():
    moved = STEM + np.array([1 / 28, 0], np.float32)
    direction, order = walked_alike([STEM], [BAR, moved])
    assert (direction, order) == (1, 1)


def test_samples_are_equally_spaced_and_have_unit_tangents():
    path = sample_path([HOOK])
    steps = np.hypot(*np.diff(path[:, :2], axis=0).T)
    assert steps.max() <= STEP_PX + 1e-9
    np.testing.assert_allclose(np.hypot(path[:, 2], path[:, 3]), 1)
    np.testing.assert_allclose(path[-1, :2], HOOK[-1] * 28, rtol=1e-6)


@pytest.mark.parametrize("nothing", [[], [BAR[:1]], [BAR[[0, 0]]]])
def test_dots_and_empty_drawings_agree_with_nothing(nothing):
    assert walked_alike([BAR], nothing) == (0, -1)
    assert walked_alike(nothing, [BAR]) == (0, -1)


def test_points_that_repeat_change_nothing():
    assert walked_alike([HOOK], [np.repeat(HOOK, 2, axis=0)]) == (1, 1)
