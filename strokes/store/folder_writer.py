"""Writes a folder of shards: it appears whole or not at all, the same bytes for any size of the appended blocks.

A shard holds `SHARD_DRAWINGS` drawings of one split, the last of a split fewer; each is written as soon as it is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np

from strokes.errors import ConfigError, ShapeError, StoreError
from strokes.files import DATASET_ENDINGS, check_dataset_name, check_free
from strokes.files.places import Place, Remote, place_of
from strokes.ink.drawing import SPLITS, DrawingSet, join, make_drawing_set
from strokes.store.manifest import ENDINGS, MANIFEST, Holding, Listed, Manifest
from strokes.store.new_folders import check_free_place, new_folder
from strokes.store.schema import COORDINATES, columns_of, flags_of
from strokes.store.shard_kinds import KINDS, list_shard
from strokes.store.writer import DatasetWriter, check_attributes, check_space, texts_of

SHARD_DRAWINGS = 10_000
HDF5 = "hdf5"
DATASET_KINDS = (HDF5, *ENDINGS)
"""What a dataset is written as: one file, or a folder of shards of either kind."""
README = "README.md"
CARD = """---
license: {licence}
configs:
- config_name: default
  data_files:
{files}
---

# Strokes of handwriting

{count:,} drawings as the pen made them, written by strokes (penstrokes) as {shards} shards; `{manifest}` lists each
with its sha256. `strokes verify`, `strokes info` and `strokes.open_dataset` take the folder for one dataset, and so
does `datasets.load_dataset`. Coordinates: {coordinates}.
"""
HUB_LICENCES = {"MIT": "mit", "CC BY 4.0": "cc-by-4.0", "CC BY-SA 3.0": "cc-by-sa-3.0", "CC0": "cc0-1.0"}


class FolderWriter:
    """A new folder of shards, appended to in blocks like a `DatasetWriter`; it appears when the `with` block ends well.

    Args:
        path: where the folder shall appear, also a URL.
        kind: of the shards, "parquet" or "webdataset".
        attributes: what is known of the whole; see `DatasetWriter`.
        classes: what the labels mean; every appended set must have the same.
        overwrite: replace an earlier such folder (only when the new one is whole).
        expected_drawings: how many will come, for checking the disk's free space first; 0 when unknown.

    Raises:
        ConfigError: Parquet is asked for, and pyarrow is not installed.
        StoreError: the folder exists, the disk refuses it, or the sets don't fit together.
    """

    def __init__(
        self,
        path: Place | str,
        *,
        kind: str,
        attributes: Mapping[str, object],
        classes: Sequence[str],
        overwrite: bool = False,
        expected_drawings: int = 0,
    ) -> None:
        self.path, self._kind, self._overwrite = place_of(path), kind, overwrite
        self._attributes, self._classes = texts_of(attributes), tuple(classes)
        self._stack = ExitStack()
        self._pending: dict[str, list[DrawingSet]] = {name: [] for name in SPLITS}
        self._listed: dict[str, list[Listed]] = {name: [] for name in SPLITS}
        self._holding: Holding | None = None
        KINDS[kind].prepare()
        check_attributes(self._attributes)
        check_free_place(self.path, overwrite=overwrite)
        if not isinstance(self.path, Remote):
            check_space(self.path, expected_drawings)

    def __enter__(self) -> FolderWriter:
        self._folder = self._stack.enter_context(new_folder(self.path, overwrite=self._overwrite))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._finish()

    def append(self, drawings: DrawingSet) -> None:
        """Add `drawings`, after all that came before of their splits.

        Raises:
            StoreError: their classes are not the folder's, or the disk refuses them.
            ShapeError: their scores or columns are not those of the earlier sets.
        """
        if drawings.classes != self._classes:
            raise StoreError(
                f"the set's classes {drawings.classes} are not the folder's {self._classes}; build them alike"
            )
        drawings = replace(drawings, flagged=flags_of(drawings))
        holding = holding_of(drawings)
        if len(drawings) and holding != (self._holding or holding):
            raise ShapeError("sets with different classes, scores or columns can't be joined; build them alike")
        if len(drawings) or self._holding is None:
            self._holding = holding
        for number, name in enumerate(SPLITS):
            rows = np.flatnonzero(drawings.split == number)
            if len(rows):
                self._pending[name].append(drawings if len(rows) == len(drawings) else drawings.select(rows))
                if sum(map(len, self._pending[name])) >= SHARD_DRAWINGS:
                    self._drain(name)

    def _drain(self, split: str, *, everything: bool = False) -> None:
        if not self._pending[split]:
            return
        ready = join(self._pending[split])
        end = len(ready) if everything else len(ready) // SHARD_DRAWINGS * SHARD_DRAWINGS
        for start in range(0, end, SHARD_DRAWINGS):
            self._write(split, ready.select(np.arange(start, min(start + SHARD_DRAWINGS, end))))
        self._pending[split] = [ready.select(np.arange(end, len(ready)))] if end < len(ready) else []

    def _write(self, split: str, drawings: DrawingSet) -> None:
        listed = self._listed[split]
        name = f"{split}-{len(listed):05}"
        file = f"{self._folder.data}/{name}.{ENDINGS[self._kind]}"
        data = KINDS[self._kind].encode(drawings, holding_of(drawings), name)
        self._folder.write(file, data)
        listed.append(list_shard(drawings, file, data))

    def _finish(self) -> None:
        for split in SPLITS:
            self._drain(split, everything=True)
        shards = [shard for split in SPLITS for shard in self._listed[split]]
        holding = self._holding or holding_of(make_drawing_set([], classes=self._classes, flagged=np.zeros(0, bool)))
        manifest = Manifest(self._kind, self._attributes | {"coordinates": COORDINATES}, holding, shards)
        self._folder.write(README, card_of_shards(manifest).encode())
        self._folder.finish(manifest)


def holding_of(drawings: DrawingSet) -> Holding:
    """What a set's shards hold."""
    images = drawings.images
    sides = None if images is None else (int(images.shape[1]), int(images.shape[2]))
    return Holding(drawings.classes, tuple(columns_of(drawings.select([]))), sides)


