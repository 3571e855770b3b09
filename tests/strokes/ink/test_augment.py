"""Recordings varied: a shift is a shift, as far as asked for and never off the frame."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from strokes.datasets.samples import load_pen_samples
from strokes.ink.augment import EDGE_PX, Variation, vary
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.rendering import centre_in_frame

STILL = Variation(turn=0, slant=0, stretch=0, bend=0, size=0, shift_px=0)


@pytest.fixture(scope="module")
def samples():
    return centre_in_frame(load_pen_samples())


def ranges(drawings) -> tuple[np.ndarray, np.ndarray]:
    """The corners of each drawing's box, in px."""
    bounds = drawings.stroke_offsets[drawings.drawing_offsets]
    own = [28 * drawings.points[a:b] for a, b in itertools.pairwise(bounds)]
    return np.array([points.min(axis=0) for points in own]), np.array([points.max(axis=0) for points in own])


def test_nothing_varied_is_the_recording_itself(samples):
    assert vary(samples, STILL, np.random.default_rng(0)).points == pytest.approx(samples.points, abs=1e-5)


def test_shifts_fill_their_range_evenly_both_ways(samples):
    moved = vary(samples, replace(STILL, shift_px=1.5), np.random.default_rng(0))
    shifts = ranges(moved)[0] - ranges(samples)[0]
    assert np.abs(shifts).max() < 1.5 + 1e-3
    # evenly spread over ±1.5: a standard deviation of 1.5 / √3
    assert shifts.std(axis=0) == pytest.approx(1.5 / np.sqrt(3), rel=0.2)
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.2


def test_a_shift_moves_and_does_nothing_else(samples):
    moved = vary(samples, replace(STILL, shift_px=1.5), np.random.default_rng(0))
    assert np.ptp(np.stack(ranges(moved)), axis=0) == pytest.approx(np.ptp(np.stack(ranges(samples)), axis=0), abs=1e-3)


def test_no_shift_takes_a_point_to_the_edge(samples):
    far = vary(samples, replace(STILL, shift_px=20.0), np.random.default_rng(0))
    low, high = ranges(far)
    assert (low > EDGE_PX - 1e-3).all()
    assert (high < 28 - EDGE_PX + 1e-3).all()


def test_a_dot_is_moved_too():
    dots = make_drawing_set([Drawing((np.array([[0.5, 0.5]], np.float32),))] * 2)
    moved = 28 * vary(dots, replace(STILL, shift_px=1.0), np.random.default_rng(0)).points
    assert ((moved != 14) & (np.abs(moved - 14) <= 1)).all()
