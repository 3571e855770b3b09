"""InkML (https://www.w3.org/TR/InkML/): a file of many drawings, or a folder with a file for each.

Which traces are a drawing: all of a file that has a label of its own (`normalizedLabel`, `label` or `truth`, as
MathWriting and CROHME have), else those of each outermost group that has one, else those of each group of the file;
traces outside of groups are a drawing of their own. With the setting `groups` every innermost group with a label is
one, the symbols of CROHME. A group holds its own traces, or views of others' (`traceView`). Traces of a pen in the air
are passed over. `ink_channels` says how contexts, units and signs are understood.

Ours have channels X, Y and those of T (ms), F (pressure up to 1), OTx and OTy (degrees) that the dataset knows, "?"
where a point lacks one. Annotations are MathWriting's, `canvas`, the picture's width and height in the points' unit,
and `metadata`, JSON of all else that is known. Numbers are written as text that reads back exactly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strokes.errors import SourceError
from strokes.formats.clocks import since_first
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.ink_channels import Contexts, Trace, join_traces, tag_of, to_trace
from strokes.formats.ink_values import parse_trace
from strokes.formats.json_text import to_text
from strokes.formats.json_values import parse_object
from strokes.formats.limits import MAX_LINE_BYTES, MAX_POINTS
from strokes.formats.recording import Numbers, Recording
from strokes.formats.text_files import files_in, open_binary
from strokes.formats.xml_text import exact, exact_rows, xml_text
from strokes.ink.drawing import IDENTITY_FRAME, SPLITS
from strokes.store.reader import DatasetFile

NAMESPACE = "http://www.w3.org/2003/InkML"
MAX_DEPTH = 100
MAX_STORED_POINTS = 2_000_000
MAX_ANNOTATIONS = 1000
LABELS = ("normalizedLabel", "label", "truth")
OWN = ("canvas", "splitTagOriginal", "metadata")
CHANNELS = {
    "time_ms": '<channel name="T" type="decimal" units="ms"/>',
    "pressure": '<channel name="F" type="decimal" min="0" max="1"/>',
    "tilt_x": '<channel name="OTx" type="decimal" units="deg"/>',
    "tilt_y": '<channel name="OTy" type="decimal" units="deg"/>',
}


@dataclass(frozen=True)
class ReadSettings:
    """How files are read: `groups`: every innermost group with a label is a drawing."""

    groups: bool = False


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` to one file, or to a file each when `path` is a folder."""
    known = [name for name in CHANNELS if name in dataset.names]
    if path.is_dir():
        width = len(str(max(len(dataset) - 1, 0)))
        for glyph in glyphs(dataset):
            text = "".join((inkml_head(known), *body(glyph, known), "</ink>\n"))
            (path / f"{glyph.stem(width)}.inkml").write_text(text, encoding="utf-8")
        return
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(inkml_head(known))
        for glyph in glyphs(dataset):
            file.writelines(("<traceGroup>\n", *body(glyph, known), "</traceGroup>\n"))
        file.write("</ink>\n")


def inkml_head(columns: list[str]) -> str:
    """What a file begins with; its points have these columns besides x and y."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ink xmlns="{NAMESPACE}">\n<traceFormat>'
        '<channel name="X" type="decimal"/><channel name="Y" type="decimal"/>'
        f"{''.join(CHANNELS[name] for name in columns)}</traceFormat>\n"
    )


def body(glyph: Glyph, columns: list[str]) -> Iterator[str]:
    """A drawing's annotations and traces, a line each."""
    for name, value in sorted(told_of(glyph).items()):
        yield f'<annotation type="{xml_text(name)}">{xml_text(value)}</annotation>\n'
    rows = exact_rows(glyph.points.astype(np.float32))
    for name in columns:
        values = glyph.columns.get(name, np.full(len(rows), np.nan)).astype(np.float32)
        rows = [f"{row} {'?' if math.isnan(v) else exact(v)}" for row, v in zip(rows, values, strict=True)]
    for a, b in itertools.pairwise(glyph.ends):
        yield f"<trace>{', '.join(rows[a:b])}</trace>\n"


