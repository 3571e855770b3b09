"""Object arrays read without running anything: an unpickler that knows NumPy arrays and nothing else.

NumPy saves an array of arrays as a pickle, which may hold any code. This one is Python's own unpickler written in
Python, cut down to the instructions that NumPy's pickles use; the few names it knows are stand-ins of ours, so not
even NumPy sees the content before it is checked. See https://docs.python.org/3/library/pickle.html#restricting-globals.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
from collections.abc import Callable
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError
from strokes.formats.limits import MAX_ARRAY_BYTES

INSTRUCTIONS = (
    *("PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "POP", "POP_MARK"),
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "LIST", "EMPTY_LIST", "APPEND", "APPENDS"),
    *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
    *("PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET", "MEMOIZE"),
)
MAX_PICKLE_BYTES = 256 << 20
TYPE = re.compile(r"[<>|=]?([biuf][1248]|O8?)")
BROKEN_PICKLE = (
    pickle.UnpicklingError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    OverflowError,
    MemoryError,
    RecursionError,
    struct.error,
)


class _Type:
    """Stands for `numpy.dtype` while a pickle is read."""

    def __init__(self, code: object = "", *_: object) -> None:
        text = code.decode("latin-1") if isinstance(code, bytes) else code
        if not isinstance(text, str) or not TYPE.fullmatch(text):
            raise ValueError(f"an array of type {str(text)[:20]!r}")
        self.code, self.order = text, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1].decode("latin-1") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "="):
            raise ValueError("an unknown byte order")
        self.order = order

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.code).newbyteorder(self.order)  # type: ignore[arg-type]


class _Array:
    """Stands for `numpy.ndarray` while a pickle is read; `value` is set by its state."""

    value: NDArray[Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, content = state
        if not isinstance(kind, _Type) or not all(type(side) is int and side >= 0 for side in shape):
            raise ValueError("an array of another form than NumPy's")
        size = math.prod(shape)
        if kind.code.lstrip("<>|=").startswith("O"):
            if not isinstance(content, list) or size != len(content) or len(shape) != 1:
                raise ValueError(f"an object array that isn't a list of {size}")
            self.value = np.empty(size, object)
            for i, item in enumerate(content):
                self.value[i] = item.value if isinstance(item, _Array) else item
            return
        content = content.encode("latin-1") if isinstance(content, str) else content
        if not isinstance(content, bytes) or len(content) != size * kind.dtype.itemsize:
            raise ValueError(f"an array of shape {shape} whose bytes are too few or many")
        self.value = np.frombuffer(content, kind.dtype).reshape(shape, order="F" if fortran else "C")


def _reconstruct(kind: object, *_: object) -> _Array:
    if kind is not _Array:
        raise ValueError("an array of an unknown class")
    return _Array()


def _encode(text: object, encoding: object = "latin-1") -> bytes:
    """Stands for `_codecs.encode`, with which Python 3 writes bytes for Python 2."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("text in an unknown encoding")
    return text.encode("latin-1")


ALLOWED_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
}
CALLABLE = (_reconstruct, _Type, _encode)


class _ArrayUnpickler(pickle._Unpickler):
    """Knows the names in `ALLOWED_NAMES` and the instructions in `INSTRUCTIONS`, each doing no more than it must."""

    stack: list[Any]
    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        code: pickle._Unpickler.dispatch[code] for code in (getattr(pickle, name)[0] for name in INSTRUCTIONS)
    }

    def find_class(self, module: str, name: str, /) -> Any:
        try:
            return ALLOWED_NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module[:40]}.{name[:40]}; only NumPy arrays are read") from None

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack[-1]
        if not any(function is known for known in CALLABLE) or not isinstance(arguments, tuple):
            raise pickle.UnpicklingError("it calls something; only NumPy arrays are read")
        self.stack[-1] = function(*arguments)

    def load_build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, _Array | _Type) or not isinstance(state, tuple):
            raise pickle.UnpicklingError("it sets something up that is no NumPy array")
        target.__setstate__(state)

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.BUILD[0]] = load_build


def load_object_array(stream: IO[bytes], size: int) -> list[Any]:
    """The items of a pickled one-dimensional object array: arrays of numbers, which are read-only.

    Args:
        stream: the pickle.
        size: how many items its header announced.

    Raises:
        SourceError: it is broken, too large, or holds anything else.
    """
    content = stream.read(MAX_PICKLE_BYTES + 1)
    if len(content) > MAX_PICKLE_BYTES:
        raise SourceError(f"an object array is larger than {MAX_PICKLE_BYTES >> 20} MiB; split the file")
    try:
        loaded = _ArrayUnpickler(io.BytesIO(content), encoding="latin-1").load()
    except BROKEN_PICKLE as error:
        raise SourceError(f"an object array can't be read: {str(error)[:200] or type(error).__name__}") from None
    if not isinstance(loaded, _Array) or loaded.value is None or loaded.value.dtype != object or loaded.value.ndim != 1:
        raise SourceError("an object array is no list of arrays")
    items: list[Any] = loaded.value.tolist()
    if len(items) != size or not all(isinstance(item, np.ndarray) and item.dtype != object for item in items):
        raise SourceError(f"an object array is no list of {size} arrays of numbers")
    if sum(item.nbytes for item in items) > MAX_ARRAY_BYTES:
        raise SourceError("an object array is too large; split the file")
    return items
