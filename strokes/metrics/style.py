"""How a character is written, in numbers: how wide, how thick, how slanted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import FloatArray
from strokes.ink.thinning import binarise, thin

MEASURES = ("width", "thickness", "slant")


def measure_style(images: NDArray[Any]) -> FloatArray:
    """Width against height, thickness in px and slant (n, 3) of pictures (n, h, w), uint8 or in [0, 1]; NaN when blank.

    Width and height are twice the standard deviations of the ink's places along x and y, after the slant is taken out;
    the slant is the shift of x per unit of y upwards that leaves them uncorrelated; the thickness is ink per pixel of
    its thinned line.
    """
    grey = images.astype(np.float64) / (255 if images.dtype == np.uint8 else 1)
    mass = grey.sum(axis=(1, 2))
    y, x = np.mgrid[: images.shape[1], : images.shape[2]] + 0.5
    with np.errstate(invalid="ignore", divide="ignore"):
        x_mean, y_mean = ((grey * each).sum(axis=(1, 2)) / mass for each in (x, y))
        dx, dy = x - x_mean[:, None, None], y_mean[:, None, None] - y
        x_x, y_y, x_y = ((grey * each).sum(axis=(1, 2)) / mass for each in (dx * dx, dy * dy, dx * dy))
        slant = x_y / y_y
        width = np.sqrt((x_x - slant * x_y).clip(min=0) / y_y)
        thickness = mass / thin(binarise(images)).sum(axis=(1, 2))
    return np.stack([width, thickness, slant], axis=1).astype(np.float32)
