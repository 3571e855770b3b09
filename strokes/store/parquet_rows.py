"""Drawings as rows of Parquet, in the columns of a Hugging Face dataset, and back.

What the columns are, `strokes.formats.parquet` says. Shards that are read again as a dataset have three more: `frame`,
and a larger picture's ink, `scan` with its `scan_px`; and a stroke has every point's `time_ms` as it is stored. Needs
pyarrow, the extra `parquet`.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

import cv2
import numpy as np

from strokes.datasets.parquet_pictures import load_pyarrow
from strokes.errors import ShapeError
from strokes.ink.drawing import POINT_COLUMNS, SPLITS, DrawingSet, IntArray
from strokes.ink.rendering import write_pictures
from strokes.store.manifest import Holding
from strokes.store.schema import read_scans

PICTURE_PX, PEN_PX = 64, 3.0
"""Of drawings without a picture of their own."""
PAPER = 255
TIME = "time_ms"
LEVEL = 3
"""Of zstd."""


class Known(Protocol):
    """What a schema hangs on: of a dataset, or of a folder's shards."""

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What the labels mean."""

    @property
    def score_names(self) -> tuple[str, ...]:
        """The scores that every drawing has."""


def make_schema(pyarrow: Any, dataset: Known, *, whole: bool = False) -> Any:
    """The columns' types, and the same in words of Hugging Face's `datasets`; `whole` with all that a dataset holds."""
    own = [name for name in POINT_COLUMNS if name in dataset.names and (whole or name != TIME)]
    values = {"x": "float32", "y": "float32", "t": "int32"} | dict.fromkeys(own, "float32")
    plain = {"source_index": "int64", "width": "float32", "height": "float32", "flagged": "bool"}
    plain |= dict.fromkeys(dataset.score_names, "float32")
    if "metadata" in dataset.names:
        plain["metadata"] = "string"
    several = {"frame": "float32"} if whole else {}
    if whole and "scans" in dataset.names:
        plain["scan"], several["scan_px"] = "binary", "float32"
    features: dict[str, Any] = {
        "picture": {"_type": "Image"},
        "drawing": {
            "feature": {name: {"feature": _value(kind), "_type": "List"} for name, kind in values.items()},
            "_type": "List",
        },
        "label": {"names": list(dataset.classes), "_type": "ClassLabel"},
    } | {name: _value(kind) for name, kind in plain.items()}
    features |= {name: {"feature": _value(kind), "_type": "List"} for name, kind in several.items()}
    kinds = {"float32": pyarrow.float32(), "int32": pyarrow.int32(), "int64": pyarrow.int64()}
    kinds |= {"string": pyarrow.string(), "bool": pyarrow.bool_(), "binary": pyarrow.binary()}
    stroke = pyarrow.struct([(name, pyarrow.list_(kinds[kind])) for name, kind in values.items()])
    fields = [
        ("picture", pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])),
        ("drawing", pyarrow.list_(stroke)),
        ("label", pyarrow.int64()),
        *((name, kinds[kind]) for name, kind in plain.items()),
        *((name, pyarrow.list_(kinds[kind])) for name, kind in several.items()),
    ]
    return pyarrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _value(kind: str) -> dict[str, str]:
    return {"dtype": kind, "_type": "Value"}


def to_table(pyarrow: Any, block: DrawingSet, schema: Any) -> Any:
    """A block of drawings as a table."""
    ends = block.stroke_offsets.astype(np.int32)
    times = block.point_columns.get(TIME)
    known = np.zeros(0, np.int32) if times is None else np.rint(np.nan_to_num(times)).astype(np.int32)
    time_ends = _time_ends(block)
    stroke = schema.field("drawing").type.value_type
    lists = []
    for field in stroke:
        if field.name == "t":
            lists.append(pyarrow.ListArray.from_arrays(time_ends, pyarrow.array(known[_timed(block)])))
            continue
        axis = {"x": 0, "y": 1}.get(field.name)
        values = block.point_columns[field.name] if axis is None else block.points[:, axis]
        lists.append(pyarrow.ListArray.from_arrays(ends, pyarrow.array(np.ascontiguousarray(values))))
    strokes = pyarrow.StructArray.from_arrays(lists, fields=list(stroke))
    columns = {
        "picture": pyarrow.array([{"bytes": png, "path": None} for png in pictures_of(block)], schema.field(0).type),
        "drawing": pyarrow.ListArray.from_arrays(block.drawing_offsets.astype(np.int32), strokes),
        "label": pyarrow.array(block.labels, mask=block.labels < 0),
        "source_index": pyarrow.array(block.source_index),
        "width": pyarrow.array(np.ascontiguousarray(block.sizes[:, 0])),
        "height": pyarrow.array(np.ascontiguousarray(block.sizes[:, 1])),
        "flagged": pyarrow.array(np.zeros(len(block), bool) if block.flagged is None else block.flagged),
        "metadata": pyarrow.array(list(block.metadata or ()), pyarrow.string()),
        "frame": _rows_of(pyarrow, block.frames),
        "scan": pyarrow.array([b"" if ink is None else ink.packed for ink in block.fine or ()], pyarrow.binary()),
        "scan_px": _rows_of(pyarrow, sides_of(block)),
    } | {name: pyarrow.array(values) for name, values in block.scores.items()}
    return pyarrow.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _timed(block: DrawingSet) -> Any:
    """(p,) whether the times of a point's whole stroke are known."""
    times = block.point_columns.get(TIME)
    if times is None:
        return np.zeros(0, bool)
    lengths = np.diff(block.stroke_offsets)
    missing = np.add.reduceat(np.isnan(times), block.stroke_offsets[:-1]) if len(lengths) else np.zeros(0)
    return np.repeat(missing == 0, lengths)


