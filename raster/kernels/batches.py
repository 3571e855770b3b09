"""What both CPU kernels do with a batch: drawing after drawing, as threads take them, each segment by segment."""

from typing import Any

import numba
import numpy as np

from raster.kernels import DRAWINGS_A_TAKE
from raster.kernels.compiling import take
from raster.kernels.lanes import LANES, load, maximum, store, where_equal, where_less, wide
from raster.kernels.tables import PLANNED, scratch_for, tiny

SUM, MAXIMUM, SOFT_OR = 0, 1, 2


@numba.njit(forceinline=True)
def padded_width(width: int) -> int:
    """Distance between a picture's rows: whole vectors may run over the right edge."""
    return width + LANES


@numba.njit
def is_finite(points: Any, b: int) -> bool:
    """Whether every number of drawing `b` that is drawn is finite; the last softness isn't drawn."""
    total = 0.0
    for i in range(points.shape[1]):
        total += 0.0 * points[b, i, 0] + 0.0 * points[b, i, 1]
        if i < points.shape[1] - 1:
            total += 0.0 * points[b, i, 2]
    return bool(total == 0)


@numba.njit
def pad(image: Any, padded: Any) -> None:
    """Copy `image` `(height, width)` into rows with room for a vector more."""
    height, width = image.shape
    for r in range(height):
        start = r * padded_width(width)
        for c in range(width):
            padded[start + c] = image[r, c]


@numba.njit
def unpad(padded: Any, image: Any) -> None:
    """Copy such rows back into `image` `(height, width)`."""
    height, width = image.shape
    for r in range(height):
        start = r * padded_width(width)
        for c in range(width):
            image[r, c] = padded[start + c]


@numba.njit(forceinline=True)
def compose(s: Any, picture: Any, winner: Any, at: int, ink: Any, index: Any, mode: int) -> None:
    """Compose lanes of segment `index`'s ink into `picture` from `at` on."""
    before = load(picture, at)
    if mode == SUM:
        store(picture, at, before + ink)
    elif mode == SOFT_OR:
        store(picture, at, before * maximum(1.0 - ink, tiny(s)))
    else:
        store(winner, at, where_less(before, ink, index, load(winner, at)))
        store(picture, at, maximum(ink, before))


@numba.njit(forceinline=True)
def upstream_at(s: Any, upstream: Any, winner: Any, at: int, ink: Any, index: Any, mode: int) -> Any:
    """Lanes of the gradient of segment `index`'s ink, given the picture's (soft-or: times one minus the picture)."""
    gradient = load(upstream, at)
    if mode == SOFT_OR:
        return gradient / maximum(1.0 - ink, tiny(s))
    if mode == MAXIMUM:
        return where_equal(load(winner, at), index, gradient, wide(s, 0.0))
    return gradient


def named_after(primitive: Any, function: Any) -> Any:
    """The function, compiled under a name of its primitive's own.

    Machine code that separate processes kept is linked by such names: two functions of one name would become one.
    """
    function.__qualname__ = f"{primitive.py_func.__module__}.{function.__name__}"
    return numba.njit(function)


def batch_drawer(draw_segments: Any) -> Any:
    """The compiled function that draws a batch by `draw_segments`."""

    def draw_batch(
        points: Any, weights: Any, size: Any, mode: int, half: float, counter: Any, out: Any, winners: Any
    ) -> None:
        """Draw what `counter` hands out into `out` `(batch, h, w)` (soft-or: one minus the image).

        Max also writes the winning segment, or -1, to `winners` where that isn't empty. Points that aren't finite make
        their picture NaN. Weights of shape (0, 0) are all ones.
        """
        s, pixels = scratch_for(points, size), size[0] * padded_width(size[1])
        plans = np.empty((points.shape[1] - 1, PLANNED))
        picture = np.empty(pixels, points.dtype)
        winner = np.empty(pixels if mode == MAXIMUM else 0, np.int32)
        batch, first = points.shape[0], take(counter, DRAWINGS_A_TAKE)
        while first < batch:
            for b in range(first, min(first + DRAWINGS_A_TAKE, batch)):
                if not is_finite(points, b):
                    out[b] = np.nan
                    continue
                picture[:] = 1 if mode == SOFT_OR else 0
                winner[:] = -1
                draw_segments(s, plans, picture, winner, points, b, weights, size, mode, half)
                unpad(picture, out[b])
                if winners.size:
                    unpad(winner, winners[b])
            first = take(counter, DRAWINGS_A_TAKE)

    return named_after(draw_segments, draw_batch)


def batch_differentiator(differentiate_segments: Any) -> Any:
    """The compiled function that differentiates a batch by `differentiate_segments`."""

    def differentiate_batch(
        points: Any,
        weights: Any,
        size: Any,
        mode: int,
        half: float,
        counter: Any,
        upstream: Any,
        winners: Any,
        grad_points: Any,
        grad_weights: Any,
    ) -> None:
        """Gradients of the drawings that `counter` hands out, given their pictures' as in `upstream_at`."""
        s, pixels = scratch_for(points, size), size[0] * padded_width(size[1])
        plans = np.empty((points.shape[1] - 1, PLANNED))
        picture = np.zeros(pixels, points.dtype)
        winner = np.zeros(pixels if mode == MAXIMUM else 0, np.int32)
        batch, first = points.shape[0], take(counter, DRAWINGS_A_TAKE)
        while first < batch:
            for b in range(first, min(first + DRAWINGS_A_TAKE, batch)):
                if not is_finite(points, b):
                    grad_points[b] = np.nan
                    if grad_weights.size:
                        grad_weights[b] = np.nan
                    continue
                grad_points[b] = 0
                pad(upstream[b], picture)
                if mode == MAXIMUM:
                    pad(winners[b], winner)
                differentiate_segments(
                    s, plans, picture, winner, points, b, weights, size, mode, half, grad_points, grad_weights
                )
            first = take(counter, DRAWINGS_A_TAKE)

    return named_after(differentiate_segments, differentiate_batch)
