"""Reads SVG as strokes: paths, lines, polylines and the outlines of simple shapes, each subpath one, in their order.

A group that this program wrote (`drawing-N`), or a `kanji` of KanjiVG's collected file, is a drawing; any other file is
one as a whole. What our paths know of their points is known again, between the ends of curves by the way along them.
Curves are flattened within a tolerance, transforms followed. A file's width, height and `viewBox` say how many mm a
unit is. KanjiVG's characters get the label in `kvg:element`, or the one that their ids name. Text, what is in
definitions and what refers to something else are passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strokes.errors import ConfigError, SourceError
from strokes.formats.ink_channels import MM_A_UNIT, parse_number, tag_of
from strokes.formats.ink_described import described_by
from strokes.formats.ink_reading import Metered
from strokes.formats.json_values import parse_object
from strokes.formats.limits import MAX_COORDINATE, MAX_POINTS
from strokes.formats.recording import Numbers, Recording, join_strokes
from strokes.formats.svg_paths import flatten_path, follow_path
from strokes.formats.text_files import files_in, open_binary
from strokes.ink.drawing import POINT_COLUMNS

MAX_DEPTH = 100
PIXEL_MM = 25.4 / 96
"""A CSS pixel: the unit of a file that names none."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
LENGTH = re.compile(rf"\s*({NUMBER})\s*([a-z]*)\s*")
TRANSFORM = re.compile(r"\s*,?\s*(matrix|translate|scale|rotate|skewX|skewY)\s*\(([^()]*)\)")
KANJI = re.compile(r"kvg:(?:kanji_)?([0-9a-f]{4,6})")
KANJIVG_BOX = 109.0
SHAPES = ("path", "line", "polyline", "polygon", "circle", "ellipse", "rect")
HIDDEN = ("defs", "clipPath", "mask", "marker", "pattern", "symbol")


@dataclass(frozen=True)
class ReadSettings:
    """How files are read: `flatten_mm`: how far a curve's polyline may be from it."""

    flatten_mm: float = 0.05

    def __post_init__(self) -> None:
        if not 1e-4 <= self.flatten_mm <= 100:
            raise ConfigError(f"--flatten-mm is {self.flatten_mm}; expected 0.0001 to 100")


@dataclass
class Found:
    """A drawing while it is being read."""

    strokes: list[Numbers] = field(default_factory=list)
    columns: list[dict[str, Numbers]] = field(default_factory=list)
    label: str | None = None
    about: dict[str, str] = field(default_factory=dict)
    points: int = 0


def read(path: Path, settings: ReadSettings | None = None) -> Iterator[Recording]:
    """The drawings of a file, or of a folder's files. Raises `SourceError` where one is broken."""
    for file in files_in(path, "*.svg"):
        try:
            yield from SvgFile(file, (settings or ReadSettings()).flatten_mm).drawings()
        except (ParseError, DefusedXmlException, ValueError, LookupError, OverflowError) as error:
            raise SourceError(f"{file} is no whole SVG: {str(error)[:200]}") from None


