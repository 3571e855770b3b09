"""Writes a dataset file: HDF5 that appears whole or not at all, the same bytes for any size of the appended blocks.

Drawings are regrouped into blocks of `DRAWINGS_A_BLOCK`, so the sequence of writes, and with it the file's layout,
depends on the content alone.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from strokes.errors import StoreError
from strokes.files import atomic_path, check_free, reason
from strokes.ink.drawing import DrawingSet, join, make_drawing_set
from strokes.store.checksums import USER_BLOCK, seal
from strokes.store.schema import (
    COORDINATES,
    FORMAT,
    OFFSETS,
    RESERVED,
    VERSION,
    attribute_text,
    columns_of,
    dtype_of,
    flags_of,
)
from strokes.store.sink import Sink

DRAWINGS_A_BLOCK = 4096
HDF5_CHUNK_BYTES = 65536
LIBVER = ("earliest", "v110")
BYTES_PER_DRAWING = 600
ATTRIBUTE_LIMIT_BYTES = 60_000


class DatasetWriter:
    """A new dataset file, appended to in blocks; it appears at `path` when the `with` block ends well.

        with DatasetWriter("digits.h5", attributes={"licence": "CC BY-SA 3.0"}, classes=["0", "1"]) as writer:
            writer.append(drawings)

    Args:
        path: where the file shall appear; its folder must exist.
        attributes: what is known of the whole: licence, source, model, model_sha256, recipe, versions, seed, and any
            more. Text and numbers are kept as they are, mappings and lists as JSON.
        classes: what the labels mean; every appended set must have the same.
        overwrite: replace an existing file (only when the new one is whole).
        expected_drawings: how many will come, for checking the disk's free space first; 0 when unknown.

    Raises:
        StoreError: the file exists, the folder or disk refuses it, or the sets don't fit together.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        attributes: Mapping[str, object],
        classes: Sequence[str],
        overwrite: bool = False,
        expected_drawings: int = 0,
    ) -> None:
        self.path = Path(path)
        self._attributes = attributes
        self._classes = classes
        self._overwrite = overwrite
        self._stack = ExitStack()
        check_attributes(texts_of(attributes))
        check_free(self.path, overwrite=overwrite)
        check_space(self.path, expected_drawings)

    def __enter__(self) -> DatasetWriter:
        partial = self._stack.enter_context(atomic_path(self.path, overwrite=self._overwrite))
        sink = self._stack.enter_context(closing(Sink(partial)))
        body = Body(sink, str(self.path), attributes=self._attributes, classes=self._classes)
        self._body = self._stack.enter_context(body)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            with suppress(_AbandonedError, StoreError), self._stack:
                raise _AbandonedError
            return
        with self._stack:
            self._body.finish()

    def append(self, drawings: DrawingSet) -> None:
        """Add `drawings`, after all that came before.

        Raises:
            StoreError: their classes are not the file's, or the disk refuses them.
            ShapeError: their scores or columns are not those of the earlier sets.
        """
        self._body.append(drawings)


def encode(drawings: DrawingSet, *, attributes: Mapping[str, object]) -> bytes:
    """The bytes of a dataset file of these drawings, made in memory.

    Raises:
        StoreError: an attribute is one that the format itself sets.
    """
    check_attributes(texts_of(attributes))
    with (
        closing(Sink(None)) as sink,
        Body(sink, "a shard", attributes=attributes, classes=drawings.classes) as body,
    ):
        body.append(drawings)
        body.finish()
        return sink.everything()


