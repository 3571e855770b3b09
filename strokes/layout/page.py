"""A page's ink to lines, words and glyphs, in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray
from strokes.ink.paper.threshold import measure_pen
from strokes.layout.columns import find_blocks
from strokes.layout.lines import find_lines
from strokes.layout.parts import Parts, find_parts, find_skew
from strokes.layout.words import GlyphInk, find_glyphs, gaps_of, part_words, word_gap

DIRECTIONS = ("ltr", "rtl", "ttb")
WIDE = 1.5
"""Ink so many times as wide as high is more than one glyph."""
GLYPH_PARTS = 7
"""Ink that isn't wide and has no more parts than this is one glyph."""


@dataclass(frozen=True)
class Piece:
    """The ink of one glyph, or of letters that touch, and where it stands.

    Attributes:
        ink: (h, w) bool, its own pixels alone.
        left: the column of the page that its first column is; `top`, the row.
        line: the number of its line, from 0; `word`, of its word in the line; `glyph`, of itself in the word.
        drawing: whether it is no text, but a drawing or a rest.
        spans: of a whole line, each of its glyphs: its word, itself, its first column and the one after its last.
    """

    ink: BoolArray
    left: int
    top: int
    line: int = 0
    word: int = 0
    glyph: int = 0
    drawing: bool = False
    spans: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in the page's pixels."""
        return self.left, self.top, self.left + self.ink.shape[1], self.top + self.ink.shape[0]


def check_direction(direction: str) -> str:
    """`direction` when it is one of `DIRECTIONS`. Raises `ConfigError` otherwise."""
    if direction not in DIRECTIONS:
        raise ConfigError(f"unknown direction {direction!r}; one of {', '.join(DIRECTIONS)}")
    return direction


def find_pieces(ink: BoolArray, *, pen_px: float = 0.0, direction: str = "ltr", single: bool = False) -> list[Piece]:
    """All of a page's ink (h, w), piece by piece in reading order; every pixel is in exactly one piece.

    Args:
        ink: the page's, not thinned.
        pen_px: the pen's width; measured when 0.
        direction: of the writing: "ltr", "rtl", or "ttb" for columns from the right.
        single: whether it is known to be one glyph.
    """
    check_direction(direction)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return []
    top, left = int(rows[0]), int(columns[0])
    own = ink[top : rows[-1] + 1, left : columns[-1] + 1]
    if single:
        return [Piece(own, left, top)]
    turned = turn(own, direction)
    found = [turn_back(piece, own.shape, direction) for piece in read_page(turned, pen_px or measure_pen(own))]
    return [
        Piece(piece.ink, piece.left + left, piece.top + top, piece.line, piece.word, piece.glyph, piece.drawing)
        for piece in found
    ]


def join_pieces(pieces: Sequence[Piece]) -> Piece:
    """Pieces of one line as one, which is numbered as the first of them."""
    if len(pieces) == 1:
        return pieces[0]
    left, top, right, bottom = (
        bound(piece.box[side] for piece in pieces) for side, bound in enumerate((min, min, max, max))
    )
    ink = np.zeros((bottom - top, right - left), np.bool_)
    for piece in pieces:
        x, y = piece.left - left, piece.top - top
        ink[y : y + piece.ink.shape[0], x : x + piece.ink.shape[1]] |= piece.ink
    spans = tuple((piece.word, piece.glyph, piece.left, piece.box[2]) for piece in pieces)
    return replace(pieces[0], ink=ink, left=left, top=top, spans=spans)


def turn(ink: BoolArray, direction: str) -> BoolArray:
    """Ink as if it were written from left to right."""
    if direction == "rtl":
        return np.ascontiguousarray(ink[:, ::-1])
    return np.ascontiguousarray(np.rot90(ink)) if direction == "ttb" else ink


def turn_back(piece: Piece, shape: tuple[int, ...], direction: str) -> Piece:
    """A piece of turned ink, in ink of `shape` as it was."""
    if direction == "ltr":
        return piece
    height, width = piece.ink.shape
    if direction == "rtl":
        ink, left, top = piece.ink[:, ::-1], shape[1] - piece.left - width, piece.top
    else:
        ink, left, top = np.rot90(piece.ink, -1), shape[1] - piece.top - height, piece.left
    return Piece(np.ascontiguousarray(ink), left, top, piece.line, piece.word, piece.glyph, piece.drawing)


def read_page(ink: BoolArray, pen_px: float) -> Iterator[Piece]:
    """The pieces of ink that is written from left to right, without margins."""
    parts = find_parts(ink, pen_px=pen_px)
    if len(parts) == 1 or (len(parts) <= GLYPH_PARTS and ink.shape[1] < WIDE * ink.shape[0]):
        yield Piece(ink, 0, 0)
        return
    skew = find_skew(parts)
    members = np.arange(1, len(parts.boxes))
    done = np.zeros(ink.shape, np.bool_)
    line = 0
    for block in find_blocks(parts, members, skew=skew):
        lines = find_lines(parts, block, skew=skew)
        glyphs = [glyphs_of_line(lines.map, number) for number in range(1, lines.count + 1)]
        gaps = [gaps_of(own, parts.letter_px) for own in glyphs]
        widths = np.array([mask.shape[1] for own in glyphs for _, _, mask in own], np.float64)
        least = word_gap(np.concatenate([np.zeros(0), *gaps]), widths, parts.letter_px)
        for own, white in zip(glyphs, gaps, strict=True):
            for word, members_of_word in enumerate(part_words(own, white, least=least)):
                for glyph, (x, y, mask) in enumerate(members_of_word):
                    done[y : y + mask.shape[0], x : x + mask.shape[1]] |= mask
                    yield Piece(mask, x, y, line, word, glyph)
            line += 1
    yield from rest_of(parts, ink & ~done, line)


def glyphs_of_line(lines: NDArray[np.int32], number: int) -> list[GlyphInk]:
    """The glyphs of one line, from left to right."""
    rows = np.flatnonzero((lines == number).any(axis=1))
    top = int(rows[0])
    own = lines[top : rows[-1] + 1] == number
    columns = np.flatnonzero(own.any(axis=0))
    left = int(columns[0])
    return [(left + x, top + y, mask) for x, y, mask in find_glyphs(own[:, left : columns[-1] + 1])]


def rest_of(parts: Parts, left_over: BoolArray, line: int) -> Iterator[Piece]:
    """What is no text, a connected part each."""
    for part in np.unique(parts.map[left_over]):
        x, y, w, h = (int(side) for side in parts.boxes[part])
        own = (parts.map[y : y + h, x : x + w] == part) & left_over[y : y + h, x : x + w]
        yield Piece(own, x, y, line, drawing=True)
        line += 1
