"""Small numba functions that vectorise: exponentials with a clear range, soft extents, and the compiler's options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba
import numpy as np
from numba.extending import overload

LANES = 16
"""Loops run over multiples of this many pixels, so that they need no scalar remainder."""

Function = Callable[..., Any]


def compiled(function: Function) -> Function:
    """Compile without the interpreter lock and keep the machine code on disk.

    Sums may be regrouped (that lets them vectorise) but never by thread count: one thread computes a whole drawing.
    Raises RuntimeError where numba finds no directory to keep it in.
    """
    decorate = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
    kernel = decorate(function)
    forget_if_stale(kernel)
    return cast(Function, kernel)


def forget_if_stale(kernel: Any) -> None:
    """Drop kept machine code that is older than a source file here: numba looks at the kernel's own file only."""
    kept = kernel._cache._cache_file
    index = Path(kept._index_path)
    sources = Path(__file__).parent.glob("*.py")
    if index.exists() and index.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        kept.flush()


def exponential(x: Any, like: Any) -> Any:
    """exp(x) in the type of the float `like`, of which `x` may be or float64; |x| ≤ 80 (float32) or 700 (float64)."""
    raise NotImplementedError("compiled code only")


@overload(exponential, inline="always")
def _exponential(x: Any, like: Any) -> Function:
    """2**k · 2**f with the nearest whole k and a polynomial in |f| ≤ 1/2: relative error 3e-7 or 1e-15."""
    if like == numba.float32:
        return _exponential_single if x == numba.float32 else _exponential32
    return _exponential64


def _exponential_single(x: Any, like: Any) -> Any:
    k = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    f = (x - k * np.float32(0.693145752)) - k * np.float32(1.42860677e-6)
    p = np.float32(1.9875691e-4)
    p = p * f + np.float32(1.3981999e-3)
    p = p * f + np.float32(8.3334519e-3)
    p = p * f + np.float32(4.1665796e-2)
    p = p * f + np.float32(1.6666665e-1)
    p = p * f + np.float32(0.5)
    p = p * f + np.float32(1.0)
    p = p * f + np.float32(1.0)
    return p * np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)


def _exponential32(x: Any, like: Any) -> Any:
    t = x * 1.4426950408889634
    k = np.floor(t + 0.5)
    f = np.float32(t - k)
    p = np.float32(1.5403530e-4)
    p = p * f + np.float32(1.3333558e-3)
    p = p * f + np.float32(9.6181291e-3)
    p = p * f + np.float32(5.5504109e-2)
    p = p * f + np.float32(2.4022651e-1)
    p = p * f + np.float32(6.9314718e-1)
    p = p * f + np.float32(1.0)
    return p * np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)


def _exponential64(x: Any, like: Any) -> Any:
    k = np.floor(x * 1.4426950408889634 + 0.5)
    f = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 1.0 / 6227020800
    p = p * f + 1.0 / 479001600
    p = p * f + 1.0 / 39916800
    p = p * f + 1.0 / 3628800
    p = p * f + 1.0 / 362880
    p = p * f + 1.0 / 40320
    p = p * f + 1.0 / 5040
    p = p * f + 1.0 / 720
    p = p * f + 1.0 / 120
    p = p * f + 1.0 / 24
    p = p * f + 1.0 / 6
    p = p * f + 0.5
    p = p * f + 1.0
    p = p * f + 1.0
    return p * np.int64((np.int64(k) + np.int64(1023)) << np.int64(52)).view(np.float64)


@numba.njit(inline="always")
def clamp(x: Any, low: Any, high: Any) -> Any:
    """`x` held within [low, high]."""
    return min(max(x, low), high)


@numba.njit(inline="always")
def cell(x: float, count: int) -> int:
    """The whole number at or below `x`, held within [0, count]."""
    return int(np.floor(min(max(x, 0.0), float(count))))