class Body:
    """What a dataset file holds, as it is written to a sink.

    Args:
        sink: empty.
        name: of the file, for messages.
        attributes: of the whole.
        classes: what the labels mean.
    """

    def __init__(self, sink: Sink, name: str, *, attributes: Mapping[str, object], classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._sink, self._name = sink, name
        self._pending: list[DrawingSet] = []
        self._empty = make_drawing_set([], classes=self.classes, flagged=np.zeros(0, bool))
        self._started = False
        self._file = _create(sink)
        text = {"format": FORMAT, "version": VERSION, "coordinates": COORDINATES}
        for key, value in sorted((texts_of(attributes) | text).items()):
            self._file.attrs[key] = value
        self._file.create_dataset(
            "classes", data=list(self.classes), shape=(len(self.classes),), dtype=h5py.string_dtype()
        )

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, drawings: DrawingSet) -> None:
        """Add `drawings`; see `DatasetWriter.append`."""
        if drawings.classes != self.classes:
            raise StoreError(
                f"the set's classes {drawings.classes} are not the file's {self.classes}; build them alike"
            )
        drawings = replace(drawings, flagged=flags_of(drawings))
        if len(drawings) == 0:
            self._empty = drawings
            return
        self._pending.append(drawings)
        if sum(map(len, self._pending)) >= DRAWINGS_A_BLOCK:
            self._drain()

    def finish(self) -> None:
        """Write what is left, and the checksums of all. Raises `StoreError` or `OSError` when that is refused."""
        self._drain(everything=True)
        self._file.close()
        self._sink.raise_failure()
        seal(self._sink)
        self._sink.raise_failure()

    def _drain(self, *, everything: bool = False) -> None:
        ready = join(self._pending or [self._empty])
        end = len(ready) if everything else len(ready) // DRAWINGS_A_BLOCK * DRAWINGS_A_BLOCK
        try:
            if not self._started:
                self._create_columns(ready.select([]))
            for start in range(0, end, DRAWINGS_A_BLOCK):
                self._write(ready.select(np.arange(start, min(start + DRAWINGS_A_BLOCK, end))))
            self._sink.raise_failure()
        except (OSError, RuntimeError) as error:
            raise StoreError(f"can't write {self._name}: {reason(error)}; nothing was written") from error
        self._pending = [ready.select(np.arange(end, len(ready)))]

    def _write(self, drawings: DrawingSet) -> None:
        for name, values in columns_of(drawings).items():
            stored = self._file[name]
            old = len(stored)
            added = values + stored[-1] if name in OFFSETS else values
            stored.resize(old + len(added), axis=0)
            stored[old:] = added

    def _create_columns(self, drawings: DrawingSet) -> None:
        for name, values in columns_of(drawings).items():
            row = values.shape[1:]
            row_bytes = values.itemsize * max(math.prod(row), 1)
            self._file.create_dataset(
                name,
                shape=(1 if name in OFFSETS else 0, *row),
                maxshape=(None, *row),
                chunks=(max(HDF5_CHUNK_BYTES // row_bytes, 1), *row),
                dtype=dtype_of(name),
                compression="gzip",
                compression_opts=1,
                shuffle=values.itemsize > 1,
            )
        if drawings.images is not None:
            height, width = drawings.images.shape[1:]
            self._file["images"].attrs.update({"height": height, "width": width})
        self._file.require_group("scores")
        self._started = True


class _AbandonedError(Exception):
    """Tells the partial file's keeper that the `with` block failed, whatever the reason."""


def texts_of(attributes: Mapping[str, object]) -> dict[str, str | int | float]:
    """Attributes as HDF5 holds them."""
    return {name: attribute_text(value) for name, value in attributes.items()}


def check_attributes(attributes: Mapping[str, str | int | float]) -> None:
    """Raise `StoreError` for an attribute that the format itself sets, or that HDF5 can't hold."""
    for name, value in attributes.items():
        if name in RESERVED:
            raise StoreError(f"the attribute {name!r} is set by the format itself; leave it out")
        if isinstance(value, str) and len(value.encode()) > ATTRIBUTE_LIMIT_BYTES:
            raise StoreError(f"the attribute {name!r} is longer than {ATTRIBUTE_LIMIT_BYTES} bytes; shorten it")


def check_space(path: Path, drawings: int) -> None:
    """Raise `StoreError` when the disk that `path` is on has no room for so many `drawings`."""
    free, needed = shutil.disk_usage(path.parent).free, drawings * BYTES_PER_DRAWING
    if free < needed:
        raise StoreError(
            f"{path.parent} has {free / 1e6:.0f} MB free; {drawings} drawings may need {needed / 1e6:.0f} MB"
        )


def _create(sink: Sink) -> Any:
    return h5py.File(sink, "w", libver=LIBVER, userblock_size=USER_BLOCK, rdcc_nbytes=16 * HDF5_CHUNK_BYTES)
