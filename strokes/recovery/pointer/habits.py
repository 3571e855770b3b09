"""One hand's habits: a drawing or a few of each class, by which walks over other pictures of that hand are chosen.

The picture doesn't say in which order a four's strokes came, the same hand's other fours do. A taught drawing is laid
over the picture's ink, and every walk is judged as if that were what the person did, by what recovery is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.ink.recordings import PenSet
from strokes.recovery.pointer.decoding import Walks
from strokes.recovery.pointer.examples import cut_steps
from strokes.recovery.pointer.network import GO
from strokes.recovery.pointer.risk import JUDGED, MOST_APART_PX, WORTH, apart_px, find_steps, judge_walk
from strokes.recovery.pointer.spec import PenSpec

NOBODY = -1
"""Stands for no drawing."""
MOST_STRETCH = 1.6
"""A taught drawing is made at most so many times as wide or high to fit the picture, and no less than the inverse."""
SMALLEST_PX = 1.0


@dataclass(frozen=True)
class Habits:
    """Drawings that hands were seen to make.

    Attributes:
        points_px: (m, steps, 2) float32, in the frame; padded.
        flags: (m, steps) int64 after each, as walks have them.
        labels: m classes.
        writers: m codes; "" where unknown.
    """

    points_px: FloatArray
    flags: IntArray
    labels: tuple[str, ...]
    writers: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ConfigError("no drawing with a label shows a habit; expected one of a class at least")

    @classmethod
    def of(cls, pens: PenSet, spec: PenSpec) -> Habits:
        """The habits that recordings in the frame show; those without a label show none. Raises `ConfigError`."""
        known = pens.select(np.flatnonzero([name is not None for name in pens.names]))
        points_px, flags = cut_steps(known.drawings, spec)
        return cls(points_px, flags, tuple(str(name) for name in known.names), known.writers)

    def of_pictures(self, names: Sequence[str | None], writers: Sequence[str] | None) -> IntArray:
        """Which drawings show how each of n pictures was written: (n, most) rows, padded with `NOBODY`.

        Those of the picture's class by its writer. Where only one hand is known, or none by its code, its drawings
        show how pictures were written whose writer is unknown, or all.
        """
        hands = set(self.writers)
        only = self.writers[0] if len(hands) == 1 else None
        rows: dict[tuple[str | None, str | None], list[int]] = {}
        for row, known in enumerate(zip(self.labels, self.writers, strict=True)):
            rows.setdefault(known, []).append(row)
        hand_of = [only if not writer or hands == {""} else writer for writer in writers or [""] * len(names)]
        found = [rows.get(one, []) for one in zip(names, hand_of, strict=True)]
        most = max(map(len, found), default=0)
        return np.array([own + [NOBODY] * (most - len(own)) for own in found], np.int64).reshape(len(found), most)

    def likeness(self, walks: Walks, images: BoolArray, which: IntArray) -> FloatArray:
        """How like its habit each walk is: (n, k) for n·k walks over pictures (n, 28, 28); NaN where none is known.

        Of several habits of a class the one that is most like it counts.
        """
        count = len(walks.flags) // max(len(images), 1)
        alike = np.full((len(images), count, max(which.shape[1], 1), len(JUDGED)), np.nan)
        boxes = ink_boxes(images)
        _judge_taught(walks.points_px, walks.flags, self.points_px, self.flags, which, boxes, alike)
        worth = alike @ np.array(WORTH)
        likeness = np.asarray(np.fmax.reduce(worth, axis=2), np.float32)
        return likeness


def ink_boxes(images: BoolArray) -> FloatArray:
    """The box of pictures' ink (n, 2, 2): least and largest x, y in px; the whole picture where there is no ink."""
    boxes = np.zeros((len(images), 2, 2), np.float32)
    for axis, across in ((0, 1), (1, 2)):
        shown = np.asarray(images.any(axis=across))
        boxes[:, 0, axis] = shown.argmax(axis=1) + 0.5
        boxes[:, 1, axis] = shown.shape[1] - shown[:, ::-1].argmax(axis=1) - 0.5
    return boxes


@compiled()
def _judge_taught(
    points_px: FloatArray,
    flags: IntArray,
    taught_px: FloatArray,
    taught_flags: IntArray,
    which: IntArray,
    boxes: FloatArray,
    alike: NDArray[np.float64],
) -> None:
    """Fill `alike` (n, k, most, 5) with how each walk is judged were each taught drawing, laid over the ink, true."""
    pictures, count, most = len(alike), alike.shape[1], which.shape[1]
    there, here = np.zeros((taught_flags.shape[1], 4)), np.zeros((flags.shape[1], 4))
    for i in range(pictures):
        for m in range(most):
            row = which[i, m]
            if row < 0:
                continue
            used = (taught_flags[row] >= 0).sum()
            laid = _lay_over(taught_px[row, :used], boxes[i])
            far = find_steps(laid, taught_flags[row, :used], there)
            strokes = _count_strokes(taught_flags[row])
            for k in range(count):
                walk = i * count + k
                own = (flags[walk] >= 0).sum()
                near = find_steps(points_px[walk], flags[walk], here)
                judged = alike[i, k, m]
                judged[0] = min(apart_px(laid, points_px[walk, :own]), MOST_APART_PX)
                judge_walk(laid, there[:far], points_px[walk, :own], here[:near], judged)
                judged[3] = strokes == _count_strokes(flags[walk])


@compiled()
def _count_strokes(flags: IntArray) -> int:
    """How many strokes a walk has."""
    count = 0
    for p in range(len(flags)):
        count += flags[p] > GO
    return count


@compiled()
def _lay_over(points_px: FloatArray, box: FloatArray) -> FloatArray:
    """Points (n, 2) moved and stretched, within reason, from their own box to another (2, 2)."""
    laid = np.empty_like(points_px)
    for axis in range(2):
        low, high = points_px[:, axis].min(), points_px[:, axis].max()
        stretch = max(box[1, axis] - box[0, axis], SMALLEST_PX) / max(high - low, SMALLEST_PX)
        stretch = min(max(stretch, 1 / MOST_STRETCH), MOST_STRETCH)
        middle = (box[0, axis] + box[1, axis]) / 2
        laid[:, axis] = (points_px[:, axis] - (low + high) / 2) * stretch + middle
    return laid
