"""What the numbers of InkML's traces are: contexts, trace formats, and channels with units, resolution and sign."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

import numpy as np

from strokes.errors import SourceError
from strokes.formats.clocks import FIRST_MS, MS_A_UNIT, ms_of_date
from strokes.formats.recording import Numbers

MM_A_UNIT = {
    "m": 1000.0, "cm": 10.0, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "himetric": 0.01,
    "nm": 1e-6, "dm": 100.0, "in": 25.4, "inch": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6,
}  # fmt: skip
DEGREES_A_UNIT = {"deg": 1.0, "rad": 180 / math.pi}
A_UNIT = re.compile(r"(?:\w*/|\w*?per)(\w+)|(\w+)(?:-1|\^-1|\*\*-1)")
"""How values per unit are written: 1/cm, dev/in, per mm, cm-1."""
MOST_CHANNELS = 64
MOST_CONTEXTS = 10_000


@dataclass(frozen=True)
class Channel:
    """One number of each point.

    Attributes:
        name: as InkML names it: X, Y, T, F (force), OTx and OTy (tilt), OA and OE (azimuth and elevation), S (whether
            the tip touches), others.
        unit: as the file names it, "" where it doesn't.
        low: the smallest value that there can be, NaN where unknown.
        high: the greatest.
        sign: -1 where values grow the other way: to the left, upwards.
        each: values a `per` by the device's resolution, NaN where unknown.
        per: the unit of the resolution.
        default: the value where none is reported, NaN where unknown.
        since: the id of the timestamp that times count from, "" where there is none.
    """

    name: str
    unit: str = ""
    low: float = math.nan
    high: float = math.nan
    sign: int = 1
    each: float = math.nan
    per: str = ""
    default: float = math.nan
    since: str = ""

    @property
    def mm(self) -> float:
        """How many mm a value is, NaN where unknown."""
        return self.value_in(MM_A_UNIT)

    def value_in(self, units: Mapping[str, float]) -> float:
        """How much a value is by a table of units, NaN where it is none of them."""
        if self.each > 0 and self.per in units:
            return units[self.per] / self.each
        return units.get(self.unit, math.nan)


@dataclass(frozen=True)
class TraceFormat:
    """The channels of a trace's points, of which the last `optional` may be missing, and when its clock was 0.

    `started_ms` counts from 1970, NaN where unknown.
    """

    channels: tuple[Channel, ...] = (Channel("X"), Channel("Y"))
    optional: int = 0
    started_ms: float = math.nan

    def place(self, name: str) -> int | None:
        """Where the channel is; None when there is none."""
        return next((i for i, channel in enumerate(self.channels) if channel.name == name), None)


@dataclass
class Contexts:
    """The trace formats and timestamps that a file has defined so far, by the ids of what defined them."""

    current: TraceFormat | None = None
    by_id: dict[str, TraceFormat] = field(default_factory=dict)
    timestamps: dict[str, float] = field(default_factory=dict)

    def of(self, reference: str | None) -> TraceFormat:
        """The format that a `contextRef` or the like leads to.

        Where it leads nowhere: the current one, else the only one that there is, else X and Y.
        """
        identity = (reference or "").rpartition("#")[2]
        if identity in self.by_id:
            return self.by_id[identity]
        known = [] if self.current or identity else list(dict.fromkeys(self.by_id.values()))
        return self.current or (known[0] if len(known) == 1 else TraceFormat())

    def add(self, element: Element, *, in_definitions: bool) -> None:
        """Learn from a `traceFormat`, `inkSource` or `context`; outside of definitions it becomes the current one.

        Raises:
            SourceError: it is no description of X and Y and up to 64 channels, or one too many.
        """
        for inner in element.iter():
            if tag_of(inner) == "timestamp":
                self.add_timestamp(inner)
        found = self._described(element)
        for inner in element.iter():
            if identity := id_of(inner):
                self.by_id[identity] = found
        if len(self.by_id) > MOST_CONTEXTS:
            raise SourceError(f"it has more than {MOST_CONTEXTS} contexts")
        if not in_definitions:
            self.current = found

    def add_timestamp(self, element: Element) -> None:
        """Learn when a `timestamp` was: ms since 1970, or a date, or so much after another."""
        started = parse_number(element.get("time"))
        if math.isnan(started):
            started = ms_of_date(element.get("timeString") or "")
        if math.isnan(started):
            started = self.timestamps.get((element.get("timestampRef") or "").rpartition("#")[2], math.nan)
        later = parse_number(element.get("timeOffset"))
        if len(self.timestamps) < MOST_CONTEXTS:
            self.timestamps[id_of(element) or ""] = started + (0.0 if math.isnan(later) else later)

    def _described(self, element: Element) -> TraceFormat:
        inherited = element.get("inkSourceRef") or element.get("contextRef")
        known = self.of(inherited) if inherited else self.current or TraceFormat()
        if reference := element.get("traceFormatRef"):
            known = _with_resolutions_of(self.of(reference), known)
        formats = [inner for inner in element.iter() if tag_of(inner) == "traceFormat"]
        if formats and (href := formats[0].get("href")):
            known = self.of(href)
        elif formats:
            known = _with_resolutions_of(_parse_format(formats[0]), known if inherited else TraceFormat())
        properties = [inner for inner in element.iter() if tag_of(inner) == "channelProperty"]
        known = replace(known, channels=tuple(_with_resolution(channel, properties) for channel in known.channels))
        own = [id_of(inner) or "" for inner in element.iter() if tag_of(inner) == "timestamp"]
        references = [channel.since for channel in known.channels if channel.since]
        references += [(element.get("timestampRef") or "").rpartition("#")[2], *own]
        started = next((self.timestamps[name] for name in references if name in self.timestamps), known.started_ms)
        return replace(known, started_ms=started)


def tag_of(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def id_of(element: Element) -> str | None:
    """An element's id, of XML's own or not; None where it has none."""
    return element.get("{http://www.w3.org/XML/1998/namespace}id") or element.get("id")


def _parse_format(element: Element) -> TraceFormat:
    regular: list[Channel] = []
    optional: list[Channel] = []
    for inner in element:
        if tag_of(inner) == "channel":
            regular.append(_parse_channel(inner))
        elif tag_of(inner) == "intermittentChannels":
            optional += [_parse_channel(child) for child in inner if tag_of(child) == "channel"]
    found = TraceFormat((*regular, *optional), len(optional))
    if len(found.channels) > MOST_CHANNELS or found.place("X") is None or found.place("Y") is None:
        names = ", ".join(channel.name[:20] for channel in found.channels[:9])
        raise SourceError(f"it has the channels {names}; expected X and Y among {MOST_CHANNELS} at most")
    return found


def _parse_channel(element: Element) -> Channel:
    return Channel(
        element.get("name", "")[:40],
        element.get("units", "")[:20],
        parse_number(element.get("min")),
        parse_number(element.get("max")),
        -1 if element.get("orientation", "").strip().startswith("-") else 1,
        default=parse_number(element.get("default")),
        since=element.get("respectTo", "").rpartition("#")[2],
    )


def _with_resolution(channel: Channel, properties: list[Element]) -> Channel:
    """A channel with the resolution that one of the properties tells: values a unit, or the size of a value."""
    for element in properties:
        if element.get("channel") == channel.name and element.get("name") == "resolution":
            text = element.get("units", "")[:20].replace(" ", "").lower()
            value = parse_number(element.get("value"))
            per = A_UNIT.fullmatch({"dpi": "1/in", "ppi": "1/in", "lpi": "1/in"}.get(text, text) or "/" + channel.unit)
            if per is None:
                value = 1 / value if value > 0 else math.nan
            return replace(channel, each=value, per=(per[1] or per[2]) if per else text)
    return channel


def _with_resolutions_of(form: TraceFormat, source: TraceFormat) -> TraceFormat:
    """A format whose channels have the resolution of the ones of the same name, where they have none."""
    known = {channel.name: channel for channel in source.channels if channel.each > 0}
    channels = (
        replace(c, each=known[c.name].each, per=known[c.name].per) if c.name in known and not c.each > 0 else c
        for c in form.channels
    )
    return replace(form, channels=tuple(channels))


def parse_number(text: str | None) -> float:
    """A number, NaN where there is none."""
    try:
        value = float(text or "nan")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


@dataclass(frozen=True)
class Trace:
    """A trace in units that are the same for all: x right and y down, and columns of points.

    Attributes:
        points: (p, 2) as recorded, signs corrected.
        mm: (2,) how many mm a unit of x and y is, NaN where unknown.
        columns: tilt in degrees, pressure in 0…1 or raw.
        clock: (p,) in ms where the file tells its unit, else as recorded; empty when there is none.
        clock_unit: "ms", or None where the file doesn't tell.
        raw_pressure: whether the greatest pressure is unknown.
        number: of a trace that a view may show, 0 of any other.
    """

    points: Numbers
    mm: Numbers
    columns: dict[str, Numbers]
    clock: Numbers
    clock_unit: str | None = None
    raw_pressure: bool = False
    number: int = 0

    def part(self, first: int, last: int | None) -> Trace:
        """Some of its points."""
        rows = slice(first, last)
        columns = {name: values[rows] for name, values in self.columns.items()}
        return replace(self, points=self.points[rows], columns=columns, clock=self.clock[rows])

    def continued(self, other: Trace) -> Trace | None:
        """The stroke that it makes with its continuation; None where that tells other things of its points."""
        if self.columns.keys() != other.columns.keys() or bool(len(self.clock)) != bool(len(other.clock)):
            return None
        if not np.array_equal(self.mm, other.mm, equal_nan=True) or self.clock_unit != other.clock_unit:
            return None
        columns = {name: np.concatenate([self.columns[name], other.columns[name]]) for name in self.columns}
        points, clock = np.concatenate([self.points, other.points]), np.concatenate([self.clock, other.clock])
        return replace(self, points=points, columns=columns, clock=clock)


def to_traces(table: Numbers, form: TraceFormat) -> list[Trace]:
    """A trace's numbers (p, channels), NaN where a value is missing; parted where the tip doesn't touch."""
    defaults = np.array([channel.default for channel in form.channels])
    table = np.where(np.isnan(table), defaults, table)
    place = form.place("S")
    if place is None:
        return [_to_trace(table, form)]
    touches = table[:, place] != 0
    parts = np.split(table, np.flatnonzero(np.diff(touches)) + 1)
    return [_to_trace(part, form) for part in parts if part[0, place] != 0]


def _to_trace(table: Numbers, form: TraceFormat) -> Trace:
    own = {channel.name: (table[:, i], channel) for i, channel in enumerate(form.channels)}
    (x, of_x), (y, of_y) = own["X"], own["Y"]
    columns = _tilts(own)
    raw = False
    if "F" in own:
        values, channel = own["F"]
        low = 0.0 if math.isnan(channel.low) else channel.low
        high = 100.0 if math.isnan(channel.high) and channel.unit == "%" else channel.high
        raw = not high > low
        columns["pressure"] = values if raw else (values - low) / (high - low)
    clock, unit = own.get("T", (np.zeros(0), Channel("T")))
    factor = unit.value_in(MS_A_UNIT)
    known = math.isfinite(factor)
    if len(clock) and known:
        clock = clock * factor
        if math.isfinite(form.started_ms) and abs(float(clock[0])) < FIRST_MS:
            clock = clock + form.started_ms
    return Trace(
        np.column_stack([x * of_x.sign, y * of_y.sign]),
        np.array([of_x.mm, of_y.mm]),
        columns,
        clock,
        "ms" if known else None,
        raw,
    )


def _tilts(own: dict[str, tuple[Numbers, Channel]]) -> dict[str, Numbers]:
    """Both tilts in degrees, of whichever channels tell them."""
    angles = {}
    for name in ("OTx", "OTy", "OA", "OE"):
        if name in own:
            values, channel = own[name]
            degrees = channel.value_in(DEGREES_A_UNIT)
            angles[name] = values * channel.sign * (degrees if math.isfinite(degrees) else 1.0)
    if "OTx" in angles and "OTy" in angles:
        return {"tilt_x": angles["OTx"], "tilt_y": angles["OTy"]}
    if "OA" in angles and "OE" in angles:
        return tilts_of(angles["OA"], angles["OE"])
    return {}


def tilts_of(azimuth: Numbers, elevation: Numbers) -> dict[str, Numbers]:
    """Tilts in degrees of a pen that leans towards `azimuth` (degrees, clockwise on the paper from the right), its
    `elevation` above the paper in degrees.
    """
    across, up = np.cos(np.radians(elevation)), np.sin(np.radians(elevation))
    turn = np.radians(azimuth)
    return {
        "tilt_x": np.degrees(np.arctan2(np.cos(turn) * across, up)),
        "tilt_y": np.degrees(np.arctan2(np.sin(turn) * across, up)),
    }


def join_traces(traces: list[Trace]) -> tuple[Numbers, float | None, dict[str, Numbers]]:
    """Points of all traces in one unit, how many mm it is (None where unknown), and columns, NaN where one has none.

    In mm where the file tells them of both axes of every trace, else in the numbers as they are recorded.
    """
    physical = bool(traces) and all(np.isfinite(trace.mm).all() for trace in traces)
    same = physical and all((trace.mm == traces[0].mm[0]).all() for trace in traces)
    scaled = [trace.points * (trace.mm if physical and not same else 1.0) for trace in traces]
    names = {name for trace in traces for name in trace.columns}
    columns = {
        name: np.concatenate([trace.columns.get(name, np.full(len(trace.points), np.nan)) for trace in traces])
        for name in sorted(names)
    }
    unit = None if not physical else float(traces[0].mm[0]) if same else 1.0
    return np.concatenate([*scaled, np.zeros((0, 2))]), unit, columns
