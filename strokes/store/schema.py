"""What a dataset file holds: the columns of a `DrawingSet` as HDF5 arrays, both ways. `FORMAT.md` says it in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import POINT_COLUMNS, BoolArray, DrawingSet

Array = NDArray[Any]
Reader = Callable[[str, int, int], Array]

FORMAT = "strokes"
VERSION = "0.2"
COORDINATES = "x right, y down; the picture's longer side is 1, its top left corner (0, 0)"
RESERVED = ("format", "version", "coordinates")
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
} | dict.fromkeys(POINT_COLUMNS, "<f4")
OPTIONAL = ("images", "metadata", "metadata_offsets", *POINT_COLUMNS)
WIDTHS = {"points": 2, "sizes": 2, "frames": 3}
PER_DRAWING = ("labels", "sizes", "frames", "split", "source_index", "flagged")
OFFSETS = {"drawing_offsets": "stroke_offsets", "stroke_offsets": "points", "metadata_offsets": "metadata"}


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
    columns |= {name: getattr(drawings, name) for name in PER_DRAWING if name != "flagged"}
    columns |= {f"scores/{name}": drawings.scores[name] for name in sorted(drawings.scores)}
    columns |= {name: drawings.point_columns[name] for name in POINT_COLUMNS if name in drawings.point_columns}
    if drawings.images is not None:
        columns["images"] = pack_images(drawings.images)
    if drawings.metadata is not None:
        texts = [text.encode() for text in drawings.metadata]
        columns["metadata"] = np.frombuffer(b"".join(texts), np.uint8)
        columns["metadata_offsets"] = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return {name: np.ascontiguousarray(values, dtype_of(name)) for name, values in columns.items()}


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
