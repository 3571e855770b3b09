"""Where drawings lie on a plot's page: their strokes in mm, in the order in which the pen draws them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from strokes.errors import ConfigError
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.plot_settings import PlotSettings
from strokes.formats.recording import SIDE, Numbers
from strokes.store.reader import DatasetFile

UNIT_MM = 16.0
"""The longer side of a drawing's picture whose size nobody knows."""
CELL_MM = 20.0
"""Of a sheet of many drawings that no size was asked for."""
GAP_MM = 4.0
ROOM_MM = 1e-6


@dataclass(frozen=True)
class InkBox:
    """What one drawing takes: mm a unit, and its ink's left, top, width and height in units."""

    mm: float
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """A drawing on the page: `strokes` in mm, where its picture's corner (x, y) lies, and how many mm its unit is."""

    glyph: Glyph
    strokes: list[Numbers]
    x_mm: float
    y_mm: float
    unit_mm: float


@dataclass
class Page:
    """A page's sides in mm, and each drawing's place: mm a unit, and x and y of its picture's corner in mm."""

    width_mm: float
    height_mm: float
    places: list[tuple[float, float, float]] = field(default_factory=list)

    def drawings(self, dataset: DatasetFile) -> Iterator[Placed]:
        """Each drawing at its place."""
        for glyph in glyphs(dataset):
            unit, x, y = self.places[glyph.number]
            yield Placed(glyph, [stroke * unit + (x, y) for stroke in glyph.strokes], x, y, unit)


def lay_out(dataset: DatasetFile, settings: PlotSettings) -> Page:
    """All drawings of a dataset on one page: alone, or in rows.

    Raises:
        ConfigError: they don't fit on the paper.
    """
    if len(dataset) != 1 and not settings.sized:
        return _grid(len(dataset))
    return arrange([measure(glyph, settings) for glyph in glyphs(dataset)], settings)


def lay_out_one(glyph: Glyph, settings: PlotSettings) -> tuple[Page, Placed]:
    """One drawing on a page of its own. Raises `ConfigError` when it doesn't fit on the paper."""
    page = arrange([measure(glyph, settings)], settings)
    unit, x, y = page.places[0]
    return page, Placed(glyph, [stroke * unit + (x, y) for stroke in glyph.strokes], x, y, unit)


def measure(glyph: Glyph, settings: PlotSettings) -> InkBox:
    """A drawing's ink, and the mm that its unit becomes."""
    points = glyph.points
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2), np.zeros(2))
    width, height = (high - low).tolist()
    side = glyph.metadata.get(SIDE)
    mm = float(side) if isinstance(side, int | float) and 0 < side < 1e6 else UNIT_MM
    if settings.scale is not None:
        mm *= settings.scale
    wanted = settings.height_mm or settings.width_mm or settings.x_height_mm
    if wanted is not None:
        sizes = (height, width) if settings.width_mm is None else (width, height)
        own = x_height(glyph.strokes) if settings.x_height_mm is not None else 0.0
        size = next((size for size in (own, *sizes) if size > 0), UNIT_MM / mm)
        mm = wanted / size
    return InkBox(mm, float(low[0]), float(low[1]), width, height)


def x_height(strokes: Sequence[Numbers]) -> float:
    """How high small letters are, in the strokes' unit: from where strokes typically turn below to where above.

    0 where that can't be told.
    """
    tops: list[float] = []
    bottoms: list[float] = []
    for stroke in strokes:
        y = stroke[np.concatenate([[True], np.diff(stroke[:, 1]) != 0]), 1]
        ends = [stroke[0, 1], stroke[-1, 1]]
        turns = np.flatnonzero(np.diff(np.sign(np.diff(y)))) + 1
        for at in turns.tolist():
            (tops if y[at] < y[at - 1] else bottoms).append(float(y[at]))
        if len(stroke) > 1:
            tops.append(float(min(ends)))
            bottoms.append(float(max(ends)))
    return max(float(np.median(bottoms) - np.median(tops)), 0.0) if tops and bottoms else 0.0


def _grid(count: int) -> Page:
    """A sheet as square as whole cells allow, filled row by row."""
    columns = max(math.ceil(math.sqrt(count)), 1)
    rows = max(math.ceil(count / columns), 1)
    edge = (CELL_MM - UNIT_MM) / 2
    places = [(UNIT_MM, i % columns * CELL_MM + edge, i // columns * CELL_MM + edge) for i in range(count)]
    return Page(columns * CELL_MM, rows * CELL_MM, places)


def arrange(boxes: Sequence[InkBox], settings: PlotSettings) -> Page:
    """Boxes in rows on a page, on their lower edges; one alone in the middle of its paper."""
    margin, paper = settings.around_mm, settings.paper_mm
    widths = [box.width * box.mm for box in boxes]
    area = sum((width + GAP_MM) * (box.height * box.mm + GAP_MM) for box, width in zip(boxes, widths, strict=True))
    room = max(paper[0] - 2 * margin if paper else math.sqrt(area) * 1.2, 0 if paper else max(widths, default=0))
    rows: list[list[int]] = [[]]
    used = 0.0
    for i, width in enumerate(widths):
        if rows[-1] and used + GAP_MM + width > room:
            rows.append([])
        used = width if not rows[-1] else used + GAP_MM + width
        rows[-1].append(i)
    heights = [max((boxes[i].height * boxes[i].mm for i in row), default=0.0) for row in rows]
    inner_width = max((sum(widths[i] + GAP_MM for i in row) - GAP_MM for row in rows if row), default=0.0)
    inner_height = sum(heights) + GAP_MM * (len(heights) - 1)
    page = Page(*(paper or (inner_width + 2 * margin, inner_height + 2 * margin)))
    spare = page.width_mm - 2 * margin - inner_width, page.height_mm - 2 * margin - inner_height
    if min(spare) < -ROOM_MM:
        raise ConfigError(
            f"the drawings take {inner_width:.1f} x {inner_height:.1f} mm with margins of {margin:g} mm; "
            f"more than the paper's {page.width_mm:g} x {page.height_mm:g} mm"
        )
    left, top = (margin + spare[0] / 2, margin + spare[1] / 2) if len(boxes) == 1 else (margin, margin)
    places: dict[int, tuple[float, float, float]] = {}
    for row, height in zip(rows, heights, strict=True):
        x = left
        for i in row:
            box = boxes[i]
            y = top + height - box.height * box.mm
            places[i] = box.mm, x - box.left * box.mm, y - box.top * box.mm
            x += widths[i] + GAP_MM
        top += height + GAP_MM
    page.places = [places[i] for i in range(len(boxes))]
    return page
