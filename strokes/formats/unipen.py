"""UNIPEN 1.0 (Guyon et al. 1994, http://www.unipen.org): pen-down components, and segments that name and label them.

Ours have a `.SEGMENT CHARACTER` a drawing, before its components, in whole numbers of 1/`UNITS_A_SIDE` of the picture's
longer side, y up as UNIPEN wants it, and pressure in the same; `.COMMENT canvas WIDTH HEIGHT` says where the picture
is. Other files are read with their segments of the smallest level, before or after the components, or as one drawing
where there are none; components with coordinates count from 0. The units of each axis are those of
`.X_POINTS_PER_INCH` and the like. `.INCLUDE` is not followed. Drawings without a stroke can't be written, and are left
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from strokes.errors import SourceError
from strokes.formats.clocks import since_first
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.limits import MAX_CLOCK, MAX_POINTS
from strokes.formats.recording import SIDE, Numbers, Recording
from strokes.formats.text_files import files_in, read_lines
from strokes.ink.drawing import SPLITS
from strokes.store.reader import DatasetFile

UNITS_A_SIDE = 10_000
COLUMNS = {"time_ms": "T", "pressure": "P"}
AXIS_UNITS = re.compile(r"\.([XY])_POINTS_PER_(INCH|CM|MM)")
MM_A_UNIT = {"INCH": 25.4, "CM": 10.0, "MM": 1.0}
MAX_STORED_POINTS = 2_000_000
MAX_COMPONENTS = 100_000
SEGMENT = re.compile(r'\.SEGMENT\s+(\S+)(?:\s+([\d:,\-]+))?(?:\s+([^\s"]+))?(?:\s+"((?:[^"\\]|\\.)*)")?')
RANGE = re.compile(r"(\d{1,9})(?::(\d{1,9}))?(?:-(\d{1,9})(?::(\d{1,9}))?)?")
NUMBER_TEXT = re.compile(r"[-+]?(\d{1,20}(\.\d{0,15})?|\.\d{1,15})([eE][-+]?\d{1,2})?")


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` that has a stroke."""
    columns = [name for name in COLUMNS if name in dataset.names]
    names = "".join(f" {COLUMNS[name]}" for name in columns)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(f".VERSION 1.0\n.DATA_SOURCE penstrokes\n.COORD X Y{names}\n.HIERARCHY CHARACTER\n")
        file.write(f".X_POINTS_PER_INCH {UNITS_A_SIDE}\n.Y_POINTS_PER_INCH {UNITS_A_SIDE}\n")
        first = 0
        for glyph in (glyph for glyph in glyphs(dataset) if len(glyph.points)):
            file.writelines(f"{line}\n" for line in unipen_lines(glyph, first, columns))
            first += len(glyph.ends) - 1


def unipen_lines(glyph: Glyph, first: int, columns: list[str]) -> Iterator[str]:
    """A drawing's lines with these columns; `first` is the number of its first component."""
    count = len(glyph.ends) - 1
    delineation = f"{first}-{first + count - 1}" if count > 1 else f"{first}"
    width, height = (round(side * UNITS_A_SIDE) for side in glyph.size)
    label = (glyph.label or "").replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    yield f'.SEGMENT CHARACTER {delineation} OK "{label}"'
    yield f".COMMENT canvas {width} {height} {glyph.split}"
    writer = glyph.metadata.get("writer")
    if isinstance(writer, str) and re.fullmatch(r"[\w-]{1,100}", writer):
        yield f".COMMENT writer {writer}"
    if SIDE in glyph.metadata:
        yield f".COMMENT {SIDE} {glyph.metadata[SIDE]}"
    xy = np.rint(glyph.points * UNITS_A_SIDE).astype(int)
    table = [xy[:, 0], height - xy[:, 1]]
    for name in columns:
        values = np.nan_to_num(glyph.columns.get(name, np.zeros(len(xy)))) * (UNITS_A_SIDE if name == "pressure" else 1)
        table.append(np.rint(values).astype(int))
    rows = np.column_stack(table).tolist()
    yield f".COMMENT columns{''.join(f' {name}' for name in columns if name in glyph.columns)}"
    for a, b in zip(glyph.ends, glyph.ends[1:], strict=False):
        yield ".PEN_DOWN"
        yield from (" ".join(map(str, row)) for row in rows[a:b])
        yield ".PEN_UP"


@dataclass
class UnipenSegment:
    """A segment that was announced: its label, which components it has (None: those that follow), and comments."""

    level: str
    label: str
    parts: list[tuple[int, int, int, int]] | None
    comments: list[str] = field(default_factory=list)
    first: int = 0

    @property
    def last(self) -> int:
        """The last component that it needs."""
        return max(part[2] for part in self.parts) if self.parts else -1


