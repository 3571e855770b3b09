"""Pictures larger than the frame, piece by piece in reading order: who walks one needn't know the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import GRID, BoolArray, FloatArray
from strokes.ink.fine import FineInk
from strokes.ink.thinning import thin
from strokes.layout.page import Piece, find_pieces
from strokes.metrics.scans import NEAR_PX, distance_to, draw_line, score_scan

WORKING_PEN_PX = 7.0
"""A pen wider than `THICK_PEN_PX` is walked along in a picture in which it is so wide: its middle is as sure there."""
THICK_PEN_PX = 11.0
MARGIN_PX = 2
LEAST_REST, LEAST_REST_PX = 0.8, 6.0
"""Ink that is left out is drawn where it is so many squares of the pen's width large, and so many pixels."""
OF_STROKES = ("traced", "unsure", "lines", "words", "glyphs")
"""The metadata that says something of a drawing's strokes."""
GOOD_SHARE, CLEARLY = 0.95, 0.02
"""A piece whose walk covers less or runs beside more is traced instead, where that is better by the second."""


@dataclass(frozen=True, eq=False)
class PieceInk:
    """A piece's ink as it is walked.

    Attributes:
        piece: the piece.
        picture: the number of the picture that it belongs to.
        ink: (h, w) bool, in the resolution that it is walked in, with a margin of blank pixels.
        scale: pixels of the page in a pixel of that.
        pen_px: how wide the pen is there.
    """

    piece: Piece
    picture: int
    ink: BoolArray
    scale: float
    pen_px: float

    @property
    def thinned(self) -> BoolArray:
        """(h, w) the ink, thinned."""
        return thin(self.ink)

    def to_page(self, strokes: Sequence[NDArray[np.floating]], longer_px: int) -> list[FloatArray]:
        """Strokes in this ink's pixels in the unit square of the page, on the grid of coordinates."""
        corner = np.array([self.piece.left, self.piece.top], np.float64)
        placed = [((stroke - MARGIN_PX) * self.scale + corner) / longer_px for stroke in strokes]
        return [(np.rint(stroke * GRID) / GRID).astype(np.float32) for stroke in placed]

    def score(self, strokes: Sequence[NDArray[np.floating]]) -> tuple[float, float]:
        """`covered` and `on` of strokes in this ink's pixels."""
        return score_scan([stroke / max(self.ink.shape) for stroke in strokes], self.ink, pen_px=self.pen_px)


@dataclass(frozen=True)
class Drawn:
    """The strokes of a piece (points, 2) in its ink's pixels, and whether each was traced where it should be walked."""

    strokes: Sequence[NDArray[np.floating]]
    traced: Sequence[bool]

    @classmethod
    def of(cls, strokes: Sequence[NDArray[np.floating]], *, traced: bool = False) -> Drawn:
        """Strokes that were all walked, or all traced."""
        return cls(strokes, [traced] * len(strokes))


def read_pieces(fine: FineInk, *, picture: int, direction: str, single: bool) -> Iterator[PieceInk]:
    """A picture's pieces in reading order, ready to be walked."""
    for piece in find_pieces(fine.mask, pen_px=fine.pen_px, direction=direction, single=single):
        yield prepare(piece, picture=picture, pen_px=max(fine.pen_px, 1.0))


def prepare(piece: Piece, *, picture: int = 0, pen_px: float) -> PieceInk:
    """A piece's ink in the resolution that its pen asks for."""
    scale = pen_px / WORKING_PEN_PX if pen_px > THICK_PEN_PX else 1.0
    ink = piece.ink
    if scale > 1:
        size = max(round(ink.shape[1] / scale), 1), max(round(ink.shape[0] / scale), 1)
        small = cv2.resize(ink.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        ink = np.asarray(small >= min(0.5, float(small.max())))
    return PieceInk(piece, picture, np.pad(ink, MARGIN_PX), scale, pen_px / scale)


def cover_rest(piece: PieceInk, drawn: Drawn, trace: Callable[[BoolArray], list[FloatArray]]) -> Drawn:
    """A drawing, and traced strokes for what it leaves out of the piece's ink: parts passed by, loops run together."""
    longer = max(piece.ink.shape)
    line = draw_line([stroke / longer for stroke in drawn.strokes], piece.ink.shape)
    left_out = piece.ink & (distance_to(line) > piece.pen_px / 2 + NEAR_PX)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(left_out.astype(np.uint8), connectivity=8)
    least = max(LEAST_REST * piece.pen_px**2, LEAST_REST_PX)
    added: list[FloatArray] = []
    for part in range(1, count):
        if stats[part, cv2.CC_STAT_AREA] >= least:
            added += [stroke.astype(np.float64) * longer for stroke in trace(thin(parts == part))]
    return Drawn([*drawn.strokes, *added], [*drawn.traced, *[True] * len(added)]) if added else drawn


def better(piece: PieceInk, walked: Drawn, trace: Callable[[BoolArray], list[FloatArray]]) -> Drawn:
    """What was walked, or the piece traced instead where that leaves less ink out and runs less beside it."""
    walked = cover_rest(piece, walked, trace)
    covered, on = piece.score(walked.strokes)
    if min(covered, on) >= GOOD_SHARE:
        return walked
    strokes = cover_rest(piece, Drawn.of(trace_piece(piece, trace)), trace).strokes
    again = piece.score(strokes)
    return Drawn.of(strokes, traced=True) if min(again) > min(covered, on) + CLEARLY else walked


def trace_piece(piece: PieceInk, trace: Callable[[BoolArray], list[FloatArray]]) -> list[FloatArray]:
    """The strokes of a piece, traced, in its ink's pixels."""
    longer = max(piece.ink.shape)
    return [stroke.astype(np.float64) * longer for stroke in trace(np.ascontiguousarray(piece.thinned))]


def note(
    text: str, *, traced: Sequence[int], unsure: Sequence[int], glyphs: Sequence[tuple[int, int, int, int]]
) -> str:
    """A picture's metadata with the strokes that were traced, or are unsure, and of several glyphs where each stands.

    `glyphs` are each one's line, word, place in the word, and number of strokes, in the strokes' order.
    """
    known = json.loads(text)
    if len(glyphs) > 1:
        known["lines"] = len({line for line, *_ in glyphs})
        known["words"] = len({(line, word) for line, word, *_ in glyphs})
        known["glyphs"] = [list(glyph) for glyph in glyphs]
    known |= {"traced": list(traced)} if traced else {}
    known |= {"unsure": list(unsure)} if unsure else {}
    return json.dumps(known, ensure_ascii=False)
