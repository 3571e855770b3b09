"""The published formula, one segment at a time, as plain as its text: the oracle, never the fast path.

Source: "MNIST to handwriting" (G. Opoka, 2017), section "Drawing lines - improvements". A segment is extended to
a line, the line is cut by the centre line of every pixel column and row, each cut lights the pixel it falls in
through soft steps (sigmoids), and a soft rectangle around the two end points keeps only the segment.

The formula is singular where a segment is axis-aligned or has no length: it divides by `cos + 1e-8`. Nothing is
mended here; `raster.kernels.portable` says how the fast versions keep their gradients finite.
"""

import torch
from torch import Tensor

from raster.compose import compose_masks


def soften(x: Tensor, softness: Tensor) -> Tensor:
    """A step from 0 to 1 at `x` = 0, as steep as `softness`: sigmoid(x * softness)."""
    return torch.sigmoid(x * softness)


def segment_mask(start: Tensor, end: Tensor, softness: Tensor, *, size: tuple[int, int]) -> Tensor:
    """Ink of one segment per drawing.

    Args:
        start: `(batch, 2)` x, y in the unit square, y down.
        end: `(batch, 2)`.
        softness: `(batch, 1)`, at least 0.
        size: height and width in pixels; the unit is the longer of the two.

    Returns:
        `(batch, height, width)` in [0, 1].
    """
    height, width = size
    pixel = 1.0 / max(size)
    rows = torch.arange(height + 1, dtype=start.dtype, device=start.device) * pixel
    columns = torch.arange(width + 1, dtype=start.dtype, device=start.device) * pixel
    x1, y1, x2, y2 = start[:, :1], start[:, 1:], end[:, :1], end[:, 1:]
    direction = (end - start) / torch.sqrt((end - start).square().sum(dim=-1, keepdim=True) + 1e-7)

    vertical = (columns[:-1] + pixel / 2 - x1) / (direction[:, :1] + 1e-8) * direction[:, 1:] + y1
    horizontal = (rows[:-1] + pixel / 2 - y1) / (direction[:, 1:] + 1e-8) * direction[:, :1] + x1
    vertical, horizontal, steep = vertical[:, None, :], horizontal[:, :, None], softness[:, :, None]
    top, left = rows[:-1, None], columns[:-1]
    by_column = soften(vertical - top, steep) * soften(top - vertical + pixel, steep)
    by_row = soften(horizontal - left, steep) * soften(left - horizontal + pixel, steep)

    across = soften(columns[1:] - torch.minimum(x1, x2), softness)
    across = across * soften(torch.maximum(x1, x2) - columns[1:] + pixel, softness)
    down = soften(rows[1:] - torch.minimum(y1, y2), softness)
    down = down * soften(torch.maximum(y1, y2) - rows[1:] + pixel, softness)
    return torch.maximum(by_column, by_row) * across[:, None, :] * down[:, :, None]


def rasterise(points: Tensor, *, size: tuple[int, int] = (28, 28), compose: str = "sum") -> Tensor:
    """Draw `points` `(batch, n, 3)` (x, y, softness), one segment after the other, to `(batch, height, width)`."""
    masks = [
        segment_mask(points[:, i, :2], points[:, i + 1, :2], points[:, i, 2:], size=size)
        for i in range(points.shape[1] - 1)
    ]
    return compose_masks(torch.stack(masks, dim=1), compose)
