"""A page's ink comes in reading order, line by line, word by word, and none of it is lost."""

import json

import cv2
import numpy as np
import pytest

from strokes.errors import ConfigError
from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import make_image_set
from strokes.layout.page import find_pieces
from strokes.layout.units import split_units

PEN = 3
SHAPES = (
    [(0, 0), (1, 0), (0.3, 1)],
    [(0.5, 0), (0.5, 1)],
    [(0, 0), (0, 1), (1, 1)],
    [(0, 0), (0.5, 1), (1, 0)],
)


def page(words, *, letter=24, gap=10, space=34, step=60, bend=0.0, skew=0.0, columns=1, tail=False) -> np.ndarray:
    """Ink of lines of words; `words` gives each line's words as numbers of letters."""
    lines = len(words)
    width = columns * (max(sum(w * (letter + gap) for w in line) + len(line) * space for line in words) + 90)
    ink = np.zeros((lines * step + 80, width), np.uint8)
    for column in range(columns):
        for row, line in enumerate(words):
            x, number = 40 + column * (width // columns), row
            for count in line:
                for _ in range(count):
                    shape = np.array(SHAPES[number % 4], float) * letter + (x, 40 + row * step)
                    if tail and number % 4 == 1:
                        shape = np.vstack([shape, shape[-1] + (0, step - letter + 6)])
                    shape[:, 1] += bend * np.sin(shape[:, 0] / width * np.pi) + skew * shape[:, 0]
                    cv2.polylines(ink, [np.rint(shape).astype(np.int32)], False, 1, PEN)
                    x += letter + gap
                    number += 1
                x += space
    return ink > 0


def layout_of(ink: np.ndarray, **how) -> list[list[int]]:
    """How many glyphs each word of each line has."""
    words: dict[tuple[int, int], int] = {}
    for piece in find_pieces(ink, pen_px=PEN, **how):
        if not piece.drawing:
            words[piece.line, piece.word] = words.get((piece.line, piece.word), 0) + 1
    lines = sorted({line for line, _ in words})
    return [[words[key] for key in sorted(words) if key[0] == line] for line in lines]


TEXT = [[3, 2, 4], [2, 5, 3], [4, 4, 2], [3, 3, 3]]


@pytest.mark.parametrize("how", [{}, {"bend": 14.0}, {"skew": 0.06}, {"skew": -0.05, "bend": 8.0}])
def test_lines_and_words_are_found_bent_and_askew(how):
    assert layout_of(page(TEXT, **how)) == TEXT


def test_all_ink_is_in_exactly_one_piece():
    ink = page(TEXT, bend=10)
    cv2.circle(canvas := ink.astype(np.uint8), (ink.shape[1] - 60, 180), 55, 1, PEN)
    ink = canvas > 0
    count = np.zeros(ink.shape, int)
    for piece in find_pieces(ink, pen_px=PEN):
        left, top, right, bottom = piece.box
        count[top:bottom, left:right] += piece.ink
    assert (count == ink).all()


def test_columns_are_read_one_after_the_other():
    ink = page([[3, 2]] * 5, columns=2)
    lefts = [piece.left for piece in find_pieces(ink, pen_px=PEN)]
    half = ink.shape[1] / 2
    assert lefts == sorted(lefts, key=lambda left: left > half)  # all of the left column first
    assert layout_of(ink) == [[3, 2]] * 10


def test_a_descender_that_touches_the_line_below_is_cut_between_them():
    found = [sum(line) for line in layout_of(page(TEXT, tail=True))]
    assert len(found) == len(TEXT)
    assert all(abs(count - sum(line)) <= 1 for count, line in zip(found, TEXT, strict=True))  # a tail may stay behind


def test_a_dot_belongs_to_the_line_it_stands_over_however_low_the_letters_above_hang():
    ink = page(TEXT, tail=False, step=66).astype(np.uint8)
    cv2.line(ink, (150, 64), (150, 84), 1, PEN)  # hangs from the first line, near a dot of the second
    cv2.circle(ink, (153, 93), 2, 1, -1)
    found = find_pieces(ink > 0, pen_px=PEN)
    (dot,) = [p.line for p in found if p.box[0] <= 153 < p.box[2] and p.box[1] <= 93 < p.box[3]]
    assert dot == 1


def test_joined_lines_that_touch_stay_two_lines():
    ink = np.zeros((420, 900), np.uint8)
    for row in range(5):
        for left in (40, 330, 620):
            x = np.arange(230)
            y = 60 + 70 * row + 12 * np.sin(x / 4)
            cv2.polylines(ink, [np.stack([left + x, y], 1).astype(np.int32)], False, 1, PEN)
            if row in (0, 2):  # reaches the next line
                cv2.line(ink, (left + 60, 60 + 70 * row), (left + 60, 60 + 70 * row + 62), 1, PEN)
    assert [len(line) for line in layout_of(ink > 0)] == [3] * 5


def test_words_of_many_lines_that_touch_are_no_drawing():
    ink = np.zeros((480, 900), np.uint8)
    for row in range(5):
        for left in (40, 330, 620):
            x = np.arange(230)
            cv2.polylines(
                ink, [np.stack([left + x, 60 + 70 * row + 12 * np.sin(x / 4)], 1).astype(np.int32)], False, 1, PEN
            )
    cv2.line(ink, (100, 60), (120, 60 + 70 * 4), 1, PEN)
    assert [len(line) for line in layout_of(ink > 0)] == [3] * 5


def test_a_drawing_beside_the_text_does_no_harm():
    ink = np.pad(page(TEXT), ((0, 0), (0, 260)))
    canvas = ink.astype(np.uint8)
    cv2.circle(canvas, (ink.shape[1] - 130, 150), 110, 1, PEN)
    assert layout_of(canvas > 0) == TEXT


def test_right_to_left_and_columns_from_the_right():
    ink = page(TEXT)
    mirrored, turned = np.ascontiguousarray(ink[:, ::-1]), np.ascontiguousarray(np.rot90(ink, -1))
    assert layout_of(mirrored, direction="rtl") == TEXT
    assert layout_of(turned, direction="ttb") == TEXT
    with pytest.raises(ConfigError, match="ltr, rtl, ttb"):
        find_pieces(ink, direction="up")


@pytest.mark.parametrize("shape", [[(0, 0), (1, 0), (0.3, 1)], [(0, 0), (1, 1)]])
def test_one_glyph_is_one_piece_with_its_dots(shape):
    ink = np.zeros((200, 200), np.uint8)
    cv2.polylines(ink, [np.rint(np.array(shape) * 100 + 50).astype(np.int32)], False, 1, 6)
    for x in (70, 120):
        cv2.circle(ink, (x, 25), 4, 1, -1)
    assert len(find_pieces(ink > 0, pen_px=6)) == 1
    assert len(find_pieces(page(TEXT), pen_px=PEN, single=True)) == 1
    assert find_pieces(np.zeros((9, 9), np.bool_)) == []


@pytest.mark.parametrize(("unit", "count"), [("page", 1), ("line", 4), ("word", 12), ("glyph", 38)])
def test_units_know_their_boxes(unit, count):
    framed = frame_pictures([page(TEXT).astype(np.uint8) * 255])
    whole = make_image_set(
        framed.ink,
        sizes=framed.sizes,
        frames=framed.frames,
        fine=framed.fine,
        metadata=('{"file": "a.png", "dpi": 254}',),
    )
    found = split_units(whole, unit)
    assert len(found) == count
    if unit != "page":
        known = [json.loads(text) for text in found.metadata]
        assert {about["file"] for about in known} == {"a.png"}
        assert [about["line"] for about in known] == sorted(about["line"] for about in known)
        left, top, right, bottom = known[0]["box_px"]
        assert known[0]["box_mm"] == pytest.approx([side / 10 for side in (left, top, right, bottom)])
        fine = found.fine[0]
        assert (fine.width, fine.height) == (right - left, bottom - top)