def told_of(glyph: Glyph) -> dict[str, str]:
    """What is known of a drawing: text by names that other programs know, and the rest as JSON."""
    texts = {name: value for name, value in glyph.metadata.items() if isinstance(value, str) and name not in OWN}
    texts = {name: value for name, value in texts.items() if name not in LABELS and name.isidentifier()}
    rest: dict[str, Any] = {"metadata": {k: v for k, v in glyph.metadata.items() if k not in texts}}
    rest |= {"source_index": glyph.source_index, "scores": glyph.scores, "flagged": glyph.flagged}
    if glyph.frame != IDENTITY_FRAME:
        rest["frame"] = glyph.frame
    canvas = " ".join(exact(np.float32(side)) for side in glyph.size)
    about = texts | {"splitTagOriginal": glyph.split, "canvas": canvas, "metadata": to_text(rest)}
    about.setdefault("sampleId", str(glyph.source_index))
    return about if glyph.label is None else about | {"label": glyph.label}


@dataclass
class Ink:
    """What is known of a drawing, or a part of one, while it is being read."""

    traces: list[Trace] = field(default_factory=list)
    views: list[tuple[str, int, int]] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    parts: list[Ink] = field(default_factory=list)
    points: int = 0

    @property
    def label(self) -> str | None:
        """The label that it has itself."""
        return next((self.about[name] for name in LABELS if self.about.get(name)), None)

    def labelled(self, *, innermost: bool) -> Iterator[Ink]:
        """The parts with a label, itself among them: the outermost ones, or the innermost."""
        inner = list(itertools.chain.from_iterable(part.labelled(innermost=innermost) for part in self.parts))
        if self.label is not None and not (innermost and inner):
            yield self
        else:
            yield from inner

    def everything(self) -> Iterator[Ink]:
        """Itself and all of its parts, in order."""
        yield self
        for part in self.parts:
            yield from part.everything()


def read(path: Path, settings: ReadSettings | None = None) -> Iterator[Recording]:
    """The drawings of a file, or of a folder's files in the order of their names.

    Raises:
        SourceError: one is broken, too large, or has entities.
    """
    for file in files_in(path, "*.inkml"):
        try:
            with closing(open_binary(file)) as stream:
                yield from InkFile(file, settings or ReadSettings()).drawings(Metered(stream, file))
        except (ParseError, DefusedXmlException, ValueError, LookupError, AttributeError, OverflowError) as error:
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


