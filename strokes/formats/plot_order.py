"""The pen's way through the air: how long it is, and an order of strokes that shortens it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from strokes.formats.recording import Numbers


def pen_up_mm(strokes: Sequence[Numbers]) -> float:
    """The way from each stroke's end to the next one's start."""
    return float(sum(np.linalg.norm(b[0] - a[-1]) for a, b in itertools.pairwise(strokes)))


def shortened(strokes: Sequence[Numbers], *, flip: bool, start: tuple[float, float] = (0.0, 0.0)) -> list[int]:
    """Places of strokes in a short order: the nearest start next; with `flip`, -1 - place for one drawn backwards."""
    if not strokes:
        return []
    heads = np.array([stroke[0] for stroke in strokes])
    tails = np.array([stroke[-1] for stroke in strokes])
    left = np.ones(len(strokes), bool)
    here = np.array(start)
    order = []
    for _ in strokes:
        to_heads = np.where(left, np.linalg.norm(heads - here, axis=1), np.inf)
        nearest = int(to_heads.argmin())
        backwards = False
        if flip:
            to_tails = np.where(left, np.linalg.norm(tails - here, axis=1), np.inf)
            backwards = bool(to_tails.min() < to_heads[nearest])
            nearest = int(to_tails.argmin()) if backwards else nearest
        order.append(-1 - nearest if backwards else nearest)
        here = heads[nearest] if backwards else tails[nearest]
        left[nearest] = False
    return order


def in_order(strokes: Sequence[Numbers], optimise: str) -> list[Numbers]:
    """The strokes as `--optimise` asks: as they are ("none"), reordered ("order"), or also turned round ("flip")."""
    if optimise == "none":
        return list(strokes)
    order = shortened(strokes, flip=optimise == "flip")
    return [strokes[place] if place >= 0 else strokes[-1 - place][::-1] for place in order]