@dataclass
class Components:
    """The pen-down (and pen-up) components seen so far that a segment may still ask for."""

    rows: dict[int, tuple[bool, Numbers]] = field(default_factory=dict)
    count: int = 0
    stored: int = 0

    def add(self, is_down: bool, rows: Numbers) -> None:
        """Keep one more, and let go of the oldest when there are too many."""
        if not len(rows):
            return
        self.rows[self.count] = is_down, rows
        self.count += 1
        self.stored += len(rows)
        while self.stored > MAX_STORED_POINTS or len(self.rows) > MAX_COMPONENTS:
            self.drop(next(iter(self.rows)))

    def drop(self, number: int) -> None:
        """Let go of one."""
        self.stored -= len(self.rows.pop(number)[1])


def read(path: Path) -> Iterator[Recording]:
    """The segments of a UNIPEN file, gzipped or not, or of all `.dat` files in a folder and below; each is a drawing.

    Raises:
        SourceError: one is broken.
    """
    for file in files_in(path, "*.dat"):
        yield from read_unipen_file(file)


def read_unipen_file(path: Path) -> Iterator[Recording]:
    """The segments of one file. Raises `SourceError` where it is broken."""
    units = Units()
    for segment, table, lengths, columns in read_segments(path, units):
        said = _comments(segment, path)
        points, mm = units.scaled(table[:, [columns.index("X"), columns.index("Y")]], said.canvas)
        own = {name: table[:, columns.index(short)] for name, short in COLUMNS.items() if short in columns}
        if said.columns is not None:
            own = {name: values for name, values in own.items() if name in said.columns}
        started: dict[str, Any] = {}
        if "time_ms" in own:
            own["time_ms"], started = since_first(own["time_ms"], lengths, "ms" if said.canvas else None)
        if "pressure" in own and said.canvas:
            own["pressure"] = own["pressure"] / UNITS_A_SIDE
        yield Recording(
            points,
            lengths,
            label=segment.label or None,
            canvas=said.canvas,
            columns=own,
            split=said.split,
            metadata=started | said.metadata,
            mm=mm,
            raw_pressure=not said.canvas,
        )


@dataclass
class Units:
    """How many mm a unit of each axis is, as far as a file has said it."""

    mm: dict[str, float] = field(default_factory=dict)

    def learn(self, keyword: str, value: str, place: str) -> None:
        """Take a keyword such as `.X_POINTS_PER_INCH` into account. Raises `SourceError` when it is no number."""
        found = AXIS_UNITS.fullmatch(keyword)
        if found and value.split():
            count = parse_number(value.split()[0], place)
            if count > 0:
                self.mm[found[1]] = MM_A_UNIT[found[2]] / count

    def scaled(self, xy: Numbers, canvas: tuple[float, float] | None) -> tuple[Numbers, float | None]:
        """Points, y down, of axes in the same unit, and how many mm it is; None where unknown."""
        x, y = self.mm.get("X"), self.mm.get("Y")
        if canvas is not None or x is None or y is None:
            return np.column_stack([xy[:, 0], (canvas[1] if canvas else 0) - xy[:, 1]]), None
        return np.column_stack([xy[:, 0], -xy[:, 1] * (y / x)]), x


@dataclass
class Said:
    """What a segment's comments say: where its picture is, its split, and the columns that are known of it."""

    canvas: tuple[float, float] | None = None
    split: str = "none"
    columns: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def _comments(segment: UnipenSegment, path: Path) -> Said:
    said = Said()
    for comment in segment.comments:
        match comment.split():
            case ["canvas", width, height, part] if part in SPLITS:
                said.canvas = parse_number(width, path), parse_number(height, path)
                said.split = part
            case ["writer", writer]:
                said.metadata["writer"] = writer
            case ["columns", *names]:
                said.columns = names
            case [name, side] if name == SIDE:
                said.metadata[SIDE] = parse_number(side, path)
    return said