def card_of_shards(manifest: Manifest) -> str:
    """The README, as Hugging Face reads it: its splits are train and test, and "none" goes to train."""
    files: dict[str, list[str]] = {}
    for folder, split in dict.fromkeys((shard.folder, shard.split) for shard in manifest.shards):
        files.setdefault("test" if split == "test" else "train", []).append(f"    - {folder}/{split}-*")
    licence = str(manifest.attributes.get("licence", "unknown"))
    return CARD.format(
        licence=HUB_LICENCES.get(licence, "unknown" if licence == "unknown" else "other"),
        files="\n".join(f"  - split: {name}\n    path:\n" + "\n".join(paths) for name, paths in files.items()),
        count=sum(shard.drawings for shard in manifest.shards),
        shards=f"{len(manifest.shards):,} {manifest.kind}",
        manifest=MANIFEST,
        coordinates=COORDINATES,
    )


def new_dataset(
    out: Place,
    kind: str = HDF5,
    *,
    attributes: Mapping[str, object],
    classes: Sequence[str],
    overwrite: bool = False,
    expected_drawings: int = 0,
) -> DatasetWriter | FolderWriter:
    """What writes a dataset of a kind, one of `DATASET_KINDS`; see `DatasetWriter`."""
    if kind == HDF5:
        return DatasetWriter(
            file_of(out),
            attributes=attributes,
            classes=classes,
            overwrite=overwrite,
            expected_drawings=expected_drawings,
        )
    return FolderWriter(
        out,
        kind=kind,
        attributes=attributes,
        classes=classes,
        overwrite=overwrite,
        expected_drawings=expected_drawings,
    )


def check_out(out: Place, kind: str) -> None:
    """Raise `ConfigError` unless `kind` is one, what it needs is installed, and `out` is called as such a one is."""
    if kind not in DATASET_KINDS:
        raise ConfigError(f"unknown format {kind!r} of a dataset; one of {', '.join(DATASET_KINDS)}")
    if kind == HDF5:
        check_dataset_name(file_of(out))
        return
    KINDS[kind].prepare()
    if out.suffix.lower() in DATASET_ENDINGS:
        raise ConfigError(f"{out} is called as a file, and {kind} makes a folder of shards; give another name")


def file_of(out: Place) -> Path:
    """The path of a file to be written. Raises `ConfigError` for a URL."""
    if isinstance(out, Remote):
        raise ConfigError(f"{out} can't be one file; give --format {' or '.join(ENDINGS)} for a folder of shards there")
    return out


def check_out_free(out: Place, kind: str, *, overwrite: bool) -> None:
    """Raise `StoreError` unless a dataset of a kind may be written to `out`."""
    if kind == HDF5:
        check_free(file_of(out), overwrite=overwrite)
    else:
        check_free_place(out, overwrite=overwrite)
