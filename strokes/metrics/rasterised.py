"""How far the differentiable rendering of drawings is from their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import raster
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray

SOFTNESS = 150.0
"""The softness of points that have none of their own."""


@torch.inference_mode()
def soft_error(drawings: DrawingSet, images: BoolArray, *, compose: str) -> FloatArray:
    """Mean squared error (n,) of drawings in the frame against pictures (n, h, w).

    They are rendered with their points' own softness where it is known; `compose` says how segments are joined.
    """
    counts = np.diff(drawings.stroke_offsets[drawings.drawing_offsets])
    inside = np.arange(max(int(counts.max(initial=0)), 2)) < counts[:, None]
    softness = drawings.point_columns.get("softness", np.full(len(drawings.points), SOFTNESS, np.float32))
    down = np.ones(len(drawings.points), np.float32)
    down[drawings.stroke_offsets[1:] - 1] = 0
    points = spread_out(np.column_stack([drawings.points, softness]), inside)
    weights = spread_out(down, inside)[:, :-1]
    drawn = raster.rasterise(
        torch.from_numpy(points), size=images.shape[1:], compose=compose, weights=torch.from_numpy(weights).clone()
    )
    error: FloatArray = (drawn - torch.from_numpy(images).float()).square().mean(dim=(1, 2)).numpy()
    return error


def spread_out(values: NDArray[Any], inside: BoolArray) -> FloatArray:
    """Values of all points as rows (n, t, …), 0 where a row has no point `inside` (n, t)."""
    rows = np.zeros((*inside.shape, *values.shape[1:]), np.float32)
    rows[inside] = values
    return rows
