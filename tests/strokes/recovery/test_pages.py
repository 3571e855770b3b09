"""A page tells which of its strokes are doubtful, and lines and glyphs carry that."""

import json

import numpy as np
import pytest

from strokes.ink.fine import FineInk
from strokes.layout.page import Piece
from strokes.recovery.large_ink import Drawn, prepare
from strokes.recovery.pages import PageDrawing, noted
from strokes.recovery.read_page import in_lines

LINE = np.array([[2.0, 2.0], [2.0, 30.0]])


@pytest.fixture
def page() -> PageDrawing:
    """A page of two glyphs in two words: the first surely walked, the second unsure, its second stroke traced."""
    ink = np.zeros((40, 80), np.bool_)
    ink[5:35, 10:14] = ink[5:35, 60:64] = True
    drawn = PageDrawing(FineInk.of(ink, 4.0))
    for word, (sure, strokes, traced) in enumerate([(0.9, [LINE], [False]), (0.4, [LINE, LINE], [False, True])]):
        piece = Piece(ink[5:35, 10:14], 10 + 50 * word, 5, word=word)
        drawn.add(prepare(piece, pen_px=4.0), Drawn(strokes, traced), sure)
    return drawn


def test_a_page_notes_strokes_that_were_traced_and_those_of_unsure_pieces(page):
    known = json.loads(noted("{}", page))
    assert known["traced"] == [2]
    assert known["unsure"] == [1, 2]
    assert known["glyphs"] == [[0, 0, 0, 1], [0, 1, 0, 2]]


def test_glyphs_carry_what_is_noted_of_their_strokes(page):
    (line,) = in_lines(page.strokes, json.loads(noted("{}", page)))
    assert [glyph.unsure for word in line.words for glyph in word.glyphs] == [(False,), (True, True)]
    assert [glyph.traced for word in line.words for glyph in word.glyphs] == [(False,), (False, True)]
