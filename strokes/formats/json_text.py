"""The project's own JSON: one object with every drawing as nested lists, a line each.

    {"format": "strokes", "version": 1, "classes": ["0", …], "drawings": [
    {"label": "7", "split": "test", "source_index": 3, "strokes": [[[x, y], …], …], "scores": {"f1": 0.98}},
    …
    ]}

x and y are in the unit square of the picture (its longer side is 1), y down, rounded to `DECIMALS` digits. A drawing of
unknown label has null; a flagged one has `"flagged": true`; one with metadata has it as the object `"metadata"`. A
picture that isn't square has its width and height as `"size"`, one that was framed its scale and offset as `"frame"`,
and `"columns"` holds what else is known of each point: `{"time_ms": [[…], …]}`, a list a stroke, null where unknown.

So laid out, a file of any size is read line by line; any other layout is read whole, up to 16 MiB.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from strokes.errors import SourceError, StoreError
from strokes.formats.clocks import since_first
from strokes.formats.json_values import field, label_of, parse_object
from strokes.formats.limits import MAX_CLASSES, MAX_COLUMN, MAX_LABEL_LENGTH
from strokes.formats.recording import Recording, is_plain, join_strokes, numbers
from strokes.formats.text_files import read_lines, read_whole
from strokes.ink.drawing import IDENTITY_FRAME, POINT_COLUMNS, SPLITS, DrawingSet
from strokes.store.reader import DatasetFile

JSON_FORMAT, JSON_VERSION = "strokes", 1
DECIMALS = 5
OPENING = '"drawings":['


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to `path`, a block at a time."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(head_text(dataset).removesuffix("}") + f",{OPENING}")
        separator = "\n"
        for block in dataset.blocks():
            separator = write_block(file, block, separator)
        file.write("\n]}\n")


def head_text(dataset: DatasetFile) -> str:
    """What stands before the drawings, as a JSON object."""
    return to_text({"format": JSON_FORMAT, "version": JSON_VERSION, "classes": list(dataset.classes)})


def write_block(file: TextIO, block: DrawingSet, separator: str) -> str:
    """Write one line a drawing, each after a separator; returns the separator that the next line needs."""
    for record in records(block):
        file.write(separator + to_text(record))
        separator = ",\n"
    return separator


def records(drawings: DrawingSet) -> Iterator[dict[str, Any]]:
    """Each drawing as the object that is written."""
    ends = list(itertools.pairwise(drawings.stroke_offsets.tolist()))
    points = _split(drawings.points, ends)
    columns = {name: _split_column(values, ends) for name, values in drawings.point_columns.items()}
    scores = {name: rounded_list(values) for name, values in drawings.scores.items()}
    sizes, frames = rounded_list(drawings.sizes), drawings.frames.astype(np.float64).tolist()
    for i, (a, b) in enumerate(itertools.pairwise(drawings.drawing_offsets.tolist())):
        label = int(drawings.labels[i])
        record: dict[str, Any] = {
            "label": drawings.classes[label] if label >= 0 else None,
            "split": SPLITS[drawings.split[i]],
            "source_index": int(drawings.source_index[i]),
            "strokes": points[a:b],
            "scores": {name: values[i] if math.isfinite(values[i]) else None for name, values in scores.items()},
        }
        if columns:
            record["columns"] = {name: values[a:b] for name, values in columns.items()}
        if sizes[i] != [1, 1]:
            record["size"] = sizes[i]
        if tuple(frames[i]) != IDENTITY_FRAME:
            record["frame"] = frames[i]
        if drawings.flagged is not None and drawings.flagged[i]:
            record["flagged"] = True
        if drawings.metadata is not None and drawings.metadata[i]:
            record["metadata"] = parse_metadata(drawings.metadata[i])
        yield record


def rounded_list(values: Any) -> Any:
    """An array as lists of numbers of `DECIMALS` digits."""
    return np.round(values.astype(np.float64), DECIMALS).tolist()


def _split(values: Any, ends: list[tuple[int, int]]) -> list[Any]:
    listed = rounded_list(values)
    return [listed[a:b] for a, b in ends]


def _split_column(values: Any, ends: list[tuple[int, int]]) -> list[Any]:
    """A column's values, a list a stroke, null where unknown."""
    listed = [None if math.isnan(value) else value for value in rounded_list(values)]
    return [listed[a:b] for a, b in ends]


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


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a JSON file, line by line where it is laid out as `write` does.

    Raises:
        SourceError: it is broken, or another version or format.
    """
    lines = read_lines(path)
    _, first = next(lines, (1, ""))
    if not first.endswith(OPENING):
        yield from _read_whole(path)
        return
    check_head(parse_object(first + "]}", f"{path}, line 1"), path)
    for number, line in lines:
        if line == "]}":
            break
        place = f"{path}, line {number}"
        yield recording_of_json(parse_object(line.removesuffix(","), place), place)
    else:
        raise SourceError(f"{path} is cut off: it lacks the last line, ]}}")
    if next(lines, None) is not None:
        raise SourceError(f"{path} goes on after its end")


def _read_whole(path: Path) -> Iterator[Recording]:
    whole = parse_object(read_whole(path), str(path))
    check_head(whole, path)
    for i, record in enumerate(field(whole, "drawings", list, [], str(path))):
        if not isinstance(record, dict):
            raise SourceError(f"{path}: drawing {i} is no object")
        yield recording_of_json(record, f"{path}, drawing {i}")


def classes_of(path: Path) -> tuple[str, ...]:
    """The classes that the head lists. Raises `SourceError` when there is no such head."""
    _, first = next(read_lines(path), (1, ""))
    head = parse_object(first + "]}" if first.endswith(OPENING) else read_whole(path), str(path))
    return check_head(head, path)


def check_head(head: dict[str, Any], path: Path) -> tuple[str, ...]:
    """The classes of a head. Raises `SourceError` unless it is of this format and version."""
    if head.get("format") != JSON_FORMAT:
        raise SourceError(f'{path} is JSON, but not of this format; expected "format": "{JSON_FORMAT}"')
    if head.get("version") != JSON_VERSION:
        raise SourceError(f"{path} is of another version than {JSON_VERSION}")
    classes = field(head, "classes", list, [], str(path))
    if not all(isinstance(name, str) and is_plain(name) and 0 < len(name) <= MAX_LABEL_LENGTH for name in classes):
        raise SourceError(f"{path}: a class is no text of 1 to {MAX_LABEL_LENGTH} letters")
    if len(set(classes)) < len(classes) or len(classes) > MAX_CLASSES:
        raise SourceError(f"{path}: its classes are too many, or one is there twice")
    return tuple(classes)


def recording_of_json(record: dict[str, Any], place: str) -> Recording:
    """One drawing's object as a recording. Raises `SourceError` when it isn't such an object."""
    strokes = field(record, "strokes", list, [], place)
    if "strokes" not in record:
        raise SourceError(f"{place} has no strokes")
    points, lengths = join_strokes(numbers(stroke, f"{place}: a stroke", ndim=2) for stroke in strokes)
    scores = field(record, "scores", dict, {}, place)
    size, frame = (numbers(record.get(name, list(usual)), f"{place}: {name}") for name, usual in USUAL.items())
    if size.shape != (2,) or frame.shape != (3,) or points.shape[1] != 2:
        raise SourceError(f"{place}: expected strokes of x and y, a size of 2 numbers, a frame of 3")
    columns = _columns(record, place)
    started: dict[str, Any] = {}
    if "time_ms" in columns:
        columns["time_ms"], started = since_first(columns["time_ms"], lengths, "ms")
    metadata = started | dict(field(record, "metadata", dict, {}, place))
    if "name" in record:
        metadata.setdefault("name", record["name"])
    return Recording(
        points,
        lengths,
        label=label_of(record, "label", place),
        canvas=(float(size[0]), float(size[1])),
        columns=columns,
        split=field(record, "split", str, "none", place),
        source_index=field(record, "source_index", int, -1, place) if "source_index" in record else None,
        metadata=metadata,
        scores={name: _score(value, f"{place}: score {name[:40]}") for name, value in scores.items()},
        frame=(float(frame[0]), float(frame[1]), float(frame[2])),
        flagged=field(record, "flagged", bool, False, place) if "flagged" in record else None,
    )


USUAL = {"size": (1.0, 1.0), "frame": IDENTITY_FRAME}


def _columns(record: dict[str, Any], place: str) -> dict[str, Any]:
    columns = field(record, "columns", dict, {}, place)
    if not set(columns) <= set(POINT_COLUMNS) or not all(isinstance(values, list) for values in columns.values()):
        raise SourceError(f"{place}: columns are lists, any of {', '.join(POINT_COLUMNS)}")
    return {
        name: np.concatenate([*(_column(part, f"{place}: {name}") for part in values), np.zeros(0)])
        for name, values in columns.items()
    }


def _column(values: Any, what: str) -> Any:
    """A stroke's values, NaN for null. Raises `SourceError` when one is neither that nor a number."""
    if not isinstance(values, list):
        raise SourceError(f"{what} is no list of lists, one a stroke")
    known = numbers([0 if value is None else value for value in values], what, most=MAX_COLUMN)
    known[[i for i, value in enumerate(values) if value is None]] = math.nan
    return known


def _score(value: Any, what: str) -> float:
    if not what.rpartition(" ")[2].isidentifier():
        raise SourceError(f"{what} has a name that is none; expected letters, digits and _")
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SourceError(f"{what} is no number")
    return float(numbers(value, what)[0])
