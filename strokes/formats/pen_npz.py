"""Plain pen sets: an `.npz` of `xy` (p, 2), y down, `pen_up` (p,), `offsets` (n+1,), `labels` and `writers` (n,).

`pen_up` is true where the pen lifts after the point; drawing i owns the rows `offsets[i]:offsets[i+1]`. `labels` are
strings, or integers; `writers` codes, kept as metadata. Other arrays are passed over. The units are the recorder's own.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from strokes.datasets.npz_arrays import names_of, open_npz
from strokes.errors import SourceError
from strokes.formats.limits import MAX_POINTS
from strokes.formats.npz_files import RowReader
from strokes.formats.recording import Recording, to_floats
from strokes.formats.stroke_3 import lengths_of

ARRAY_KINDS = {"xy": "fiu", "pen_up": "b", "offsets": "iu", "labels": "Uiu", "writers": "Uiu"}


def read(path: Path) -> Iterator[Recording]:
    """The recordings of a pen set. Raises `SourceError` where it is broken."""
    with open_npz(path) as archive:
        arrays = {name: RowReader(archive, name) for name in ARRAY_KINDS if name in names_of(archive) or name in NEEDED}
        check_array_shapes(arrays, path)
        offsets = arrays["offsets"]
        start = int(offsets.take(1)[0])
        if start != 0:
            raise SourceError(f"`offsets` in {path} starts at {start}; expected 0")
        for (end,) in offsets.blocks(1):
            count = int(end) - start
            if not 0 <= count <= min(MAX_POINTS, arrays["xy"].left):
                raise SourceError(
                    f"`offsets` in {path} goes from {start} to {end}; expected {MAX_POINTS} points at most"
                )
            yield next_recording(arrays, count)
            start = int(end)
        if arrays["xy"].left:
            raise SourceError(f"`offsets` in {path} ends at {start}; `xy` has {arrays['xy'].left} points more")


NEEDED = ("xy", "pen_up", "offsets")


def check_array_shapes(arrays: dict[str, RowReader], path: Path) -> None:
    """Raise `SourceError` unless the arrays are of the right types and go together."""
    points, drawings = arrays["pen_up"].shape[0], arrays["offsets"].shape[0] - 1
    shapes = {"xy": (points, 2), "pen_up": (points,), "offsets": (drawings + 1,)}
    for name, array in arrays.items():
        expected = shapes.get(name, (drawings,))
        if array.shape != expected or array.dtype.kind not in ARRAY_KINDS[name] or drawings < 0:
            raise SourceError(f"`{name}` in {path} is {array.dtype} of shape {array.shape}; expected {expected}")


def next_recording(arrays: dict[str, RowReader], count: int) -> Recording:
    """The next drawing, of `count` points."""
    about = {name: str(arrays[name].take(1)[0]) for name in ("labels", "writers") if name in arrays}
    return Recording(
        to_floats(arrays["xy"].take(count)),
        lengths_of(arrays["pen_up"].take(count)),
        label=about.get("labels") or None,
        metadata={"writer": about["writers"]} if about.get("writers") else {},
    )


def is_pen_set(archive: zipfile.ZipFile) -> bool:
    """Whether an `.npz` has what a pen set needs."""
    return names_of(archive).issuperset(NEEDED)