class SvgFile:
    """One file while it is being read."""

    def __init__(self, path: Path, flatten_mm: float) -> None:
        self._path, self._flatten_mm = path, flatten_mm
        self._unit_mm, self._known = PIXEL_MM, False
        self._box: tuple[float, float, float, float] | None = None
        self._open: list[str] = []
        self._turns: list[Numbers] = [np.array([[1.0, 0, 0], [0, 1, 0]])]
        self._whole = Found()
        self._own: Found | None = None
        self._own_depth = 0

    def drawings(self) -> Iterator[Recording]:
        """The drawings, one after the other."""
        seen = 0
        with closing(open_binary(self._path)) as opened:
            stream = Metered(opened, self._path)
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=False):
                name = tag_of(element)
                if event == "start":
                    self._start(element, name)
                    continue
                stream.reset()
                if name in SHAPES and not any(inner in HIDDEN for inner in self._open):
                    self._add(element, name)
                elif name == "title" and self._own is not None and len(self._open) == self._own_depth + 1:
                    self._own.label = element.text or ""
                self._open.pop()
                self._turns.pop()
                if self._own is not None and len(self._open) < self._own_depth:
                    seen += 1
                    yield self._recording(self._own)
                    self._own = None
                element.clear()
        if self._whole.strokes or not seen:
            yield self._recording(self._whole)

    def _start(self, element: Element, name: str) -> None:
        if not self._open:
            if name not in ("svg", "kanjivg"):
                raise SourceError(f"{self._path} is XML, but its first element is {name[:40]!r}; expected svg")
            self._learn_size(element)
            if name == "kanjivg":
                self._box = (0.0, 0.0, KANJIVG_BOX, KANJIVG_BOX)
        self._open.append(name)
        if len(self._open) > MAX_DEPTH:
            raise SourceError(f"{self._path} is nested more than {MAX_DEPTH} deep")
        self._turns.append(_after(self._turns[-1], element.get("transform") or ""))
        identity = element.get("id") or ""
        if self._own is None and (name == "kanji" or (name == "g" and re.fullmatch(r"drawing-\d{1,18}", identity))):
            self._own, self._own_depth = Found(), len(self._open)
            self._own.about = {
                key.removeprefix("data-"): value for key, value in element.items() if key.startswith("data-")
            }
        drawing = self._own or self._whole
        if drawing.label is None:
            drawing.label = _kanji(element, identity)

    def _learn_size(self, element: Element) -> None:
        """What the root says of the size of a unit, and of the box that is shown."""
        box = [float(value) for value in re.findall(NUMBER, element.get("viewBox") or "")]
        sides = [LENGTH.fullmatch(element.get(name) or "") for name in ("width", "height")]
        if len(box) == 4 and min(box[2:]) > 0 and max(map(abs, box)) <= MAX_COORDINATE:
            self._box = (box[0], box[1], box[2], box[3])
        for side, extent in zip(sides, self._box[2:] if self._box else (0.0, 0.0), strict=True):
            if side and float(side[1]) > 0:
                unit = MM_A_UNIT.get(side[2], PIXEL_MM)
                self._unit_mm = float(side[1]) * unit / extent if extent else unit
                self._known = side[2] in MM_A_UNIT
                return

    def _add(self, element: Element, name: str) -> None:
        turn = _after(self._turns[-2], element.get("transform") or "")
        stretch = math.sqrt(abs(float(np.linalg.det(turn[:, :2])))) or 1.0
        tolerance = max(self._flatten_mm / (self._unit_mm * stretch), 1e-9)
        drawing = self._own or self._whole
        strokes = _strokes_of(element, name, tolerance)
        told = any(f"data-{column}" in element.attrib for column in POINT_COLUMNS)
        for stroke in strokes:
            is_dot = element.get("class") == "dot"
            own = _columns_of(element, stroke, tolerance, is_dot) if told and len(strokes) == 1 else {}
            drawing.columns.append(own)
            if is_dot:
                stroke = stroke.mean(axis=0, keepdims=True)
            moved = stroke @ turn[:, :2].T + turn[:, 2]
            drawing.strokes.append(moved)
            drawing.points += len(moved)
            if drawing.points > MAX_POINTS:
                raise SourceError(f"{self._path} has a drawing of more than {MAX_POINTS} points")

    def _recording(self, found: Found) -> Recording:
        points, lengths = join_strokes(found.strokes)
        place, about = str(self._path), found.about
        picture = [float(value) for value in re.findall(NUMBER, about.get("picture", ""))]
        if len(picture) != 4 or min(picture[2:]) <= 0:
            picture = list(self._box) if self._box and found.label is not None and not about else []
        index = about.get("index", "")
        known: dict[str, Any] = parse_object(about["known"], place) if "known" in about else {}
        known["metadata"] = parse_object(about["metadata"], place) if "metadata" in about else {}
        known |= {"source_index": int(index)} if re.fullmatch(r"\d{1,18}", index) else {}
        recording = described_by(
            known,
            {"splitTagOriginal": about.get("split", "none")} | ({"label": found.label} if found.label else {}),
            points - (picture[:2] or 0),
            lengths,
            columns=_joined_columns(found, lengths),
            place=place,
            mm=self._unit_mm if self._known and "metadata" not in about else None,
        )
        return replace(recording, canvas=(picture[2], picture[3]) if picture else None)


