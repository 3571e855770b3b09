"""Pictures rendered from pen recordings, for generators and readers to learn from: every hand, width and slant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strokes.errors import SourceError
from strokes.pen_pictures import PenSet
from strokes.pens.examples import count_alike, vary
from strokes.pens.specs import Variation
from strokes.round_pen import write_pictures
from strokes.sources.grey import GreySet

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
