"""Pictures larger than the frame: lines and characters of many strokes as strips, glyphs as their network sees them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
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
from strokes.recovery.words.pictures import MANY_STROKES, WORDS, is_long, shipped_strips, strips_for
from strokes.recovery.words.recover import InkPage, Recovered, finish


@dataclass(frozen=True)
class LargePart:
    """A glyph or a line of a large picture, and the strip network that walks over it; "" for the glyph network."""

    piece: PieceInk
    strips: str


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


def read_parts(
    fine: FineInk, *, picture: int, direction: str, single: bool, simple: bool = False, unnamed: bool = False
) -> Iterator[LargePart]:
    """A picture's glyphs and lines in reading order.

    A line that is written from left to right is a strip; other writing goes glyph by glyph, of which those of many
    strokes are strips too, and all where nobody says what they are: a strip shows more than the frame does. A short
    line, as large as one character, is one of words where another line is.

    Args:
        fine: the picture's ink.
        picture: its number.
        direction: of the writing: "ltr", "rtl" or "ttb".
        single: whether it is known to be one glyph.
        simple: whether that is known to have few strokes.
        unnamed: whether the glyph network is told no labels.
    """
    pieces = find_pieces(fine.mask, pen_px=fine.pen_px, direction=direction, single=single)

    def ready(piece: Piece) -> PieceInk:
        return prepare(piece, picture=picture, pen_px=max(fine.pen_px, 1.0))

    parts: list[tuple[LargePart, bool]] = []
    for _, members in itertools.groupby(pieces, key=lambda piece: (piece.line, piece.drawing)):
        own = list(members)
        if single or direction != "ltr" or own[0].drawing:
            parts += [(LargePart(one, strips_of(one, simple, unnamed)), False) for one in map(ready, own)]
            continue
        line = ready(join_pieces(own))
        strips = strips_for(InkPage(line.ink, line.pen_px))
        parts.append((LargePart(line, strips or (MANY_STROKES if unnamed or len(own) > 1 else "")), len(own) > 1))
    words = any(part.strips == WORDS for part, _ in parts)
    yield from (LargePart(part.piece, WORDS) if words and several else part for part, several in parts)


def strips_of(piece: PieceInk, simple: bool, unnamed: bool) -> str:
    """The strip network for what is one glyph, however wide; "" where the glyph network knows better."""
    return MANY_STROKES if unnamed or (not simple and is_long(InkPage(piece.ink, piece.pen_px))) else ""


def left_out(found: Mapping[PieceInk, tuple[Drawn, float]]) -> list[LargePart]:
    """The glyphs of whose ink the walk in the frame left some out: small loops and ends that a strip shows."""
    return [LargePart(piece, MANY_STROKES) for piece, (drawn, _) in found.items() if any(drawn.traced)]


def walk_strips(parts: Sequence[LargePart], seed: int, hypotheses: int) -> dict[PieceInk, tuple[Drawn, float]]:
    """What the strip networks recover of their parts, and how sure they are."""
    walked: dict[PieceInk, tuple[Drawn, float]] = {}
    for name in sorted({part.strips for part in parts} - {""}):
        walked |= walk_lines([part.piece for part in parts if part.strips == name], name, seed, hypotheses)
    return walked


def walk_lines(
    pieces: Sequence[PieceInk], name: str, seed: int, hypotheses: int
) -> dict[PieceInk, tuple[Drawn, float]]:
    """What one strip network recovers, and how sure it is."""
    pages = [InkPage(piece.ink, piece.pen_px, name == MANY_STROKES) for piece in pieces]
    found = shipped_strips(name, seed, hypotheses).recover(pages)
    return {piece: (complete(piece, one), one.confidence) for piece, one in zip(pieces, found, strict=True)}


def complete(piece: PieceInk, found: Recovered) -> Drawn:
    """What was recovered in the piece's pixels; where it and the ink disagree, the rest or all of it traced."""
    longer = max(piece.ink.shape)
    drawn = Drawn([stroke * longer for stroke in found.strokes], found.added)
    agrees = min(piece.score(drawn.strokes)) >= LEAST_AGREEMENT
    return drawn if agrees else better(piece, drawn, trace)
