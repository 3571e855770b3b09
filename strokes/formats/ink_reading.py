"""Reads InkML; `inkml` says which traces make a drawing, `ink_channels` what their numbers are."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Set
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strokes.errors import SourceError
from strokes.formats.clocks import since_first
from strokes.formats.ink_channels import Contexts, Trace, id_of, join_traces, tag_of, to_traces
from strokes.formats.ink_described import LABELS, described
from strokes.formats.ink_values import parse_trace
from strokes.formats.limits import MAX_LINE_BYTES, MAX_POINTS
from strokes.formats.recording import Recording
from strokes.formats.text_files import files_in, open_binary

MAX_DEPTH = 100
MAX_STORED_POINTS = 2_000_000
MAX_ANNOTATIONS = 1000
GROUPS = ("traceGroup", "traceView")
DESCRIPTIONS = ("context", "inkSource", "traceFormat")


@dataclass(frozen=True)
class ReadSettings:
    """How files are read: `groups`: every innermost group with a label is a drawing."""

    groups: bool = False


@dataclass(eq=False)
class Ink:
    """What is known of a drawing, or a part of one, while it is being read.

    Attributes:
        parts: its traces and groups, in order.
        about: its annotations.
        is_view: whether it shows traces that stand elsewhere.
        shows: the numbers of these.
        points: of all its traces.
        has_names: whether a view could show some of it.
    """

    parts: list[Trace | Ink] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    is_view: bool = False
    shows: set[int] = field(default_factory=set)
    points: int = 0
    has_names: bool = False

    @property
    def label(self) -> str | None:
        """The label that it has itself."""
        return next((self.about[name] for name in LABELS if self.about.get(name)), None)

    def labelled(self, *, innermost: bool) -> Iterator[Ink]:
        """The parts with a label, itself among them: the outermost ones, or the innermost."""
        groups = [part for part in self.parts if isinstance(part, Ink)]
        inner = list(itertools.chain.from_iterable(part.labelled(innermost=innermost) for part in groups))
        if self.label is not None and not (innermost and inner):
            yield self
        else:
            yield from inner

    def traces(self) -> Iterator[Trace]:
        """Its traces and those of its parts, in order."""
        for part in self.parts:
            yield from [part] if isinstance(part, Trace) else part.traces()

    def own_traces(self, without: Set[int] = frozenset()) -> Iterator[Trace]:
        """Those that stand in it, not what its views show, and not in the parts `without`, by their `id`."""
        for part in self.parts:
            if isinstance(part, Trace):
                yield part
            elif not part.is_view and id(part) not in without:
                yield from part.own_traces(without)

    def covered(self) -> set[int]:
        """The numbers of the traces that it has or shows, of those that have one."""
        inner = (part.covered() if isinstance(part, Ink) else {part.number} - {0} for part in self.parts)
        return self.shows.union(*inner)


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
        self._named: dict[str, list[Trace]] = {}
        self._stored = 0
        self._open: list[Element] = []
        self._groups: list[Ink] = []
        self._described = 0
        self._held: list[Ink] = []
        self._shown: set[int] = set()
        self._numbers = itertools.count(1)

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
            if name in GROUPS and self._groups:
                for drawing in self._end_group(element):
                    seen += 1
                    yield drawing
            else:
                self._end(element, name)
            self._forget(element, name)
        for drawing in self._release():
            seen += 1
            yield drawing
        if self._settings.groups and self._shown:
            return
        rest = self._rest_of(self._whole)
        if rest.parts or not seen:
            yield self._recording(rest)

    def _start(self, element: Element, name: str) -> None:
        if not self._open and name != "ink":
            raise SourceError(f"{self._path} is XML, but its first element is {name[:40]!r}; expected ink")
        self._open.append(element)
        if len(self._open) > MAX_DEPTH:
            raise SourceError(f"{self._path} is nested more than {MAX_DEPTH} deep")
        if name in GROUPS:
            self._groups.append(Ink(is_view=name == "traceView"))
            if name == "traceView":
                self._show(element, self._groups[-1])
        if name in DESCRIPTIONS:
            self._described = self._described or len(self._open)

    def _end(self, element: Element, name: str) -> None:
        own = self._groups[-1] if self._groups else self._whole
        if self._described == len(self._open) + 1:
            self._described = 0
            self._contexts.add(element, in_definitions=self._inside("definitions"))
        elif name == "timestamp" and not self._described:
            self._contexts.add_timestamp(element)
        elif name == "annotation" and (self._groups or len(self._open) <= 2):
            if len(own.about) < MAX_ANNOTATIONS:
                own.about[element.get("type", "")[:100]] = (element.text or "").strip()[:MAX_LINE_BYTES]
        elif name == "literal" and self._inside("annotationXML"):
            own.about.setdefault("recognised", (element.text or "").strip()[:MAX_LINE_BYTES])
        elif name == "trace" and element.get("type", "penDown") != "penUp":
            self._add_trace(element, own)

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

    def _add_trace(self, element: Element, own: Ink) -> None:
        outer = (parent.get("contextRef") for parent in (element, *reversed(self._open)))
        form = self._contexts.of(next(filter(None, outer), None))
        needed = 1 << (form.place("X") or 0) | 1 << (form.place("Y") or 0)
        width = len(form.channels)
        table = parse_trace(element.text or "", width, str(self._path), optional=form.optional, needed=needed)
        if not len(table):
            return
        traces = to_traces(table, form)
        if any(np.isnan(trace.points).any() for trace in traces):
            raise SourceError(f"{self._path} has a trace with a point without x or y")
        if element.get("continuation") in ("middle", "end") and traces:
            traces = self._continued(element, own, traces)
        if identity := id_of(element):
            traces = self._name(identity, traces)
            own.has_names = True
        if not self._inside("definitions"):
            own.parts += traces
            self._count(own, len(table))

    def _continued(self, element: Element, own: Ink, traces: list[Trace]) -> list[Trace]:
        """The traces, the first joined to the one that it continues, if that is the last before it."""
        prior = self._named.get((element.get("priorRef") or "").rpartition("#")[2], own.parts[-1:])
        last = own.parts[-1] if own.parts else None
        if not prior or prior[-1] is not last or not isinstance(last, Trace):
            return traces
        whole = last.continued(traces[0])
        if whole is None:
            return traces
        own.parts.pop()
        prior[-1] = whole
        return [whole, *traces[1:]]

    def _name(self, identity: str, traces: list[Trace]) -> list[Trace]:
        """Number traces and keep them for views; those in groups only as long as there is room."""
        self._stored += sum(len(trace.points) for trace in traces)
        if self._stored <= MAX_STORED_POINTS:
            traces = [replace(trace, number=trace.number or next(self._numbers)) for trace in traces]
            self._named[identity] = [*traces]
        elif not self._groups:
            raise SourceError(f"{self._path} has more than {MAX_STORED_POINTS} points outside of groups")
        return traces

    def _show(self, element: Element, view: Ink) -> None:
        """Put what a view refers to into it."""
        reference = (element.get("traceDataRef") or element.get("traceRef") or "").rpartition("#")[2]
        if not reference:
            return
        if reference not in self._named:
            raise SourceError(f"{self._path} has a view of a trace {reference[:40]!r} that is not before it")
        traces = self._named[reference]
        (first, start), (last, end) = _place(element.get("from")), _place(element.get("to"))
        if len(traces) == 1 and not (start or end):
            (first, start), (last, end) = (0, first), (0, last)
        last = last or len(traces)
        for number, trace in enumerate(traces[:last], 1):
            if number >= first:
                begin = start - 1 if number == max(first, 1) and start else 0
                view.shows.add(trace.number)
                view.parts.append(trace.part(begin, end if number == last and end else None))
        self._count(view, sum(len(trace.points) for trace in view.traces()) + 1)

    def _count(self, ink: Ink, more: int) -> None:
        ink.points += more
        if ink.points > MAX_POINTS:
            raise SourceError(f"{self._path} has a drawing of more than {MAX_POINTS} points; no drawing is so long")

    def _end_group(self, element: Element) -> Iterator[Recording]:
        """Put a group where it belongs; the drawings of one of the file that has ended."""
        group = self._groups.pop()
        if identity := id_of(element):
            self._named[identity] = [trace for trace in group.traces() if trace.number]
            group.has_names = True
        if self._groups:
            outer = self._groups[-1]
            outer.parts.append(group)
            outer.has_names |= group.has_names
            self._count(outer, group.points)
        elif self._inside("definitions"):
            return
        elif self._whole.label is not None and not self._settings.groups:
            if any(group.own_traces()) and not group.is_view:
                self._whole.parts.append(group)
                self._count(self._whole, group.points)
        else:
            labelled = list(group.labelled(innermost=self._settings.groups))
            self._shown.update(*(part.covered() for part in labelled))
            waits = bool(self._held) or (group.has_names and not labelled)
            self._held.append(group)
            if not waits or self._stored > MAX_STORED_POINTS:
                yield from self._release()

    def _release(self) -> Iterator[Recording]:
        """The drawings of the groups that have waited for what might show them."""
        held, self._held = self._held, []
        for group in held:
            yield from self._drawings_of(group)

    def _drawings_of(self, group: Ink) -> Iterator[Recording]:
        """The drawings of a group of the file: its parts with labels, then what is left of it."""
        labelled = list(group.labelled(innermost=self._settings.groups))
        for part in labelled:
            yield self._recording(part)
        if labelled == [group] or (group.is_view and not labelled):
            return
        rest = self._rest_of(group, labelled)
        if rest.parts or not (labelled or group.parts):
            yield self._recording(rest)

    def _rest_of(self, ink: Ink, labelled: Iterable[Ink] = ()) -> Ink:
        """What of it no drawing with a label has or shows."""
        without = {id(part) for part in labelled}
        return Ink([trace for trace in ink.own_traces(without) if trace.number not in self._shown], ink.about)

    def _recording(self, ink: Ink) -> Recording:
        traces = list(ink.traces())
        points, unit, columns = join_traces(traces)
        lengths = [len(trace.points) for trace in traces]
        if len(points) > MAX_POINTS:
            raise SourceError(f"{self._path} has a drawing of more than {MAX_POINTS} points; no drawing is so long")
        started: dict[str, Any] = {}
        if any(len(trace.clock) for trace in traces):
            columns["time_ms"], started = _times(traces, lengths)
        about = {} if ink.about is self._whole.about else self._whole.about
        return described(
            {k: v for k, v in about.items() if k not in LABELS} | ink.about,
            points,
            lengths,
            columns=columns,
            started=started,
            place=str(self._path),
            mm=unit,
            raw_pressure=any(trace.raw_pressure for trace in traces),
        )


def _times(traces: Iterable[Trace], lengths: list[int]) -> tuple[Any, dict[str, Any]]:
    """(p,) ms since the first point of all traces, NaN where one has no clock, and what is known of the start."""
    clock = [trace.clock if len(trace.clock) else np.full(len(trace.points), np.nan) for trace in traces]
    units = {trace.clock_unit for trace in traces if len(trace.clock)}
    return since_first(np.concatenate(clock), lengths, next(iter(units)) if len(units) == 1 else None)


def _place(text: str | None) -> tuple[int, int]:
    """Where a view begins or ends, the number of a trace and, after a colon, of a point, from 1; 0: not said."""
    first, _, second = (text or "").partition(":")
    found = [0, 0]
    for i, part in enumerate((first, second)):
        with suppress(ValueError):
            found[i] = max(int(part or 0), 0)
    return found[0], found[1]
