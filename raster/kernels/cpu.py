"""The fused CPU kernels as torch functions: loading, threads, and what is kept for the backward pass.

A drawing is computed by one thread from start to end, so its image and gradients don't depend on how many threads
there are or which batch it is in. Threads come from one pool that sleeps between calls (numba's own layers spin, or
can't be entered from two Python threads at once); a call uses `torch.get_num_threads()` of them at most.
"""

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from raster.errors import RasterError

MODES = {"sum": np.uint64(0), "max": np.uint64(1), "soft-or": np.uint64(2)}

MAX_SIDE = 1024
"""Longest side in pixels that the kernels take."""

INLINE_PIXELS = 1 << 17
"""Drawings times segments times pixels below which waking a second thread costs more than it saves."""

Draw = Callable[[int, int], None]


@lru_cache(maxsize=1)
def load() -> ModuleType | str:
    """The compiled kernels, or one line that says why there are none."""
    try:
        from raster.kernels import fused
    except ImportError as error:
        return f"numba can't be imported ({error})"
    except RuntimeError as error:
        return f"numba can't keep its compiled kernels ({error})"
    return fused


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the fused kernels run here; warns once where they don't."""
    reason = load()
    if isinstance(reason, str):
        warnings.warn(f"drawing with the slower portable kernel: {reason}", RuntimeWarning, stacklevel=4)
        return False
    return True


def draw(points: Tensor, weights: Tensor | None, *, size: tuple[int, int], compose: str) -> Tensor:
    """Draw `points` `(batch, n, 3)`, n ≥ 2, on the CPU to `(batch, height, width)` with the published mask.

    Raises:
        RasterError: The kernels don't run here, the tensors are not on the CPU, or a side exceeds `MAX_SIDE`.
    """
    kernels = load()
    if isinstance(kernels, str):
        raise RasterError(f"the cpu kernel isn't available: {kernels}; use kernel='torch'")
    if points.device.type != "cpu":
        raise RasterError(f"points are on {points.device}; the cpu kernel draws tensors on the cpu")
    if max(size) > MAX_SIDE:
        raise RasterError(f"size is {size}; the cpu kernel draws up to {MAX_SIDE} pixels a side, kernel='torch' any")
    image: Tensor = FusedDrawing.apply(points, weights, size, compose, kernels)  # type: ignore[no-untyped-call]
    return image


class FusedDrawing(torch.autograd.Function):
    """Images from points and weights, with the kernels' analytic gradient."""

    @staticmethod
    def forward(
        ctx: Any, points: Tensor, weights: Tensor | None, size: tuple[int, int], compose: str, kernels: ModuleType
    ) -> Tensor:
        batch = points.shape[0]
        image = torch.empty((batch, *size), dtype=points.dtype)
        keeps_winners = compose == "max" and any(ctx.needs_input_grad)
        winners = torch.empty((batch if keeps_winners else 0, *size), dtype=torch.int32)
        given = as_arrays(points, weights), as_arrays(image, winners)
        (xys, factors), (drawn, won) = given
        run_in_threads(
            lambda first, last: kernels.forward(xys, factors, size, MODES[compose], first, last, drawn, won),
            batch=batch,
            work=batch * (points.shape[1] - 1) * size[0] * size[1],
        )
        kept = image if compose == "soft-or" else None
        ctx.save_for_backward(points, weights, winners, kept)
        ctx.options = size, compose, kernels
        return 1 - image if compose == "soft-or" else image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        points, weights, winners, kept = ctx.saved_tensors
        size, compose, kernels = ctx.options
        batch, n = points.shape[:2]
        grad_points = torch.empty((batch, n, 3), dtype=points.dtype)
        grad_weights = torch.empty((batch, n - 1), dtype=points.dtype)
        xys, factors = as_arrays(points, weights)
        above, won = as_arrays(upstream if kept is None else upstream * kept, winners)
        to_points, to_weights = as_arrays(grad_points, grad_weights)
        run_in_threads(
            lambda first, last: kernels.backward(
                xys, factors, size, MODES[compose], first, last, above, won, to_points, to_weights
            ),
            batch=batch,
            work=batch * (n - 1) * size[0] * size[1],
        )
        return grad_points, None if weights is None else grad_weights, None, None, None


def as_arrays(*tensors: Tensor | None) -> tuple[np.ndarray[Any, Any], ...]:
    """The tensors' memory as contiguous arrays; None is an empty one."""
    empty = np.empty((0, 0), dtype=tensors[0].numpy().dtype if tensors[0] is not None else np.float32)
    return tuple(empty if tensor is None else tensor.detach().contiguous().numpy() for tensor in tensors)


def run_in_threads(draw: Draw, *, batch: int, work: int) -> None:
    """Call `draw(first, last)` for all of `batch` in pieces, from this thread and, if `work` is large, from others."""
    threads = min(torch.get_num_threads(), batch)
    if threads == 1 or work < INLINE_PIXELS:
        draw(0, batch)
        return
    step = max(1, min(64, -(-batch // (2 * threads))))
    pieces = iter(range(0, batch, step))

    def take(_: None = None) -> None:
        for first in pieces:
            draw(first, min(first + step, batch))

    others = [pool().submit(take) for _ in range(threads - 1)]
    take()
    for other in others:
        if not other.cancel():
            other.result()


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    """Threads that wait, asleep, for pieces of a batch; a forked process makes its own."""
    return ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="raster")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.cache_clear)
