"""Pen recordings as pictures: normalised as MNIST was, written with a round pen, box-filtered to grey, thinned.

The truth that a drawing is judged against, and what networks learn from. Everything works on whole `DrawingSet`s and is
compiled: some ten thousand pictures a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from strokes.drawing import BoolArray, DrawingSet, FloatArray, IntArray
from strokes.errors import ShapeError
from strokes.round_pen import PEN_PX, GreyImages, write_pictures
from strokes.sources.images import FRAME_PX, ImageSet, make_image_set
from strokes.thinning import thin
from strokes.writers import held_out_drawings

SIDE_PX = 18.0
"""Longest side of a glyph's path in the frame, before the pen's width."""


@dataclass(frozen=True)
class PenSet:
    """What pens did, in the frame.

    Attributes:
        drawings: in the frame's unit square, with labels.
        writers: a code a drawing, "" where unknown.
    """

    drawings: DrawingSet
    writers: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.writers) != len(self.drawings):
            raise ShapeError(f"{len(self.writers)} writers of {len(self.drawings)} drawings; expected one each")

    def __len__(self) -> int:
        return len(self.writers)

    def select(self, indices: IntArray) -> PenSet:
        """The drawings at `indices`, in that order."""
        return PenSet(self.drawings.select(indices), tuple(self.writers[i] for i in indices.tolist()))

    @property
    def names(self) -> list[str | None]:
        """Each drawing's label, None where unknown."""
        classes = (*self.drawings.classes, None)
        return [classes[label] for label in self.drawings.labels.tolist()]

    @property
    def held_out(self) -> BoolArray:
        """Which drawings (n,) are kept out of training; see `strokes.writers`."""
        return held_out_drawings(self.writers, self.names)

    def capped(self, each: int, *, seed: int = 0) -> PenSet:
        """At most `each` drawings of every writer, chosen at random, in their order."""
        order = np.random.default_rng(seed).permutation(len(self))
        seen: dict[str, int] = {}
        kept = []
        for i in order.tolist():
            seen[self.writers[i]] = seen.get(self.writers[i], 0) + 1
            if seen[self.writers[i]] <= each:
                kept.append(i)
        return self.select(np.sort(np.array(kept, np.int64)))


def pen_pictures(drawings: DrawingSet, *, width_px: float | FloatArray = PEN_PX) -> ImageSet:
    """The thinned pictures that a system sees of drawings in the frame, with their labels, classes and split."""
    return make_image_set(
        thin(write_pictures(drawings, width_px=width_px)),
        labels=drawings.labels,
        classes=drawings.classes,
        split=drawings.split,
        source_index=drawings.source_index,
    )


def centre_in_frame(drawings: DrawingSet, *, width_px: float = PEN_PX) -> DrawingSet:
    """Drawings in any unit, y down, moved into the frame as MNIST was.

    The longest side of the path becomes 18 px, and the centre of mass of the ink, written `width_px` wide, goes to the
    frame's centre. Sizes and frames become those of a picture that is taken as it is.
    """
    points = np.array(drawings.points, np.float32)
    _fit(points, drawings.stroke_offsets, drawings.drawing_offsets)
    ones = np.ones((len(drawings), 2), np.float32)
    frames = np.tile(np.array([1, 0, 0], np.float32), (len(drawings), 1))
    fitted = replace(drawings, points=points, sizes=ones, frames=frames)
    grey = write_pictures(fitted, width_px=width_px)
    _centre(points, fitted.stroke_offsets, fitted.drawing_offsets, grey)
    return fitted


@njit(cache=True, nogil=True)
def _fit(points: FloatArray, stroke_offsets: IntArray, drawing_offsets: IntArray) -> None:
    """Scale every drawing's longest side to `SIDE_PX`, the mean of its path's length at the frame's centre."""
    for i in range(len(drawing_offsets) - 1):
        first, last = stroke_offsets[drawing_offsets[i]], stroke_offsets[drawing_offsets[i + 1]]
        if first == last:
            continue
        own = points[first:last]
        side = max(own[:, 0].max() - own[:, 0].min(), own[:, 1].max() - own[:, 1].min())
        scale = SIDE_PX / FRAME_PX / side if side > 0 else 0.0
        x, y, total = 0.0, 0.0, 0.0
        for j in range(drawing_offsets[i], drawing_offsets[i + 1]):
            for p in range(stroke_offsets[j] + 1, stroke_offsets[j + 1]):
                step = np.hypot(points[p, 0] - points[p - 1, 0], points[p, 1] - points[p - 1, 1])
                x += step * (points[p, 0] + points[p - 1, 0]) / 2
                y += step * (points[p, 1] + points[p - 1, 1]) / 2
                total += step
        if total == 0:
            x, y, total = own[0, 0], own[0, 1], 1.0
        for p in range(first, last):
            points[p, 0] = (points[p, 0] - x / total) * scale + 0.5
            points[p, 1] = (points[p, 1] - y / total) * scale + 0.5


@njit(cache=True, nogil=True)
def _centre(points: FloatArray, stroke_offsets: IntArray, drawing_offsets: IntArray, grey: GreyImages) -> None:
    """Move every drawing so that the centre of mass of its picture comes to the frame's centre."""
    size = grey.shape[1]
    for i in range(len(grey)):
        mass, x, y = 0.0, 0.0, 0.0
        for row in range(size):
            for column in range(size):
                ink = float(grey[i, row, column])
                mass += ink
                x += ink * (column + 0.5)
                y += ink * (row + 0.5)
        if mass == 0:
            continue
        for p in range(stroke_offsets[drawing_offsets[i]], stroke_offsets[drawing_offsets[i + 1]]):
            points[p, 0] += 0.5 - x / mass / size
            points[p, 1] += 0.5 - y / mass / size