def _columns_of(element: Element, stroke: Numbers, tolerance: float, is_dot: bool) -> dict[str, Numbers]:
    """What our path tells of its points: given at the ends of its commands, or of a dot's only point."""
    ends = [0] if is_dot else follow_path(element.get("d") or "", tolerance).ends[0]
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(stroke, axis=0), axis=1))])
    columns = {}
    for name in POINT_COLUMNS:
        values = [parse_number(text) for text in (element.get(f"data-{name}") or "").split()[: MAX_POINTS + 1]]
        if len(values) == len(ends):
            every = is_dot or len(ends) == len(stroke)
            columns[name] = np.array(values) if every else np.interp(way, way[ends], values)
    return columns


def _joined_columns(found: Found, lengths: list[int]) -> dict[str, Numbers]:
    """Columns of all points, NaN where a stroke has none."""
    names = {name for own in found.columns for name in own}
    return {
        name: np.concatenate([own.get(name, np.full(n, np.nan)) for own, n in zip(found.columns, lengths, strict=True)])
        for name in sorted(names)
    }


def _kanji(element: Element, identity: str) -> str | None:
    """The character that KanjiVG says a group is."""
    for key, value in element.items():
        if key.endswith("element") and len(value) <= 2:
            return value
    found = KANJI.fullmatch(identity)
    return chr(int(found[1], 16)) if found and int(found[1], 16) < 0x110000 else None


def _strokes_of(element: Element, name: str, tolerance: float) -> list[Numbers]:
    """A shape's lines in its own coordinates."""
    if name == "path":
        return flatten_path(element.get("d") or "", tolerance)
    if name in ("polyline", "polygon"):
        values = re.findall(NUMBER, element.get("points") or "")
        pairs = " ".join(values[: len(values) // 2 * 2])
        return flatten_path(f"M{pairs}{'Z' if name == 'polygon' else ''}", tolerance) if pairs else []
    at = {key: _length(element.get(key)) for key in ("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height")}
    if name == "line":
        return flatten_path(f"M{at['x1']} {at['y1']}L{at['x2']} {at['y2']}", tolerance)
    if name == "rect":
        side = f"h{at['width']}v{at['height']}h{-at['width']}Z"
        return flatten_path(f"M{at['x']} {at['y']}{side}", tolerance) if at["width"] and at["height"] else []
    rx, ry = (_length(element.get("r" if name == "circle" else key)) for key in ("rx", "ry"))
    round_ = f"a{rx} {ry} 0 1 1 {-2 * rx} 0a{rx} {ry} 0 1 1 {2 * rx} 0"
    return flatten_path(f"M{at['cx'] + rx} {at['cy']}{round_}", tolerance) if rx and ry else []


def _length(text: str | None) -> float:
    found = LENGTH.fullmatch(text or "")
    value = float(found[1]) if found else 0.0
    return value if abs(value) <= MAX_COORDINATE else 0.0


def _after(outer: Numbers, text: str) -> Numbers:
    """A transform (2, 3) with an element's own one before it."""
    turn = np.vstack([outer, [0, 0, 1]])
    for kind, inside in TRANSFORM.findall(text[:10_000]):
        values = [float(value) for value in re.findall(NUMBER, inside)[:6]]
        turn = turn @ _matrix(kind, values if all(abs(value) <= MAX_COORDINATE for value in values) else [])
    if not (np.abs(turn) <= MAX_COORDINATE).all():
        raise SourceError(f"a transform {text[:40]!r} with numbers above {MAX_COORDINATE:g}")
    return turn[:2]


def _matrix(kind: str, v: list[float]) -> Numbers:
    """(3, 3); what is wrongly given moves nothing."""
    if kind == "matrix" and len(v) == 6:
        return np.array([[v[0], v[2], v[4]], [v[1], v[3], v[5]], [0, 0, 1]])
    if kind == "translate" and v:
        return np.array([[1, 0, v[0]], [0, 1, v[1] if len(v) > 1 else 0], [0, 0, 1]])
    if kind == "scale" and v:
        return np.diag([v[0], v[-1], 1.0])
    if kind == "rotate" and v:
        angle = math.radians(v[0] % 360)
        cos, sin = math.cos(angle), math.sin(angle)
        x, y = v[1:3] if len(v) == 3 else (0.0, 0.0)
        return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0, 0, 1]])
    if kind in ("skewX", "skewY") and v:
        lean = math.tan(math.radians(v[0] % 180))
        return np.array([[1, lean if kind == "skewX" else 0, 0], [lean if kind == "skewY" else 0, 1, 0], [0, 0, 1]])
    return np.eye(3)
