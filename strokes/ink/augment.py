"""Recordings varied as hands and pens vary, and pictures rendered from them, for networks to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.errors import ConfigError, SourceError
from strokes.ink.drawing import DrawingSet, FloatArray, IntArray
from strokes.ink.pictures import FRAME_PX, GreySet
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import GLYPH_PX, write_pictures

EDGE_PX = 1.5
"""No shift moves a point nearer to the frame's edge than this."""


@dataclass(frozen=True)
class Variation:
    """How far examples depart from the recordings; standard deviations unless said otherwise.

    Attributes:
        turn: radians.
        slant: shift of x per y.
        stretch: logarithm of width against height.
        bend: of the glyph's side, by which sines of its other coordinate shift a coordinate.
        size: share of the glyph's size.
        shift_px: largest shift from the frame's centre, each way, evenly spread.
        narrowest_px, widest_px: of the pen, evenly spread.
        blur: largest share that a pixel takes of each neighbour, in half of the pictures.
        threshold: grey levels, of 255, by which the threshold of ink moves.
        noise: grey levels of noise in the noisiest quarter of the pictures; half of it in another quarter.
    """

    turn: float = 0.07
    slant: float = 0.2
    stretch: float = 0.13
    bend: float = 0.035
    size: float = 0.035
    shift_px: float = 1.5
    narrowest_px: float = 1.7
    widest_px: float = 3.4
    blur: float = 0.2
    threshold: float = 12.0
    noise: float = 35.0

    def __post_init__(self) -> None:
        if not 0 < self.narrowest_px <= self.widest_px:
            widths = f"{self.narrowest_px}, {self.widest_px}"
            raise ConfigError(f"variation.narrowest_px, widest_px are {widths}; expected two that rise, above 0")


def count_alike(names: tuple[str, ...] | list[str | None]) -> NDArray[np.float64]:
    """How many of the names equal each."""
    _, place, counts = np.unique(np.array([name or "" for name in names]), return_inverse=True, return_counts=True)
    return counts[place].astype(np.float64)


def vary(drawings: DrawingSet, variation: Variation, random: np.random.Generator) -> DrawingSet:
    """Drawings in the frame turned, slanted, stretched, bent, sized and placed a little otherwise.

    The ink's centre of mass, at the frame's centre before, is taken there by the same map and then shifted.
    """
    count = len(drawings)
    hands = np.empty((count, 10))
    for column, deviation in enumerate((variation.turn, variation.slant, variation.stretch, variation.size)):
        hands[:, column] = random.normal(0, deviation, count)
    hands[:, 4:6] = random.normal(0, variation.bend, (count, 2))
    hands[:, 6:8] = random.uniform(0, 2 * np.pi, (count, 2))
    hands[:, 8:] = random.uniform(-variation.shift_px, variation.shift_px, (count, 2))
    points = np.array(drawings.points)
    _vary_all(points, drawings.stroke_offsets, drawings.drawing_offsets, hands)
    return replace(drawings, points=points)


@compiled()
def _vary_all(
    points: FloatArray, stroke_offsets: IntArray, drawing_offsets: IntArray, hands: NDArray[np.float64]
) -> None:
    """Change each drawing's points as its row of `hands` says: turn, slant, stretch, size, bends, phases, shift."""
    for i in range(len(hands)):
        own = points[stroke_offsets[drawing_offsets[i]] : stroke_offsets[drawing_offsets[i + 1]]]
        if len(own) == 0:
            continue
        turn, slant, stretch, size = hands[i, :4]
        bend_x, bend_y, phase_x, phase_y = hands[i, 4:8]
        sine, cosine, wider = np.sin(turn), np.cos(turn), np.exp(stretch)
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for p in range(len(own)):
            x, y = (own[p, 0] - 0.5) * FRAME_PX / GLYPH_PX, (own[p, 1] - 0.5) * FRAME_PX / GLYPH_PX
            x, y = wider * x + slant * y, y / wider
            x, y = cosine * x - sine * y, sine * x + cosine * y
            own[p, 0] = x + bend_x * (np.sin(5 * y + phase_x) - np.sin(phase_x))
            own[p, 1] = y + bend_y * (np.sin(5 * x + phase_y) - np.sin(phase_y))
            for axis in range(2):
                low[axis], high[axis] = min(low[axis], own[p, axis]), max(high[axis], own[p, axis])
        side = max(high[0] - low[0], high[1] - low[1])
        scale = np.exp(size) * GLYPH_PX / side if side > 0 else 0.0
        for axis in range(2):
            middle_px = FRAME_PX / 2 + _within(hands[i, 8 + axis], low[axis] * scale, high[axis] * scale)
            for p in range(len(own)):
                own[p, axis] = (own[p, axis] * scale + middle_px) / FRAME_PX


@compiled()
def _within(shift_px: float, low_px: float, high_px: float) -> float:
    """A shift, cut so that it takes nothing that spans `low_px`…`high_px` about the frame's middle to the edge."""
    room_px = FRAME_PX / 2 - EDGE_PX
    return min(max(shift_px, min(-room_px - low_px, 0.0)), max(room_px - high_px, 0.0))


VARIED_AT_ONCE = 2000


def render_pictures(
    pens: PenSet, classes: Sequence[str], *, count: int, variation: Variation, seed: int, held_out: bool = False
) -> GreySet:
    """Grey pictures of recordings drawn at random, as many of each class, each varied and written with its own pen.

    Args:
        pens: recordings in the frame.
        classes: of which pictures are made; recordings of others are left out.
        count: how many pictures.
        variation: how far to depart from the recordings.
        seed: of all that is random.
        held_out: take the recordings of writers kept out of training, instead of the others.

    Raises:
        SourceError: no recording of such a writer is of one of the classes.
    """
    known = set(classes)
    chosen = pens.held_out == held_out
    pens = pens.select(np.flatnonzero(chosen & np.array([name in known for name in pens.names], np.bool_)))
    if len(pens) == 0:
        raise SourceError("no pen recording is of such a writer and of one of the classes; give others by --pens")
    weights = 1 / (count_alike(pens.names) * np.sqrt(count_alike(pens.writers)))
    random = np.random.default_rng(seed)
    rows = random.choice(len(pens), count, p=weights / weights.sum())
    images = np.concatenate(
        [
            _write(pens, rows[start : start + VARIED_AT_ONCE], variation, random)
            for start in range(0, count, VARIED_AT_ONCE)
        ]
    )
    place = {name: i for i, name in enumerate(classes)}
    labels = np.array([place[str(name)] for name in pens.names], np.int64)[rows]
    return GreySet(images, labels, tuple(classes), "pen recordings")


def _write(
    pens: PenSet, rows: np.ndarray[tuple[int], np.dtype[np.int64]], variation: Variation, random: np.random.Generator
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    varied = vary(pens.drawings.select(rows), variation, random)
    width_px = np.exp(random.uniform(np.log(variation.narrowest_px), np.log(variation.widest_px), len(rows)))
    return write_pictures(varied, width_px=width_px)
