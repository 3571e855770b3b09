"""Wide ink falls into glyphs from left to right; what stands over one another stays together."""

import numpy as np

from strokes.recovery.pointer.segmentation import split_glyphs


def ink(width, height, *boxes):
    """A blank picture with boxes (left, top, right, bottom), right and bottom outside."""
    picture = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = True
    return picture


def spans(glyphs):
    columns = [np.flatnonzero(glyph.any(axis=0)) for glyph in glyphs]
    return [(int(found[0]), int(found[-1]) + 1) for found in columns]


def test_bars_side_by_side_are_a_glyph_each_from_left_to_right():
    word = ink(100, 30, (60, 5, 61, 25), (10, 5, 11, 25), (35, 5, 36, 25))
    glyphs = split_glyphs(word)
    assert spans(glyphs) == [(10, 11), (35, 36), (60, 61)]
    assert np.array_equal(np.sum(glyphs, axis=0), word)


def test_a_dot_belongs_to_the_stem_under_it():
    word = ink(100, 30, (10, 10, 12, 25), (10, 4, 12, 6), (50, 5, 70, 25))
    assert spans(split_glyphs(word)) == [(10, 12), (50, 70)]


def test_the_bars_of_an_e_are_one_glyph():
    bars = [(10, y, 30, y + 1) for y in (5, 15, 25)]
    assert spans(split_glyphs(ink(100, 30, *bars, (60, 5, 61, 26)))) == [(10, 30), (60, 61)]


def test_parts_that_barely_overlap_are_two_glyphs():
    assert len(split_glyphs(ink(100, 30, (10, 5, 31, 25), (29, 26, 50, 27)))) == 2


def test_ink_that_is_not_wide_stays_whole():
    square = ink(40, 40, (5, 5, 6, 35), (30, 5, 31, 35))
    assert len(split_glyphs(square)) == 1
    assert split_glyphs(square)[0] is square


def test_connected_writing_and_blank_paper_are_one_piece():
    assert len(split_glyphs(ink(256, 40, (5, 20, 250, 21)))) == 1
    assert len(split_glyphs(ink(256, 40))) == 1
