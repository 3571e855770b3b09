"""Quick, Draw! simplified, as its publishers made it from the raw form.

Moved to the top left corner, scaled to a largest value of 255, resampled at 1 pixel, simplified by Ramer, Douglas and
Peucker with ε = 2, rounded; no times. What the drawing's place and size were in its picture is lost.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.json_text import to_text
from strokes.formats.quickdraw import head_of, read
from strokes.formats.recording import Numbers
from strokes.store import DatasetFile

__all__ = ["read", "simplify", "write"]

LARGEST = 255
EPSILON = 2.0


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing of `dataset` in the simplified form, a line each."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for glyph in glyphs(dataset):
            drawing = [[stroke[:, 0].tolist(), stroke[:, 1].tolist()] for stroke in simplify(glyph)]
            file.write(to_text(head_of(glyph) | {"drawing": drawing}) + "\n")


def simplify(glyph: Glyph) -> list[Numbers]:
    """The strokes as whole numbers 0…255, (points, 2) each."""
    if not len(glyph.points):
        return []
    low = glyph.points.min(axis=0)
    extent = float((glyph.points.max(axis=0) - low).max())
    scale = LARGEST / extent if extent > 0 else 0.0
    return [np.rint(thin_out(resample((stroke - low) * scale))).astype(int) for stroke in glyph.strokes]


def resample(stroke: Numbers) -> Numbers:
    """Points 1 apart along a stroke, its ends included."""
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    reached = np.concatenate([[0], np.cumsum(steps)])
    at = np.append(np.arange(0, reached[-1], 1.0), reached[-1])
    return np.stack([np.interp(at, reached, stroke[:, k]) for k in (0, 1)], axis=1)


def thin_out(stroke: Numbers) -> Numbers:
    """The points that Ramer, Douglas and Peucker keep: none that is dropped lies further than `EPSILON` away."""
    kept = np.zeros(len(stroke), bool)
    kept[[0, -1]] = True
    spans = [(0, len(stroke) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = distances(stroke[first + 1 : last], stroke[first], stroke[last])
        furthest = int(away.argmax())
        if away[furthest] > EPSILON:
            middle = first + 1 + furthest
            kept[middle] = True
            spans += [(first, middle), (middle, last)]
    return stroke[kept]


def distances(points: Numbers, start: Numbers, end: Numbers) -> Numbers:
    """How far points lie from the segment from `start` to `end`, so that a way out and back is kept."""
    along, offset = end - start, points - start
    squared = float(along @ along)
    share = (offset @ along / squared).clip(0, 1) if squared > 0 else np.zeros(len(points))
    away = offset - share[:, None] * along
    return np.asarray(np.hypot(away[:, 0], away[:, 1]))
