"""One rule for what an array's numbers mean: its highest value tells full ink or white.

Full is the smallest of 1, 16, 255, 4095 and 65535 that isn't below the highest value. An array whose highest value is
below half of that can't be told (its numbers may be classes, or a scale of its own) and is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.held import pieces, room
from strokes.errors import SourceError
from strokes.ink.pictures import let_go

FULL = (1, 16, 255, 4095, 65535)
"""Masks and shares, sklearn's digits, bytes, 12 bits, 16 bits."""
LEAST_FULL_SHARE = 0.43
"""A highest value below this share of the full one says nothing: ink begins at 110 of 255."""
PIECE = 1 << 22


def full_scale(values: NDArray[Any], what: str) -> int:
    """What stands for white or full ink in numbers of any type.

    Raises:
        SourceError: they are no numbers, not finite, negative, or of no known scale.
    """
    check_values(values, what)
    if values.dtype == np.bool_:
        return 1
    low, high = extremes(values)
    full = next((full for full in FULL if high <= full), 0)
    if not full or 0 < high < LEAST_FULL_SHARE * full:
        raise SourceError(
            f"{what} spans {low:g}…{high:g} as {values.dtype}, which is no scale that can be told; expected "
            f"values from 0 whose highest is near {', '.join(map(str, FULL))}"
        )
    return full


def check_values(values: NDArray[Any], what: str) -> None:
    """Raise `SourceError` for values that aren't bool or finite numbers from 0 to the highest of `FULL`."""
    if values.dtype == np.bool_:
        return
    integers = np.issubdtype(values.dtype, np.integer)
    if not integers and not np.issubdtype(values.dtype, np.floating):
        raise SourceError(f"{what} has type {values.dtype}; expected bool, integers or floats")
    low, high = extremes(values)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise SourceError(f"{what} holds NaN or infinite values; expected finite numbers")
    if low < 0 or high > FULL[-1]:
        raise SourceError(f"{what} spans {low:g}…{high:g}; expected values from 0 to {FULL[-1]} at most")


def extremes(values: NDArray[Any]) -> tuple[Any, Any]:
    """The lowest and the highest of numbers, NaN where one is."""
    if not isinstance(values, np.memmap):
        return values.min(), values.max()
    found = [(piece.min(), piece.max()) for piece in pieces(values)]
    return np.min([low for low, _ in found]), np.max([high for _, high in found])


def to_bytes(values: NDArray[Any], *, full: int | None = None) -> NDArray[np.uint8]:
    """Numbers as 0…255, by their own full scale or `full`; in pieces, so that memory stays small.

    A picture's own pixels, which say nothing of a scale, are taken as they are.
    """
    if full is None:
        high = float(values.max(initial=0)) if values.dtype != np.bool_ else 1.0
        known = 1 if high <= 1 else 255 if high <= 255 else next((full for full in FULL[2:] if high <= full), int(high))
        full = known if values.dtype != np.uint8 else dim_scale(values)
    if values.dtype == np.uint8 and full == 255:
        return values
    out = room(values.shape)
    flat, target = values.reshape(-1), out.reshape(-1)
    for start in range(0, len(flat), PIECE):
        piece = flat[start : start + PIECE].astype(np.float32)
        target[start : start + PIECE] = np.rint(piece.clip(0, full) * np.float32(255 / full))
        let_go(values)
        let_go(out)
    return out


def dim_scale(values: NDArray[np.uint8]) -> int:
    """What is white in a picture's bytes: 255, but for masks and pictures of four bits their own highest value."""
    if not values.size or not 0 < (high := int(values.max())) <= FULL[1]:
        return 255
    levels = int((np.bincount(values.ravel()) > 0).sum())
    return high if levels == 2 or high >= FULL[1] - 1 else 255
