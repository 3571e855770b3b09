"""Parquet in the layout of a Hugging Face dataset: a folder of `data/SPLIT-….parquet` and a README that describes it.

`drawing` is a list of strokes `{x, y, t}`, x and y float32 in the unit square (y down), t in ms (empty when unknown);
`label` a ClassLabel, null where unknown; `source_index`, `width` and `height` as in the dataset. Split "none" goes to
train. See https://huggingface.co/docs/hub/datasets-file-names-and-splits. Needs pyarrow, the extra `parquet`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from strokes.errors import ConfigError
from strokes.formats.stroke_3 import split_indices
from strokes.ink.drawing import DrawingSet, IntArray
from strokes.store.reader import DatasetFile

README = """---
license: {licence}
task_categories:
- image-classification
tags:
- handwriting
- strokes
dataset_info:
  features:
  - name: drawing
    list:
    - name: x
      list: float32
    - name: y
      list: float32
    - name: t
      list: int32
  - name: label
    dtype:
      class_label:
        names:{names}
  - name: source_index
    dtype: int64
  - name: width
    dtype: float32
  - name: height
    dtype: float32
  splits:{splits}
configs:
- config_name: default
  data_files:{files}
---

# Strokes of handwriting

{count:,} drawings as the pen made them: `drawing` is a list of strokes in writing order, each with the x and y of its
points (x right, y down; the picture's longer side is 1) and the time t of each in ms, empty where nobody knows it.
Source: {source}. Licence: {licence_text}. Written by strokes (penstrokes).
"""


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` into the folder `path`.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    pyarrow = load_pyarrow()
    (path / "data").mkdir()
    parts = {name: chosen for name, chosen in split_indices(dataset).items() if len(chosen) or name == "train"}
    parts.pop("valid", None)
    if len(parts) > 1 and not len(parts["train"]):
        del parts["train"]
    schema = make_schema(pyarrow, dataset.classes)
    for name, chosen in parts.items():
        write_split(dataset, chosen, path / "data" / f"{name}-00000-of-00001.parquet", schema)
    (path / "README.md").write_text(describe(dataset, parts), encoding="utf-8")


def load_pyarrow() -> Any:
    """The modules of pyarrow. Raises `ConfigError` when it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow; install it with: pip install 'penstrokes[parquet]'") from None
    return pyarrow


def make_schema(pyarrow: Any, classes: tuple[str, ...]) -> Any:
    """The columns' types, and the same in words of Hugging Face's `datasets`."""
    values = {"x": pyarrow.float32(), "y": pyarrow.float32(), "t": pyarrow.int32()}
    stroke = pyarrow.struct([(name, pyarrow.list_(kind)) for name, kind in values.items()])
    features = {
        "drawing": [{name: {"feature": _value(kind), "_type": "List"} for name, kind in values.items()}],
        "label": {"names": list(classes), "_type": "ClassLabel"},
        "source_index": _value("int64"),
        "width": _value("float32"),
        "height": _value("float32"),
    }
    features["drawing"] = {"feature": features["drawing"][0], "_type": "List"}  # type: ignore[index]
    fields = [
        ("drawing", pyarrow.list_(stroke)),
        ("label", pyarrow.int64()),
        ("source_index", pyarrow.int64()),
        ("width", pyarrow.float32()),
        ("height", pyarrow.float32()),
    ]
    return pyarrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _value(kind: object) -> dict[str, str]:
    name = {"float": "float32"}.get(str(kind), str(kind))
    return {"dtype": name, "_type": "Value"}


def write_split(dataset: DatasetFile, chosen: IntArray, path: Path, schema: Any) -> None:
    """Write one split, a row group a block of drawings."""
    pyarrow = load_pyarrow()
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for block in dataset.blocks(chosen):
            writer.write_table(to_table(pyarrow, block, schema))


def to_table(pyarrow: Any, block: DrawingSet, schema: Any) -> Any:
    """A block of drawings as a table."""
    ends = block.stroke_offsets.astype(np.int32)
    times = block.point_columns.get("time_ms")
    t = pyarrow.array(np.rint(times if times is not None else np.zeros(0)).astype(np.int32))
    lists = [
        pyarrow.ListArray.from_arrays(ends, pyarrow.array(np.ascontiguousarray(block.points[:, 0]))),
        pyarrow.ListArray.from_arrays(ends, pyarrow.array(np.ascontiguousarray(block.points[:, 1]))),
        pyarrow.ListArray.from_arrays(ends if times is not None else np.zeros_like(ends), t),
    ]
    strokes = pyarrow.StructArray.from_arrays(lists, names=["x", "y", "t"])
    columns = [
        pyarrow.ListArray.from_arrays(block.drawing_offsets.astype(np.int32), strokes),
        pyarrow.array(block.labels, mask=block.labels < 0),
        pyarrow.array(block.source_index),
        pyarrow.array(np.ascontiguousarray(block.sizes[:, 0])),
        pyarrow.array(np.ascontiguousarray(block.sizes[:, 1])),
    ]
    return pyarrow.Table.from_arrays(columns, schema=schema)


def describe(dataset: DatasetFile, parts: dict[str, IntArray]) -> str:
    """The README of a dataset."""
    licence = " ".join(str(dataset.attributes.get("licence", "unknown")).split())
    known = {"MIT": "mit", "CC BY 4.0": "cc-by-4.0", "CC BY-SA 3.0": "cc-by-sa-3.0", "unknown": "unknown"}
    quoted = (json.dumps(name, ensure_ascii=False) for name in dataset.classes)
    return README.format(
        licence=known.get(licence, "other"),
        licence_text=licence,
        names="".join(f"\n          '{i}': {name}" for i, name in enumerate(quoted)) or " {}",
        splits="".join(f"\n  - name: {name}\n    num_examples: {len(chosen)}" for name, chosen in parts.items()),
        files="".join(f"\n  - split: {name}\n    path: data/{name}-*.parquet" for name in parts),
        count=len(dataset),
        source=" ".join(str(dataset.attributes.get("source", "unknown")).split()),
    )
