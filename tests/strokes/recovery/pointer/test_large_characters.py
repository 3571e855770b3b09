"""Characters of many strokes, at their own resolution."""

import numpy as np
import pytest

from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import make_image_set
from strokes.metrics.pens import score_pens
from strokes.recovery.methods import Options, choose_method
from strokes.recovery.pointer import large_pictures
from strokes.recovery.pointer.large_pictures import read_parts
from strokes.recovery.words.examples import draw
from strokes.recovery.words.pictures import MANY_STROKES, WORDS, shipped_strips
from strokes.recovery.words.recover import InkPage, split

SIDE = 96
CHARACTER = [
    [(10, 30), (50, 26)],
    [(30, 8), (30, 88)],
    [(30, 50), (8, 70)],
    [(31, 48), (48, 62)],
    [(60, 14), (60, 52)],
    [(60, 14), (90, 13), (89, 52)],
    [(60, 33), (89, 32)],
    [(60, 52), (89, 51)],
    [(54, 68), (94, 66)],
    [(75, 54), (75, 88)],
    [(52, 89), (95, 87)],
]
"""A tree and a measure beside it: bars before what stands under them, left before right."""
TURN = np.linspace(0, 2 * np.pi, 25)
LOOPED = np.concatenate(
    [
        np.linspace((30, 10), (30, 80), 30),
        np.stack([35 - 5 * np.cos(TURN), 80 + 5 * np.sin(TURN)], axis=1),
        np.linspace((30, 80), (80, 70), 20),
    ]
)
"""One stroke: down, round a small loop, and away."""


@pytest.fixture(scope="module")
def picture():
    return np.rint(draw([np.array(s, float) for s in CHARACTER], (SIDE + 6, SIDE + 6), 4.0)).astype(np.uint8)


def images_of(picture, label):
    framed = frame_pictures([picture])
    known = {"labels": np.array([0]), "classes": (label,)} if label else {}
    return make_image_set(framed.ink, sizes=framed.sizes, frames=framed.frames, fine=framed.fine, **known)


@pytest.mark.parametrize(
    ("single", "simple", "strips"), [(True, False, [MANY_STROKES]), (True, True, [""]), (False, False, [MANY_STROKES])]
)
def test_a_character_of_many_strokes_is_a_strip_of_its_own_kind(picture, single, simple, strips):
    fine = images_of(picture, "").fine[0]
    parts = list(read_parts(fine, picture=0, direction="ltr", single=single, simple=simple))
    assert [part.strips for part in parts] == strips


@pytest.mark.parametrize(("label", "options", "called"), [("", {}, 1), ("", {"model": "pen-any"}, 0), ("x", {}, 0)])
def test_a_large_glyph_that_nobody_names_is_walked_over_as_a_strip(monkeypatch, label, options, called):
    cross = [np.array([(10, 10), (50, 60)], float), np.array([(50, 10), (10, 60)], float)]
    images = images_of(np.rint(draw(cross, (70, 60), 5.0)).astype(np.uint8), label)
    names = []
    monkeypatch.setattr(large_pictures, "shipped_strips", lambda *how: names.append(how[0]) or shipped_strips(*how))
    found = choose_method(images, Options(**options)).draw(images)
    assert names == [MANY_STROKES] * called
    assert len(found[0].strokes) == 2


@pytest.mark.parametrize(("model", "strokes"), [("", 1), ("pen-letters", 2)])
def test_a_named_glyph_with_a_loop_too_small_for_the_frame_is_walked_over_as_a_strip(model, strokes):
    images = images_of(np.rint(draw([LOOPED], (SIDE, SIDE), 3.0)).astype(np.uint8), "l")
    found = choose_method(images, Options(model=model)).draw(images)
    assert len(found[0].strokes) == strokes


def test_a_line_of_writing_is_one_of_words(picture):
    fine = images_of(np.hstack([picture, picture, picture]), "").fine[0]
    assert [part.strips for part in read_parts(fine, picture=0, direction="ltr", single=False)] == [WORDS]


def test_a_short_line_beside_lines_of_writing_is_one_of_words(picture):
    blank = np.zeros_like(picture)
    rows = [picture] * 4, [blank] * 4, [picture, blank, blank, blank]
    page = np.vstack([np.hstack(row) for row in rows])
    fine = images_of(page, "").fine[0]
    assert [part.strips for part in read_parts(fine, picture=0, direction="ltr", single=False)] == [WORDS, WORDS]


def test_a_fine_pens_character_is_seen_no_larger():
    scale = 400 / SIDE
    strokes = [np.array(stroke, float) * scale for stroke in CHARACTER]
    sides = []
    for pen_px in (10.0, 3.0):
        page = InkPage(draw(strokes, (420, 420), pen_px) > 127, pen_px, character=True)
        sides.append(max(split(0, page)[0].view.image.shape))
    assert sides[1] <= sides[0] + 8, "the strip's sides are multiples of 8"


def test_its_strokes_come_in_the_order_of_a_hand(picture):
    images = images_of(picture, "字")
    found = choose_method(images, Options()).draw(images)
    truth = make_drawing_set([Drawing(tuple(np.array(s, np.float32) / (SIDE + 6) for s in CHARACTER))])
    scores = score_pens(truth, found)
    assert scores["direction"][0] > 0.85
    assert scores["order"][0] > 0.6