def read_segments(path: Path, units: Units) -> Iterator[tuple[UnipenSegment, Numbers, list[int], list[str]]]:
    """Each segment with its points (p, columns), the points of each stroke, and the columns' names; `units` learns.

    Raises:
        SourceError: the file is broken, or a segment asks for components that it has not, or not any more.
    """
    columns, seen, level = ["X", "Y"], Components(), ""
    waiting: list[UnipenSegment] = []
    component: list[list[float]] = []
    is_down: bool | None = None
    smallest = ""
    for number, line in read_lines(path, "latin-1"):
        if not line.startswith("."):
            if is_down is not None:
                component.append(parse_row(line, len(columns), f"{path}, line {number}"))
                if len(component) > MAX_POINTS:
                    raise SourceError(f"{path}, line {number}: a component of more than {MAX_POINTS} points")
            continue
        if is_down is not None:
            seen.add(is_down, np.array(component, np.float64).reshape(-1, len(columns)))
            component, is_down = [], None
        keyword, _, rest = line.partition(" ")
        keyword = keyword.split("\t")[0]
        if keyword in (".PEN_DOWN", ".PEN_UP"):
            is_down = keyword == ".PEN_DOWN"
        elif keyword == ".COORD":
            if seen.count:
                raise SourceError(f"{path}, line {number}: .COORD after coordinates; expected it before")
            columns = _columns(rest, f"{path}, line {number}")
        elif "_POINTS_PER_" in keyword:
            units.learn(keyword, rest, f"{path}, line {number}")
        elif keyword == ".HIERARCHY":
            smallest = rest.split()[-1] if rest.split() else ""
        elif keyword == ".COMMENT" and waiting:
            waiting[-1].comments.append(rest.strip()[:1000])
            if len(waiting[-1].comments) > 100:
                raise SourceError(f"{path}, line {number}: more than 100 comments on one segment")
        elif keyword == ".SEGMENT":
            segment = parse_segment(line, f"{path}, line {number}")
            level = level or smallest or segment.level
            if segment.level == level:
                yield from _finished(waiting, seen, columns, path, closing=True)
                segment.first = seen.count
                waiting.append(segment)
                if len(waiting) > MAX_COMPONENTS:
                    raise SourceError(f"{path} has more than {MAX_COMPONENTS} segments before their components")
        if waiting and is_down is None:
            yield from _finished(waiting, seen, columns, path, closing=False)
    if is_down:
        raise SourceError(f"{path} is cut off in a component; expected .PEN_UP at its end")
    seen.add(False, np.array(component, np.float64).reshape(-1, len(columns)))
    if not level and seen.count:
        waiting.append(UnipenSegment("", "", None))
    yield from _finished(waiting, seen, columns, path, closing=True)
    if waiting:
        raise SourceError(f"{path} is cut off: the segment {waiting[0].label[:40]!r} asks for later components")


def _finished(
    waiting: list[UnipenSegment], seen: Components, columns: list[str], path: Path, *, closing: bool
) -> Iterator[tuple[UnipenSegment, Numbers, list[int], list[str]]]:
    """The segments, in their order, whose components are all there; `closing` ends one that has those that follow."""
    while waiting and (closing if waiting[0].parts is None else waiting[0].last < seen.count):
        segment = waiting.pop(0)
        parts = segment.parts or [(i, 0, i, MAX_POINTS) for i in range(segment.first, seen.count)]
        strokes = [rows for part in parts for rows in _part_of(part, seen, path)]
        table = np.concatenate([*strokes, np.zeros((0, len(columns)))])
        yield segment, table, [len(rows) for rows in strokes], columns


def _part_of(part: tuple[int, int, int, int], seen: Components, path: Path) -> Iterator[Numbers]:
    """The pen-down strokes of one range of a delineation, its ends perhaps within components."""
    first, start, last, end = part
    if not first <= last < first + MAX_COMPONENTS:
        raise SourceError(f"{path} has a segment of the components {first} to {last}")
    for number in range(first, last + 1):
        if number not in seen.rows:
            raise SourceError(f"{path} has a segment of component {number}, which is not there, or too far from it")
        is_down, rows = seen.rows[number]
        rows = rows[start if number == first else 0 : end + 1 if number == last else len(rows)]
        if is_down and len(rows):
            yield rows


def parse_segment(line: str, place: str) -> UnipenSegment:
    """A `.SEGMENT` line. Raises `SourceError` when it can't be read."""
    found = SEGMENT.fullmatch(line)
    if found is None:
        raise SourceError(f'{place}: {line[:60]!r}; expected .SEGMENT LEVEL COMPONENTS QUALITY "label"')
    level, delineation, _, label = found.groups()
    text = re.sub(r"\\(.)", r"\1", label or "")
    with suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    return UnipenSegment(level, text, None if delineation is None else parse_delineation(delineation, place))


def parse_delineation(text: str, place: str) -> list[tuple[int, int, int, int]]:
    """`0-2,4:10-5:20` as ranges (first component, first point, last component, last point)."""
    parts = []
    for part in text.split(","):
        found = RANGE.fullmatch(part)
        if found is None:
            raise SourceError(f"{place}: the components {text[:40]!r} can't be read; expected such as 0-2 or 4:10-5:20")
        first, start, last, end = found.groups()
        parts.append((int(first), int(start or 0), int(last or first), int(end or MAX_POINTS)))
    return parts


def _columns(text: str, place: str) -> list[str]:
    names = text.split()
    if "X" not in names or "Y" not in names or len(names) > 16:
        raise SourceError(f"{place}: the coordinates {text[:40]!r}; expected X and Y among them")
    return names


def parse_row(line: str, width: int, place: str) -> list[float]:
    """A point's numbers. Raises `SourceError` when there aren't `width` of them."""
    parts = line.split()
    if len(parts) != width:
        raise SourceError(f"{place}: {line[:60]!r}; expected {width} numbers")
    return [parse_number(part, place) for part in parts]


def parse_number(text: str, place: object) -> float:
    """A finite number. Raises `SourceError` for anything else."""
    if not NUMBER_TEXT.fullmatch(text) or abs(value := float(text)) > MAX_CLOCK:
        raise SourceError(f"{place}: {text[:40]!r} is no number below {MAX_CLOCK:g}")
    return value
