"""What a dataset file holds: the columns of a `DrawingSet` as HDF5 arrays, both ways. `FORMAT.md` says it in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ShapeError
from strokes.ink.drawing import POINT_COLUMNS, BoolArray, DrawingSet
from strokes.ink.fine import FineInk

Array = NDArray[Any]
ReadArray = Callable[[str, int, int], Array]

FORMAT = "strokes"
VERSION = "0.3"
COORDINATES = "x right, y down; the picture's longer side is 1, its top left corner (0, 0)"
RESERVED = ("format", "version", "coordinates")
MOST_PIXELS = 110_000_000
JSON_ATTRIBUTES = ("recipe", "versions")

DTYPES = {
    "points": "<f4",
    "stroke_offsets": "<i8",
    "drawing_offsets": "<i8",
    "labels": "<i4",
    "sizes": "<f4",
    "frames": "<f4",
    "split": "u1",
    "source_index": "<i8",
    "flagged": "u1",
    "images": "u1",
    "metadata": "u1",
    "metadata_offsets": "<i8",
    "scans": "u1",
    "scans_offsets": "<i8",
    "scans_px": "<f4",
} | dict.fromkeys(POINT_COLUMNS, "<f4")
SCANS = ("scans", "scans_offsets", "scans_px")
OPTIONAL = ("images", "metadata", "metadata_offsets", *SCANS, *POINT_COLUMNS)
WIDTHS = {"points": 2, "sizes": 2, "frames": 3, "scans_px": 3}
PER_DRAWING = ("labels", "sizes", "frames", "split", "source_index", "flagged", "scans_px")
OFFSETS = {
    "drawing_offsets": "stroke_offsets",
    "stroke_offsets": "points",
    "metadata_offsets": "metadata",
    "scans_offsets": "scans",
}


def dtype_of(name: str) -> np.dtype[Any]:
    """The type a column is stored as; every score is float32."""
    return np.dtype(DTYPES.get(name, "<f4"))


def columns_of(drawings: DrawingSet) -> dict[str, Array]:
    """The arrays that are stored for `drawings`, by their names in the file; offsets without their leading 0."""
    columns: dict[str, Array] = {
        "points": drawings.points,
        "stroke_offsets": drawings.stroke_offsets[1:],
        "drawing_offsets": drawings.drawing_offsets[1:],
        "flagged": flags_of(drawings),
    }
    columns |= {name: getattr(drawings, name) for name in PER_DRAWING if name not in ("flagged", *SCANS)}
    columns |= {f"scores/{name}": drawings.scores[name] for name in sorted(drawings.scores)}
    columns |= {name: drawings.point_columns[name] for name in POINT_COLUMNS if name in drawings.point_columns}
    if drawings.images is not None:
        columns["images"] = pack_images(drawings.images)
    if drawings.metadata is not None:
        texts = [text.encode() for text in drawings.metadata]
        columns["metadata"] = np.frombuffer(b"".join(texts), np.uint8)
        columns["metadata_offsets"] = np.cumsum([len(text) for text in texts], dtype=np.int64)
    if drawings.fine is not None:
        columns |= scans_of(drawings.fine)
    return {name: np.ascontiguousarray(values, dtype_of(name)) for name, values in columns.items()}


def scans_of(fine: Sequence[FineInk | None]) -> dict[str, Array]:
    """The arrays of larger pictures' ink: deflated bits, where each begins, and height, width and pen in pixels."""
    packed = [b"" if ink is None else ink.packed for ink in fine]
    sides = [(0.0, 0.0, 0.0) if ink is None else (ink.height, ink.width, ink.pen_px) for ink in fine]
    return {
        "scans": np.frombuffer(b"".join(packed), np.uint8),
        "scans_offsets": np.cumsum([len(text) for text in packed], dtype=np.int64),
        "scans_px": np.array(sides, np.float32).reshape(-1, 3),
    }


def read_scans(packed: bytes, offsets: Array, sides: Array) -> tuple[FineInk | None, ...]:
    """What `scans_of` stored. Raises `ShapeError` for sides that no picture has."""
    if len(sides) and (
        not np.isfinite(sides).all() or sides.min() < 0 or (sides[:, :2].prod(axis=1) > MOST_PIXELS).any()
    ):
        raise ShapeError(f"pictures of {sides.max():.0f} pixels a side; expected at most 100 million pixels")
    return tuple(
        FineInk(packed[a:b], int(height), int(width), round(float(pen_px), 3)) if b > a else None
        for a, b, (height, width, pen_px) in zip(offsets[:-1], offsets[1:], sides.tolist(), strict=True)
    )


def flags_of(drawings: DrawingSet) -> BoolArray:
    """(n,) the flags; where nobody set any, drawings without a stroke are flagged."""
    if drawings.flagged is not None:
        return drawings.flagged
    return np.asarray(np.diff(drawings.drawing_offsets) == 0)


def pack_images(images: BoolArray) -> NDArray[np.uint8]:
    """(n, h, w) bool → (n, ceil(h·w/8)) uint8, row by row, the first pixel in the highest bit."""
    n, height, width = images.shape
    return np.packbits(images.reshape(n, height * width), axis=1)


def unpack_images(packed: NDArray[np.uint8], *, height: int, width: int) -> BoolArray:
    """(n, ceil(h·w/8)) uint8 → (n, height, width) bool."""
    bits = np.unpackbits(packed, axis=1, count=height * width)
    return bits.reshape(len(packed), height, width).astype(bool)


def attribute_text(value: object) -> str | int | float:
    """An attribute as it is stored: text and numbers as they are, anything else as JSON."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    return json.dumps(value, sort_keys=True)


def read_attributes(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Root attributes as Python values; the recipe and the versions parsed from their JSON."""
    values = {name: value.item() if isinstance(value, np.generic) else value for name, value in stored.items()}
    return {name: json.loads(value) if name in JSON_ATTRIBUTES else value for name, value in values.items()}
