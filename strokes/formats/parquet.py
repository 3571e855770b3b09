"""Parquet in the layout of a Hugging Face dataset: a folder of `data/SPLIT-….parquet` and a README that describes it.

`drawing` is a list of strokes `{x, y, t}`, x and y float32 in the unit square (y down), t in ms (empty when unknown),
with pressure, tilt and softness where the dataset knows them (NaN where a point's isn't); `picture` a PNG, dark on
white: what was read, or else the strokes drawn; `label` a ClassLabel, null where unknown; `source_index`, `width` and
`height` as in the dataset; its scores by their names; `metadata`, JSON, where there is some. Split "none" goes to
train. See https://huggingface.co/docs/hub/datasets-file-names-and-splits. Needs pyarrow, the extra `parquet`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from strokes.datasets.parquet_pictures import load_pyarrow
from strokes.formats.sheet import PAPER
from strokes.formats.stroke_3 import split_indices
from strokes.ink.drawing import POINT_COLUMNS, DrawingSet, IntArray
from strokes.ink.rendering import write_pictures
from strokes.store.reader import DatasetFile

SHARD = 100_000
"""Drawings in a file."""
PICTURE_PX, PEN_PX = 64, 3.0
"""Of drawings without a picture of their own."""
TIME = "time_ms"

README = """---
{card}
---

# Strokes of handwriting

