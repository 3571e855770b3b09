"""Pictures larger than the network's frame: walked over glyph by glyph there, laid onto their own fine skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.normalise import to_frame
from strokes.ink.pictures import FRAME_PX
from strokes.ink.thinning import thin
from strokes.recovery.pointer.map_matching import snap
from strokes.recovery.pointer.segmentation import split_glyphs
from strokes.recovery.tracing.trace import trace

Floats = NDArray[np.float64]

LEFT_OUT_PX = 2.0
"""Ink further from every stroke than this has been left out."""
LEAST_PART = 2.0
"""Left-out ink shorter than this, in pixels of the frame that was walked in, is not worth a stroke."""


@dataclass(frozen=True)
class Glyph:
    """A part of a large picture, and where its picture in the frame lies.

    Attributes:
        picture: the number of the picture that it belongs to.
        ink: (h, w) its part of that picture's thinned ink.
        framed: (28, 28) bool, the same in the frame, thinned.
        place: scale, x and y with picture xy = scale · frame xy + (x, y), both in unit squares.
    """

    picture: int
    ink: BoolArray
    framed: BoolArray
    place: tuple[float, float, float]

    def strokes(self, walked: Sequence[FloatArray]) -> list[FloatArray]:
        """Strokes walked in the frame's unit square, in the picture's unit square, along the picture's own ink."""
        scale, x, y = self.place
        longer = max(self.ink.shape)
        placed = [(stroke.astype(np.float64) * scale + (x, y)) * longer for stroke in walked]
        coarse_px = scale * longer / FRAME_PX
        laid = complete(snap(placed, self.ink, coarse_px=coarse_px), self.ink, coarse_px=coarse_px)
        return [(stroke / longer).astype(np.float32) for stroke in laid]


def find_glyphs(inks: Sequence[BoolArray], *, single: Sequence[bool]) -> list[Glyph]:
    """The glyphs of thinned pictures (h, w), picture by picture, from left to right.

    Args:
        inks: pictures; one without ink has no glyph.
        single: whether each is known to be one glyph, however wide.
    """
    glyphs = []
    for number, (ink, whole) in enumerate(zip(inks, single, strict=True)):
        parts = [ink] if whole else split_glyphs(ink)
        for part in parts if ink.any() else []:
            grey, place = to_frame(part.astype(np.uint8) * np.uint8(255))
            glyphs.append(Glyph(number, part, thin(grey), place))
    return glyphs


def complete(strokes: list[Floats], glyph: BoolArray, *, coarse_px: float) -> list[Floats]:
    """The strokes, and more for each part of the glyph (h, w) that they leave out, traced.

    `coarse_px` is how wide a pixel of the frame that they were walked in is here.
    """
    drawn = np.ones(glyph.shape, np.uint8)
    for stroke in strokes:
        cv2.polylines(drawn, [np.rint((stroke - 0.5) * 16).astype(np.int32)], False, (0,), 1, cv2.LINE_8, 4)
    away = cv2.distanceTransform(drawn, cv2.DIST_L2, 5)
    count, parts = cv2.connectedComponents((glyph & (away > LEFT_OUT_PX)).astype(np.uint8), connectivity=8)
    longer = max(glyph.shape)
    added: list[Floats] = []
    for part in range(1, count):
        left = parts == part
        if left.sum() >= max(LEAST_PART * coarse_px, 3):
            added += [stroke.astype(np.float64) * longer for stroke in trace(left)]
    return strokes + added
