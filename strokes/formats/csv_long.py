"""CSV in long form, a row a point, as pandas and R take it.

Ours have the columns of `HEADER`; those of the points that the dataset does not know are left out. A drawing without a
point is one row without x and y. `width` and `height` are those of its picture in the points' unit, `metadata`, JSON of
all else that is known, stands in a drawing's first row alone. Numbers are written as text that reads back exactly.

Other files need x and y, and may name the rest in other ways (`NAMES`); rows of a drawing, and of a stroke in it, stand
together. Without a column for drawings the whole file is one; a stroke also ends where `pen_up` is 1, and rows of which
`pen_down` is 0 are passed over. A time's name may tell its unit (`t_us`), its values may be dates (ISO 8601).
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from strokes.errors import SourceError
from strokes.formats.clocks import ms_of_date, since_first
from strokes.formats.csv_rows import read_rows
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.ink_described import described
from strokes.formats.json_text import to_text
from strokes.formats.limits import MAX_CLOCK, MAX_COORDINATE, MAX_POINTS
from strokes.formats.recording import Recording
from strokes.formats.text_files import files_in
from strokes.formats.xml_text import exact
from strokes.store.reader import DatasetFile

COLUMNS = ("time_ms", "pressure", "tilt_x", "tilt_y")
HEADER = ("drawing", "label", "split", "source_index", "width", "height", "stroke", "x", "y", *COLUMNS, "metadata")
UNITS = {"_s": "s", "_sec": "s", "_us": "us", "_ns": "ns"}
NAMES = {
    "drawing": ("drawing", "drawing_id", "sample", "sample_id", "id", "key_id", "word_id"),
    "label": ("label", "word", "character", "class", "text"),
    "stroke": ("stroke", "stroke_id", "stroke_index", "strokeid"),
    "pen_up": ("pen_up", "eos", "lift"),
    "pen_down": ("pen_down", "down", "touching"),
    "x": ("x",),
    "y": ("y",),
    "time_ms": tuple(f"{name}{unit}" for unit in ("_ms", "", *UNITS) for name in ("time", "t", "timestamp")),
    "pressure": ("pressure", "p", "force", "f"),
    "tilt_x": ("tilt_x", "tiltx", "tilt_x_deg"),
    "tilt_y": ("tilt_y", "tilty", "tilt_y_deg"),
}


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset`, a row a point."""
    left_out = {name for name in COLUMNS if name not in dataset.names}
    header = [name for name in HEADER if name not in left_out]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for glyph in glyphs(dataset):
            writer.writerows(rows_of(glyph))


def rows_of(glyph: Glyph) -> Iterator[dict[str, object]]:
    """A drawing's rows."""
    width, height = (exact(np.float32(side)) for side in glyph.size)
    about: dict[str, object] = {
        "drawing": glyph.number,
        "label": glyph.label,
        "split": glyph.split,
        "source_index": glyph.source_index,
        "width": width,
        "height": height,
    }
    rest = {"metadata": glyph.metadata, "scores": glyph.scores, "flagged": glyph.flagged, "frame": glyph.frame}
    once = {"metadata": to_text(rest)}
    if not len(glyph.points):
        yield about | once
    columns = {name: glyph.columns[name] for name in COLUMNS if name in glyph.columns}
    for stroke, (a, b) in enumerate(itertools.pairwise(glyph.ends)):
        for i in range(a, b):
            x, y = glyph.points[i].astype(np.float32)
            known = {k: exact(np.float32(v[i])) for k, v in columns.items() if not math.isnan(v[i])}
            yield about | {"stroke": stroke, "x": exact(x), "y": exact(y)} | known | (once if i == 0 else {})


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, or of a folder's files. Raises `SourceError` where one is broken."""
    for file in files_in(path, "*.csv"):
        rows = read_rows(file)
        first = next(rows, None)
        if first is None:
            raise SourceError(f"{file} holds no row")
        found = {name: next((other for other in others if other in first[1]), "") for name, others in NAMES.items()}
        if not found["x"] or not found["y"]:
            raise SourceError(f"{file} has the columns {', '.join([*first[1]][:9])}; expected x and y among them")
        drawing = found["drawing"]
        groups = itertools.groupby(itertools.chain([first], rows), key=lambda row: row[1].get(drawing, ""))
        for _, group in groups:
            yield recording_of(group, found, file)


