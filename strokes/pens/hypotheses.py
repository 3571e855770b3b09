"""Several walks over each picture, and one that is chosen.

The first hypothesis takes the likeliest step everywhere; the others are drawn at random. The recipe says how to choose.
"likeliest" takes the first, unless its drawing misses the picture and another's doesn't. "nearest" takes the cheapest:
a hypothesis costs its mean distance (dynamic time warping) to the others, the likelier ones weighing more, and what
its drawing leaves out of the picture or adds to it. Where people would disagree on an order, that is what most of them
do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray

from strokes.drawing import BoolArray, Drawing, DrawingSet, FloatArray, IntArray, make_drawing_set
from strokes.errors import ConfigError
from strokes.evaluation import render_set, score_pictures
from strokes.pen_metrics import score_pens
from strokes.pens.network import GO, Ink, PenNetwork
from strokes.pens.walking import Walks, walk
from strokes.sources.images import FRAME_PX

COOLING = 10.0
"""A hypothesis that is e^10 times less likely than the best weighs e times less."""
FAR_PX = 6.0
"""Walks further apart than this are as good as any others that have nothing in common."""
GOOD_F1 = 0.97
LATER_PX = 0.01
"""What a hypothesis costs beyond the one before it, where the likeliest is chosen."""
MISFIT_PX = 30.0
"""What a loss of 1 in f1, below `GOOD_F1`, costs."""


@dataclass(frozen=True)
class Chosen:
    """The chosen walk of each picture, and what is known of it.

    Attributes:
        walks: one a picture.
        fit: (n,) f1 of each against its picture.
        apart_px: (n,) how far the other hypotheses are from it, on the mean; 0 when there are none.
        turned: (n,) the mean share of each that runs against it.
        reordered: (n,) the mean of 1 - order, 0 to 2, of each against it.
        surprise: (n,) minus the logarithm of its probability, a step.
    """

    walks: Walks
    fit: FloatArray
    apart_px: FloatArray
    turned: FloatArray
    reordered: FloatArray
    surprise: FloatArray


def choose_walks(
    network: PenNetwork,
    ink: Ink,
    images: BoolArray,
    *,
    hypotheses: int,
    temperature: float,
    seed: int,
    choice: str = "nearest",
) -> Chosen:
    """Walk over each picture `hypotheses` times and choose.

    Args:
        network: what walks.
        ink: of the pictures, as the network's `look` returns it.
        images: (n, 28, 28) the pictures.
        hypotheses: walks a picture; 1 is the likeliest alone.
        temperature: of the others' random draws.
        seed: of them.
        choice: "nearest" or "likeliest".

    Raises:
        ConfigError: there is to be no hypothesis.
    """
    if hypotheses < 1:
        raise ConfigError(f"{hypotheses} hypotheses were asked for; expected 1 or more")
    temperatures = torch.tensor([0.0] + [temperature] * (hypotheses - 1)).repeat(len(images))
    generator = torch.Generator().manual_seed(seed)
    walks = walk(network, ink.repeat(hypotheses), temperatures=temperatures, generator=generator)
    return pick(walks, images, hypotheses, choice=choice)


def pick(walks: Walks, images: BoolArray, hypotheses: int, *, choice: str = "nearest") -> Chosen:
    """The choice among walks (n·hypotheses) over pictures (n, 28, 28), those of a picture in a row."""
    drawings = to_drawings(walks.points_px, walks.flags)
    fit = score_pictures(render_set(drawings), images.repeat(hypotheses, axis=0))["f1"].reshape(-1, hypotheses)
    steps = (walks.flags >= 0).sum(axis=1)
    likelihood = walks.likelihood.reshape(-1, hypotheses)
    weights = np.exp((likelihood - likelihood.max(axis=1, keepdims=True)) / COOLING)
    apart_px = np.zeros((len(images), hypotheses, hypotheses))
    _compare_all(walks.points_px, steps, apart_px)
    if choice == "nearest":
        cost = (weights[:, None] * apart_px).sum(axis=2) / weights.sum(axis=1, keepdims=True)
    else:
        cost = np.arange(hypotheses) * np.full((len(images), 1), LATER_PX)
    cost += MISFIT_PX * np.maximum(GOOD_F1 - fit, 0)
    best = cost.argmin(axis=1)
    rows = np.arange(len(images))
    chosen = rows * hypotheses + best
    others = weights * (np.arange(hypotheses) != best[:, None])
    others = others / np.maximum(others.sum(axis=1, keepdims=True), 1e-9)
    turned, reordered = np.zeros((2, len(images)))
    if hypotheses > 1:
        alike = score_pens(drawings.select(np.repeat(chosen, hypotheses)), drawings)
        turned, reordered = (
            (others * (1 - np.nan_to_num(alike[name].reshape(-1, hypotheses), nan=1.0))).sum(axis=1)
            for name in ("direction", "order")
        )
    return Chosen(
        walks=Walks(*(getattr(walks, name)[chosen] for name in Walks.__dataclass_fields__)),
        fit=fit[rows, best],
        apart_px=(others * apart_px[rows, best]).sum(axis=1).astype(np.float32),
        turned=turned.astype(np.float32),
        reordered=reordered.astype(np.float32),
        surprise=-walks.likelihood[chosen] / np.maximum(steps[chosen], 1),
    )


def to_drawings(points_px: FloatArray, flags: IntArray, *, size: int = FRAME_PX) -> DrawingSet:
    """Walks as drawings in the unit square of pictures `size` pixels wide: strokes end where the pen is lifted."""
    kept = flags >= 0
    ends = flags[kept] != GO
    strokes = np.concatenate([[0], np.flatnonzero(ends) + 1]).astype(np.int64)
    counts = ((flags != GO) & kept).sum(axis=1)
    base = make_drawing_set([Drawing(())] * len(flags))
    return DrawingSet(
        points=(points_px[kept] / size).astype(np.float32),
        stroke_offsets=strokes,
        drawing_offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        classes=(),
        **{name: getattr(base, name) for name in ("labels", "sizes", "frames", "split", "source_index")},
    )


@njit(cache=True, nogil=True)
def _compare_all(points_px: FloatArray, steps: IntArray, apart_px: NDArray[np.float64]) -> None:
    """Fill `apart_px` (n, k, k) for walks (n·k, steps, 2) of `steps` (n·k,) points each."""
    count = apart_px.shape[1]
    for i in range(len(apart_px)):
        for a in range(count):
            for b in range(a):
                one, other = i * count + a, i * count + b
                away = _warp(points_px[one, : steps[one]], points_px[other, : steps[other]])
                apart_px[i, a, b] = apart_px[i, b, a] = min(away, FAR_PX)


@njit(cache=True, nogil=True)
def _warp(one: FloatArray, other: FloatArray) -> float:
    """Dynamic time warping of two paths (a, 2) and (b, 2): the least sum of distances, by the longer's points."""
    if len(one) == 0 or len(other) == 0:
        return FAR_PX
    cost = np.full(len(other) + 1, np.inf)
    cost[0] = 0.0
    for i in range(len(one)):
        diagonal = cost[0]
        cost[0] = np.inf
        for j in range(1, len(other) + 1):
            least = min(diagonal, cost[j], cost[j - 1])
            diagonal = cost[j]
            away_x, away_y = one[i, 0] - other[j - 1, 0], one[i, 1] - other[j - 1, 1]
            cost[j] = least + np.sqrt(away_x * away_x + away_y * away_y)
    apart: float = cost[len(other)] / max(len(one), len(other))
    return apart
