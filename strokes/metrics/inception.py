"""The Inception Score of Salimans et al. 2016, "Improved techniques for training GANs", by a judge of these classes.

exp(E KL(p(y|x) ‖ p(y))): high when each picture is read as one class without doubt, and all classes come. It is at most
the number of classes; with few pictures a split it stays well below, since their classes can't come out even.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ShapeError

PARTS = 10
SMALL = 100
"""Pictures of the published protocol: 10 splits of 10."""
DRAWS = 1000


def inception_score(probabilities: NDArray[Any], splits: int = PARTS, *, seed: int = 0) -> tuple[float, float]:
    """The mean and standard deviation of the score over `splits` parts of the pictures, divided at random.

    Args:
        probabilities: (n, classes), each row a picture's, summing to 1.
        splits: how many parts; the same number of pictures in each, or one more in some.
        seed: of the division.

    Raises:
        ShapeError: there are fewer pictures than parts.
    """
    if len(probabilities) < splits:
        raise ShapeError(f"{len(probabilities)} pictures can't be divided into {splits} parts; expected more pictures")
    shuffled = np.random.default_rng(seed).permutation(np.asarray(probabilities, np.float64))
    scores = [float(scores_of(part)) for part in np.array_split(shuffled, splits)]
    return float(np.mean(scores)), float(np.std(scores))


def small_inception_score(probabilities: NDArray[Any], seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The published protocol, drawn again and again: the mean and standard deviation over `draws`.

    A draw is 100 pictures without repetition, in 10 parts of 10; its score is the mean over the parts.

    Args:
        probabilities: (n, classes), each row a picture's, summing to 1.
        seed: of the draws.
        draws: how many.

    Raises:
        ShapeError: there are fewer than 100 pictures.
    """
    if len(probabilities) < SMALL:
        raise ShapeError(
            f"{len(probabilities)} pictures; the published protocol draws {SMALL}, expected at least so many"
        )
    random = np.random.default_rng(seed)
    chosen = np.stack([random.choice(len(probabilities), SMALL, replace=False) for _ in range(draws)])
    parts = np.asarray(probabilities, np.float64)[chosen.reshape(draws, PARTS, SMALL // PARTS)]
    scores = scores_of(parts).mean(axis=-1)
    return float(scores.mean()), float(scores.std())


def scores_of(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score of each part: (..., pictures, classes) → (...)."""
    each = negative_entropy(parts).mean(axis=-1)
    return np.asarray(np.exp(each - negative_entropy(parts.mean(axis=-2))))


def negative_entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ p log p over the last axis, in nats, where 0 log 0 is 0."""
    safe = np.where(probabilities > 0, probabilities, 1)
    return np.asarray((probabilities * np.log(safe)).sum(axis=-1))
