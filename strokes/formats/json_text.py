"""The project's own JSON: one object with every drawing as nested lists, a line each.

    {"format": "strokes", "version": 1, "classes": ["0", …], "drawings": [
    {"label": "7", "split": "test", "source_index": 3, "strokes": [[[x, y], …], …], "scores": {"f1": 0.98}},
    …
    ]}

x and y are in the unit square of the picture (its longer side is 1), y down, rounded to `DIGITS` digits. A drawing of
unknown label has null; a flagged one has `"flagged": true`; one with metadata has it as the object `"metadata"`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from strokes.drawing import SPLITS, DrawingSet
from strokes.errors import StoreError
from strokes.store import DatasetFile

FORMAT, VERSION = "strokes", 1
DIGITS = 5


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to `path`, a block at a time."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        head = {"format": FORMAT, "version": VERSION, "classes": list(dataset.classes)}
        file.write(to_text(head).removesuffix("}") + ',"drawings":[')
        separator = "\n"
        for block in dataset.blocks():
            separator = write_block(file, block, separator)
        file.write("\n]}\n")


def write_block(file: TextIO, block: DrawingSet, separator: str) -> str:
    """Write one line a drawing, each after a separator; returns the separator that the next line needs."""
    for record in records(block):
        file.write(separator + to_text(record))
        separator = ",\n"
    return separator


def records(drawings: DrawingSet) -> Iterator[dict[str, Any]]:
    """Each drawing as the object that is written."""
    points = np.round(drawings.points.astype(np.float64), DIGITS).tolist()
    strokes = [points[a:b] for a, b in itertools.pairwise(drawings.stroke_offsets.tolist())]
    scores = {name: np.round(values.astype(np.float64), DIGITS).tolist() for name, values in drawings.scores.items()}
    for i, (a, b) in enumerate(itertools.pairwise(drawings.drawing_offsets.tolist())):
        label = int(drawings.labels[i])
        record: dict[str, Any] = {
            "label": drawings.classes[label] if label >= 0 else None,
            "split": SPLITS[drawings.split[i]],
            "source_index": int(drawings.source_index[i]),
            "strokes": strokes[a:b],
            "scores": {name: values[i] if math.isfinite(values[i]) else None for name, values in scores.items()},
        }
        if drawings.flagged is not None and drawings.flagged[i]:
            record["flagged"] = True
        if drawings.metadata is not None and drawings.metadata[i]:
            record["metadata"] = parse_metadata(drawings.metadata[i])
        yield record


def parse_metadata(text: str) -> Any:
    """A drawing's metadata as values. Raises `StoreError` when it is not JSON."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"a drawing's metadata is not JSON ({error}): {text[:60]!r}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def to_text(value: object) -> str:
    """Compact JSON of one line; what JSON can't hold is an error, never NaN."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
