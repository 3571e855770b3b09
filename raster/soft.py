"""Points to images, differentiably, for a whole batch at once: the public functions, which pick a kernel."""

from collections.abc import Callable

import torch
from torch import Tensor

from raster.compose import check_composition
from raster.errors import RasterError
from raster.kernels import cpu, portable

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
    height_width = check_size(size)
    check_input(points, weights)
    check_composition(compose)
    if kernel not in KERNELS:
        raise RasterError(f"unknown kernel {kernel!r}; one of {', '.join(KERNELS)}")
    if points.shape[0] == 0 or points.shape[1] < 2:
        return points.sum(dim=(1, 2))[:, None, None].expand(-1, *height_width) * 0
    draw = pick_kernel(kernel, points, height_width)
    return draw(points, weights, size=height_width, compose=compose)


def pick_kernel(kernel: str, points: Tensor, size: tuple[int, int]) -> Callable[..., Tensor]:
    """The drawing function that `kernel` names; "auto" takes the fastest that draws these tensors here.

    Raises:
        RasterError: `kernel` is none of `KERNELS`.
    """
    if kernel not in KERNELS:
        raise RasterError(f"unknown kernel {kernel!r}; one of {', '.join(KERNELS)}")
    if kernel == "auto":
        fused = points.device.type == "cpu" and max(size) <= cpu.MAX_SIDE and cpu.is_available()
        kernel = "cpu" if fused else "torch"
    return cpu.draw if kernel == "cpu" else portable.draw


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
