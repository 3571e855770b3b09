"""The kinds of shards: how drawings become the bytes of one, and again drawings."""

from __future__ import annotations

import struct
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from strokes.datasets.parquet_pictures import load_pyarrow
from strokes.errors import ShapeError, SourceError, StoreError
from strokes.files import reason
from strokes.files.places import MissingError, Place, read_at_most
from strokes.ink.drawing import POINT_COLUMNS, DrawingSet, IntArray, make_drawing_set
from strokes.store.manifest import Holding, Listed
from strokes.store.parquet_rows import decode_parquet, encode_parquet, parquet_labels
from strokes.store.schema import columns_of
from strokes.store.webdataset import decode_tar, encode_tar, tar_labels

UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    tarfile.TarError,
    ShapeError,
)
"""What reading a shard's bytes may raise where they are not what they should be; pyarrow's errors are among them."""


@dataclass(frozen=True)
class Kind:
    """One way to keep drawings in a file.

    Attributes:
        encode: drawings to bytes, given what is held and the name of the file without its ending.
        decode: bytes to drawings.
        labels: bytes to the labels alone.
        prepare: raises `ConfigError` where a package is missing.
    """

    encode: Callable[[DrawingSet, Holding, str], bytes]
    decode: Callable[[bytes, Holding, str], DrawingSet]
    labels: Callable[[bytes], IntArray]
    prepare: Callable[[], object] = lambda: None


KINDS = {
    "parquet": Kind(encode_parquet, decode_parquet, parquet_labels, load_pyarrow),
    "webdataset": Kind(encode_tar, decode_tar, tar_labels),
}


def read_bytes(folder: Place, shard: Listed) -> bytes:
    """A shard's bytes. Raises `StoreError` unless it is there and they have its sha256."""
    path = folder / shard.file
    if isinstance(path, Path) and path.is_symlink():
        raise StoreError(f"{path} is damaged: it leads elsewhere")
    try:
        data = read_at_most(path, shard.size)
    except MissingError:
        raise StoreError(f"{folder} lacks {shard.file}, which its manifest lists") from None
    except SourceError as error:
        raise StoreError(str(error)) from error
    if len(data) != shard.size:
        raise StoreError(f"{path} is damaged: it has {len(data):,} bytes and should have {shard.size:,}")
    if sha256(data).hexdigest() != shard.sha256:
        raise StoreError(f"{path} is damaged: its sha256 is not the one in the manifest")
    return data


def read_shard(folder: Place, shard: Listed, *, kind: str, holding: Holding) -> DrawingSet:
    """A shard's drawings. Raises `StoreError` where it isn't what the manifest says."""
    data = read_bytes(folder, shard)
    try:
        found = KINDS[kind].decode(data, holding, shard.split)
    except UNREADABLE as error:
        raise StoreError(f"{folder / shard.file} is damaged: {reason(error)}") from error
    if list_shard(found, shard.file, data) != shard:
        raise StoreError(f"{folder / shard.file} holds other drawings than its manifest tells of")
    return found


def read_labels(folder: Place, shard: Listed, *, kind: str) -> IntArray:
    """(n,) a shard's labels. Raises `StoreError` where it isn't what the manifest says."""
    data = read_bytes(folder, shard)
    try:
        found = KINDS[kind].labels(data)
    except UNREADABLE as error:
        raise StoreError(f"{folder / shard.file} is damaged: {reason(error)}") from error
    if len(found) != shard.drawings:
        raise StoreError(f"{folder / shard.file} holds other drawings than its manifest tells of")
    return found


def empty_set(holding: Holding) -> DrawingSet:
    """No drawings, with every array that shards hold."""
    sides, names = holding.image_px, holding.names
    return make_drawing_set(
        [],
        classes=holding.classes,
        images=None if sides is None else np.zeros((0, *sides), bool),
        scores={name: np.zeros(0, np.float32) for name in holding.score_names},
        point_columns={name: np.zeros(0, np.float32) for name in POINT_COLUMNS if name in names},
        metadata=() if "metadata" in names else None,
        fine=() if "scans" in names else None,
        flagged=np.zeros(0, bool),
    )


def list_shard(drawings: DrawingSet, file: str, data: bytes) -> Listed:
    """What the manifest is to say of a shard."""
    columns = columns_of(drawings)
    bulk = {name: len(columns[name]) if name in columns else 0 for name in ("metadata", "scans")}
    strokes, points = len(drawings.stroke_offsets) - 1, len(drawings.points)
    return Listed(file, sha256(data).hexdigest(), len(data), len(drawings), strokes, points, **bulk)
