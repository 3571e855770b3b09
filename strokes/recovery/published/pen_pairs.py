"""Pen samples to supervised training pairs: warped, written with a round pen, thinned, resampled to n points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raster.hard import draw_strokes
from strokes.errors import SourceError
from strokes.ink.drawing import DrawingSet, FloatArray
from strokes.ink.resampling import along, path_length, resample_path
from strokes.ink.thinning import thin

PEN_SIDE_PX = 18
"""Longest side of a glyph's path in the 28-pixel frame, before the pen's width, as MNIST was normalised."""
OVERSAMPLING = 8


def make_pen_pairs(
    samples: DrawingSet, label: int, *, count: int, points: int, seed: int
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Random variations of the samples of one class, as pictures and the paths that draw them.

    Args:
        samples: pen recordings, each in its unit square.
        label: the class, an index into `samples.classes`.
        count: pairs to make.
        points: points a path.
        seed: of the variations.

    Returns:
        thinned pictures (count, 28, 28) bool, and paths (count, points, 3): x, y, and 1 where the pen is down after
        the point, 0 where it is lifted.

    Raises:
        SourceError: the class has no samples.
    """
    own = np.flatnonzero(samples.labels == label)
    if len(own) == 0:
        raise SourceError(f"no pen sample of class {samples.classes[label]!r}; every class that is trained needs some")
    random = np.random.default_rng([seed, label])
    chosen = own[random.integers(len(own), size=count)]
    drawings = [centre_in_frame(warp(samples[int(i)].strokes, random)) for i in chosen]
    widths = random.uniform(1.6, 3.0, count)
    grey = np.stack([write(strokes, width_px=width) for strokes, width in zip(drawings, widths, strict=True)])
    return thin(grey), np.stack([resample_path(strokes, points) for strokes in drawings])


def warp(strokes: tuple[FloatArray, ...], random: np.random.Generator) -> list[FloatArray]:
    """Strokes turned, slanted, stretched and bent a little, the way hands differ."""
    angle, slant, bend_x, bend_y = random.normal(0, (0.08, 0.22, 0.05, 0.05))
    stretch = np.exp(random.normal(0, 0.15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine = turn @ np.array([[stretch, slant], [0, 1 / stretch]])
    phases = random.uniform(0, 2 * np.pi, 2)
    warped = []
    for stroke in strokes:
        xy = (stroke - 0.5) @ affine.T
        shift = np.stack([bend_x * np.sin(5 * xy[:, 1] + phases[0]), bend_y * np.sin(5 * xy[:, 0] + phases[1])], axis=1)
        warped.append((xy + shift).astype(np.float32))
    return warped


def centre_in_frame(strokes: list[FloatArray]) -> list[FloatArray]:
    """Strokes scaled to MNIST's glyph size, the centre of their ink at the frame's centre."""
    points = np.concatenate(strokes)
    side = max(float(np.ptp(points, axis=0).max()), 1e-6)
    scale = PEN_SIDE_PX / 28 / side
    dense = np.concatenate([along(stroke, np.arange(0, path_length(stroke) + 1e-9, side / 100)) for stroke in strokes])
    return [((stroke - dense.mean(axis=0)) * scale + 0.5).astype(np.float32) for stroke in strokes]


def write(strokes: list[FloatArray], *, width_px: float) -> NDArray[np.uint8]:
    """Strokes in the unit square written with a round pen of `width_px` of 28 pixels, box-filtered to (28, 28) grey."""
    thickness = max(round(width_px * OVERSAMPLING), 1)
    large = draw_strokes(strokes, size=28 * OVERSAMPLING, thickness_px=thickness)
    means = large.reshape(28, OVERSAMPLING, 28, OVERSAMPLING).mean(axis=(1, 3))
    grey: NDArray[np.uint8] = np.rint(means).astype(np.uint8)
    return grey
