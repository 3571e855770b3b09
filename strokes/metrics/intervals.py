"""A mean with its 95 % interval: over writers where they are known, since one writer's drawings are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import FloatArray

REPLICATES = 2000
BOOTSTRAP_SEED = 0
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Figure:
    """A mean over `count` drawings and its 95 % interval; NaN where there is nothing to average."""

    mean: float
    low: float
    high: float
    count: int


def summarise(scores: Mapping[str, FloatArray], writers: Sequence[str]) -> dict[str, Figure]:
    """Every score's mean over the drawings, NaN left out, with an interval by the bootstrap over writers.

    With fewer than two writers the interval is the normal one over drawings.

    Args:
        scores: (n,) each.
        writers: a code a drawing, "" where unknown.
    """
    names, owners = np.unique(np.asarray(writers, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        return {name: over_drawings(values) for name, values in scores.items()}
    random = np.random.default_rng(BOOTSTRAP_SEED)
    draws = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=REPLICATES).astype(np.float64)
    return {name: over_writers(values, owners, draws) for name, values in scores.items()}


def over_drawings(values: FloatArray) -> Figure:
    """The mean and its normal interval."""
    known = values[~np.isnan(values)].astype(np.float64)
    if len(known) == 0:
        return Figure(np.nan, np.nan, np.nan, 0)
    mean, error = known.mean(), NORMAL_95 * known.std() / np.sqrt(len(known))
    return Figure(float(mean), float(mean - error), float(mean + error), len(known))


def over_writers(values: FloatArray, owners: NDArray[np.int64], draws: NDArray[np.float64]) -> Figure:
    """The mean and the interval that holds 95 % of the means of `draws` (replicates, writers), drawn writers."""
    known = ~np.isnan(values)
    sums = np.bincount(owners[known], values[known].astype(np.float64), minlength=draws.shape[1])
    counts = np.bincount(owners[known], minlength=draws.shape[1])
    if not known.any():
        return Figure(np.nan, np.nan, np.nan, 0)
    drawn = draws @ counts
    means = (draws @ sums)[drawn > 0] / drawn[drawn > 0]
    low, high = np.percentile(means, (2.5, 97.5))
    return Figure(float(sums.sum() / counts.sum()), float(low), float(high), int(counts.sum()))
