"""A line falls into glyphs from left to right, what stands over one another together, and into words at wide gaps."""

import numpy as np
import pytest

from strokes.layout.words import find_glyphs, gaps_of, part_words, word_gap


def ink(width, height, *boxes):
    """A blank picture with boxes (left, top, right, bottom), right and bottom outside."""
    picture = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = True
    return picture


def spans(glyphs):
    return [(x, x + mask.shape[1]) for x, _, mask in glyphs]


def test_bars_side_by_side_are_a_glyph_each_from_left_to_right():
    line = ink(100, 30, (60, 5, 61, 25), (10, 5, 11, 25), (35, 5, 36, 25))
    assert spans(find_glyphs(line)) == [(10, 11), (35, 36), (60, 61)]


def test_a_dot_belongs_to_the_stem_under_it():
    line = ink(100, 30, (10, 10, 12, 25), (10, 4, 12, 6), (50, 5, 70, 25))
    (x, y, mask), other = find_glyphs(line)
    assert (x, y, mask.shape) == (10, 4, (21, 2))
    assert other[0] == 50


@pytest.mark.parametrize(("space", "words"), [(30, [2, 3]), (7, [5])])
def test_words_are_parted_where_gaps_are_wide(space, words):
    starts = np.cumsum([0, 18, 12 + space, 18, 18])
    glyphs = find_glyphs(ink(160, 30, *((int(x), 5, int(x) + 12, 25) for x in starts)))
    least = word_gap(gaps_of(glyphs), 20)
    assert [len(word) for word in part_words(glyphs, least=least)] == words


def test_a_line_of_one_glyph_is_one_word():
    glyphs = find_glyphs(ink(40, 30, (10, 5, 20, 25)))
    assert len(part_words(glyphs, least=word_gap(gaps_of(glyphs), 20))) == 1
