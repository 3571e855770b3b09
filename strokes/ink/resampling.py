"""Polylines at equal steps of their length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import FloatArray


def resample_path(strokes: list[FloatArray], count: int) -> FloatArray:
    """Strokes as `count` points: shares by length, at least two a stroke (fewer strokes kept if they don't fit).

    Returns:
        (count, 3): x, y, and 1 where the pen is down after the point, 0 after a stroke's last point.
    """
    strokes = strokes[: count // 2]
    lengths = np.array([path_length(stroke) for stroke in strokes])
    spare = count - 2 * len(strokes)
    ideal = spare * lengths / max(lengths.sum(), 1e-9)
    shares = np.floor(ideal).astype(int)
    for i in np.argsort(shares - ideal, kind="stable")[: spare - shares.sum()]:
        shares[i] += 1
    shares[0] += spare - shares.sum()
    rows = []
    for stroke, length, share in zip(strokes, lengths, shares, strict=True):
        xy = along(stroke, np.linspace(0, length, share + 2))
        down = np.ones((len(xy), 1), np.float32)
        down[-1] = 0
        rows.append(np.concatenate([xy, down], axis=1))
    return np.concatenate(rows).astype(np.float32)


def path_length(stroke: FloatArray) -> float:
    """Length of a polyline (points, 2)."""
    return float(np.linalg.norm(np.diff(stroke, axis=0), axis=1).sum())


def along(stroke: FloatArray, distances: NDArray[np.float64]) -> FloatArray:
    """Points of a polyline at the given distances from its start."""
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(steps)])
    return np.stack([np.interp(distances, at, stroke[:, k]) for k in (0, 1)], axis=1).astype(np.float32)
