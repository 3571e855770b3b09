"""Quick, Draw! simplified, as its publishers made it from the raw form.

Moved to the top left corner, scaled to a largest value of 255, resampled at 1 pixel, simplified by Ramer, Douglas and
Peucker with ε = 2, rounded; no times. What the drawing's place and size were in its picture is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.json_text import to_text
from strokes.formats.quickdraw import fields_of, read
from strokes.formats.recording import Numbers
from strokes.store.reader import DatasetFile

__all__ = ["read", "simplify", "write"]

LARGEST = 255
EPSILON = 2.0


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` in the simplified form, a line each."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for glyph in glyphs(dataset):
            drawing = [[stroke[:, 0].tolist(), stroke[:, 1].tolist()] for stroke in simplify(glyph)]
            file.write(to_text(fields_of(glyph) | {"drawing": drawing}) + "\n")


def simplify(glyph: Glyph) -> list[Numbers]:
    """The strokes as whole numbers 0…255, (points, 2) each."""
    if not len(glyph.points):
        return []
    low = glyph.points.min(axis=0)
    extent = float((glyph.points.max(axis=0) - low).max())
    scale = LARGEST / extent if extent > 0 else 0.0
    return [np.rint(thin_out(resample((stroke - low) * scale))).astype(int) for stroke in glyph.strokes]


def resample(stroke: Numbers) -> Numbers:
    """Points 1 apart along a stroke, its ends included; those between the first and last of a straight piece left out.

    How far a straight piece is from a segment is greatest at one of its ends, so simplifying needs no others.
    """
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    reached = np.concatenate([[0], np.cumsum(steps)])
    at = np.append(np.arange(0, reached[-1], 1.0), reached[-1])
    piece = np.searchsorted(reached[1:-1], at, side="right")
    turns = np.diff(piece) > 0
    at = at[np.concatenate([[True], turns]) | np.concatenate([turns, [True]])]
    return np.stack([np.interp(at, reached, stroke[:, k]) for k in (0, 1)], axis=1)


def thin_out(stroke: Numbers) -> Numbers:
    """The points that Ramer, Douglas and Peucker keep: none that is dropped lies further than `EPSILON` away."""
    points = stroke.tolist()
    kept, spans = {0, len(points) - 1}, [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        furthest, most = first, EPSILON
        for i in range(first + 1, last):
            away = distance(points[i], points[first], points[last])
            if away > most:
                furthest, most = i, away
        if furthest > first:
            kept.add(furthest)
            spans += [(first, furthest), (furthest, last)]
    return stroke[sorted(kept)]


def distance(point: Sequence[float], start: Sequence[float], end: Sequence[float]) -> float:
    """How far a point lies from the segment from `start` to `end`, so that a way out and back is kept."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    squared = along_x * along_x + along_y * along_y
    share = (x * along_x + y * along_y) / squared if squared > 0 else 0.0
    share = 0.0 if share < 0 else 1.0 if share > 1 else share
    return math.hypot(x - share * along_x, y - share * along_y)