class InkFile:
    """One file while it is being read."""

    def __init__(self, path: Path, settings: ReadSettings) -> None:
        self._path, self._settings = path, settings
        self._contexts, self._whole = Contexts(), Ink()
        self._by_id: dict[str, Trace] = {}
        self._stored = 0
        self._open: list[Element] = []
        self._groups: list[Ink] = []
        self._described = 0
        self._waiting: list[Ink] = []

    def drawings(self, stream: Metered) -> Iterator[Recording]:
        """The drawings; those of groups as soon as they end. Raises `SourceError` where the file is broken."""
        seen = 0
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=False):
            name = tag_of(element)
            if event == "start":
                self._start(element, name)
                continue
            stream.reset()
            self._open.pop()
            if name == "traceGroup" and self._groups:
                group = self._groups.pop()
                if self._groups:
                    self._groups[-1].parts.append(group)
                elif not self._inside("definitions"):
                    seen += 1
                    yield from self._finished(group)
            else:
                self._end(element, name)
            self._forget(element, name)
        if self._waiting:
            self._whole.parts = self._waiting
        if self._whole.traces or self._waiting or not seen:
            yield self._recording(self._whole)

    def _start(self, element: Element, name: str) -> None:
        if not self._open and name != "ink":
            raise SourceError(f"{self._path} is XML, but its first element is {name[:40]!r}; expected ink")
        self._open.append(element)
        if len(self._open) > MAX_DEPTH:
            raise SourceError(f"{self._path} is nested more than {MAX_DEPTH} deep")
        if name == "traceGroup":
            self._groups.append(Ink())
        if name in ("context", "inkSource", "traceFormat"):
            self._described = self._described or len(self._open)

    def _end(self, element: Element, name: str) -> None:
        if self._described == len(self._open) + 1:
            self._described = 0
            self._contexts.add(element, in_definitions=self._inside("definitions"))
        elif name == "annotation" and (self._groups or len(self._open) <= 2):
            about = (self._groups[-1] if self._groups else self._whole).about
            if len(about) < MAX_ANNOTATIONS:
                about[element.get("type", "")[:100]] = (element.text or "").strip()[:MAX_LINE_BYTES]
        elif name == "trace" and element.get("type", "penDown") == "penDown":
            self._add_trace(element)
        elif name == "traceView" and self._groups:
            reference = (element.get("traceDataRef") or element.get("traceRef") or "").lstrip("#")
            self._groups[-1].views.append((reference, _point(element.get("from"), 1), _point(element.get("to"), 0)))
            self._count(self._groups[-1], 1)

    def _inside(self, name: str) -> bool:
        return any(tag_of(element) == name for element in self._open)

    def _forget(self, element: Element, name: str) -> None:
        """Let go of what has been read; a description is kept until it ends."""
        if self._described:
            if len(self._open[self._described - 1]) > MAX_ANNOTATIONS:
                raise SourceError(f"{self._path} has a description of more than {MAX_ANNOTATIONS} parts")
            return
        element.clear()
        if self._open:
            self._open[-1].clear() if len(self._open) == 1 else self._open[-1].remove(element)

    def _add_trace(self, element: Element) -> None:
        reference = element.get("contextRef")
        parents = [outer.get("contextRef") for outer in reversed(self._open) if outer.get("contextRef")]
        form = self._contexts.of(reference or next(iter(parents), None))
        needed = 1 << (form.place("X") or 0) | 1 << (form.place("Y") or 0)
        width = len(form.channels)
        table = parse_trace(element.text or "", width, str(self._path), optional=form.optional, needed=needed)
        if not len(table):
            return
        trace = to_trace(table, form)
        if np.isnan(trace.points).any():
            raise SourceError(f"{self._path} has a trace with a point without x or y")
        own = self._groups[-1] if self._groups else self._whole
        identity = element.get("{http://www.w3.org/XML/1998/namespace}id") or element.get("id")
        if identity and not self._groups:
            self._by_id[identity] = trace
            self._stored += len(table)
        if self._stored > MAX_STORED_POINTS:
            raise SourceError(f"{self._path} has more than {MAX_STORED_POINTS} points outside of groups")
        if not self._inside("definitions"):
            own.traces.append(trace)
            self._count(own, len(table))

    def _count(self, ink: Ink, more: int) -> None:
        ink.points += more
        if ink.points > MAX_POINTS:
            raise SourceError(f"{self._path} has a drawing of more than {MAX_POINTS} points; no drawing is so long")

    def _finished(self, group: Ink) -> Iterator[Recording]:
        """The drawings of a group of the file that has ended."""
        innermost = self._settings.groups
        if self._whole.label is not None and not innermost:
            if any(part.traces for part in group.everything()):
                self._waiting.append(group)
                self._count(self._whole, sum(part.points for part in group.everything()))
            return
        labelled = list(group.labelled(innermost=innermost))
        if innermost and labelled:
            self._whole.traces = []
        for part in labelled or [group]:
            yield self._recording(part)

    def _recording(self, ink: Ink) -> Recording:
        traces = [trace for part in ink.everything() for trace in (*part.traces, *self._viewed(part))]
        points, unit, columns = join_traces(traces)
        lengths = [len(trace.points) for trace in traces]
        if len(points) > MAX_POINTS:
            raise SourceError(f"{self._path} has a drawing of more than {MAX_POINTS} points; no drawing is so long")
        started: dict[str, Any] = {}
        if any(len(trace.clock) for trace in traces):
            clock = [trace.clock if len(trace.clock) else np.full(len(trace.points), np.nan) for trace in traces]
            units = {trace.clock_unit for trace in traces if len(trace.clock)}
            times, started = since_first(np.concatenate(clock), lengths, next(iter(units)) if len(units) == 1 else None)
            columns["time_ms"] = times
        raw = any(trace.raw_pressure for trace in traces)
        about = {} if ink is self._whole else {k: v for k, v in self._whole.about.items() if k not in LABELS}
        return described(
            about | ink.about,
            points,
            lengths,
            columns=columns,
            started=started,
            place=str(self._path),
            mm=unit,
            raw_pressure=raw,
        )

    def _viewed(self, ink: Ink) -> Iterator[Trace]:
        for reference, first, last in ink.views:
            if reference not in self._by_id:
                raise SourceError(f"{self._path} has a view of a trace {reference[:40]!r} that is not before it")
            yield _part_of(self._by_id[reference], first - 1, last or None)


