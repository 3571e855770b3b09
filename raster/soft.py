"""Points to images, differentiably, for a whole batch at once: the public functions, which pick a kernel."""

from collections.abc import Callable

import torch
from torch import Tensor

from raster.compose import check_composition
from raster.errors import RasterError
from raster.kernels import cpu, cuda, portable

KERNELS = ("auto", "torch", "cpu", "cuda")
"""Names that `rasterise` takes as `kernel`."""


def rasterise(
    points: Tensor,
    *,
    size: int | tuple[int, int] = 28,
    compose: str = "sum",
    kernel: str = "auto",
    weights: Tensor | None = None,
) -> Tensor:
    """Draw polylines with the published soft mask, one pixel wide.

    Segment i runs from point i to point i + 1 and is as sharp as point i's softness; the last point's softness is
    not used. A pixel (row r, column c) of a picture whose longer side has N pixels is the square with centre
    ((c + 1/2) / N, (r + 1/2) / N): pixels are square, and a picture that isn't leaves the shorter side's unit unused.

    Args:
        points: `(batch, n, 3)` float32 or float64: x (right), y (down) in the unit square, softness ≥ 0.
        size: Pixels, or (height, width) in pixels.
        compose: How segments become one image: "sum", "max" or "soft-or".
        kernel: "auto", "torch" (portable), "cpu" (fused) or "cuda".
        weights: `(batch, n - 1)` factors of the segments' ink, such as 0 where the pen is lifted; None is all ones.

    Returns:
        `(batch, height, width)`, ink high, in [0, 1] ("sum": up to the number of segments). Fewer than two points
        draw nothing. Gradients flow to `points` and `weights`.

    Raises:
        RasterError: A shape, dtype, size or name that isn't one of the above.
    """
    return _draw(points, weights, size=size, compose=compose, kernel=kernel, width_px=None)


def rasterise_thick(
    points: Tensor,
    *,
    width_px: float,
    size: int | tuple[int, int] = 28,
    compose: str = "max",
    kernel: str = "auto",
    weights: Tensor | None = None,
) -> Tensor:
    """Draw polylines with a pen of `width_px` pixels: ink falls off softly with the distance to the segment.

    A pixel whose centre lies d from the segment has ink sigmoid(softness · (width / 2 - d)): half at the line's edge,
    round ends. Everything else is as in `rasterise`; "max" is the default, since neighbours overlap in a round dot.

    Raises:
        RasterError: As in `rasterise`, or a width that isn't positive.
    """
    if not 0 < width_px < float("inf"):
        raise RasterError(f"width_px is {width_px}; expected a positive number of pixels")
    return _draw(points, weights, size=size, compose=compose, kernel=kernel, width_px=width_px)


def _draw(
    points: Tensor,
    weights: Tensor | None,
    *,
    size: int | tuple[int, int],
    compose: str,
    kernel: str,
    width_px: float | None,
) -> Tensor:
    """Check everything, then draw with the kernel that `kernel` names."""
    height_width = check_size(size)
    check_input(points, weights)
    check_composition(compose)
    draw = pick_kernel(kernel, points, height_width)
    if points.shape[0] == 0 or points.shape[1] < 2:
        return points.sum(dim=(1, 2))[:, None, None].expand(-1, *height_width) * 0
    return draw(points, weights, size=height_width, compose=compose, width_px=width_px)


def pick_kernel(kernel: str, points: Tensor, size: tuple[int, int]) -> Callable[..., Tensor]:
    """The drawing function that `kernel` names; "auto" takes the fastest that draws these tensors here.

    Raises:
        RasterError: `kernel` is none of `KERNELS`.
    """
    if kernel not in KERNELS:
        raise RasterError(f"unknown kernel {kernel!r}; one of {', '.join(KERNELS)}")
    if kernel == "auto":
        on_cpu = points.device.type == "cpu" and cpu.is_available()
        on_cuda = points.device.type == "cuda" and cuda.is_available()
        kernel = "cpu" if on_cpu else "cuda" if on_cuda else "torch"
    return {"torch": portable.draw, "cpu": cpu.draw, "cuda": cuda.draw}[kernel]


def check_size(size: int | tuple[int, int]) -> tuple[int, int]:
    """`size` as (height, width) in pixels.

    Raises:
        RasterError: It is not one or two positive whole numbers.
    """
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or not all(isinstance(side, int) and side > 0 for side in pair):
        raise RasterError(f"size is {size!r}; expected pixels or (height, width), positive whole numbers")
    return pair[0], pair[1]


def check_input(points: Tensor, weights: Tensor | None) -> None:
    """Raise `RasterError` unless `points` and `weights` have shapes and dtypes that can be drawn."""
    if points.ndim != 3 or points.shape[2] != 3:
        raise RasterError(f"points have shape {tuple(points.shape)}; expected (batch, n, 3): x, y, softness")
    if points.dtype not in (torch.float32, torch.float64):
        raise RasterError(f"points are {points.dtype}; expected torch.float32 or torch.float64")
    if weights is None:
        return
    expected = (points.shape[0], max(points.shape[1] - 1, 0))
    if tuple(weights.shape) != expected:
        raise RasterError(f"weights have shape {tuple(weights.shape)}; expected {expected}: one a segment")
    if weights.dtype != points.dtype or weights.device != points.device:
        raise RasterError(
            f"weights are {weights.dtype} on {weights.device}; expected {points.dtype} on {points.device} like points"
        )
