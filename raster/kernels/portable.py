"""The published formula for all segments at once in plain torch: runs wherever torch does.

Singular points. A segment's line cuts column centres at `y1 + (x - x1) * slope` with `slope = dy / (dx + 1e-8 L)`,
and row centres likewise with x and y exchanged. Forward, this is what is published, in float64. Backward, the slope's
denominator is held at ±`FLATTEST` wherever it is closer to zero than that: the slope is then differentiated as
`dy / ±FLATTEST`, so its gradient is bounded by 1 / `FLATTEST` where the published one grows to 1e16. A segment whose
`dx` and `dy` both exceed `FLATTEST` (1e-4 of the picture: 0.003 px at 28) has the exact gradient.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from raster.compose import compose_masks

FLATTEST = 1e-4
"""Smallest |dx| or |dy|, in units of the picture, whose slope is differentiated exactly."""

POLE = 1e-20
"""What the published denominator becomes where it is exactly zero."""

SMOOTH = 1e-6
"""Rounds the tip of the distance to a segment, in units of the picture."""

SHORTEST = 1e-7
"""Length below which a segment is a dot to the thick mask."""

CHUNK_ELEMENTS = 1 << 24
"""Mask values held at once; larger batches are drawn in chunks, whose masks the backward pass recomputes."""

Masker = Callable[[Tensor, tuple[int, int]], Tensor]


def draw(
    points: Tensor, weights: Tensor | None, *, size: tuple[int, int], compose: str, width_px: float | None
) -> Tensor:
    """Draw `points` `(batch, n, 3)`, n ≥ 2, to `(batch, height, width)`.

    `width_px` is the line's width in pixels, or None for the published mask.
    """
    masker = soft_masks if width_px is None else partial(thick_masks, half_width=0.5 * width_px / max(size))
    return draw_in_chunks(points, weights, masker=masker, size=size, compose=compose)


def draw_in_chunks(
    points: Tensor, weights: Tensor | None, *, masker: Masker, size: tuple[int, int], compose: str
) -> Tensor:
    """Draw with any `masker`, some drawings at a time, so that memory doesn't grow with the batch."""

    def draw_chunk(points: Tensor, weights: Tensor | None) -> Tensor:
        masks = masker(points, size)
        return compose_masks(masks if weights is None else masks * weights[:, :, None, None], compose)

    batch, n = points.shape[:2]
    step = max(1, CHUNK_ELEMENTS // ((n - 1) * size[0] * size[1]))
    if batch <= step:
        return draw_chunk(points, weights)
    chunks = []
    for first in range(0, batch, step):
        some = slice(first, first + step)
        arguments = points[some], None if weights is None else weights[some]
        chunks.append(checkpoint(draw_chunk, *arguments, use_reentrant=False))
    return torch.cat(chunks)


def soft_masks(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Each segment's ink in [0, 1], `(batch, n - 1, height, width)`, of `points` `(batch, n, 3)`."""
    height, width = size
    pixel = 1.0 / max(size)
    rows = torch.arange(height + 1, dtype=points.dtype, device=points.device) * pixel
    columns = torch.arange(width + 1, dtype=points.dtype, device=points.device) * pixel
    start, end, softness = points[:, :-1, :2], points[:, 1:, :2], points[:, :-1, 2:]
    vertical = line_cuts(start, end, count=width, pixel=pixel)
    horizontal = line_cuts(start.flip(-1), end.flip(-1), count=height, pixel=pixel)
    steep = softness[..., None]
    below_top = torch.sigmoid((vertical[:, :, None, :] - rows[:, None]) * steep)
    right_of = torch.sigmoid((horizontal[..., None] - columns) * steep)
    # neighbouring grid lines share a sigmoid: the step up to a line is one minus the step down from it
    by_column = below_top[:, :, :-1] * (1 - below_top[:, :, 1:])
    by_row = right_of[..., :-1] * (1 - right_of[..., 1:])
    low, high = torch.minimum(start, end), torch.maximum(start, end)
    across = extent(low[..., :1], high[..., :1], softness, grid=columns)
    down = extent(low[..., 1:], high[..., 1:], softness, grid=rows)
    return torch.maximum(by_column, by_row) * across[:, :, None, :] * down[..., None]


def extent(low: Tensor, high: Tensor, softness: Tensor, *, grid: Tensor) -> Tensor:
    """One side of the soft rectangle: how far each cell of `grid` lies within [low, high]."""
    return torch.sigmoid((grid[1:] - low) * softness) * torch.sigmoid((high - grid[:-1]) * softness)


def line_cuts(start: Tensor, end: Tensor, *, count: int, pixel: float) -> Tensor:
    """Where the lines through `start` and `end` `(..., 2)` cut the centres of `count` cells along the first axis.

    Returns the second coordinate, `(..., count)`, computed in float64 and returned in the dtype that came.
    """
    first, second = start.double(), end.double()
    dx, dy = (second - first)[..., :1], (second - first)[..., 1:]
    centres = (torch.arange(count, dtype=torch.float64, device=start.device) + 0.5) * pixel
    length = torch.sqrt(dx.detach().square() + dy.detach().square() + 1e-7)
    published = dx + 1e-8 * length
    published = torch.where(published == 0, POLE, published)
    held = torch.where(published < 0, -FLATTEST, FLATTEST)
    away = centres - first[..., :1]
    smooth = first[..., 1:] + away * (dy / torch.where(published.abs() < FLATTEST, held, published))
    exact = (first[..., 1:] + away * (dy / published)).detach()
    return (smooth + (exact - smooth).detach()).to(start.dtype)


def thick_masks(points: Tensor, size: tuple[int, int], *, half_width: float) -> Tensor:
    """Each segment's ink, `(batch, n - 1, height, width)`: sigmoid(softness · (half_width - distance to the segment)).

    The distance is sqrt(d² + `SMOOTH`²), whose gradient is finite on the segment; a segment without length is a dot
    whose gradient goes to its first point.
    """
    height, width = size
    pixel = 1.0 / max(size)
    y = (torch.arange(height, dtype=points.dtype, device=points.device)[:, None] + 0.5) * pixel
    x = (torch.arange(width, dtype=points.dtype, device=points.device) + 0.5) * pixel
    x1, y1, softness = points[:, :-1, :, None, None].unbind(dim=2)
    dx, dy = (points[:, 1:, :2] - points[:, :-1, :2])[..., None, None].unbind(dim=2)
    length = (dx.square() + dy.square()).clamp_min(SHORTEST**2)
    along = (((x - x1) * dx + (y - y1) * dy) / length).clamp(0, 1)
    distance = torch.sqrt((x - x1 - along * dx).square() + (y - y1 - along * dy).square() + SMOOTH**2)
    return torch.sigmoid((half_width - distance) * softness)
