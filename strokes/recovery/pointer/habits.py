"""One hand's habits: a drawing or a few of each class, by which walks over other pictures of that hand are chosen.

The picture doesn't say in which order a four's strokes came, the same hand's other fours do. A taught drawing is laid
over the picture's ink, and every walk is judged as if that were what the person did, by what recovery is judged by. The
taught drawing's own way over the ink is one of the walks, so that the habit is among them however rare it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.ink.recordings import PenSet
from strokes.recovery.pointer.decoding import Walks, join_walks
from strokes.recovery.pointer.examples import cut_steps
from strokes.recovery.pointer.following import follow, walk_along
from strokes.recovery.pointer.network import GO, InkTokens, PenNetwork
from strokes.recovery.pointer.risk import JUDGED, MOST_APART_PX, WORTH, apart_px, find_steps, judge_walk
from strokes.recovery.pointer.spec import PenSpec

NOBODY = -1
"""Stands for no drawing."""
MOST_STRETCH = 1.6
"""A taught drawing is made at most so many times as wide or high to fit the picture, and no less than the inverse."""
SMALLEST_PX = 1.0
MOST_FOLLOWED = 4
"""Of a class's taught drawings at most so many, the first, are followed over a picture."""


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


@dataclass(frozen=True)
class Bearing:
    """The habits that bear on some pictures.

    Attributes:
        habits: of the hands.
        images: (n, 28, 28) the pictures, all with ink.
        which: (n, most) the habits of each, as `Habits.of_pictures` tells them.
        counts: what likeness to them counts in the choice.
    """

    habits: Habits
    images: BoolArray
    which: IntArray
    counts: float

    def likeness(self, walks: Walks) -> FloatArray:
        """As `Habits.likeness`."""
        return self.habits.likeness(walks, self.images, self.which)

    def follow(self, network: PenNetwork, ink: InkTokens, likeliest: Walks) -> Walks:
        """The taught drawings' ways over each picture, as the network would have gone them: (n·m) walks, m a picture.

        Where a picture has fewer than others, its likeliest walk (n) stands for the rest.
        """
        which = self.which[:, :MOST_FOLLOWED]
        pictures, places = np.nonzero(which != NOBODY)
        without, empty = np.nonzero(which == NOBODY)
        if len(pictures) == 0:
            return likeliest.select(without)
        habits, boxes = self.habits, ink_boxes(self.images)
        flags = habits.flags[which[pictures, places]]
        tokens = np.zeros(flags.shape, np.int64)
        for row, (picture, habit) in enumerate(zip(pictures, which[pictures, places], strict=True)):
            used = (habits.flags[habit] >= 0).sum()
            laid_px = _lay_over(habits.points_px[habit, :used], boxes[picture])
            tokens[row, :used] = follow(laid_px, habits.flags[habit, :used], self.images[picture])
        parts = [walk_along(network, ink.select(torch.from_numpy(pictures)), tokens, flags), likeliest.select(without)]
        most = which.shape[1]
        return join_walks(parts, np.concatenate([pictures * most + places, without * most + empty]))


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
