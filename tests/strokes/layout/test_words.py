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


def words_of(line, letter=20):
    """How many glyphs each word of a line has."""
    glyphs = find_glyphs(line)
    gaps = gaps_of(glyphs, letter)
    least = word_gap(gaps, np.array([mask.shape[1] for _, _, mask in glyphs], float), letter)
    return [len(word) for word in part_words(glyphs, gaps, least=least)]


def letters(*lefts, width=12):
    """A line of boxes as letters, each 20 pixels high."""
    return [(left, 15, left + width, 35) for left in lefts]


@pytest.mark.parametrize(("space", "words"), [(30, [2, 3]), (14, [2, 3]), (7, [5])])
def test_words_are_parted_where_gaps_are_wide(space, words):
    starts = np.cumsum([0, 18, 12 + space, 18, 18])
    assert words_of(ink(160, 40, *letters(*starts.tolist()))) == words


def test_words_whose_letters_touch_are_parted_at_every_gap():
    assert words_of(ink(500, 40, *letters(0, 95, 190, 287, width=85))) == [1, 1, 1, 1]


def test_letters_far_apart_are_one_word_beside_words_further_apart():
    starts = [0, 24, 48, 100, 124, 176, 200, 224]
    assert words_of(ink(260, 40, *letters(*starts))) == [3, 2, 3]


def test_words_are_parted_where_a_slanted_letter_reaches_over_the_next():
    line = ink(140, 70, *letters(0, 14, 28, 76, 90))
    for row in range(15, 66):
        x = 73 - max(row - 28, 0)
        line[row, x : x + 2] = True  # the second word begins with a tail that hangs under the first word's last letter
    assert words_of(line) == [3, 3]


@pytest.mark.parametrize("dot", [33, 45])
def test_a_dot_beside_its_stem_fills_no_gap_but_the_stem_s(dot):
    stem = [(30, 18, 32, 35)]
    line = ink(200, 40, *letters(0, 15), *stem, (dot, 8, dot + 3, 11), *letters(dot + 6), *letters(dot + 36, dot + 51))
    assert words_of(line) == [5, 2]


def test_a_line_of_one_glyph_is_one_word():
    assert words_of(ink(40, 30, (10, 5, 20, 25))) == [1]
