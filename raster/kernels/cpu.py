"""The fused CPU kernels as torch functions: loading, threads, and what is kept for the backward pass.

A drawing is computed by one thread from start to end, so its image and gradients don't depend on how many threads
there are or which batch it is in. Threads sleep between calls (numba's own layers spin, or can't be entered from two
Python threads at once); a call uses `torch.get_num_threads()` of them at most.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from queue import SimpleQueue
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from raster.errors import RasterError
from raster.kernels import DRAWINGS_A_TAKE

MODES = {"sum": 0, "max": 1, "soft-or": 2}

INLINE_PIXELS = 1 << 17
"""Drawings times segments times pixels below which waking a second thread costs more than it saves."""

Arrays = tuple[np.ndarray[Any, Any], ...]
Draw = Callable[[], None]


@lru_cache(maxsize=1)
def load() -> tuple[ModuleType, ModuleType] | str:
    """The compiled kernels (published mask, thick lines), or one line that says why there are none."""
    try:
        from raster.kernels import fused, thick
    except ImportError as error:
        return f"numba can't be imported ({error})"
    except RuntimeError as error:
        return f"numba can't keep its compiled kernels ({error})"
    return fused, thick


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the fused kernels run here; warns once where they don't."""
    reason = load()
    if isinstance(reason, str):
        warnings.warn(f"drawing with the slower portable kernel: {reason}", RuntimeWarning, stacklevel=4)
        return False
    return True


def draw(
    points: Tensor, weights: Tensor | None, *, size: tuple[int, int], compose: str, width_px: float | None
) -> Tensor:
    """Draw `points` `(batch, n, 3)`, n ≥ 2, on the CPU to `(batch, height, width)`.

    `width_px` is the line's width in pixels, or None for the published mask.

    Raises:
        RasterError: The kernels don't run here, or the tensors are not on the CPU.
    """
    modules = load()
    if isinstance(modules, str):
        raise RasterError(f"the cpu kernel isn't available: {modules}; use kernel='torch'")
    if points.device.type != "cpu":
        raise RasterError(f"points are on {points.device}; the cpu kernel draws tensors on the cpu")
    fused, thick = modules
    half = 0.0 if width_px is None else 0.5 * width_px / max(size)
    task = Task(fused if width_px is None else thick, size, compose, half)
    image: Tensor = FusedDrawing.apply(points, weights, task)  # type: ignore[no-untyped-call]
    return image


@dataclass(frozen=True)
class Task:
    """What to draw with: the compiled module, the picture's size, the composition and half the line's width."""

    kernels: ModuleType
    size: tuple[int, int]
    compose: str
    half_width: float

    def run(self, kernel: Callable[..., None], inputs: Arrays, outputs: Arrays) -> None:
        """Call one of the compiled kernels for the whole batch, in threads."""
        points, weights = inputs
        mode, counter = MODES[self.compose], np.zeros(1, np.int64)

        def draw() -> None:
            kernel(points, weights, self.size, mode, self.half_width, counter, *outputs)

        batch, n = points.shape[:2]
        threads = min(torch.get_num_threads(), -(-batch // DRAWINGS_A_TAKE))
        run_in_threads(draw, 1 if batch * n * self.size[0] * self.size[1] < INLINE_PIXELS else threads)


class FusedDrawing(torch.autograd.Function):
    """Images from points and weights, with the kernels' analytic gradient."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, weights: Tensor | None, task: Task) -> Tensor:
        """Draw; keep the points and, for soft-or and max, what their gradients need."""
        batch = points.shape[0]
        image = torch.empty((batch, *task.size), dtype=points.dtype)
        wins = batch if task.compose == "max" and any(ctx.needs_input_grad) else 0
        winners = torch.empty((wins, *task.size), dtype=torch.int32)
        task.run(task.kernels.forward, arrays_of(points, weights), (image.numpy(), winners.numpy()))
        ctx.task = task
        if task.compose != "soft-or":
            ctx.save_for_backward(points, weights, winners, None)
            return image
        ctx.save_for_backward(points, weights, winners, image)
        return torch.from_numpy(1 - image.numpy())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of points and weights; computed in numpy around the kernels, which wakes no spinning threads."""
        points, weights, winners, rest = ctx.saved_tensors
        above = upstream.numpy() if rest is None else upstream.numpy() * rest.numpy()
        batch, n = points.shape[:2]
        grad_points = torch.empty((batch, n, 3), dtype=points.dtype)
        grad_weights = torch.empty((0, 0) if weights is None else (batch, n - 1), dtype=points.dtype)
        given = np.ascontiguousarray(above), winners.numpy(), grad_points.numpy(), grad_weights.numpy()
        ctx.task.run(ctx.task.kernels.backward, arrays_of(points, weights), given)
        return grad_points, None if weights is None else grad_weights, None


def arrays_of(points: Tensor, weights: Tensor | None) -> Arrays:
    """Points and weights as contiguous arrays; no weights are an empty array."""
    xys = np.ascontiguousarray(points.detach().numpy())
    return xys, np.empty((0, 0), xys.dtype) if weights is None else np.ascontiguousarray(weights.detach().numpy())


def run_in_threads(draw: Draw, threads: int) -> None:
    """Call `draw`, which takes drawings while there are any, from this thread and `threads` - 1 others."""
    helpers = [Helper(draw) for _ in range(threads - 1)]
    for helper in helpers:
        queue().put(helper)
    draw()
    for helper in helpers:
        helper.finish()


@dataclass
class Helper:
    """A call that another thread may make; one that begins when nothing is left to draw is not waited for."""

    draw: Draw
    begun: bool = False
    outcome: SimpleQueue[BaseException | None] = field(default_factory=SimpleQueue)

    def run(self) -> None:
        """Draw, and keep what went wrong for the thread that waits."""
        self.begun = True
        try:
            self.draw()
        except BaseException as error:
            self.outcome.put(error)
        else:
            self.outcome.put(None)

    def finish(self) -> None:
        """Wait for the call if it has begun."""
        error = self.outcome.get() if self.begun else None
        if error is not None:
            raise error


@lru_cache(maxsize=1)
def queue() -> SimpleQueue[Helper]:
    """Where threads wait, asleep, for calls to make; a forked process makes its own."""
    helpers: SimpleQueue[Helper] = SimpleQueue()

    def serve() -> None:
        while True:
            helpers.get().run()

    for _ in range(os.cpu_count() or 1):
        Thread(target=serve, name="raster", daemon=True).start()
    return helpers


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=queue.cache_clear)
