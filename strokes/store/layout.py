"""Checks a dataset file's layout before it is read: its format, its arrays' shapes, and that nothing leads outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py

from strokes.errors import StoreError
from strokes.store.schema import DTYPES, FORMAT, OFFSETS, OPTIONAL, PER_DRAWING, SCANS, VERSION, WIDTHS, dtype_of

SAFE_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
MOST_BYTES_PER_STORED_BYTE = 1100
MOST_BYTES_IN_A_CHUNK = 64 << 20


def names_in(group: Any) -> Iterator[str]:
    """The names of the format's arrays that are in the file, scores as "scores/f1"."""
    yield from (name for name in DTYPES if name in group)
    yield from (f"scores/{name}" for name in group["scores"])


def check_layout(file: Any, path: Path, attributes: Mapping[str, Any]) -> None:
    """Raise `StoreError` unless `file` is a dataset of strokes that this version reads, complete and self-contained."""
    check_version(path, attributes)
    for name in (*DTYPES, "classes", "scores"):
        link = file.get(name, getlink=True)
        if link is None and name not in OPTIONAL:
            raise StoreError(f"{path} lacks {name}; it is incomplete")
        if link is not None:
            check_link(link, name, path)
    if not isinstance(file["scores"], h5py.Group):
        raise StoreError(f"{path}: scores is not a group")
    for name in file["scores"]:
        check_link(file["scores"].get(name, getlink=True), f"scores/{name}", path)
    if file["classes"].ndim != 1 or h5py.check_string_dtype(file["classes"].dtype) is None:
        raise StoreError(f"{path}: classes is not a list of names")
    for name in ("classes", *names_in(file)):
        check_storage(file[name], name, path)
    check_layout_shapes(file, path)


def check_version(path: Path, attributes: Mapping[str, Any]) -> None:
    """Raise `StoreError` unless the file says it is this format, of this version or an older one."""
    if attributes.get("format") != FORMAT:
        raise StoreError(f"{path} is an HDF5 file, but not a dataset of strokes")
    version = str(attributes.get("version"))
    parts = version.split(".")
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise StoreError(f"{path} has the version {version!r}; expected {VERSION}")
    if [int(part) for part in parts] > [int(part) for part in VERSION.split(".")]:
        raise StoreError(f"{path} has format version {version}; this program reads up to {VERSION}: update it")


def check_link(link: Any, name: str, path: Path) -> None:
    """Raise `StoreError` for a link that could lead out of the file."""
    if not isinstance(link, h5py.HardLink):
        raise StoreError(f"{path}: {name} is a link; a dataset must hold its arrays itself")


def check_storage(stored: Any, name: str, path: Path) -> None:
    """Raise `StoreError` unless the array lies in the file, behind known filters, no larger than it can be."""
    if not isinstance(stored, h5py.Dataset):
        raise StoreError(f"{path}: {name} is not an array")
    if stored.is_virtual or stored.external:
        raise StoreError(f"{path}: {name} is kept in another file; a dataset must hold its arrays itself")
    filters = stored.id.get_create_plist()
    if any(filters.get_filter(i)[0] not in SAFE_FILTERS for i in range(filters.get_nfilters())):
        raise StoreError(f"{path}: {name} uses a filter that is not gzip, shuffle or fletcher32")
    chunk_bytes = stored.dtype.itemsize
    for side in stored.chunks or ():
        chunk_bytes *= side
    room = stored.id.get_storage_size() * MOST_BYTES_PER_STORED_BYTE + chunk_bytes
    if chunk_bytes > MOST_BYTES_IN_A_CHUNK or stored.size * stored.dtype.itemsize > room:
        raise StoreError(f"{path}: {name} claims {stored.shape} values, more than the file can hold")


def check_layout_shapes(file: Any, path: Path) -> None:
    """Raise `StoreError` unless every array has the format's type and the rows that its drawings and points need."""
    drawings, points = file["drawing_offsets"].shape[0] - 1, file["points"].shape[0]
    for name in names_in(file):
        stored = file[name]
        wanted: tuple[int, ...] = tuple(stored.shape[:1])
        if name in PER_DRAWING or name.startswith("scores/") or name == "images":
            wanted = (drawings,)
        elif name in ("metadata_offsets", "scans_offsets"):
            wanted = (drawings + 1,)
        elif name not in OFFSETS and name not in ("points", "metadata", "scans"):
            wanted = (points,)
        if name in WIDTHS:
            wanted = (*wanted, WIDTHS[name])
        if name == "images":
            wanted = (*wanted, packed_width(stored, path))
        if stored.shape != wanted or stored.dtype.newbyteorder("=") != dtype_of(name).newbyteorder("="):
            raise StoreError(
                f"{path}: {name} is {stored.dtype} of shape {stored.shape}; expected {dtype_of(name)} of shape {wanted}"
            )
    if ("metadata" in file) != ("metadata_offsets" in file):
        raise StoreError(f"{path}: metadata and metadata_offsets come together or not at all")
    if any(name in file for name in SCANS) and not all(name in file for name in SCANS):
        raise StoreError(f"{path}: {', '.join(SCANS)} come together or not at all")


def packed_width(images: Any, path: Path) -> int:
    """Bytes a packed picture takes, from the height and width that `images` states."""
    try:
        height, width = int(images.attrs["height"]), int(images.attrs["width"])
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{path}: images lacks its height and width") from None
    return -(-height * width // 8)
