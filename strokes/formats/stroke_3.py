"""sketch-rnn's stroke-3 `.npz` (https://github.com/magenta/magenta/tree/main/magenta/models/sketch_rnn).

Object arrays `train`, `valid` and `test` of int16 (points, 3): Δx, Δy, and 1 where the pen is lifted after the point.
The first row is the way from (0, 0). Ours are in units of 1/`BOX_UNITS` of the picture's longer side, so each point is
within half a unit of where it was, with no drift; and say more in arrays that sketch-rnn passes over: `units` (the
longer side), and for each of the three `SPLIT_labels` and `SPLIT_sizes`. Other files' drawings get their bounding box.
Split "none" is written to `train`; `valid` is read as "none". The arrays are pickles: they are read without running
any.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.npz_arrays import names_of, open_array, open_npz
from strokes.errors import SourceError, StoreError
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.npz_files import NpzWriter, RowReader
from strokes.formats.numpy_pickle import load_object_array
from strokes.formats.recording import Numbers, Recording, to_floats
from strokes.ink.drawing import IntArray
from strokes.store.reader import DatasetFile

BOX_UNITS = 255
ROWS_AT_ONCE = 4096
SPLIT_NAMES = {"train": "train", "valid": "none", "test": "test"}
"""sketch-rnn's names and ours, for reading."""


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset`; all of them are in memory at once, being one object array.

    Raises:
        StoreError: a drawing reaches too far for the format.
    """
    parts = split_indices(dataset)
    with NpzWriter(path) as archive:
        for name, chosen in parts.items():
            rows = np.empty(len(chosen), object)
            for i, glyph in enumerate(chosen_glyphs(dataset, chosen)):
                rows[i] = to_stroke3(glyph)
            archive.put(name, rows)
        put_about(archive, dataset, parts)


def split_indices(dataset: DatasetFile) -> dict[str, IntArray]:
    """Which drawings go to `train`, `valid` (none) and `test`."""
    test = dataset.indices("test")
    return {"train": np.setdiff1d(dataset.indices("all"), test), "valid": test[:0], "test": test}


def chosen_glyphs(dataset: DatasetFile, chosen: IntArray) -> Iterator[Glyph]:
    """The drawings at `chosen` places, in order."""
    keep = np.zeros(len(dataset), bool)
    keep[chosen] = True
    return (glyph for glyph in glyphs(dataset) if keep[glyph.number]) if len(chosen) else iter(())


def put_about(archive: NpzWriter, dataset: DatasetFile, parts: dict[str, IntArray]) -> None:
    """Write what sketch-rnn has no place for: the unit, and each drawing's label and size."""
    archive.put("units", np.array([BOX_UNITS]))
    names, labels = np.array([*dataset.classes, ""]), dataset.column("labels")
    for name, chosen in parts.items():
        own = labels[chosen]
        blocks = (names[own[start : start + ROWS_AT_ONCE]] for start in range(0, len(own), ROWS_AT_ONCE))
        archive.put_rows(f"{name}_labels", own.shape, names.dtype, blocks)
        archive.put(f"{name}_sizes", dataset.column("sizes")[chosen])


def to_stroke3(glyph: Glyph) -> NDArray[np.int16]:
    """A drawing's rows (p, 3). Raises `StoreError` when a step doesn't fit into 16 bits."""
    rows = deltas(np.rint(glyph.points * BOX_UNITS), glyph.ends)
    if (np.abs(rows) > 32767).any():
        raise StoreError(f"drawing {glyph.number} reaches further out of its picture than stroke-3 can say")
    return rows.astype(np.int16)


def deltas(points: Numbers, ends: Sequence[int]) -> Numbers:
    """Points (p, 2), joined strokes that end before `ends[1:]`, as stroke-3 rows (p, 3) from (0, 0)."""
    rows = np.zeros((len(points), 3))
    rows[:, :2] = np.diff(points, axis=0, prepend=np.zeros((1, 2)))
    rows[np.asarray(ends[1:], np.int64) - 1, 2] = 1
    return rows


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, one split after the other. Raises `SourceError` where it is broken."""
    with open_npz(path) as archive:
        names = names_of(archive)
        if not names & set(SPLIT_NAMES):
            raise SourceError(f"{path} holds {', '.join(sorted(names)[:20])}; expected {', '.join(SPLIT_NAMES)}")
        units = read_units(archive)
        for name in (name for name in SPLIT_NAMES if name in names):
            stream, shape, _, dtype = open_array(archive, name)
            if not dtype.hasobject or len(shape) != 1:
                raise SourceError(f"`{name}` in {path} is {dtype} of shape {shape}; expected (n,) of objects")
            about = Labels(archive, name, shape[0])
            for i, rows in enumerate(load_object_array(stream, shape[0])):
                yield from_stroke3(rows, f"drawing {i} of `{name}` in {path}", name, units, about.take())


def read_units(archive: zipfile.ZipFile) -> float | None:
    """How many units the longer side of a picture has, None in other people's files."""
    if "units" not in names_of(archive):
        return None
    found = RowReader(archive, "units")
    if found.shape != (1,) or found.dtype.kind not in "iuf" or not 0 < (units := float(found.take(1)[0])) < 1e9:
        raise SourceError("`units` is no number above 0")
    return units


class Labels:
    """The labels and sizes of one split's drawings, "" and None in other people's files. Raises `SourceError`."""

    def __init__(self, archive: zipfile.ZipFile, name: str, count: int) -> None:
        held = names_of(archive)
        wanted = {f"{name}_labels": (count,), f"{name}_sizes": (count, 2)}
        self._readers = [RowReader(archive, array) if array in held else None for array in wanted]
        kinds = "U", "f"
        for reader, shape, kind in zip(self._readers, wanted.values(), kinds, strict=True):
            if reader is not None and (reader.shape != shape or reader.dtype.kind != kind):
                raise SourceError(f"`{reader.name}` is {reader.dtype} of shape {reader.shape}; expected {shape}")

    def take(self) -> tuple[str, tuple[float, float] | None]:
        """The next drawing's."""
        labels, sizes = self._readers
        label = "" if labels is None else str(labels.take(1)[0])
        size = None if sizes is None else sizes.take(1)[0].tolist()
        return label, None if size is None else (size[0], size[1])


def from_stroke3(
    rows: NDArray[Any], place: str, split: str, units: float | None, about: tuple[str, tuple[float, float] | None]
) -> Recording:
    """Rows (p, 3) as a recording. Raises `SourceError` when they aren't."""
    label, size = about
    if rows.ndim != 2 or rows.shape[1] != 3 or rows.dtype.kind not in "biuf":
        raise SourceError(f"{place} has shape {rows.shape}; expected (points, 3)")
    values = to_floats(rows)
    if not (np.abs(values) < 1e9).all():
        raise SourceError(f"{place} holds numbers that are not finite")
    width, height = size or (1.0, 1.0)
    return Recording(
        np.cumsum(values[:, :2], axis=0),
        lengths_of(values[:, 2] > 0.5),
        label=label or None,
        canvas=None if units is None else (width * units, height * units),
        split=SPLIT_NAMES[split],
        metadata={"split": "valid"} if split == "valid" else {},
    )


def lengths_of(lifted: NDArray[np.bool_]) -> list[int]:
    """Points of each stroke, from where the pen is lifted after a point; it always is after the last."""
    ends = np.flatnonzero(lifted) + 1
    if len(lifted) and (len(ends) == 0 or ends[-1] < len(lifted)):
        ends = np.append(ends, len(lifted))
    lengths: list[int] = np.diff(ends, prepend=0).tolist()
    return lengths
