"""Pictures larger than the frame: glyph by glyph, each laid onto its own ink, nothing left out."""

import numpy as np

from strokes.recovery.pointer.large_pictures import complete, find_glyphs


def bars(width, height, *xs):
    picture = np.zeros((height, width), np.bool_)
    for x in xs:
        picture[4:-4, x] = True
    return picture


def test_glyphs_come_picture_by_picture_and_from_left_to_right():
    blank = np.zeros((40, 40), np.bool_)
    glyphs = find_glyphs([bars(200, 40, 150, 20), blank, bars(60, 40, 30)], single=[False] * 3)
    assert [(glyph.picture, int(np.nonzero(glyph.ink)[1][0])) for glyph in glyphs] == [(0, 20), (0, 150), (2, 30)]


def test_a_picture_of_one_letter_is_one_glyph_however_wide():
    assert len(find_glyphs([bars(200, 40, 20, 150)], single=[True])) == 1
    assert len(find_glyphs([bars(256, 40, *range(4, 244, 8))], single=[False])) == 30


def test_what_is_walked_in_the_frame_lands_on_the_picture_s_own_ink():
    (glyph,) = find_glyphs([bars(180, 240, 90)], single=[False])
    rows, columns = np.nonzero(glyph.framed)
    walked = np.stack([columns, rows], axis=1).astype(np.float32)[::2] + 0.5
    (stroke,) = glyph.strokes([walked / 28])
    assert np.allclose(stroke[:, 0] * 240, 90.5, atol=0.01)
    assert np.allclose(stroke[[0, -1], 1] * 240, [4.5, 235.5], atol=0.01)


def test_a_glyph_of_a_single_pixel_has_ink_in_the_frame():
    picture = np.zeros((256, 256), np.bool_)
    picture[10, 200] = True
    (glyph,) = find_glyphs([picture], single=[False])
    assert glyph.framed.any()
    (stroke,) = glyph.strokes([np.full((1, 2), 0.5, np.float32)])
    assert np.allclose(stroke * 256, [[200.5, 10.5]], atol=1)


def test_a_part_that_was_left_out_becomes_a_stroke_after_the_others():
    ink = bars(120, 120, 30, 90)
    drawn = [np.array([[30.5, 4.5], [30.5, 115.5]])]
    first, second = complete(drawn, ink, coarse_px=3.0)
    assert first is drawn[0]
    assert np.allclose(second[:, 0], 90.5, atol=1)
    assert np.ptp(second[:, 1]) > 100


def test_specks_and_ink_beside_a_stroke_add_nothing():
    ink = bars(120, 120, 30, 32)
    ink[100, 100] = True
    assert len(complete([np.array([[30.5, 4.5], [30.5, 115.5]])], ink, coarse_px=3.0)) == 1


def test_a_dot_that_was_drawn_is_not_added_again():
    ink = np.zeros((60, 60), np.bool_)
    ink[29:32, 29:32] = True
    assert len(complete([np.array([[30.5, 30.5]])], ink, coarse_px=3.0)) == 1


def test_without_any_stroke_all_ink_is_added():
    assert len(complete([], bars(120, 120, 30, 90), coarse_px=3.0)) == 2
