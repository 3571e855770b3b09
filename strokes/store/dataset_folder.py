"""A dataset that is a folder of shards, here or on object storage, read as one: what a dataset file gives, it gives.

A shard is read whole, and checked against its sha256, when something of it is asked for; the last few are kept.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np

from strokes.errors import StoreError
from strokes.files.places import Place
from strokes.ink.drawing import SPLITS, Drawing, DrawingSet, join
from strokes.store.dataset_file import DatasetFile
from strokes.store.manifest import Manifest
from strokes.store.schema import OFFSETS, Array, columns_of, dtype_of, read_attributes
from strokes.store.shard_kinds import KINDS, empty_set, read_labels, read_shard

KEPT = 4
"""Shards that are kept decoded."""
COUNTED = {"stroke_offsets": "strokes", "metadata": "metadata", "scans": "scans", "points": "points"}
"""How many rows of what offsets point to a shard has, by the manifest's names."""


class DatasetFolder(DatasetFile):
    """See `DatasetFile`. Drawings are in the order of the manifest: those of one split lie together.

    Raises:
        StoreError: the manifest is damaged.
        ConfigError: the shards are Parquet, and pyarrow is not installed.
    """

    def __init__(self, path: Place) -> None:
        self.path = path
        self.manifest = Manifest.read(path)
        KINDS[self.manifest.kind].prepare()
        self.attributes = read_attributes(self.manifest.attributes)
        self.names = self.manifest.holding.names
        self.classes = self.manifest.holding.classes
        self._shards = self.manifest.shards
        self._starts = [0, *itertools.accumulate(shard.drawings for shard in self._shards)]
        self._count = self._starts[-1]
        self._kept: OrderedDict[int, DrawingSet] = OrderedDict()
        self._closed = False

    def close(self) -> None:
        """Let go of the shards."""
        self._kept.clear()
        self._closed = True

    @property
    def is_open(self) -> bool:
        """Whether it can be read."""
        return not self._closed

    @property
    def size_bytes(self) -> int:
        """What the shards take on the disk."""
        return sum(shard.size for shard in self._shards)

    @property
    def pieces(self) -> Sequence[range]:
        """The drawings of each shard."""
        return [range(first, last) for first, last in itertools.pairwise(self._starts) if last > first]

    @property
    def image_px(self) -> tuple[int, int] | None:
        """The height and width of its pictures, in pixels; None where it holds none."""
        return self.manifest.holding.image_px

    def drawings(self, indices: Sequence[int]) -> list[Drawing]:
        """See `DatasetFile.drawings`."""
        found: dict[int, Drawing] = {}
        for index in sorted(set(indices)):
            number = bisect_right(self._starts, index) - 1
            found[index] = self._shard(number)[index - self._starts[number]]
        return [found[index] for index in indices]

    def columns(self, names: Sequence[str]) -> dict[str, Array]:
        """See `DatasetFile.columns`; every shard is read once for all of them, labels last: from what was read."""
        known = ("split",) if set(names) - {"split", "labels"} else ("split", "labels")
        parts = {name: self._start_of(name) for name in sorted(names, key="labels".__eq__) if name not in known}
        for rows in zip(*(self._parts_of(name) for name in parts), strict=True):
            for name, part in zip(parts, rows, strict=True):
                parts[name].append(part)
        return super().columns([name for name in names if name in known]) | {
            name: np.concatenate(found) for name, found in parts.items()
        }

    def _load(self, name: str, rows: slice = slice(None)) -> Array:
        return np.concatenate([*self._start_of(name), *self._parts_of(name)])[rows]

    def _start_of(self, name: str) -> list[Array]:
        """What stands before the first shard's values: the 0 of offsets, or an array of no rows."""
        empty = columns_of(self._read_range(0, 0))[name]
        return [np.zeros(1, empty.dtype)] if name in OFFSETS else [empty]

    def _parts_of(self, name: str) -> Iterator[Array]:
        """An array of every shard, offsets counted from the first shard on."""
        passed = 0
        for number, shard in enumerate(self._shards):
            if name == "split":
                yield np.full(shard.drawings, SPLITS.index(shard.split), np.uint8)
            elif name == "labels" and number not in self._kept:
                yield read_labels(self.path, shard, kind=self.manifest.kind).astype(dtype_of(name))
            else:
                yield columns_of(self._shard(number))[name] + (passed if name in OFFSETS else 0)
                passed += getattr(shard, COUNTED.get(OFFSETS.get(name, ""), "drawings"))

    def _read_range(self, first: int, last: int) -> DrawingSet:
        known = self.manifest.holding
        parts = []
        for number, (start, end) in enumerate(itertools.pairwise(self._starts)):
            low, high = max(first, start), min(last, end)
            if low < high:
                found = self._shard(number)
                parts.append(found if high - low == len(found) else found.select(np.arange(low - start, high - start)))
        return join(parts) if parts else empty_set(known)

    def _shard(self, number: int) -> DrawingSet:
        """A shard's drawings, read unless it is one of the last few."""
        if number not in self._kept:
            if not self.is_open:
                raise StoreError(f"{self.path} is closed")
            kind, holding = self.manifest.kind, self.manifest.holding
            self._kept[number] = read_shard(self.path, self._shards[number], kind=kind, holding=holding)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]
