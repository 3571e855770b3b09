"""How kernels are compiled and kept, and the counter by which threads share a batch.

Numba keeps machine code beside the source, and compiles it again when the kernel's own file has changed. What a kernel
takes from other files, constants and functions, is compiled into it too: here all of that counts.
"""

import hashlib
import sys
import types as kinds
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

Function = Callable[..., Any]
Kernel = TypeVar("Kernel", bound=Function)

FAST: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
"""For kernels that divide by no zero and don't mind the sign of one."""


def compiled(**options: Any) -> Callable[[Kernel], Kernel]:
    """A decorator: compile without the interpreter lock and, where it can be written, keep the machine code on disk.

    `options` are those of `numba.njit`.
    """

    def compile_kernel(function: Kernel) -> Kernel:
        kernel: Any = numba.njit(**{"nogil": True} | options)(function)
        with suppress(RuntimeError):  # nowhere to keep it
            kernel._cache = KeptCode(function)
        kept: Kernel = kernel
        return kept

    return compile_kernel


class KeptCode(FunctionCache):
    """Numba's cache of one function, given up without a word where the disk refuses, and stale as `stamp` says."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file = StampedFile(self._cache_path, self._impl.filename_base, function)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Machine code that was kept, or None."""
        with suppress(OSError):
            return super().load_overload(signature, target_context)  # type: ignore[no-untyped-call]
        return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep machine code."""
        with suppress(OSError):
            super().save_overload(signature, data)  # type: ignore[no-untyped-call]


class StampedFile(IndexDataCacheFile):
    """The index of what is kept of one function; its stamp is made when it's first read, when all names are known."""

    def __init__(self, directory: str, name: str, function: Function) -> None:
        super().__init__(directory, name, b"")  # type: ignore[no-untyped-call]
        self._function = function

    def _load_index(self) -> Any:
        self._source_stamp = self._source_stamp or stamp(self._function)
        return super()._load_index()  # type: ignore[no-untyped-call]


def stamp(function: Function) -> bytes:
    """A digest of all that goes into the machine code of a function: source files and constants, near and far."""
    digest = hashlib.sha256(source_digest(__file__))
    for ingredient in ingredients(function, set()):
        digest.update(ingredient)
    return digest.digest()


def ingredients(function: Function, seen: set[int]) -> Iterator[bytes]:
    """The source of a plain function, the constants that it names, and those of the functions that it calls."""
    if id(function) in seen:
        return
    seen.add(id(function))
    yield source_digest(function.__code__.co_filename)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    known = dict(function.__globals__) | {name: cell.cell_contents for name, cell in cells}
    for name in names_in(function.__code__):
        if name in known:
            yield name.encode()
            yield from worth(known[name], seen)


def worth(value: Any, seen: set[int]) -> Iterator[bytes]:
    """What a named value contributes: a constant itself, a function its ingredients, a module or class its file."""
    if isinstance(value, Dispatcher):
        yield from ingredients(value.py_func, seen)
    elif isinstance(value, kinds.FunctionType):
        yield from ingredients(value, seen)
    elif hasattr(value, "_defn"):  # an `operation`
        yield from ingredients(value._defn, seen)
    elif isinstance(value, tuple):
        for item in value:
            yield from worth(item, seen)
    elif isinstance(value, np.ndarray | np.generic):
        yield str(value.dtype).encode() + value.tobytes()
    elif isinstance(value, bool | int | float | str):
        yield repr(value).encode()
    elif isinstance(value, kinds.ModuleType | type):
        module = value.__name__ if isinstance(value, kinds.ModuleType) else value.__module__
        yield source_digest(getattr(sys.modules[module], "__file__", ""))


def names_in(code: kinds.CodeType) -> list[str]:
    """The names that code looks up, those of the code within it among them."""
    within = [name for part in code.co_consts if isinstance(part, kinds.CodeType) for name in names_in(part)]
    return [*code.co_names, *code.co_freevars, *within]


@lru_cache(maxsize=256)
def source_digest(path: str) -> bytes:
    """The SHA-256 of a source file, or nothing where it lies in an archive."""
    with suppress(OSError):
        return hashlib.sha256(Path(path).read_bytes()).digest()
    return b""


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
