"""How kernels are compiled and kept, and the counter by which threads share a batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

Function = Callable[..., Any]


def compiled(function: Function) -> Function:
    """Compile without the interpreter lock and keep the machine code on disk.

    Raises RuntimeError where numba finds no directory to keep it in.
    """
    kernel = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})(function)
    forget_if_stale(kernel)
    return cast(Function, kernel)


def forget_if_stale(kernel: Any) -> None:
    """Drop kept machine code that is older than a source file here: numba looks at the kernel's own file only."""
    kept = kernel._cache._cache_file
    index = Path(kept._index_path)
    sources = Path(__file__).parent.glob("*.py")
    if index.exists() and index.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        kept.flush()


def operation(define: Function) -> Any:
    """The instructions that `define` generates, as something that compiled code calls."""
    return intrinsic(define)


@operation
def take(_: Any, counter: Any, count: Any) -> tuple[Any, Function]:
    """Raise `counter[0]` by `count` and return what it was, in one step that no other thread divides."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        step = context.cast(builder, arguments[1], count, types.int64)
        return builder.atomic_rmw("add", builder.bitcast(data, ir.IntType(64).as_pointer()), step, "monotonic")

    return types.int64(counter, count), generate
