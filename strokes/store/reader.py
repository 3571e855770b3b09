"""Opens a dataset file that `DatasetWriter` (or another program, from `FORMAT.md`) wrote, and reads drawings from it.

A file is not trusted: nothing outside it is followed, and its arrays are checked against each other before use.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from strokes.errors import ShapeError, StoreError
from strokes.files import reason
from strokes.ink.drawing import POINT_COLUMNS, SPLITS, Drawing, DrawingSet, IntArray, check_offsets, join
from strokes.ink.fine import FineInk
from strokes.store.layout import check_layout, names_in
from strokes.store.schema import OFFSETS, Array, dtype_of, read_attributes, read_scans, unpack_images
from strokes.store.writer import BLOCK, DatasetWriter

__all__ = ["DatasetFile", "DatasetWriter", "open_dataset"]

CACHE_BYTES = 32 << 20
CACHE_SLOTS = 4099
CHECKED_ROWS = 1 << 18
HDF5_ERRORS = (OSError, RuntimeError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError)


def open_dataset(path: Path | str) -> DatasetFile:
    """The dataset at `path`, checked and ready to read; a context manager.

    Raises:
        StoreError: there is no such file, or it is truncated, damaged, too new, or no dataset of strokes.
    """
    return DatasetFile(Path(path))


class DatasetFile:
    """An open dataset: its drawings are read on demand, and what a drawing's place is found by once one is asked for.

    Attributes:
        path: the file.
        classes: what the labels mean.
        attributes: the file's root attributes (format, version, coordinates, licence, source, model, …).
        names: the arrays it holds, such as "points" and "scores/f1".
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        try:
            self.attributes = read_attributes(self._file.attrs)
            check_layout(self._file, path, self.attributes)
            self.names = tuple(names_in(self._file))
            self.classes = tuple(str(name) for name in self._file["classes"].asstr()[:])
            for name in (name for name in OFFSETS if name in self.names):
                self._check_offsets(name)
            self._count = self._rows("drawing_offsets")
        except (*HDF5_ERRORS, ShapeError) as error:
            self.close()
            raise StoreError(f"{path} is damaged: {reason(error)}") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> DatasetFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Drawing:
        """Drawing `index` alone (negative counts from the end), read from the file without the rest.

        Raises:
            IndexError: there is no such drawing.
            StoreError: it is damaged.
        """
        index = range(len(self))[operator.index(index)]
        first, last = self._drawing_offsets[index : index + 2]
        bounds = self._stroke_offsets[first : last + 1]
        points = self._load("points", slice(int(bounds[0]), int(bounds[-1])))
        strokes = tuple(points[a:b] for a, b in itertools.pairwise(bounds - bounds[0]))
        label = self._labels[index]
        width, height = self._sizes[index]
        try:
            return Drawing(strokes, self.classes[label] if label >= 0 else None, float(width), float(height))
        except (ShapeError, IndexError) as error:
            raise StoreError(f"{self.path} is damaged in drawing {index}: {error}") from error

    @cached_property
    def _drawing_offsets(self) -> Array:
        return self._load("drawing_offsets")

    @cached_property
    def _stroke_offsets(self) -> Array:
        return self._load("stroke_offsets")

    @cached_property
    def _labels(self) -> Array:
        return self._load("labels")

    @cached_property
    def _sizes(self) -> Array:
        return self._load("sizes")

    @property
    def score_names(self) -> tuple[str, ...]:
        """The scores that every drawing has, such as f1 and chamfer."""
        return tuple(name.removeprefix("scores/") for name in self.names if name.startswith("scores/"))

    def column(self, name: str) -> Array:
        """One array as it is stored, whole; `names` lists them.

        Raises:
            StoreError: there is none of that name, or it is damaged.
        """
        if name not in self.names:
            raise StoreError(f"{self.path} holds no {name!r}; one of {', '.join(self.names)}")
        return self._load(name)

    def indices(self, split: str) -> IntArray:
        """Which drawings are of the split "train", "test" or "none"; every one for "all".

        Raises:
            StoreError: the split is unknown.
        """
        if split == "all":
            return np.arange(len(self))
        if split not in SPLITS:
            raise StoreError(f"unknown split {split!r}; one of all, {', '.join(SPLITS)}")
        return np.flatnonzero(self._load("split") == SPLITS.index(split))

    def read(self, which: slice | Sequence[int] | IntArray | None = None) -> DrawingSet:
        """The chosen drawings, in the order asked for; all when nothing is chosen.

        Raises:
            StoreError: an index is out of range, or the file is damaged.
        """
        if which is None or isinstance(which, slice):
            which = np.arange(len(self))[which or slice(None)]
        chosen = np.asarray(which, np.int64)
        if len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(self):
            raise StoreError(f"{self.path} has drawings 0 to {len(self) - 1}; asked for {chosen.min()}…{chosen.max()}")
        wanted, places = np.unique(chosen, return_inverse=True)
        starts = np.searchsorted(wanted, np.arange(0, len(self) + BLOCK, BLOCK))
        parts = [self._read_near(wanted[a:b]) for a, b in itertools.pairwise(starts) if b > a]
        found = join(parts) if parts else self._read_range(0, 0)
        return found if len(found) == len(chosen) and (np.diff(places) == 1).all() else found.select(places)

    def blocks(self, which: IntArray | None = None, *, size: int = BLOCK) -> Iterator[DrawingSet]:
        """The chosen drawings (all by default) in sets of `size`, so that memory does not grow with the file."""
        chosen = np.arange(len(self)) if which is None else which
        return (self.read(chosen[start : start + size]) for start in range(0, len(chosen), size))

    def _read_near(self, wanted: IntArray) -> DrawingSet:
        first, last = int(wanted[0]), int(wanted[-1]) + 1
        found = self._read_range(first, last)
        return found if len(wanted) == last - first else found.select(wanted - first)

    def _read_range(self, first: int, last: int) -> DrawingSet:
        drawings = self._load("drawing_offsets", slice(first, last + 1))
        strokes = self._load("stroke_offsets", slice(int(drawings[0]), int(drawings[-1]) + 1))
        points = slice(int(strokes[0]), int(strokes[-1]))
        rows = slice(first, last)
        try:
            return DrawingSet(
                points=self._load("points", points),
                stroke_offsets=strokes - strokes[0],
                drawing_offsets=drawings - drawings[0],
                classes=self.classes,
                labels=self._load("labels", rows).astype(np.int64),
                sizes=self._load("sizes", rows),
                frames=self._load("frames", rows),
                split=self._load("split", rows),
                source_index=self._load("source_index", rows),
                images=self._read_images(rows),
                scores={name: self._load(f"scores/{name}", rows) for name in self.score_names},
                point_columns={name: self._load(name, points) for name in POINT_COLUMNS if name in self.names},
                metadata=self._read_metadata(first, last),
                fine=self._read_scans(first, last),
                flagged=self._load("flagged", rows).astype(bool),
            )
        except (ShapeError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.path} is damaged in drawings {first} to {last - 1}: {error}") from error

    def _read_images(self, rows: slice) -> Any:
        if "images" not in self.names:
            return None
        sides = self._file["images"].attrs
        return unpack_images(self._load("images", rows), height=int(sides["height"]), width=int(sides["width"]))

    def _read_metadata(self, first: int, last: int) -> tuple[str, ...] | None:
        if "metadata" not in self.names:
            return None
        offsets = self._load("metadata_offsets", slice(first, last + 1))
        text = self._load("metadata", slice(int(offsets[0]), int(offsets[-1]))).tobytes()
        bounds = offsets - offsets[0]
        return tuple(text[a:b].decode() for a, b in itertools.pairwise(bounds))

    def _read_scans(self, first: int, last: int) -> tuple[FineInk | None, ...] | None:
        if "scans" not in self.names:
            return None
        offsets = self._load("scans_offsets", slice(first, last + 1))
        packed = self._load("scans", slice(int(offsets[0]), int(offsets[-1]))).tobytes()
        return read_scans(packed, offsets - offsets[0], self._load("scans_px", slice(first, last)))

    def _rows(self, name: str) -> int:
        """How many drawings, strokes, points or bytes an array is about."""
        return len(self._file[name]) - int(name in OFFSETS)

    def _check_offsets(self, name: str) -> None:
        """Raise `ShapeError` unless offsets climb from 0 to the end of what they are about; a piece at a time."""
        count = self._rows(name)
        for start in range(0, max(count, 1), CHECKED_ROWS):
            part = self._load(name, slice(start, start + CHECKED_ROWS + 1))
            low = part[0] if start else 0
            high = part[-1] if start + CHECKED_ROWS < count else self._rows(OFFSETS[name])
            check_offsets(name, part - low, high - low, least=int(name == "stroke_offsets"))

    def _load(self, name: str, rows: slice = slice(None)) -> Array:
        try:
            values: Array = self._file[name][rows]
        except HDF5_ERRORS as error:
            raise StoreError(f"{self.path} is damaged in {name}: {reason(error)}") from error
        return values.astype(dtype_of(name).newbyteorder("="), copy=False)


def _open(path: Path) -> Any:
    if not path.exists():
        raise StoreError(f"there is no file {path}")
    if path.is_dir() or not h5py.is_hdf5(path):
        raise StoreError(f"{path} is not an HDF5 file; expected a dataset made by strokes build-dataset")
    try:
        return h5py.File(path, "r", rdcc_nbytes=CACHE_BYTES, rdcc_nslots=CACHE_SLOTS)
    except HDF5_ERRORS as error:
        raise StoreError(
            f"{path} can't be opened: it is truncated, damaged or being written ({reason(error)})"
        ) from error