def _point(text: str | None, default: int) -> int:
    """The number of a point, from 1, that a view begins or ends with."""
    found = default
    with suppress(ValueError):
        found = int((text or "").rpartition(":")[2] or default)
    return max(found, default)


def _part_of(trace: Trace, first: int, last: int | None) -> Trace:
    rows = slice(first, last)
    columns = {name: values[rows] for name, values in trace.columns.items()}
    return Trace(trace.points[rows], trace.mm, columns, trace.clock[rows], trace.clock_unit, trace.raw_pressure)


def described(
    about: dict[str, str],
    points: Numbers,
    lengths: list[int],
    *,
    columns: dict[str, Numbers],
    started: dict[str, Any],
    place: str,
    **known: Any,
) -> Recording:
    """A drawing with what its annotations say. Raises `SourceError` when they are broken."""
    label = next((about[name] for name in LABELS if about.get(name)), None)
    canvas = _canvas(about, place)
    split = about.get("splitTagOriginal", "none")
    own = parse_object(about["metadata"], f"{place}: metadata") if "metadata" in about else {}
    metadata = {name: value for name, value in about.items() if name not in OWN and name and value != label}
    if split not in SPLITS:
        metadata["split"] = split
    if "metadata" in about and metadata.get("sampleId") == str(own.get("source_index")):
        del metadata["sampleId"]
    metadata |= started | _own(own, "metadata", dict, {}, place)
    flagged, scores = _own(own, "flagged", bool, None, place), _own(own, "scores", dict, {}, place)
    frame = own.get("frame", IDENTITY_FRAME)
    if not all(_is_number(value) for value in (*scores.values(), *frame)) or len(frame) != 3:
        raise SourceError(f"{place}: a score or the frame is no number")
    if not all(name.isidentifier() for name in scores):
        raise SourceError(f"{place}: a score has a name that is none; expected letters, digits and _")
    if canvas is not None:
        known["mm"] = None
    return Recording(
        points,
        [length for length in lengths if length],
        label=label,
        canvas=canvas,
        columns=columns,
        split=split if split in SPLITS else "none",
        source_index=_own(own, "source_index", int, None, place),
        metadata=metadata,
        scores={name: float(value) for name, value in scores.items()},
        frame=(float(frame[0]), float(frame[1]), float(frame[2])),
        flagged=flagged,
        **known,
    )


def _own(record: dict[str, Any], name: str, kind: type, default: Any, place: str) -> Any:
    value = record.get(name, default)
    if value is not default and type(value) is not kind:
        raise SourceError(f"{place}: metadata has a {name} that is no {kind.__name__}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e9


def _canvas(about: dict[str, str], place: str) -> tuple[float, float] | None:
    if "canvas" not in about:
        return None
    try:
        width, height = map(float, about["canvas"].split())
    except ValueError:
        raise SourceError(f"{place} has a canvas that is no width and height: {about['canvas'][:40]!r}") from None
    return width, height
