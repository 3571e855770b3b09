"""InkML (https://www.w3.org/TR/InkML/): a file of many drawings, or a folder with a file for each.

A drawing is a `traceGroup`, or all traces of a file that has none. Channels X, Y and T (ms); y down. Annotations are
those of MathWriting: `label`, `splitTagOriginal`, `sampleId`; and `canvas`, the picture's width and height, in the
points' unit. Numbers are written as text that reads back exactly. Traces of a pen in the air are passed over.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strokes.errors import SourceError
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.limits import MAX_LINE_BYTES, MAX_POINTS
from strokes.formats.recording import Numbers, Recording, from_zero, numbers
from strokes.formats.text_files import files_in, open_binary
from strokes.formats.xml_text import exact, exact_rows, xml_text
from strokes.ink.drawing import SPLITS
from strokes.store.reader import DatasetFile

NAMESPACE = "http://www.w3.org/2003/InkML"
MAX_DEPTH = 100
PLAIN = re.compile(r"[-+0-9.eE\s]*")
VALUE = re.compile(r"""\s*([!'"]?)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\*|\?|[TF])""")
KEPT = ("sampleId", "normalizedLabel", "inkCreationMethod", "writer")


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to one file, or to a file each when `path` is a folder."""
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            text = "".join((head(timed=glyph.times_ms is not None), *body(glyph), "</ink>\n"))
            (path / f"{glyph.number:0{width}}.inkml").write_text(text, encoding="utf-8")
        return
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(head(timed="time_ms" in dataset.names))
        for glyph in glyphs(dataset):
            file.writelines(("<traceGroup>\n", *body(glyph), "</traceGroup>\n"))
        file.write("</ink>\n")


def head(*, timed: bool) -> str:
    """What a file begins with."""
    time = '<channel name="T" type="decimal" units="ms"/>' if timed else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ink xmlns="{NAMESPACE}">\n<traceFormat>'
        f'<channel name="X" type="decimal"/><channel name="Y" type="decimal"/>{time}</traceFormat>\n'
    )


def body(glyph: Glyph) -> Iterator[str]:
    """A drawing's annotations and traces, a line each."""
    canvas = " ".join(exact(np.float32(side)) for side in glyph.size)
    about = {name: glyph.metadata[name] for name in KEPT if isinstance(glyph.metadata.get(name), str)}
    about |= {"splitTagOriginal": glyph.split, "canvas": canvas}
    if glyph.label is not None:
        about["label"] = glyph.label
    about.setdefault("sampleId", str(glyph.source_index))
    for name, value in sorted(about.items()):
        yield f'<annotation type="{name}">{xml_text(value)}</annotation>\n'
    rows = exact_rows(glyph.points.astype(np.float32))
    if glyph.times_ms is not None:
        rows = [f"{row} {exact(time)}" for row, time in zip(rows, glyph.times_ms.astype(np.float32), strict=True)]
    for a, b in itertools.pairwise(glyph.ends):
        yield f"<trace>{', '.join(rows[a:b])}</trace>\n"


@dataclass
class Ink:
    """What is known of a drawing while it is being read."""

    traces: list[Numbers] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    points: int = 0


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, or of a folder's files in the order of their names.

    Raises:
        SourceError: one is broken, too large, or has entities.
    """
    for file in files_in(path, "*.inkml"):
        try:
            with closing(open_binary(file)) as stream:
                yield from _read_file(Metered(stream, file), file)
        except (ParseError, DefusedXmlException, ValueError, LookupError, AttributeError) as error:
            raise SourceError(f"{file} is no whole InkML: {str(error)[:200]}") from None


class Metered:
    """A stream that refuses to give more than `MAX_LINE_BYTES` between two calls of `reset`."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path, self._given = stream, path, 0

    def read(self, count: int = 65536) -> bytes:
        """Some bytes. Raises `SourceError` when one element has had too many."""
        content = self._stream.read(min(count, 65536) if count > 0 else 65536)
        self._given += len(content)
        if self._given > 2 * MAX_LINE_BYTES:
            raise SourceError(f"{self._path} has an element of more than {MAX_LINE_BYTES} bytes; no trace is so long")
        return content

    def reset(self) -> None:
        """An element ended."""
        self._given = 0


def _read_file(stream: Metered, path: Path) -> Iterator[Recording]:
    channels: list[tuple[str, float]] = [("X", 1.0), ("Y", 1.0)]
    outer, inner, groups = Ink(), None, 0
    open_elements: list[Element] = []
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=False):
        name = str(element.tag).rpartition("}")[2]
        if event == "start":
            if not open_elements and name != "ink":
                raise SourceError(f"{path} is XML, but its first element is {name[:40]!r}; expected ink")
            open_elements.append(element)
            if len(open_elements) > MAX_DEPTH:
                raise SourceError(f"{path} is nested more than {MAX_DEPTH} deep")
            if name == "traceGroup" and len(open_elements) == 2:
                inner, groups = Ink(about=dict(outer.about)), groups + 1
            continue
        stream.reset()
        open_elements.pop()
        if name == "traceFormat":
            channels = _channels(element)
        elif name == "annotation" and len(open_elements) <= 2:
            (inner or outer).about[element.get("type", "")[:100]] = (element.text or "")[:MAX_LINE_BYTES]
        elif name == "trace" and element.get("type", "penDown") == "penDown":
            _add(inner or outer, parse_trace(element.text or "", len(channels), path), path)
        elif name == "traceGroup" and inner is not None and len(open_elements) == 1:
            yield to_recording(inner, channels, path)
            inner = None
        if name != "channel":
            element.clear()
        if len(open_elements) == 1:
            open_elements[0].clear()
    if outer.traces or not groups:
        yield to_recording(outer, channels, path)


def _add(ink: Ink, rows: Numbers, path: Path) -> None:
    if len(rows):
        ink.traces.append(rows)
    ink.points += len(rows)
    if ink.points > MAX_POINTS:
        raise SourceError(f"{path} has a drawing of more than {MAX_POINTS} points; no drawing is so long")


def _channels(element: Element) -> list[tuple[str, float]]:
    """Each channel's name and its unit in ms, for times."""
    found = [child for child in element.iter() if str(child.tag).endswith("channel")]
    return [(child.get("name", ""), 1000.0 if child.get("units") == "s" else 1.0) for child in found]


def parse_trace(text: str, width: int, path: Path) -> Numbers:
    """A trace's points (p, channels). Raises `SourceError` when a point has not that many numbers."""
    rows = [row for row in text.split(",") if row.strip()]
    if PLAIN.fullmatch(text.replace(",", " ")):
        try:
            values = [[float(value) for value in row.split()] for row in rows]
        except ValueError:
            raise SourceError(f"{path} has a trace that is no list of numbers: {text[:40]!r}") from None
    else:
        values = _difference_coded(rows, path)
    if any(len(row) != width for row in values):
        raise SourceError(f"{path} has a trace whose points are not of {width} numbers: {text[:40]!r}")
    return numbers(values, f"{path}: a trace", ndim=2)


def _difference_coded(rows: list[str], path: Path) -> list[list[float]]:
    """Points of which some are given as differences ('), differences of differences ("), or as before (*)."""
    modes: dict[int, str] = {}
    last: dict[int, float] = {}
    speed: dict[int, float] = {}
    result = []
    for row in rows:
        place = 0
        values: list[float] = []
        while row[place:].strip():
            found = VALUE.match(row, place)
            if found is None:
                raise SourceError(f"{path} has a trace that can't be read: {row[:40]!r}")
            channel, (prefix, text) = len(values), found.groups()
            modes[channel] = prefix or modes.get(channel, "!")
            value = _next_value(text, modes[channel], last.get(channel, 0.0), speed.get(channel, 0.0))
            speed[channel], last[channel] = value - last.get(channel, 0.0), value
            values.append(value)
            place = found.end()
        result.append(values)
    return result


def _next_value(text: str, mode: str, last: float, speed: float) -> float:
    if text in ("*", "?"):
        return last + (speed if mode == '"' else 0.0) if text == "*" else last
    if text in ("T", "F"):
        return float(text == "T")
    number = float(text)
    if mode == "'":
        return last + number
    return last + speed + number if mode == '"' else number


def to_recording(ink: Ink, channels: list[tuple[str, float]], path: Path) -> Recording:
    """A drawing that was read. Raises `SourceError` when it has no x or y."""
    names = [name for name, _ in channels]
    if "X" not in names or "Y" not in names or len(names) > 64:
        raise SourceError(f"{path} has the channels {', '.join(names[:9])}; expected X and Y")
    if any(trace.shape[1] != len(names) for trace in ink.traces):
        raise SourceError(f"{path} has traces that don't fit its channels")
    table = np.concatenate([*ink.traces, np.zeros((0, len(names)))])
    columns: dict[str, Numbers] = {}
    if "T" in names:
        at = names.index("T")
        columns["time_ms"] = from_zero(table[:, at] * channels[at][1])
    about = ink.about
    split = about.get("splitTagOriginal", "none")
    return Recording(
        table[:, [names.index("X"), names.index("Y")]],
        [len(trace) for trace in ink.traces],
        label=about.get("label") or about.get("normalizedLabel") or None,
        canvas=_canvas(about, path),
        columns=columns,
        split=split if split in SPLITS else "none",
        metadata=_metadata(about, split),
    )


def _metadata(about: dict[str, str], split: str) -> dict[str, Any]:
    kept = {name: about[name] for name in KEPT if name in about}
    return kept if split in SPLITS else kept | {"split": split}


def _canvas(about: dict[str, str], path: Path) -> tuple[float, float] | None:
    if "canvas" not in about:
        return None
    try:
        width, height = map(float, about["canvas"].split())
    except ValueError:
        raise SourceError(f"{path} has a canvas that is no width and height: {about['canvas'][:40]!r}") from None
    return width, height
