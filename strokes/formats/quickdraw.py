"""Quick, Draw! as newline-delimited JSON, raw and simplified (https://github.com/googlecreativelab/quickdraw-dataset).

A line is `{"key_id", "word", "countrycode", "timestamp", "recognized", "drawing"}`; a drawing is a list of strokes
`[[x, …], [y, …], [t, …]]` in pixels, t in ms since the first point. Ours are written on a canvas of `QUICKDRAW_SIDE`
pixels to two decimals, and say so in two more keys, which other readers pass over: `canvas`, its width and height, and
`timed`, false where the times are made up (`PACE_MS` a point) because the dataset has none. Other files have no canvas.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from strokes.errors import SourceError
from strokes.formats.clocks import since_first
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.json_text import to_text
from strokes.formats.json_values import field, label_of, parse_object
from strokes.formats.limits import MAX_CLOCK, MAX_COORDINATE
from strokes.formats.recording import Recording, join_strokes, numbers
from strokes.formats.text_files import read_lines
from strokes.store.reader import DatasetFile

QUICKDRAW_SIDE = 1000
QUICKDRAW_DECIMALS = 2
PACE_MS = 10
KEPT_KEYS = {"key_id": str, "countrycode": str, "timestamp": str, "recognized": bool, "writer": str}
UNKNOWN = {"countrycode": "ZZ", "timestamp": "1970-01-01 00:00:00.00000 UTC", "recognized": True}


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` as raw Quick, Draw!, a line each."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(to_text(raw_record(glyph)) + "\n" for glyph in glyphs(dataset))


def raw_record(glyph: Glyph) -> dict[str, Any]:
    """A drawing as the object of the raw form."""
    timed = glyph.times_ms is not None
    times = glyph.times_ms if glyph.times_ms is not None else np.arange(len(glyph.points)) * float(PACE_MS)
    xy = np.round(glyph.points * QUICKDRAW_SIDE, QUICKDRAW_DECIMALS)
    drawing = [
        [xy[a:b, 0].tolist(), xy[a:b, 1].tolist(), np.rint(times[a:b]).astype(int).tolist()]
        for a, b in itertools.pairwise(glyph.ends)
    ]
    canvas = [round(side * QUICKDRAW_SIDE, QUICKDRAW_DECIMALS) for side in glyph.size]
    return fields_of(glyph) | {"drawing": drawing, "canvas": canvas, "timed": timed, "split": glyph.split}


def fields_of(glyph: Glyph) -> dict[str, Any]:
    """What both forms say of a drawing before its strokes; keys that it was imported with are kept."""
    known = {name: value for name, value in glyph.metadata.items() if type(value) is KEPT_KEYS.get(name)}
    head = {"key_id": str(glyph.source_index), "word": glyph.label or ""}
    return head | UNKNOWN | known


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a raw or simplified file, gzipped or not. Raises `SourceError` where it is broken."""
    for number, line in read_lines(path):
        place = f"{path}, line {number}"
        yield recording_of_line(parse_object(line, place), place)


def recording_of_line(record: dict[str, Any], place: str) -> Recording:
    """One line's object as a recording. Raises `SourceError` when it isn't such an object."""
    if "drawing" not in record:
        raise SourceError(f"{place} has no drawing; expected a line of Quick, Draw!")
    strokes = [
        _stroke(stroke, f"{place}, stroke {i}") for i, stroke in enumerate(field(record, "drawing", list, [], place))
    ]
    points, lengths = join_strokes([stroke[:, :2] for stroke in strokes])
    started: dict[str, Any] = {}
    timed = all(stroke.shape[1] > 2 for stroke in strokes) and record.get("timed", True) is not False
    times = np.concatenate([*(stroke[:, 2] for stroke in strokes), np.zeros(0)]) if timed else None
    canvas = _canvas(record, place)
    if times is not None:
        times, started = since_first(times, lengths, "ms" if canvas else None)
    return Recording(
        points,
        lengths,
        label=label_of(record, "word", place),
        canvas=canvas,
        columns={} if times is None else {"time_ms": times},
        split=field(record, "split", str, "none", place),
        metadata=started | _metadata(record),
    )


def _metadata(record: dict[str, Any]) -> dict[str, Any]:
    """What else a line says, without what was made up for want of it."""
    known = {name: record[name] for name, kind in KEPT_KEYS.items() if type(record.get(name)) is kind}
    made_up = UNKNOWN if "canvas" in record else {}
    return {name: value for name, value in known.items() if made_up.get(name) != value}


def _stroke(values: Any, place: str) -> Any:
    """A stroke (points, 2 or 3)."""
    if not isinstance(values, list) or not 2 <= len(values) <= 5:
        raise SourceError(f"{place} is no [[x, …], [y, …]] or [[x, …], [y, …], [t, …]]")
    rows = [numbers(row, place, most=MAX_CLOCK if i == 2 else MAX_COORDINATE) for i, row in enumerate(values[:3])]
    if len({len(row) for row in rows}) > 1:
        raise SourceError(
            f"{place} has {', '.join(str(len(row)) for row in rows)} of x, y, t; expected as many of each"
        )
    return np.stack(rows, axis=1)


def _canvas(record: dict[str, Any], place: str) -> tuple[float, float] | None:
    if "canvas" not in record:
        return None
    canvas = numbers(record["canvas"], f"{place}: canvas")
    if canvas.shape != (2,):
        raise SourceError(f"{place}: canvas is no width and height")
    return float(canvas[0]), float(canvas[1])
