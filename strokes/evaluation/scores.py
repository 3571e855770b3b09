"""Figures of generated pictures, as a judge gives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import IntArray
from strokes.metrics.accuracy import Accuracy


@dataclass(frozen=True)
class Neighbours:
    """Each picture's nearest training picture.

    Attributes:
        index: (n,) into the training pictures, nearest by pixels.
        pixel_rms: (n,) root of the mean squared difference of pixels, 0 to 1.
        features: (n,) the Euclidean distance to the nearest by the judge's features.
    """

    index: IntArray
    pixel_rms: NDArray[np.float64]
    features: NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """What a judge says of one set of pictures.

    Attributes:
        pictures: how many were judged.
        inception, inception_sd: the Inception Score over 10 parts, its mean and standard deviation.
        small_inception, small_inception_sd: of 100 pictures in 10 parts of 10, over 1,000 draws.
        frechet: the Fréchet distance to real pictures.
        precision, recall: the share near real pictures, and of real pictures that these come near.
        accuracy: how many are read as the class that was asked for.
        neighbours: the nearest training pictures, where these are known.
        memorised_px, memorised_features: the share nearer to a training picture than 99 % of real test pictures are.
    """

    pictures: int
    inception: float
    inception_sd: float
    small_inception: float
    small_inception_sd: float
    frechet: float
    precision: float
    recall: float
    accuracy: Accuracy
    neighbours: Neighbours | None = None
    memorised_px: float = float("nan")
    memorised_features: float = float("nan")
