"""Pictures larger than the network's frame: walked over glyph by glyph there, laid onto their own fine skeleton."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.normalise import to_frame
from strokes.ink.pictures import FRAME_PX
from strokes.ink.thinning import thin
from strokes.metrics.scans import NEAR_PX
from strokes.recovery.large_ink import Drawn, PieceInk, better
from strokes.recovery.pointer.map_matching import snap
from strokes.recovery.tracing.skeleton import Floats
from strokes.recovery.tracing.trace import trace

LEFT_OUT_PX = 2.0
"""Ink further from every stroke than this has been left out."""
LEAST_PART_PX = 3.0
"""Left-out ink shorter than this is not worth a stroke."""


@dataclass(frozen=True)
class FramedGlyph:
    """A piece of a large picture, and where its picture in the frame lies.

    Attributes:
        piece: its ink as it is walked.
        thinned: (h, w) that ink, thinned.
        framed: (28, 28) bool, the same in the frame, thinned.
        place: scale, x and y with ink xy = scale · frame xy + (x, y), both in unit squares.
    """

    piece: PieceInk
    thinned: BoolArray
    framed: BoolArray
    place: tuple[float, float, float]

    def strokes(self, walked: Sequence[FloatArray]) -> Drawn:
        """Strokes walked in the frame's unit square, laid along the ink in its pixels; what they leave out, traced."""
        scale, x, y = self.place
        longer = max(self.thinned.shape)
        placed = [(stroke.astype(np.float64) * scale + (x, y)) * longer for stroke in walked]
        coarse_px = scale * longer / FRAME_PX
        laid = snap(placed, self.thinned, coarse_px=coarse_px)
        pen_px = self.piece.pen_px
        away_px = max(LEFT_OUT_PX, pen_px / 2 + NEAR_PX)
        whole = complete(laid, self.thinned, least_px=max(pen_px / 2, LEAST_PART_PX), away_px=away_px)
        return better(self.piece, Drawn(list(whole), len(whole) - len(laid)), trace)


def find_glyphs(pieces: Iterable[PieceInk]) -> Iterator[FramedGlyph]:
    """Pieces as the network sees them."""
    for piece in pieces:
        thinned = piece.thinned
        grey, place = to_frame(thinned.astype(np.uint8) * np.uint8(255))
        yield FramedGlyph(piece, thinned, thin(grey), place)


def complete(
    strokes: list[Floats], glyph: BoolArray, *, least_px: float = LEAST_PART_PX, away_px: float = LEFT_OUT_PX
) -> list[Floats]:
    """The strokes, and more for each part of the glyph's thinned ink (h, w) that they leave out, traced.

    Ink further from the strokes than `away_px` is left out; a part of fewer pixels than `least_px` isn't worth one.
    """
    drawn = np.ones(glyph.shape, np.uint8)
    for stroke in strokes:
        cv2.polylines(drawn, [np.rint((stroke - 0.5) * 16).astype(np.int32)], False, (0,), 1, cv2.LINE_8, 4)
    away = cv2.distanceTransform(drawn, cv2.DIST_L2, 5)
    count, parts = cv2.connectedComponents((glyph & (away > away_px)).astype(np.uint8), connectivity=8)
    longer = max(glyph.shape)
    added: list[Floats] = []
    for part in range(1, count):
        left = parts == part
        if left.sum() >= least_px:
            added += [stroke.astype(np.float64) * longer for stroke in trace(left)]
    return strokes + added
