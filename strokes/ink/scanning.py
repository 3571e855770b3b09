"""What pens wrote as scanners give it: blurred, noisy, cut at a threshold that isn't quite the usual one."""

from __future__ import annotations

import numpy as np

from raster.kernels.compiling import compiled
from strokes.ink.augment import Variation
from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.rendering import GreyImages
from strokes.ink.thinning import INK_THRESHOLD


def scan(grey: GreyImages, variation: Variation, random: np.random.Generator) -> BoolArray:
    """The ink (n, h, w) of grey pictures (n, h, w), each scanned in a way of its own."""
    count = len(grey)
    blur = (random.choice([0.0, 1.0], count) * random.uniform(0, variation.blur, count)).astype(np.float32)
    deviations = random.choice([0.0, 0.0, 0.5, 1.0], count) * variation.noise
    noisy = np.flatnonzero(deviations > 0)
    noise = random.standard_normal((len(noisy), *grey.shape[1:]), np.float32)
    noise *= deviations[noisy, None, None].astype(np.float32)
    own = np.full(count, -1)
    own[noisy] = np.arange(len(noisy))
    thresholds = (INK_THRESHOLD + random.normal(0, variation.threshold, count)).astype(np.float32)
    ink = np.empty(grey.shape, np.bool_)
    _scan(grey, blur, noise, own, thresholds, ink)
    return ink


@compiled()
def _scan(
    grey: GreyImages,
    blur: FloatArray,
    noise: FloatArray,
    own: np.ndarray[tuple[int], np.dtype[np.int64]],
    thresholds: FloatArray,
    ink: BoolArray,
) -> None:
    """Fill `ink`: every picture blurred by (`blur`, 1 - 2 `blur`, `blur`) both ways, its `own` noise added, and cut."""
    count, high, wide = grey.shape
    across = np.empty((high, wide), np.float32)
    for i in range(count):
        side = blur[i]
        for r in range(high):
            for c in range(wide):
                beside = np.float32(grey[i, r, max(c - 1, 0)]) + np.float32(grey[i, r, min(c + 1, wide - 1)])
                across[r, c] = (1 - 2 * side) * grey[i, r, c] + side * beside
        for r in range(high):
            for c in range(wide):
                beside = across[max(r - 1, 0), c] + across[min(r + 1, high - 1), c]
                level = (1 - 2 * side) * across[r, c] + side * beside
                if own[i] >= 0:
                    level += noise[own[i], r, c]
                ink[i, r, c] = level > thresholds[i]
