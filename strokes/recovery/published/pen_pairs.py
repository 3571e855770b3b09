"""Pen samples to supervised training pairs: warped, written with a round pen, thinned, resampled to n points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError
from strokes.ink.augment import Variation, vary
from strokes.ink.drawing import DrawingSet, FloatArray
from strokes.ink.rendering import centre_in_frame, write_pictures
from strokes.ink.resampling import resample_path
from strokes.ink.thinning import thin

HANDS = Variation(turn=0.08, slant=0.22, stretch=0.15, bend=0.05, size=0.0, narrowest_px=1.6, widest_px=3.0)
"""How far the variations depart from the samples."""


def make_pen_pairs(
    samples: DrawingSet, label: int, *, count: int, points: int, seed: int
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Random variations of the samples of one class, as pictures and the paths that draw them.

    Args:
        samples: pen recordings, each in its unit square.
        label: the class, an index into `samples.classes`.
        count: pairs to make.
        points: points a path.
        seed: of the variations.

    Returns:
        thinned pictures (count, 28, 28) bool, and paths (count, points, 3): x, y, and 1 where the pen is down after
        the point, 0 where it is lifted.

    Raises:
        SourceError: the class has no samples.
    """
    own = np.flatnonzero(samples.labels == label)
    if len(own) == 0:
        raise SourceError(f"no pen sample of class {samples.classes[label]!r}; every class that is trained needs some")
    random = np.random.default_rng([seed, label])
    chosen = own[random.integers(len(own), size=count)]
    varied = vary(centre_in_frame(samples.select(chosen)), HANDS, random)
    grey = write_pictures(varied, width_px=random.uniform(HANDS.narrowest_px, HANDS.widest_px, count))
    return thin(grey), np.stack([resample_path(list(drawing.strokes), points) for drawing in varied])