{count:,} drawings as the pen made them: `drawing` is a list of strokes in writing order, each with the x and y of its
points (x right, y down; the picture's longer side is 1) and the time t of each in ms, empty where nobody knows it.
Source: {source}. Licence: {licence}. Written by strokes (penstrokes).
"""


@dataclass(frozen=True)
class Part:
    """One split as it was written.

    Attributes:
        name: "train" or "test".
        count: how many drawings.
        num_bytes: in Arrow's memory.
        files: where it lies, below the folder.
    """

    name: str
    count: int
    num_bytes: int
    files: tuple[str, ...]


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` into the folder `path`.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    parts = write_parts(dataset, path)
    said = {name: one_line(dataset.attributes.get(name, "unknown")) for name in ("source", "licence")}
    text = README.format(card=card_of(dataset, parts, path), count=len(dataset), **said)
    (path / "README.md").write_text(text, encoding="utf-8")


def write_parts(dataset: DatasetFile, path: Path) -> list[Part]:
    """Write the splits below the folder `path`. Raises `ConfigError` when pyarrow is not installed."""
    pyarrow = load_pyarrow()
    (path / "data").mkdir()
    chosen = {name: rows for name, rows in split_indices(dataset).items() if len(rows) or name == "train"}
    chosen.pop("valid", None)
    if len(chosen) > 1 and not len(chosen["train"]):
        del chosen["train"]
    schema = make_schema(pyarrow, dataset)
    return [write_split(dataset, rows, path, name, schema) for name, rows in chosen.items()]


def point_columns(dataset: DatasetFile) -> list[str]:
    """What is known of points besides x, y and the time."""
    return [name for name in POINT_COLUMNS if name in dataset.names and name != TIME]


def make_schema(pyarrow: Any, dataset: DatasetFile) -> Any:
    """The columns' types, and the same in words of Hugging Face's `datasets`."""
    values = {"x": "float32", "y": "float32", "t": "int32"} | dict.fromkeys(point_columns(dataset), "float32")
    plain = {"source_index": "int64", "width": "float32", "height": "float32", "flagged": "bool"}
    plain |= dict.fromkeys(dataset.score_names, "float32")
    if "metadata" in dataset.names:
        plain["metadata"] = "string"
    features: dict[str, Any] = {
        "picture": {"_type": "Image"},
        "drawing": {
            "feature": {name: {"feature": _value(kind), "_type": "List"} for name, kind in values.items()},
            "_type": "List",
        },
        "label": {"names": list(dataset.classes), "_type": "ClassLabel"},
    } | {name: _value(kind) for name, kind in plain.items()}
    kinds = {"float32": pyarrow.float32(), "int32": pyarrow.int32(), "int64": pyarrow.int64()}
    kinds |= {"string": pyarrow.string(), "bool": pyarrow.bool_()}
    stroke = pyarrow.struct([(name, pyarrow.list_(kinds[kind])) for name, kind in values.items()])
    fields = [
        ("picture", pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])),
        ("drawing", pyarrow.list_(stroke)),
        ("label", pyarrow.int64()),
        *((name, kinds[kind]) for name, kind in plain.items()),
    ]
    return pyarrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _value(kind: str) -> dict[str, str]:
    return {"dtype": kind, "_type": "Value"}


def write_split(dataset: DatasetFile, chosen: IntArray, path: Path, name: str, schema: Any) -> Part:
    """Write one split, a row group a block of drawings, a file a `SHARD`."""
    pyarrow = load_pyarrow()
    count = max(-(-len(chosen) // SHARD), 1)
    files, size = [], 0
    for number in range(count):
        file = f"data/{name}-{number:05}-of-{count:05}.parquet"
        with pyarrow.parquet.ParquetWriter(path / file, schema, compression="zstd") as writer:
            for block in dataset.blocks(chosen[number * SHARD : (number + 1) * SHARD]):
                table = to_table(pyarrow, block, schema)
                size += table.nbytes
                writer.write_table(table)
        files.append(file)
    return Part(name, len(chosen), size, tuple(files))


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


def card_of(dataset: DatasetFile, parts: list[Part], path: Path, **more: str) -> str:
    """The YAML that stands before a README: licence, features, splits with their sizes, and files."""
    licence = one_line(dataset.attributes.get("licence", "unknown"))
    known = {"MIT": "mit", "CC BY 4.0": "cc-by-4.0", "CC BY-SA 3.0": "cc-by-sa-3.0", "CC0": "cc0-1.0"}
    features = load_pyarrow() and json.loads(make_schema(load_pyarrow(), dataset).metadata[b"huggingface"])
    lines = [f"license: {known.get(licence, 'unknown' if licence == 'unknown' else 'other')}"]
    lines += [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in more.items()]
    size = sum(part.count for part in parts)
    lines += [
        "task_categories:",
        "- image-classification",
        "tags:",
        "- handwriting",
        "- online-handwriting",
        "- strokes",
    ]
    lines += ["size_categories:", f"- {size_category(size)}", "dataset_info:", "  features:"]
    lines += [line for name, what in features["info"]["features"].items() for line in _feature(name, what, "  ")]
    lines.append("  splits:")
    for part in parts:
        lines += [f"  - name: {part.name}", f"    num_bytes: {part.num_bytes}", f"    num_examples: {part.count}"]
    stored = sum((path / file).stat().st_size for part in parts for file in part.files)
    lines += [f"  download_size: {stored}", f"  dataset_size: {sum(part.num_bytes for part in parts)}"]
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for part in parts:
        lines += [f"  - split: {part.name}", f"    path: data/{part.name}-*"]
    return "\n".join(lines)


def _feature(name: str, what: dict[str, Any], indent: str) -> list[str]:
    """A feature in the card's own way of writing."""
    head = f"{indent}- name: {name}"
    if what["_type"] == "Image":
        return [head, f"{indent}  dtype: image"]
    if what["_type"] == "ClassLabel":
        names = [f"{indent}        '{i}': {json.dumps(one, ensure_ascii=False)}" for i, one in enumerate(what["names"])]
        return [
            head,
            f"{indent}  dtype:",
            f"{indent}    class_label:",
            f"{indent}      names:" + " {}" * (not names),
            *names,
        ]
    if what["_type"] == "List":
        inner = what["feature"]
        if inner.get("_type") == "Value":
            return [head, f"{indent}  list: {inner['dtype']}"]
        return [head, f"{indent}  list:", *(line for n, w in inner.items() for line in _feature(n, w, indent + "  "))]
    return [head, f"{indent}  dtype: {what['dtype']}"]


def size_category(count: int) -> str:
    """Hugging Face's word for how large a dataset is."""
    steps = [(1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
    return next((word for most, word in steps if count < most), "1M<n<10M")


def one_line(value: object) -> str:
    """Text without line breaks."""
    return " ".join(str(value).split())
