"""Paper away: what is darker than the paper around it, whatever the light on it.

The paper's own shade at each place is the grey closing of the picture by a square wider than the pen: it follows edges
of shadows exactly, which windows of means don't. Ink is what is darker than about half-way from there to the ink's
shade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.thinning import thin

Grey = NDArray[np.uint8]

LEAST_DARKNESS = 0.13
"""Ink that takes less of the paper's light than this is none."""
NOISES = 5.0
"""So many standard deviations of the paper's own shade are paper still."""
SEED, GROWN = 0.5, 0.42
"""A line begins at this share of the ink's darkness, and reaches as far as the second."""
FAINTEST = 0.2
"""Light ink in a shadow has no less than this share of its darkness elsewhere."""
FIRST_SHARE, FIRST_LEAST_PX, FIRST_MOST_SHARE = 0.08, 25, 0.25
"""The square of the first look: this share of the shorter side, no smaller than so many pixels or the second share."""
PENS_WIDE, LEAST_WIDE_PX = 4.0, 9
"""The square of the second look, in widths of the pen."""
WIDEST_PX = 1.8
"""And no smaller than so many times the widest lines."""
CORNER = 0.293
"""What share of a regular octagon's width each of its corners takes."""
LEAST_SHADE = 24.0
"""Paper darker than this is taken to be so light: its noise would count for ink."""
BLUR_PENS = 0.16
"""Noise is smoothed over this share of the pen's width."""


@dataclass(frozen=True)
class Flat:
    """A picture without its paper's shade.

    Attributes:
        darkness: (h, w) float32, the share of the paper's light that is missing, 0 to 1.
        paper: (h, w) uint8, the paper's shade that was found.
        noise: the standard deviation of `darkness` on paper.
    """

    darkness: FloatArray
    paper: Grey
    noise: float


def flatten(grey: Grey, *, pen_px: float = 0.0, widest_px: float = 0.0) -> Flat:
    """Dark ink on light paper (h, w), its paper made even.

    Args:
        grey: the picture.
        pen_px: the pen's width, where it is known: finer shadows are seen through then.
        widest_px: how wide the widest lines are.
    """
    shorter = min(grey.shape)
    first = max(min(FIRST_LEAST_PX, FIRST_MOST_SHARE * shorter), FIRST_SHARE * shorter, LEAST_WIDE_PX)
    side = int(max(PENS_WIDE * pen_px, WIDEST_PX * widest_px, LEAST_WIDE_PX) if pen_px else first) | 1
    smooth = blurred(grey, pen_px)
    paper = closed(smooth, side)
    light = np.maximum(paper.astype(np.float32), LEAST_SHADE)
    darkness = (light - smooth) / light
    level = float(np.median(darkness))
    noise = 1.4826 * float(np.median(np.abs(darkness - level)))
    return Flat(((darkness - level) / max(1 - level, 0.1)).clip(0, 1).astype(np.float32), paper, noise)


def closed(grey: Grey, side: int) -> Grey:
    """The lower of two grey closings (h, w) so many pixels wide: by a square, and by an octagon for round shadows."""
    slanted = np.eye(max(round(CORNER * side), 1), dtype=np.uint8)
    middle = np.ones((side - 2 * (len(slanted) - 1),) * 2, np.uint8)
    wide = np.pad(grey, side, mode="reflect" if min(grey.shape) > 1 else "edge")
    square = close_by(wide, [np.ones((side, side), np.uint8)])
    octagon = close_by(wide, [middle, slanted, np.ascontiguousarray(slanted[::-1])])
    return np.ascontiguousarray(np.minimum(square, octagon)[side:-side, side:-side])


def close_by(grey: Grey, parts: Sequence[Grey]) -> Grey:
    """The grey closing by the shape that `parts`, laid along each other, make."""
    for step in (cv2.dilate, cv2.erode):
        for part in parts:
            grey = np.asarray(step(grey, part), np.uint8)
    return grey


def blurred(grey: Grey, pen_px: float) -> Grey:
    """The picture with its grain smoothed: a Gaussian much narrower than the pen."""
    sigma = BLUR_PENS * pen_px
    return grey if sigma < 0.4 else np.asarray(cv2.GaussianBlur(grey, (0, 0), min(sigma, 4.0)), np.uint8)


def find_ink(flat: Flat, *, known: BoolArray | None = None, near_px: float = 0.0) -> tuple[BoolArray, float]:
    """The ink (h, w), and how dark it is, 0 to 1; nothing and 0 where there is none.

    Args:
        flat: the picture.
        known: (h, w) what is known to be ink: how dark it is, is asked there alone.
        near_px: ink is as dark as the darkest within so many pixels, instead of everywhere the same; 0 for the latter.
    """
    least = max(LEAST_DARKNESS, NOISES * flat.noise)
    level = ink_darkness(flat.darkness if known is None else np.where(known, flat.darkness, np.float32(0)), least)
    if level == 0:
        return np.zeros(flat.darkness.shape, np.bool_), 0.0
    here = local_darkness(flat.darkness, level, near_px) if near_px else level
    seeds = flat.darkness > np.maximum(SEED * here, least)
    grown = flat.darkness > np.maximum(GROWN * here, least)
    count, parts = cv2.connectedComponents(grown.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, np.bool_)
    kept[parts[seeds]] = True
    kept[0] = False
    return kept[parts], level


def local_darkness(darkness: FloatArray, level: float, near_px: float) -> FloatArray:
    """How dark ink is at each place (h, w), by what is near; no darker than `level`, nor much lighter."""
    side = int(near_px) | 1
    darkest = cv2.dilate(darkness, np.ones((side, side), np.uint8))
    return cv2.blur(darkest, (side, side)).clip(FAINTEST * level, level).astype(np.float32)


def ink_darkness(darkness: FloatArray, least: float) -> float:
    """How dark the ink is where it is darkest across its lines, 0 without any.

    Lines' edges are lighter than their middles, so only pixels that no neighbour outdoes are asked; what is darkest by
    far (a blot, a few specks) is outvoted, and so is what is lightest (another page's ink that shines through).
    """
    peaks = (darkness > least) & (darkness >= cv2.dilate(darkness, np.ones((3, 3), np.uint8)) - 0.02)
    found = darkness[peaks]
    if not len(found):
        return 0.0
    top = float(np.quantile(found, 0.9))
    return float(np.median(found[found > top / 2]))


def measure_pen(ink: BoolArray, *, share: float = 0.5) -> float:
    """How wide the pen's line is, in pixels, along this share of its length at most; 0 without ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return 0.0
    own = np.pad(np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]), 1)
    away = cv2.distanceTransform(own.astype(np.uint8), cv2.DIST_L2, 5)
    if away.max() > WIDE_PX:
        ridge = own & (away >= cv2.dilate(away, np.ones((3, 3), np.uint8)) - 1e-3) & (away > 1)
        return float(2 * np.quantile(away[ridge], share) - 1) if ridge.any() else 1.0
    line = thin(own)
    return float(max(2 * np.quantile(away[line], share) - 1, 1.0))


def widest_line(ink: BoolArray) -> float:
    """How wide the widest lines are, in pixels, but for a hundredth of them; 0 without ink."""
    if not ink.any():
        return 0.0
    away = cv2.distanceTransform(np.pad(ink, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    ridge = ink & (away >= cv2.dilate(away, np.ones((3, 3), np.uint8)) - 1e-3)
    return float(2 * np.quantile(away[ridge], 0.99))


WIDE_PX = 24.0
"""Ink thicker than this is measured along the ridges of its distance transform: thinning it would take long."""
