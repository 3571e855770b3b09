"""Pictures larger than the frame: lines of text as strips, single glyphs as the glyph network sees them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from strokes.ink.drawing import BoolArray, FloatArray
from strokes.ink.fine import FineInk
from strokes.ink.normalise import to_frame
from strokes.ink.pictures import FRAME_PX
from strokes.ink.thinning import thin
from strokes.layout.page import Piece, find_pieces, join_pieces
from strokes.metrics.scans import LEAST_AGREEMENT
from strokes.recovery.large_ink import Drawn, PieceInk, better, prepare
from strokes.recovery.tracing.trace import trace
from strokes.recovery.words.pictures import is_glyph, shipped_strips
from strokes.recovery.words.recover import InkPage, Recovered, finish


@dataclass(frozen=True)
class LargePart:
    """A glyph or a line of a large picture, and whether it is walked over as a strip."""

    piece: PieceInk
    strip: bool


@dataclass(frozen=True)
class FramedGlyph:
    """A glyph of a large picture, and where its picture in the frame lies.

    Attributes:
        piece: its ink as it is walked.
        framed: (28, 28) bool, the same in the frame, thinned.
        place: scale, x and y with ink xy = scale · frame xy + (x, y), both in unit squares.
    """

    piece: PieceInk
    framed: BoolArray
    place: tuple[float, float, float]

    @classmethod
    def of(cls, piece: PieceInk) -> FramedGlyph:
        """A piece as the network sees it."""
        grey, place = to_frame(piece.thinned.astype(np.uint8) * np.uint8(255))
        return cls(piece, thin(grey), place)

    def lay(self, walked: Sequence[FloatArray]) -> Drawn:
        """Strokes walked in the frame's unit square, laid along the ink in its pixels; what they leave out, traced."""
        scale, x, y = self.place
        longer = max(self.piece.ink.shape)
        placed = [(stroke.astype(np.float64) * scale + (x, y)) * longer for stroke in walked]
        page = InkPage(self.piece.ink, self.piece.pen_px)
        return complete(self.piece, finish(page, placed, scale * longer / FRAME_PX, 1.0))


def read_parts(fine: FineInk, *, picture: int, direction: str, single: bool) -> Iterator[LargePart]:
    """A picture's glyphs and lines in reading order.

    A line of more than one glyph that is written from left to right is a strip; other writing goes glyph by glyph.
    """
    pieces = find_pieces(fine.mask, pen_px=fine.pen_px, direction=direction, single=single)

    def ready(piece: Piece) -> PieceInk:
        return prepare(piece, picture=picture, pen_px=max(fine.pen_px, 1.0))

    for _, members in itertools.groupby(pieces, key=lambda piece: (piece.line, piece.drawing)):
        own = list(members)
        if single or direction != "ltr" or own[0].drawing:
            yield from (LargePart(ready(piece), strip=False) for piece in own)
            continue
        line = ready(join_pieces(own))
        yield LargePart(line, strip=len(own) > 1 or not is_glyph(InkPage(line.ink, line.pen_px)))


def walk_lines(pieces: Sequence[PieceInk], seed: int, hypotheses: int) -> dict[PieceInk, tuple[Drawn, float]]:
    """What the strip network recovers of lines, and how sure it is."""
    if not pieces:
        return {}
    found = shipped_strips(seed, hypotheses).recover([InkPage(piece.ink, piece.pen_px) for piece in pieces])
    return {piece: (complete(piece, one), one.confidence) for piece, one in zip(pieces, found, strict=True)}


def complete(piece: PieceInk, found: Recovered) -> Drawn:
    """What was recovered in the piece's pixels; where it and the ink disagree, the rest or all of it traced."""
    longer = max(piece.ink.shape)
    drawn = Drawn([stroke * longer for stroke in found.strokes], found.added)
    agrees = min(piece.score(drawn.strokes)) >= LEAST_AGREEMENT
    return drawn if agrees else better(piece, drawn, trace)
