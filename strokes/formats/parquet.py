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

from strokes.datasets.parquet_pictures import load_pyarrow
from strokes.formats.stroke_3 import split_indices
from strokes.ink.drawing import IntArray
from strokes.store.parquet_rows import make_schema, to_table
from strokes.store.reader import DatasetFile

SHARD = 100_000
"""Drawings in a file."""

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