def _time_ends(block: DrawingSet) -> Any:
    """(s+1,) offsets of times, of which a stroke has all or none."""
    timed = _timed(block)
    if not len(timed):
        return np.zeros(len(block.stroke_offsets), np.int32)
    reached = np.concatenate([[0], np.cumsum(timed)])
    return reached[block.stroke_offsets].astype(np.int32)


def pictures_of(block: DrawingSet) -> list[bytes]:
    """A PNG of each drawing, dark on white: what it was read from, else its strokes."""
    known = block.images
    grey = write_pictures(block, width_px=PEN_PX, size=PICTURE_PX) if known is None else known * np.uint8(255)
    return [cv2.imencode(".png", PAPER - picture)[1].tobytes() for picture in grey]


def sides_of(block: DrawingSet) -> Any:
    """(n, 3) height, width and pen of larger pictures' ink in pixels, zeros where there is none."""
    sides = [(0.0, 0.0, 0.0) if ink is None else (ink.height, ink.width, ink.pen_px) for ink in block.fine or ()]
    return np.array(sides, np.float32).reshape(-1, 3)


def _rows_of(pyarrow: Any, values: Any) -> Any:
    """(n, k) numbers as n lists."""
    ends = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pyarrow.ListArray.from_arrays(ends, pyarrow.array(np.ascontiguousarray(values.reshape(-1))))


def encode_parquet(drawings: DrawingSet, holding: Holding, name: str) -> bytes:
    """The bytes of a Parquet file of all that is known of these drawings; its name doesn't stand in it."""
    pyarrow = load_pyarrow()
    schema = make_schema(pyarrow, holding, whole=True)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.parquet.ParquetWriter(sink, schema, compression="zstd", compression_level=LEVEL) as writer:
        writer.write_table(to_table(pyarrow, drawings, schema))
    return bytes(sink.getvalue())


def decode_parquet(data: bytes, holding: Holding, split: str) -> DrawingSet:
    """The drawings that `encode_parquet` gave. What isn't so raises ArrowException, ValueError, LookupError or such."""
    pyarrow = load_pyarrow()
    table = pyarrow.parquet.read_table(pyarrow.BufferReader(data)).combine_chunks()
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    drawing = columns["drawing"]
    strokes = drawing.flatten()
    stroke_ends = _offsets(strokes.field("x"))
    count = len(table)
    return DrawingSet(
        points=np.stack([_floats(strokes.field(axis).flatten()) for axis in ("x", "y")], axis=1),
        stroke_offsets=stroke_ends,
        drawing_offsets=_offsets(drawing),
        classes=holding.classes,
        labels=np.asarray(columns["label"].fill_null(-1), np.int64),
        sizes=np.stack([_floats(columns[name]) for name in ("width", "height")], axis=1),
        frames=_floats(columns["frame"].flatten()).reshape(count, 3),
        split=np.full(count, SPLITS.index(split), np.uint8),
        source_index=np.asarray(columns["source_index"], np.int64),
        images=read_pictures(columns["picture"].field("bytes").to_pylist(), holding),
        scores={name: _floats(columns[name]) for name in holding.score_names},
        point_columns={name: _floats(strokes.field(name).flatten()) for name in POINT_COLUMNS if name in holding.names},
        metadata=tuple(columns["metadata"].to_pylist()) if "metadata" in holding.names else None,
        flagged=np.asarray(columns["flagged"].to_numpy(zero_copy_only=False), bool),
        fine=_inks(columns, count) if "scans" in holding.names else None,
    )


def parquet_labels(data: bytes) -> IntArray:
    """(n,) the labels alone."""
    pyarrow = load_pyarrow()
    table = pyarrow.parquet.read_table(pyarrow.BufferReader(data), columns=["label"])
    return np.asarray(table["label"].combine_chunks().fill_null(-1), np.int64)


def read_pictures(pngs: list[bytes], holding: Holding) -> Any:
    """(n, h, w) bool pictures from PNGs, dark on white; None where the shards' pictures are mere renderings."""
    if holding.image_px is None:
        return None
    images = np.zeros((len(pngs), *holding.image_px), bool)
    for image, png in zip(images, pngs, strict=True):
        grey = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None or grey.shape != image.shape:
            raise ShapeError(f"a picture is none of {holding.image_px} pixels")
        image[:] = grey < PAPER // 2
    return images


def _inks(columns: Any, count: int) -> Any:
    """What `scans_of` is given."""
    packed = columns["scan"].to_pylist()
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in packed], dtype=np.int64)]).astype(np.int64)
    return read_scans(b"".join(packed), offsets, _floats(columns["scan_px"].flatten()).reshape(count, 3))


def _offsets(lists: Any) -> IntArray:
    """Where each list begins, and the last ends."""
    lengths = np.asarray(lists.value_lengths(), np.int64)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _floats(values: Any) -> Any:
    """An Arrow array as numbers."""
    return np.array(values.to_numpy(zero_copy_only=False), np.float32)
