"""Binarise and thin pictures, one or a batch: what every network here sees and every score calls ink.

The thinning is that of Z. Guo and R. W. Hall, "Parallel thinning with two-subiteration algorithms", Comm. ACM 32(3),
1989, as `skimage.morphology.thin` does it, pixel for pixel, but over a batch and visiting the ink only.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ShapeError

BoolArray = NDArray[np.bool_]

INK_THRESHOLD = 110
"""A grey value above this, of 255, is ink."""


def binarise(images: NDArray[Any]) -> BoolArray:
    """Ink of pictures of any shape: uint8 above 110, floats in [0, 1] above 110/255, booleans as they are.

    Raises:
        ShapeError: for another type, NaN, or floats outside [0, 1].
    """
    if images.dtype == np.bool_:
        return images
    if images.dtype == np.uint8:
        return np.asarray(images > INK_THRESHOLD)
    if not np.issubdtype(images.dtype, np.floating):
        raise ShapeError(f"pictures have type {images.dtype}; expected bool, uint8 or floats in [0, 1]")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ShapeError(
            f"float pictures hold NaN or values outside [0, 1] (they span {images.min()}…{images.max()}); "
            "scale them to [0, 1] or give uint8"
        )
    return np.asarray(images * 255 > INK_THRESHOLD)


def thin(images: NDArray[Any]) -> BoolArray:
    """Thinned ink of one picture (h, w) or a batch (n, h, w), equal to `skimage.morphology.thin(image > 110)` of each.

    Takes what `binarise` takes, ink high; returns booleans of the same shape.

    Raises:
        ShapeError: when the pictures aren't 2- or 3-dimensional, or `binarise` refuses them.
    """
    if images.ndim not in (2, 3):
        raise ShapeError(f"pictures have shape {images.shape}; expected (h, w) or (n, h, w)")
    ink = binarise(images)
    batch = ink if ink.ndim == 3 else ink[None]
    framed = np.pad(batch, ((0, 0), (1, 1), (1, 1))).view(np.uint8)
    _thin_in_place(framed, *deletion_tables())
    return framed[:, 1:-1, 1:-1].astype(np.bool_).reshape(images.shape)


@cache
def deletion_tables() -> tuple[BoolArray, BoolArray]:
    """For both sub-iterations, whether a pixel goes, by its neighbours: bit 0 is the east, then counter-clockwise."""
    bits = [(np.arange(256) >> i & 1).astype(np.bool_) for i in range(8)]
    after = [bits[(i + 1) % 8] for i in range(8)]
    crossings = sum((~bits[i] & (bits[i + 1] | bits[(i + 2) % 8])).astype(int) for i in (0, 2, 4, 6))
    pairs_before = sum((bits[k] | bits[k - 1]).astype(int) for k in (1, 3, 5, 7))
    pairs_after = sum((bits[k] | after[k]).astype(int) for k in (1, 3, 5, 7))
    pairs = np.minimum(pairs_before, pairs_after)
    common = (crossings == 1) & (pairs >= 2) & (pairs <= 3)
    first = common & ~((bits[1] | bits[2] | ~bits[7]) & bits[0])
    second = common & ~((bits[5] | bits[6] | ~bits[3]) & bits[4])
    return first, second


def find_loose_ends(images: BoolArray) -> BoolArray:
    """Which pixels of thinned pictures (n, h, w) are ink with exactly one neighbour, corners among them."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.uint8)
    high, wide = images.shape[1:]
    around = np.zeros(images.shape, np.uint8)
    for r in range(3):
        for c in range(3):
            around += padded[:, r : r + high, c : c + wide]
    loose: BoolArray = images & (around == 2)
    return loose


@compiled()
def _thin_in_place(framed: NDArray[np.uint8], first: BoolArray, second: BoolArray) -> None:
    """Thin 0/1 pictures (n, h, w) whose outermost rows and columns are blank."""
    n, h, w = framed.shape
    for i in range(n):
        image = framed[i].reshape(h * w)
        places = np.flatnonzero(image)
        before = -1
        while len(places) != before:
            before = len(places)
            places = _delete(image, places, first, w)
            places = _delete(image, places, second, w)


@compiled()
def _delete(image: NDArray[np.uint8], places: NDArray[np.int64], table: BoolArray, width: int) -> NDArray[np.int64]:
    """Clear the ink pixels of a flat picture that `table` dooms, all at once; return the places that stay."""
    doomed = np.empty(len(places), np.bool_)
    for k, p in enumerate(places):
        north, south = p - width, p + width
        north_half = image[p + 1] | image[north + 1] << 1 | image[north] << 2 | image[north - 1] << 3
        south_half = image[p - 1] << 4 | image[south - 1] << 5 | image[south] << 6 | image[south + 1] << 7
        doomed[k] = table[north_half | south_half]
    image[places[doomed]] = 0
    return places[~doomed]
