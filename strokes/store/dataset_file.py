"""A dataset file that `DatasetWriter` (or another program, from `FORMAT.md`) wrote, and the drawings in it.

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
from strokes.files import reaching, reason
from strokes.files.places import Place
from strokes.ink.display import counted, list_classes
from strokes.ink.drawing import (
    IDENTITY_FRAME,
    POINT_COLUMNS,
    SPLITS,
    Drawing,
    DrawingSet,
    IntArray,
    check_offsets,
    join,
)
from strokes.ink.fine import FineInk
from strokes.store.layout import check_layout, names_in
from strokes.store.schema import OFFSETS, Array, dtype_of, read_attributes, read_scans, unpack_images
from strokes.store.writer import DRAWINGS_A_BLOCK

CACHE_BYTES = 32 << 20
CACHE_SLOTS = 4099
CHECKED_ROWS = 1 << 18
HDF5_ERRORS = (OSError, RuntimeError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError)


class DatasetFile:
    """An open dataset: its drawings are read on demand, and what a drawing's place is found by once one is asked for.

    >>> import strokes
    >>> with strokes.open_dataset("out/mnist-strokes.h5") as stored:
    ...     print(stored.score_names, sum(len(drawing.strokes) for drawing in stored) >= len(stored))
    ...     print(stored.read(stored.indices("test")[:2]))
    ('chamfer', 'confidence', 'f1', 'mse') True
    DrawingSet(2 drawings, ...)

    Attributes:
        path: the file.
        classes: what the labels mean.
        attributes: the file's root attributes (format, version, coordinates, licence, source, model, …).
        names: the arrays it holds, such as "points" and "scores/f1".
    """

    def __init__(self, path: Path) -> None:
        self.path: Place = path
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

    @property
    def is_open(self) -> bool:
        """Whether it can be read."""
        return bool(self._file)

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk."""
        return Path(str(self.path)).stat().st_size

    @property
    def pieces(self) -> Sequence[range]:
        """The drawings that are read best together: a block each."""
        starts = range(0, len(self), DRAWINGS_A_BLOCK)
        return [range(start, min(start + DRAWINGS_A_BLOCK, len(self))) for start in starts]

    @property
    def image_px(self) -> tuple[int, int] | None:
        """The height and width of its pictures, in pixels; None where it holds none."""
        if "images" not in self.names:
            return None
        sides = self._file["images"].attrs
        return int(sides["height"]), int(sides["width"])

    def __repr__(self) -> str:
        known = [counted(len(self), "drawing"), list_classes(self.classes), *self._told()]
        return f"{type(self).__name__}({str(self.path)!r}: {', '.join(known)})"

    def _told(self) -> Iterator[str]:
        if not self.is_open:
            yield "closed"
            return
        if self.score_names:
            yield f"scores {' '.join(self.score_names)}"
        yield f"holds {' '.join(name for name in self.names if not name.startswith('scores/'))}"

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Drawing]:
        """Every drawing in order, read in blocks. Raises `StoreError` where the file is damaged."""
        return (drawing for block in self.blocks() for drawing in block)

    def __getitem__(self, index: int) -> Drawing:
        """Drawing `index` alone (negative counts from the end), read from the file without the rest.

        Raises:
            IndexError: there is no such drawing.
            StoreError: it is damaged.
        """
        return self.drawings([range(len(self))[operator.index(index)]])[0]

    def drawings(self, indices: Sequence[int]) -> list[Drawing]:
        """The drawings at `indices` (each in 0…n-1) alone, without their pictures; neighbours are read together.

        Raises:
            StoreError: one of them is damaged.
        """
        found: dict[int, Drawing] = {}
        for run in runs_of(sorted(set(indices))):
            found |= zip(run, self._read_run(run), strict=True)
        return [found[index] for index in indices]

    def _read_run(self, run: range) -> list[Drawing]:
        first, last = run.start, run.stop
        owners = self._drawing_offsets[first : last + 1]
        bounds = self._stroke_offsets[owners[0] : owners[-1] + 1]
        points = self._load("points", slice(int(bounds[0]), int(bounds[-1])))
        rows, count = slice(first, last), len(run)
        try:
            found = DrawingSet(
                points=points,
                stroke_offsets=bounds - bounds[0],
                drawing_offsets=owners - owners[0],
                classes=self.classes,
                labels=self._labels[rows],
                sizes=self._sizes[rows],
                frames=np.empty((count, len(IDENTITY_FRAME)), np.float32),
                split=np.zeros(count, np.uint8),
                source_index=np.arange(count),
                scores={name: values[rows] for name, values in self._confidence.items()},
                flagged=self._flagged[rows],
            )
        except ShapeError as error:
            which = f"drawing {first}" if count == 1 else f"drawings {first} to {last - 1}"
            raise StoreError(f"{self.path} is damaged in {which}: {error}") from error
        return list(found)

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

    @cached_property
    def _confidence(self) -> dict[str, Array]:
        return {name: self._load(f"scores/{name}") for name in self.score_names if name == "confidence"}

    @cached_property
    def _flagged(self) -> Array:
        return self._load("flagged").astype(np.bool_)

    @property
    def score_names(self) -> tuple[str, ...]:
        """The scores that every drawing has, such as f1 and chamfer."""
        return tuple(name.removeprefix("scores/") for name in self.names if name.startswith("scores/"))

    def column(self, name: str, rows: slice = slice(None)) -> Array:
        """One array as it is stored, whole or some rows of it; `names` lists them.

        Raises:
            StoreError: there is none of that name, or it is damaged.
        """
        if name not in self.names:
            raise StoreError(f"{self.path} holds no {name!r}; one of {', '.join(self.names)}")
        return self._load(name, rows)

    def columns(self, names: Sequence[str]) -> dict[str, Array]:
        """Several arrays as `column` gives each, by their names."""
        return {name: self.column(name) for name in names}

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
        starts = np.searchsorted(wanted, np.arange(0, len(self) + DRAWINGS_A_BLOCK, DRAWINGS_A_BLOCK))
        parts = [self._read_near(wanted[a:b]) for a, b in itertools.pairwise(starts) if b > a]
        found = join(parts) if parts else self._read_range(0, 0)
        return found if len(found) == len(chosen) and (np.diff(places) == 1).all() else found.select(places)

    def blocks(self, which: IntArray | None = None, *, size: int = DRAWINGS_A_BLOCK) -> Iterator[DrawingSet]:
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
        if self.image_px is None:
            return None
        height, width = self.image_px
        return unpack_images(self._load("images", rows), height=height, width=width)

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


def runs_of(numbers: Sequence[int]) -> Iterator[range]:
    """Ascending numbers as runs of consecutive ones."""
    first = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            yield range(numbers[first], numbers[i - 1] + 1)
            first = i


def _open(path: Path) -> Any:
    with reaching(path):
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
