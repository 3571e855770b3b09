"""A writer's letters, each in units of that writer's x-height, ready to be set side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError
from strokes.ink.drawing import FloatArray, IntArray
from strokes.ink.recordings import PenSet, held_out

Stroke = NDArray[np.float64]
LOW_LETTERS = "acemnorsuvwxz"
"""Letters from the baseline to the x-height."""
HANGING = "gpqy"
"""Letters that begin at the x-height and hang below the baseline."""
CAPITAL_HEIGHT = 1.75
USUAL_HEIGHTS = {**dict.fromkeys(LOW_LETTERS, 1.0), **dict.fromkeys("bdhkl", 1.85), **dict.fromkeys(HANGING, 1.9)}
USUAL_HEIGHTS |= {"f": 2.1, "i": 1.5, "j": 2.3, "t": 1.6}
"""How high letters are in x-heights; capitals and digits as `CAPITAL_HEIGHT`."""
SLIVER = 0.1
"""A letter lower than this share of the frame is no higher than this for its size: a dash for an l."""
FAR_FROM_USUAL = (0.65, 1.5)
"""What a recording's height may be, by the usual one; beyond, it is scaled there."""


@dataclass(frozen=True)
class LetterBook:
    """Recordings of letters, in x-heights of their writers, each with its left edge and baseline at 0, y down.

    Attributes:
        points: (p, 2) float32.
        stroke_offsets: (s+1,) int64, as `DrawingSet` has them; and `drawing_offsets` (n+1,).
        labels: (n,) one character each.
        writers: (n,) codes.
    """

    points: FloatArray
    stroke_offsets: IntArray
    drawing_offsets: IntArray
    labels: NDArray[np.str_]
    writers: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)

    def strokes(self, number: int) -> list[Stroke]:
        """The strokes (points, 2) of one letter."""
        first, last = self.drawing_offsets[number : number + 2]
        bounds = self.stroke_offsets[first : last + 1]
        return [self.points[a:b].astype(np.float64) for a, b in itertools.pairwise(bounds)]

    def save(self, path: Path) -> None:
        """Write an `.npz` that `load_book` reads."""
        np.savez_compressed(path, **{name: getattr(self, name) for name in self.__dataclass_fields__})


def load_book(path: Path) -> LetterBook:
    """What `LetterBook.save` wrote."""
    with np.load(path) as arrays:
        return LetterBook(**{name: arrays[name] for name in LetterBook.__dataclass_fields__})


def read_letters(paths: list[Path], *, kept: bool) -> LetterBook:
    """The letters and digits of plain pen sets (`.npz`), of writers who are held out (`kept`) or of the others."""
    strokes: list[list[Stroke]] = []
    labels: list[str] = []
    writers: list[str] = []
    for path in paths:
        with np.load(path) as arrays:
            arrays = dict(arrays)
        raw = [
            (str(label), str(writer), _split(arrays, a, b))
            for label, writer, a, b in zip(
                arrays["labels"], arrays["writers"], arrays["offsets"][:-1], arrays["offsets"][1:], strict=True
            )
            if held_out(str(writer)) == kept
        ]
        sizes = _unit_of(raw)
        for label, writer, own in raw:
            strokes.append(_stand_on_baseline(own, label, sizes[writer]))
            labels.append(label)
            writers.append(writer)
    return make_book(strokes, labels, writers)


def book_of(pens: PenSet) -> LetterBook:
    """The letters and digits among recordings in the frame, as high as each usually is: the frame doesn't tell sizes.

    Raises:
        SourceError: there are none.
    """
    strokes, labels, writers = [], [], []
    for name, writer, drawing in zip(pens.names, pens.writers, pens.drawings, strict=True):
        if name is None or len(name) != 1 or not (name.isascii() and name.isalnum()) or not drawing.strokes:
            continue
        own = [stroke.astype(np.float64) for stroke in drawing.strokes]
        height = float(np.ptp(np.concatenate(own)[:, 1]))
        strokes.append(_stand_on_baseline(own, name, max(height, SLIVER) / usual_height(name)))
        labels.append(name)
        writers.append(writer)
    if not labels:
        raise SourceError("no pen recording is of a letter or digit; expected some of writers that aren't held out")
    return make_book(strokes, labels, writers)


def glyphs_of(pens: PenSet) -> list[list[Stroke]]:
    """The strokes of every recording in the frame, in its longer side; those that are a dot left out."""
    found = [[stroke.astype(np.float64) for stroke in drawing.strokes] for drawing in pens.drawings]
    return [own for own in found if own and np.ptp(np.concatenate(own), axis=0).max() > SLIVER]


def make_book(strokes: Sequence[Sequence[Stroke]], labels: Sequence[str], writers: Sequence[str]) -> LetterBook:
    """A book of letters (n) that stand on their baselines."""
    every = [stroke for own in strokes for stroke in own]
    return LetterBook(
        np.concatenate(every).astype(np.float32),
        np.cumsum([0, *map(len, every)]).astype(np.int64),
        np.cumsum([0, *map(len, strokes)]).astype(np.int64),
        np.array(labels),
        np.array(writers),
    )


def usual_height(label: str) -> float:
    """A letter's usual height in x-heights."""
    return USUAL_HEIGHTS.get(label, CAPITAL_HEIGHT)


def _split(arrays: dict[str, Any], first: int, last: int) -> list[Stroke]:
    xy = arrays["xy"][first:last].astype(np.float64)
    return [part for part in np.split(xy, np.flatnonzero(arrays["pen_up"][first:last]) + 1) if len(part)]


def _unit_of(raw: list[tuple[str, str, list[Stroke]]]) -> dict[str, float]:
    """Each writer's x-height in the recorder's units: the median of what every letter of theirs says."""
    found: dict[str, list[float]] = {}
    for label, writer, own in raw:
        height = float(np.ptp(np.concatenate(own)[:, 1]))
        found.setdefault(writer, []).append(height / usual_height(label))
    return {writer: max(float(np.median(heights)), 1e-6) for writer, heights in found.items()}


def _stand_on_baseline(strokes: list[Stroke], label: str, unit: float) -> list[Stroke]:
    """Scaled to x-heights, the left edge at 0 and the baseline, as the letter has it, at 0."""
    every = np.concatenate(strokes)
    height = float(np.ptp(every[:, 1])) / unit
    least, most = (limit * usual_height(label) for limit in FAR_FROM_USUAL)
    width = float(np.ptp(every[:, 0])) / unit
    wanted = min(max(height, least), most) if height > 0.3 else height
    scale = wanted / height / unit if height > 0.3 else min(1.0, 1.5 / max(width, 1e-6)) / unit
    top, bottom = every[:, 1].min() * scale, every[:, 1].max() * scale
    baseline = bottom
    if label in HANGING:
        baseline = top + 1.0
    elif label == "j":
        baseline = bottom - max(0.6, min(1.0, (bottom - top) - 1.5))
    elif label == "z" and bottom - top > 1.4:
        baseline = top + 1.0
    elif label == "f" and bottom - top > 2.4:
        baseline = bottom - 0.8
    corner = np.array([every[:, 0].min() * scale, baseline])
    return [stroke * scale - corner for stroke in strokes]
