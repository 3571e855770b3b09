"""What the numbers of InkML's traces are: contexts, trace formats, and channels with units, resolution and sign."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

import numpy as np

from strokes.errors import SourceError
from strokes.formats.clocks import MS_A_UNIT
from strokes.formats.recording import Numbers

MM_A_UNIT = {
    "m": 1000.0, "cm": 10.0, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "himetric": 0.01,
    "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6,
}  # fmt: skip
DEGREES_A_UNIT = {"deg": 1.0, "rad": 180 / math.pi}
MOST_CHANNELS = 64
MOST_CONTEXTS = 10_000


@dataclass(frozen=True)
class Channel:
    """One number of each point.

    Attributes:
        name: as InkML names it: X, Y, T, F (force), OTx and OTy (tilt), OA and OE (azimuth and elevation), others.
        unit: as the file names it, "" where it doesn't.
        low: the smallest value that there can be, NaN where unknown.
        high: the greatest.
        sign: -1 where values grow the other way: to the left, upwards.
        each_mm: values a mm by the device's resolution, NaN where unknown.
    """

    name: str
    unit: str = ""
    low: float = math.nan
    high: float = math.nan
    sign: int = 1
    each_mm: float = math.nan

    @property
    def mm(self) -> float:
        """How many mm a value is, NaN where unknown."""
        return 1 / self.each_mm if self.each_mm > 0 else MM_A_UNIT.get(self.unit, math.nan)


@dataclass(frozen=True)
class TraceFormat:
    """The channels of a trace's points, of which the last `optional` may be missing."""

    channels: tuple[Channel, ...] = (Channel("X"), Channel("Y"))
    optional: int = 0

    def place(self, name: str) -> int | None:
        """Where the channel is; None when there is none."""
        return next((i for i, channel in enumerate(self.channels) if channel.name == name), None)


@dataclass
class Contexts:
    """The trace formats that a file has defined so far, by the ids of what defined them."""

    current: TraceFormat = field(default_factory=TraceFormat)
    by_id: dict[str, TraceFormat] = field(default_factory=dict)

    def of(self, reference: str | None) -> TraceFormat:
        """The format that a `contextRef` or the like leads to; the current one where it leads nowhere."""
        return self.by_id.get((reference or "").lstrip("#"), self.current)

    def add(self, element: Element, *, in_definitions: bool) -> None:
        """Learn from a `traceFormat`, `inkSource` or `context`; outside of definitions it becomes the current one.

        Raises:
            SourceError: it is no description of X and Y and up to 64 channels, or one too many.
        """
        found = self._described(element)
        for inner in element.iter():
            if identity := _id(inner):
                self.by_id[identity] = found
        if len(self.by_id) > MOST_CONTEXTS:
            raise SourceError(f"it has more than {MOST_CONTEXTS} contexts")
        if not in_definitions:
            self.current = found

    def _described(self, element: Element) -> TraceFormat:
        references = [element.get(name) for name in ("traceFormatRef", "inkSourceRef", "contextRef")]
        known = next((self.of(reference) for reference in references if reference), self.current)
        formats = [inner for inner in element.iter() if tag_of(inner) == "traceFormat"]
        if formats and (href := formats[0].get("href")):
            known = self.of(href)
        elif formats:
            known = _parse_format(formats[0])
        properties = [inner for inner in element.iter() if tag_of(inner) == "channelProperty"]
        return replace(known, channels=tuple(_with_resolution(channel, properties) for channel in known.channels))


def tag_of(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _id(element: Element) -> str | None:
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
        -1 if element.get("orientation") in ("-ve", "-") else 1,
    )


def _with_resolution(channel: Channel, properties: list[Element]) -> Channel:
    for element in properties:
        if element.get("channel") == channel.name and element.get("name") == "resolution":
            unit = element.get("units", "").replace(" ", "").removeprefix("1/")
            each_mm = parse_number(element.get("value")) / MM_A_UNIT.get(unit, math.nan)
            return replace(channel, each_mm=each_mm)
    return channel


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
        clock: (p,) as recorded, empty when there is none.
        clock_unit: a key of `MS_A_UNIT`, None where the file doesn't say.
        raw_pressure: whether the greatest pressure is unknown.
    """

    points: Numbers
    mm: Numbers
    columns: dict[str, Numbers]
    clock: Numbers
    clock_unit: str | None = None
    raw_pressure: bool = False


def to_trace(table: Numbers, form: TraceFormat) -> Trace:
    """A trace's numbers (p, channels), NaN where a value is missing."""
    own = {channel.name: (table[:, i], channel) for i, channel in enumerate(form.channels)}
    (x, of_x), (y, of_y) = own["X"], own["Y"]
    columns = _tilts(own)
    raw = False
    if "F" in own:
        values, channel = own["F"]
        low = 0.0 if math.isnan(channel.low) else channel.low
        raw = not channel.high > low
        columns["pressure"] = values if raw else (values - low) / (channel.high - low)
    clock, unit = own.get("T", (np.zeros(0), Channel("T")))
    return Trace(
        np.column_stack([x * of_x.sign, y * of_y.sign]),
        np.array([of_x.mm, of_y.mm]),
        columns,
        clock,
        unit.unit if unit.unit in MS_A_UNIT else None,
        raw,
    )


def _tilts(own: dict[str, tuple[Numbers, Channel]]) -> dict[str, Numbers]:
    """Both tilts in degrees, of whichever channels tell them."""
    angles = {
        name: own[name][0] * own[name][1].sign * DEGREES_A_UNIT.get(own[name][1].unit, 1.0)
        for name in ("OTx", "OTy", "OA", "OE")
        if name in own
    }
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
