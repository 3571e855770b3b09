"""Pictures larger than the frame: glyph by glyph, each laid onto its own ink, nothing left out."""

import numpy as np

from strokes.layout.page import Piece
from strokes.recovery.large_ink import prepare
from strokes.recovery.pointer.large_pictures import complete, find_glyphs


def bars(width, height, *xs):
    picture = np.zeros((height, width), np.bool_)
    for x in xs:
        picture[4:-4, x] = True
    return picture


def glyph_of(ink, *, pen_px=1.0):
    (glyph,) = find_glyphs([prepare(Piece(ink, left=7, top=3), pen_px=pen_px)])
    return glyph


def test_what_is_walked_in_the_frame_lands_on_the_page_s_own_ink():
    glyph = glyph_of(bars(180, 240, 90))
    rows, columns = np.nonzero(glyph.framed)
    walked = np.stack([columns, rows], axis=1).astype(np.float32)[::2] + 0.5
    drawn = glyph.strokes([walked / 28])
    assert drawn.traced == 0
    (stroke,) = glyph.piece.to_page(drawn.strokes, 1000)
    assert np.allclose(stroke[:, 0] * 1000, 90.5 + 7, atol=0.02)  # coordinates lie on a grid of 1/65536
    assert np.allclose(stroke[[0, -1], 1] * 1000, [4.5 + 3, 235.5 + 3], atol=0.02)


def test_a_thick_pen_is_walked_in_a_smaller_picture_and_lands_on_the_same_ink():
    ink = np.zeros((300, 300), np.bool_)
    ink[20:280, 130:170] = True
    glyph = glyph_of(ink, pen_px=40.0)
    assert max(glyph.thinned.shape) < 100
    drawn = glyph.strokes([])
    strokes = glyph.piece.to_page(drawn.strokes, 1000)
    assert np.allclose(np.concatenate(strokes)[:, 0] * 1000, 150 + 7, atol=6)  # a pixel of the smaller picture
    assert drawn.traced == len(drawn.strokes)


def test_a_glyph_of_a_single_pixel_has_ink_in_the_frame():
    glyph = glyph_of(np.ones((1, 1), np.bool_))
    assert glyph.framed.any()
    drawn = glyph.strokes([np.full((1, 2), 0.5, np.float32)])
    (stroke,) = glyph.piece.to_page(drawn.strokes, 256)
    assert np.allclose(stroke * 256, [[7.5, 3.5]], atol=1)


def test_ink_that_the_walk_passes_by_is_traced_and_counted():
    glyph = glyph_of(bars(120, 120, 30, 90))
    rows = np.linspace(0.15, 0.85, 20, dtype=np.float32)
    walked = np.stack([np.full(20, 0.27, np.float32), rows], axis=1)
    drawn = glyph.strokes([walked])
    assert drawn.traced >= 1
    assert glyph.piece.score(drawn.strokes)[0] > 0.98


def test_a_part_that_was_left_out_becomes_a_stroke_after_the_others():
    ink = bars(120, 120, 30, 90)
    drawn = [np.array([[30.5, 4.5], [30.5, 115.5]])]
    first, second = complete(drawn, ink)
    assert first is drawn[0]
    assert np.allclose(second[:, 0], 90.5, atol=1)
    assert np.ptp(second[:, 1]) > 100


def test_specks_and_ink_beside_a_stroke_add_nothing():
    ink = bars(120, 120, 30, 32)
    ink[100, 100] = True
    assert len(complete([np.array([[30.5, 4.5], [30.5, 115.5]])], ink)) == 1


def test_a_dot_that_was_drawn_is_not_added_again():
    ink = np.zeros((60, 60), np.bool_)
    ink[29:32, 29:32] = True
    assert len(complete([np.array([[30.5, 30.5]])], ink)) == 1


def test_without_any_stroke_all_ink_is_added():
    assert len(complete([], bars(120, 120, 30, 90))) == 2
