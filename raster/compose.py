"""How the segments of a drawing become one image: sum, maximum or soft-or."""

from collections.abc import Callable

import torch
from torch import Tensor

from raster.errors import RasterError


def sum_masks(masks: Tensor) -> Tensor:
    """Add the segments, as published; crossings exceed 1."""
    return masks.sum(dim=1)


def max_masks(masks: Tensor) -> Tensor:
    """Keep the strongest segment of each pixel, starting from an empty picture; the gradient goes to the winner."""
    return masks.max(dim=1).values.clamp_min(0)


def soft_or_masks(masks: Tensor) -> Tensor:
    """One minus the chance that no segment inks the pixel: 1 - prod(1 - mask)."""
    return 1 - (1 - masks).prod(dim=1)


COMPOSERS: dict[str, Callable[[Tensor], Tensor]] = {"sum": sum_masks, "max": max_masks, "soft-or": soft_or_masks}


def compose_masks(masks: Tensor, name: str) -> Tensor:
    """Join segment masks `(batch, segments, height, width)` in [0, 1] to images `(batch, height, width)`.

    Raises:
        RasterError: `name` is none of `COMPOSERS`.
    """
    check_composition(name)
    if masks.shape[1] == 0:
        return torch.zeros_like(masks).sum(dim=1)
    return COMPOSERS[name](masks)


def check_composition(name: str) -> None:
    """Raise `RasterError` unless `name` is one of `COMPOSERS`."""
    if name not in COMPOSERS:
        raise RasterError(f"unknown composition {name!r}; one of {', '.join(sorted(COMPOSERS))}")
