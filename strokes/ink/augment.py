"""Recordings varied as hands and pens vary, and pictures rendered from them, for networks to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError, SourceError
from strokes.ink.drawing import DrawingSet
from strokes.ink.pictures import FRAME_PX, GreySet
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame, write_pictures


@dataclass(frozen=True)
class Variation:
    """How far examples depart from the recordings; standard deviations unless said otherwise.

    Attributes:
        turn: radians.
        slant: shift of x per y.
        stretch: logarithm of width against height.
        bend: of the glyph's side, by which sines of its other coordinate shift a coordinate.
        size: share of the glyph's size.
        narrowest_px, widest_px: of the pen, evenly spread.
        threshold: grey levels, of 255, by which the threshold of ink moves.
        noise: grey levels of noise in the noisiest quarter of the pictures; half of it in another quarter.
    """

    turn: float = 0.07
    slant: float = 0.2
    stretch: float = 0.13
    bend: float = 0.035
    size: float = 0.035
    narrowest_px: float = 1.7
    widest_px: float = 2.9
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
    """Drawings in the frame turned, slanted, stretched, bent and sized a little otherwise, and centred again."""
    count = len(drawings)
    owner = np.repeat(np.arange(count), np.diff(drawings.stroke_offsets[drawings.drawing_offsets]))
    turn, slant, stretch, size = (
        random.normal(0, deviation, count).astype(np.float32)[owner]
        for deviation in (variation.turn, variation.slant, variation.stretch, variation.size)
    )
    bend = random.normal(0, variation.bend, (count, 2)).astype(np.float32)[owner]
    phase = random.uniform(0, 2 * np.pi, (count, 2)).astype(np.float32)[owner]
    x, y = (drawings.points - 0.5).T * (FRAME_PX / 18)
    wide, high = np.exp(stretch) * x + slant * y, np.exp(-stretch) * y
    x, y = np.cos(turn) * wide - np.sin(turn) * high, np.sin(turn) * wide + np.cos(turn) * high
    bent = np.stack(
        [x + bend[:, 0] * np.sin(5 * y + phase[:, 0]), y + bend[:, 1] * np.sin(5 * x + phase[:, 1])], axis=1
    )
    centred = centre_in_frame(replace(drawings, points=bent.astype(np.float32)))
    return replace(centred, points=(centred.points - 0.5) * np.exp(size)[:, None] + np.float32(0.5))


BLOCK = 2000


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
        [_write(pens, rows[start : start + BLOCK], variation, random) for start in range(0, count, BLOCK)]
    )
    place = {name: i for i, name in enumerate(classes)}
    labels = np.array([place[str(pens.names[row])] for row in range(len(pens))], np.int64)[rows]
    return GreySet(images, labels, tuple(classes), "pen recordings")


def _write(
    pens: PenSet, rows: np.ndarray[tuple[int], np.dtype[np.int64]], variation: Variation, random: np.random.Generator
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    varied = vary(pens.drawings.select(rows), variation, random)
    width_px = np.exp(random.uniform(np.log(variation.narrowest_px), np.log(variation.widest_px), len(rows)))
    return write_pictures(varied, width_px=width_px)