def recording_of(rows: Iterator[tuple[int, dict[str, str]]], found: Mapping[str, str], path: Path) -> Recording:
    """One drawing's rows as a recording; `found` says how the file names its columns."""
    values: list[list[float]] = []
    lengths: list[int] = []
    about: dict[str, str] = {}
    stroke, lifted, dated = None, False, False
    columns = [name for name in COLUMNS if found[name]]
    for number, row in rows:
        about = about or row
        place = f"{path}, line {number}"
        if not row[found["x"]].strip():
            continue
        if _number(row.get(found["pen_down"], "1") or "1", place, 1) == 0:
            lifted = True
            continue
        values.append([_number(row[found[name]], place, MAX_COORDINATE) for name in ("x", "y")])
        values[-1] += [_value(name, row[found[name]], place) for name in columns]
        dated = dated or ("time_ms" in columns and is_date(row[found["time_ms"]]))
        own = row.get(found["stroke"], "")
        if own != stroke or lifted or not lengths:
            lengths.append(0)
        lengths[-1] += 1
        stroke, lifted = own, _number(row.get(found["pen_up"], "0") or "0", place, 1) == 1
        if len(values) > MAX_POINTS:
            raise SourceError(f"{place}: a drawing of more than {MAX_POINTS} points; no drawing is so long")
    table = np.array(values, np.float64).reshape(-1, 2 + len(columns))
    own_columns = {name: table[:, 2 + i] for i, name in enumerate(columns)}
    started: dict[str, Any] = {}
    if "time_ms" in own_columns:
        _, _, said = found["time_ms"].rpartition("_")
        unit = "ms" if dated or said == "ms" else UNITS.get(f"_{said}")
        own_columns["time_ms"], started = since_first(own_columns["time_ms"], lengths, unit)
    kept = {name: values for name, values in own_columns.items() if not np.isnan(values).all() or not len(values)}
    return described(
        _annotations(about, found, str(path)),
        table[:, :2],
        lengths,
        columns=kept,
        started=started,
        place=str(path),
        raw_pressure="width" not in about,
    )


def _annotations(row: dict[str, str], found: Mapping[str, str], place: str) -> dict[str, str]:
    """What a drawing's first row says, by the names of InkML's annotations."""
    about = {"label": row.get(found["label"], ""), "splitTagOriginal": row.get("split") or "none"}
    if row.get("width") and row.get("height"):
        about["canvas"] = f"{row['width']} {row['height']}"
    if row.get("metadata", "").startswith("{"):
        index = row.get("source_index", "")
        known = f'"source_index":{int(index)},' if index.isdecimal() and len(index) < 19 else ""
        about["metadata"] = "{" + known + row["metadata"][1:].lstrip() if row["metadata"] != "{}" else "{}"
    for name in ("writer", "file"):
        if row.get(name):
            about[name] = row[name]
    return about


def is_date(text: str) -> bool:
    """Whether a time is a date and a time of day."""
    return not math.isnan(ms_of_date(text)) and "-" in text[1:] and ":" in text


def _value(name: str, text: str, place: str) -> float:
    """What a row says in one of `COLUMNS`; a date is in ms since 1970."""
    if name == "time_ms" and is_date(text):
        return ms_of_date(text)
    return _number(text, place, MAX_CLOCK, missing=True)


def _number(text: str, place: str, most: float, *, missing: bool = False) -> float:
    """A number; NaN for empty text that may be `missing`. Raises `SourceError` for anything else."""
    if missing and text.strip().lower() in ("", "nan", "na"):
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= most:
        raise SourceError(f"{place}: {text[:40]!r} is no number up to {most:g}")
    return value
