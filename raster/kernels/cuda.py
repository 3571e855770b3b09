"""The Triton kernels as torch functions: any batch, length and picture size, forward and backward, on a GPU.

Without Triton, `rasterise` draws CUDA tensors with the portable kernel. With TRITON_INTERPRET=1 the same code runs
on CPU tensors, slowly: that is how it is tested where there is no GPU.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from raster.errors import RasterError

MODES = {"sum": 0, "max": 1, "soft-or": 2}
TILE = 16
"""Side, in pixels, of the square that one program draws at a time."""


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether Triton is installed."""
    return find_spec("triton") is not None


def draw(
    points: Tensor, weights: Tensor | None, *, size: tuple[int, int], compose: str, width_px: float | None
) -> Tensor:
    """Draw `points` `(batch, n, 3)`, n ≥ 2, on their CUDA device to `(batch, height, width)`.

    Raises:
        RasterError: Triton isn't installed, or the tensors are not on a CUDA device.
    """
    if not is_available():
        raise RasterError("the cuda kernel isn't available: Triton isn't installed; use kernel='torch'")
    if points.device.type != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        raise RasterError(f"points are on {points.device}; the cuda kernel draws tensors on a CUDA device")
    half = 0.0 if width_px is None else 0.5 * width_px / max(size)
    task = Task(size, MODES[compose], half, width_px is not None)
    image: Tensor = TritonDrawing.apply(points, weights, task)  # type: ignore[no-untyped-call]
    return image


@dataclass(frozen=True)
class Task:
    """What to draw: the picture's size, the composition, half the line's width and whether it has one."""

    size: tuple[int, int]
    mode: int
    half_width: float
    thick: bool

    def options(self, points: Tensor, weights: Tensor | None) -> dict[str, Any]:
        """Arguments that both kernels take after their tensors."""
        height, width = self.size
        return {
            "n": points.shape[1],
            "height": height,
            "width": width,
            "half": self.half_width,
            "weighted": weights is not None,
            "mode": self.mode,
            "thick": self.thick,
            "tile": TILE,
        }


class TritonDrawing(torch.autograd.Function):
    """Images from points and weights, with the kernels' analytic gradient."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, weights: Tensor | None, task: Task) -> Tensor:
        """One program a tile of a drawing; keeps the points and what soft-or's and max's gradients need."""
        from raster.kernels import tiles

        height, width = task.size
        points = points.contiguous()
        factors = points if weights is None else weights.contiguous()
        image = torch.empty((points.shape[0], height, width), dtype=points.dtype, device=points.device)
        winners = torch.empty_like(image, dtype=torch.int32) if task.mode == MODES["max"] else image
        grid = (points.shape[0], -(-height // TILE) * -(-width // TILE))
        with torch.cuda.device_of(points):  # type: ignore[no-untyped-call]
            tiles.forward_kernel[grid](points, factors, image, winners, **task.options(points, weights))
        ctx.task, ctx.weighted = task, weights is not None
        ctx.save_for_backward(points, factors, image if task.mode == MODES["soft-or"] else winners)
        return 1 - image if task.mode == MODES["soft-or"] else image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """One program a segment: nothing is added up across programs, so the result is the same every time."""
        from raster.kernels import tiles

        points, factors, kept = ctx.saved_tensors
        weights = factors if ctx.weighted else None
        batch, n = points.shape[:2]
        above = (upstream * kept if ctx.task.mode == MODES["soft-or"] else upstream).contiguous()
        parts = torch.empty((batch, n - 1, 6), dtype=points.dtype, device=points.device)
        options = ctx.task.options(points, weights)
        with torch.cuda.device_of(points):  # type: ignore[no-untyped-call]
            tiles.backward_kernel[(batch * (n - 1),)](points, factors, above, kept, parts, **options)
        gradient = torch.zeros_like(points)
        gradient[:, :-1, :2] = parts[..., 0:2]
        gradient[:, 1:, :2] += parts[..., 2:4]
        gradient[:, :-1, 2] = parts[..., 4]
        return gradient, parts[..., 5].clone() if ctx.weighted else None, None
