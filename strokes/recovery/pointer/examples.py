"""Pen recordings to training examples: varied as hands and scanners vary, written, thinned, cut into steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import SourceError
from strokes.ink.augment import Variation, count_alike, vary
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray, IntArray
from strokes.ink.pictures import FRAME_PX
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import write_pictures
from strokes.ink.scanning import scan
from strokes.ink.thinning import thin
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.spec import PenSpec
from strokes.training.ahead import Ahead

GROUP_BATCHES = 8
"""Batches made at a time, so that drawings of about the same length come together."""
DOT_PX = 0.4


@dataclass(frozen=True)
class Examples:
    """Pictures and the walks that drew them.

    Attributes:
        images: (n, 28, 28) bool, thinned.
        labels: (n,) int64.
        points_px: (n, steps, 2) float32, x and y in the frame; padded.
        flags: (n, steps) int64, `GO`, `LIFT` or `END` after each, -1 beyond the end.
    """

    images: BoolArray
    labels: IntArray
    points_px: FloatArray
    flags: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, rows: NDArray[np.intp]) -> Examples:
        """The examples at `rows`, padded no more than they need."""
        longest = int((self.flags[rows] >= 0).sum(axis=1).max(initial=1))
        return Examples(
            self.images[rows], self.labels[rows], self.points_px[rows, :longest], self.flags[rows, :longest]
        )


@dataclass(frozen=True)
class GroupMaker:
    """Makes groups of batches; a group's content follows from its number alone.

    Attributes:
        drawings: recordings in the frame.
        labels: (n,) as the network numbers them, -1 where it doesn't know a recording's class.
        chances: (n,) of each recording, added up.
        spec: the network's shape.
        variation: how far to depart from the recordings.
        batch_size: examples a batch.
        seed: of all that is random.
    """

    drawings: DrawingSet
    labels: IntArray
    chances: NDArray[np.float64]
    spec: PenSpec
    variation: Variation
    batch_size: int
    seed: int

    def make(self, number: int) -> list[Examples]:
        """The batches of group `number`."""
        random = np.random.default_rng([self.seed, number])
        rows = np.searchsorted(self.chances, random.random(GROUP_BATCHES * self.batch_size))
        rows = np.minimum(rows, len(self.drawings) - 1)
        examples = make_examples(self.drawings.select(rows), self.labels[rows], self.spec, self.variation, random)
        lengths = (examples.flags >= 0).sum(axis=1) + random.random(len(examples))
        batches = np.array_split(np.argsort(lengths, kind="stable"), GROUP_BATCHES)
        return [examples.select(batches[k]) for k in random.permutation(GROUP_BATCHES)]


class PenBatches:
    """Endless batches of examples; step k's content follows from the seed and k alone.

    Recordings are drawn at random, those of writers and of classes that are plentiful more rarely.

    Args:
        pens: recordings in the frame.
        labels: (n,) as the network numbers them, -1 where it doesn't know a recording's class.
        spec: the network's shape.
        variation: how far to depart from them.
        batch_size: examples a step.
        seed: of all that is random.
        balance: powers of the number of drawings of a writer, and of a class, by which a drawing's weight is divided.
        makers: processes that make batches ahead; 0: each is made when it is asked for.

    Raises:
        SourceError: there is no recording.
    """

    def __init__(
        self,
        pens: PenSet,
        labels: IntArray,
        spec: PenSpec,
        variation: Variation,
        *,
        batch_size: int,
        seed: int,
        balance: tuple[float, float] = (0.5, 0.25),
        makers: int = 0,
    ) -> None:
        if len(pens) == 0:
            raise SourceError("there is no pen recording to learn from; expected some of writers that aren't held out")
        weights = 1 / (count_alike(pens.writers) ** balance[0] * count_alike(pens.names) ** balance[1])
        chances = np.cumsum(weights) / weights.sum()
        self.maker = GroupMaker(pens.drawings, labels, chances, spec, variation, batch_size, seed)
        self._ahead = Ahead(self.maker.make, workers=makers)
        self._group: tuple[int, list[Examples]] = (-1, [])

    def at(self, step: int) -> Examples:
        """The examples of step `step`."""
        number, place = divmod(step, GROUP_BATCHES)
        if self._group[0] != number:
            self._group = (number, self._ahead.at(number))
        return self._group[1][place]

    def stop(self) -> None:
        """End the processes that make batches ahead, where there are any."""
        self._ahead.close()


def make_examples(
    drawings: DrawingSet, labels: IntArray, spec: PenSpec, variation: Variation, random: np.random.Generator
) -> Examples:
    """An example of each drawing in the frame and its label (n,); those whose picture has no ink are left out."""
    count = len(drawings)
    varied = vary(drawings, variation, random)
    width_px = random.uniform(variation.narrowest_px, variation.widest_px, count)
    images = thin(scan(write_pictures(varied, width_px=width_px), variation, random))
    points_px, flags = cut_steps(varied, spec)
    shown = np.flatnonzero(images.any(axis=(1, 2)) & (flags[:, 0] >= 0))
    return Examples(images, labels, points_px, flags).select(shown)


def cut_steps(drawings: DrawingSet, spec: PenSpec) -> tuple[FloatArray, IntArray]:
    """Drawings in the frame as steps of about `spec.step_px`: points (n, steps, 2) in px, and flags (n, steps).

    Whole strokes are left off at the end where there are more points than `spec.most_points`.
    """
    points_px = np.zeros((len(drawings), spec.most_points, 2), np.float32)
    flags = np.full((len(drawings), spec.most_points), -1, np.int64)
    points = drawings.points.astype(np.float64) * FRAME_PX
    _cut_all(points, drawings.stroke_offsets, drawings.drawing_offsets, spec.step_px, points_px, flags)
    return points_px, flags


@compiled()
def _cut_all(
    points: NDArray[np.float64],
    stroke_offsets: IntArray,
    drawing_offsets: IntArray,
    step_px: float,
    points_px: FloatArray,
    flags: IntArray,
) -> None:
    """Fill `points_px` and `flags`."""
    for i in range(len(flags)):
        row = 0
        for j in range(drawing_offsets[i], drawing_offsets[i + 1]):
            stroke = points[stroke_offsets[j] : stroke_offsets[j + 1]]
            length = 0.0
            for p in range(1, len(stroke)):
                length += np.hypot(stroke[p, 0] - stroke[p - 1, 0], stroke[p, 1] - stroke[p - 1, 1])
            steps = 0 if length < DOT_PX else max(1, int(np.rint(length / step_px)))
            if row + steps + 1 > flags.shape[1]:
                break
            _cut_stroke(stroke, length, points_px[i, row : row + steps + 1])
            flags[i, row : row + steps] = GO
            flags[i, row + steps] = LIFT
            row += steps + 1
        if row:
            flags[i, row - 1] = END


@compiled()
def _cut_stroke(stroke: NDArray[np.float64], length: float, points_px: FloatArray) -> None:
    """Fill `points_px` with points at equal distances along a stroke, from its start to its end."""
    last = len(points_px) - 1
    points_px[0] = stroke[0]
    begun, row = 0.0, 1
    for p in range(1, len(stroke)):
        step = np.hypot(stroke[p, 0] - stroke[p - 1, 0], stroke[p, 1] - stroke[p - 1, 1])
        while row < last and step > 0 and row * length / last <= begun + step:
            share = (row * length / last - begun) / step
            points_px[row] = stroke[p - 1] + share * (stroke[p] - stroke[p - 1])
            row += 1
        begun += step
    if last > 0:
        points_px[last] = stroke[-1]
