"""Whatever paper, light and frame a picture comes with, only ink is left."""

import cv2
import numpy as np
import pytest

from strokes.errors import ConfigError
from strokes.ink.paper.polarity import check_ink, ink_is_dark
from strokes.ink.paper.scan import take_paper_away
from strokes.ink.paper.specks import remove_specks
from strokes.ink.paper.threshold import measure_pen

SIDE = 240
SEVEN = np.array([[70, 60], [165, 62], [105, 190]])
PEN = 7
FINE = 4  # samples a pixel, each way: a line is as wide as it says


def written(*, pen: int = PEN, side: int = SIDE, dots: tuple[tuple[int, int], ...] = ()) -> np.ndarray:
    """How much of each pixel is ink: a seven, and dots as large as the pen is wide."""
    fine = np.zeros((side * FINE, side * FINE), np.uint8)
    cv2.polylines(fine, [SEVEN.astype(np.int32) * FINE], False, 1, pen * FINE)
    for x, y in dots:
        cv2.circle(fine, (x * FINE, y * FINE), max(pen * FINE // 2, 3), 1, -1)
    return fine.reshape(side, FINE, side, FINE).mean((1, 3))


def on(paper, *, ink: float = 30, cover: np.ndarray | None = None) -> np.ndarray:
    """Dark ink on paper of some shade, as a picture."""
    cover = written() if cover is None else cover
    return np.clip(np.rint(paper * (1 - cover) + np.minimum(ink, paper) * cover), 0, 255).astype(np.uint8)


def agreement(mask: np.ndarray, cover: np.ndarray) -> tuple[float, float]:
    """The share of true ink that was found, and of found ink that is true, within two pixels."""
    true, square = cover > 0.5, np.ones((5, 5), np.uint8)
    near_true, near_found = (cv2.dilate(m.astype(np.uint8), square) > 0 for m in (true, mask))
    return float(near_found[true].mean()), float(near_true[mask].mean()) if mask.any() else 0.0


X, Y = np.meshgrid(np.linspace(0, 1, SIDE), np.linspace(0, 1, SIDE))
RANDOM = np.random.default_rng(0)


def ruled(grey: int, *, squares: bool, slope: float = 0.0) -> np.ndarray:
    paper = np.full((SIDE, SIDE), 245.0)
    for place in range(14, SIDE + 40, 30):
        cv2.line(paper, (0, place), (SIDE, round(place + slope * SIDE)), grey, 2)
        if squares:
            cv2.line(paper, (place, 0), (place, SIDE), grey, 2)
    return paper


def framed(width: int) -> np.ndarray:
    picture = on(245.0)
    picture[:width] = picture[-width:] = picture[:, :width] = picture[:, -width:] = 20
    return picture


KINDS = {
    "a hard shadow": on(np.where(X > 0.5, 130.0, 245)),
    "a slanted deep shadow": on(np.where(X + 0.4 * Y > 0.7, 100.0, 245)),
    "a gradient of 70 %": on(245 * (1 - 0.7 * X)),
    "a vignette": on(245 * (1 - 0.75 * 2 * ((X - 0.5) ** 2 + (Y - 0.5) ** 2))),
    "grain": np.clip(on(235.0) + RANDOM.normal(0, 20, (SIDE, SIDE)), 0, 255).astype(np.uint8),
    "rules of grey 100": on(ruled(100, squares=False, slope=0.02)),
    "squares of grey 150": on(ruled(150, squares=True)),
    "a frame of one pixel": framed(1),
    "a thick frame": framed(10),
    "a scanner's dark edge": on(np.where(X < 0.05, 20.0, 245)),
    "the other side shining through": on(245 * (1 - 0.25 * cv2.GaussianBlur(written()[:, ::-1], (0, 0), 2))),
    "light ink on dark paper": 255 - on(245.0),
    "yellowed paper": np.dstack([on(250.0), on(225.0), on(170.0)]),
    "yellow ink": np.dstack([on(250.0, ink=235), on(245.0, ink=205), on(225.0, ink=30)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_ink_is_left(kind):
    found, true = agreement(take_paper_away(KINDS[kind]).mask, written())
    assert found > 0.99
    assert true > 0.97  # crossings with rules leave a pixel or two beside the pen


@pytest.mark.parametrize("pen", [1, 2, 3, 7, 15])
def test_the_pen_is_measured_and_its_dots_stay(pen):
    cover = written(pen=pen, dots=((118, 30), (185, 190)))
    inked = take_paper_away(on(245.0, cover=cover))
    assert inked.pen_px == pytest.approx(pen, abs=max(0.2 * pen, 1))
    for x, y in ((118, 30), (185, 190)):
        assert inked.mask[y - 2 : y + 3, x - 2 : x + 3].any()


def test_specks_and_holes_go():
    picture = on(245.0)
    for x, y in RANDOM.integers(5, SIDE - 5, (40, 2)).tolist():
        picture[y : y + 2, x : x + 2] = 30
    cv2.circle(picture, (20, 20), 11, 20, -1)
    found, true = agreement(take_paper_away(picture).mask, written())
    assert found > 0.99
    assert true > 0.99


def test_a_dot_alone_on_the_paper_is_ink():
    ink = np.zeros((40, 40), np.bool_)
    ink[18:22, 18:22] = True
    assert (remove_specks(ink, pen_px=4) == ink).all()


def test_blank_paper_has_no_ink():
    for shade in (0, 90, 250):
        inked = take_paper_away(np.full((90, 120), shade, np.uint8))
        assert not inked.mask.any()
        assert inked.pen_px == 0


def test_each_step_can_be_looked_at():
    seen = {}
    take_paper_away(KINDS["a hard shadow"], look=lambda name, picture: seen.setdefault(name, picture))
    assert list(seen) == ["grey", "even", "ink", "no-rules", "no-edges", "no-bars", "no-specks"]
    assert all(picture.shape == (SIDE, SIDE) and picture.dtype == np.uint8 for picture in seen.values())


def test_grey_ink_is_above_the_threshold_where_the_mask_is():
    inked = take_paper_away(KINDS["a gradient of 70 %"])
    assert ((inked.grey > 110) == inked.mask).all()


@pytest.mark.parametrize("edge", [None, 0, 255])
@pytest.mark.parametrize("dark", [True, False])
def test_a_glyph_cut_at_its_ink_or_framed_keeps_its_ink(edge, dark):
    tight = on(245.0)[57:194, 66:170]
    picture = tight if dark else 255 - tight
    if edge is not None:
        picture = cv2.copyMakeBorder(picture, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=edge)
    assert ink_is_dark(picture) is dark


SHAPES = {
    "Z": [[(0.25, 0.25), (0.72, 0.25), (0.28, 0.75), (0.75, 0.75)]],
    "E": [[(0.7, 0.2), (0.3, 0.2), (0.3, 0.8), (0.7, 0.8)], [(0.3, 0.5), (0.65, 0.5)]],
    "T": [[(0.2, 0.2), (0.8, 0.2)], [(0.5, 0.2), (0.5, 0.85)]],
    "o": [[(0.5 + 0.25 * np.cos(a), 0.5 + 0.25 * np.sin(a)) for a in np.linspace(0, 6.4, 30)]],
}


def block(name: str, side: int, pen: int) -> np.ndarray:
    """A letter of straight lines: 1 where its ink is."""
    cover = np.zeros((side, side), np.uint8)
    for line in SHAPES[name]:
        cv2.polylines(cover, [np.rint(np.array(line) * side).astype(np.int32)], False, 1, pen)
    return cover.astype(np.float64)


@pytest.mark.parametrize("name", ["Z", "E", "T"])
@pytest.mark.parametrize(("side", "inset", "width"), [(64, 0, 1), (64, 0, 3), (100, 3, 1), (200, 6, 2)])
def test_a_box_goes_and_the_letter_in_it_stays(name, side, inset, width):
    cover = block(name, side, side // 16)
    picture = on(255.0, ink=0, cover=cover)
    cv2.rectangle(picture, (inset, inset), (side - 1 - inset, side - 1 - inset), 0, 1)
    for depth in range(1, width):
        cv2.rectangle(picture, (inset + depth,) * 2, (side - 1 - inset - depth,) * 2, 0, 1)
    found, true = agreement(take_paper_away(picture).mask, cover)
    assert min(found, true) > 0.97


@pytest.mark.parametrize("name", ["Z", "E"])
@pytest.mark.parametrize("dark", [True, False])
def test_bars_at_the_border_of_a_letter_that_was_cut_out_stay(name, dark):
    cover = block(name, 100, 5)
    rows, columns = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
    tight = cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    picture = on(245.0, cover=tight)
    inked = take_paper_away(picture if dark else 255 - picture)
    assert inked.dark is dark
    assert min(agreement(inked.mask, tight)) > 0.97


@pytest.mark.parametrize("name", ["Z", "o"])
def test_a_round_shadow_leaves_no_rim(name):
    cover = block(name, SIDE, 9)
    round_ = (X - 0.6) ** 2 + (Y - 0.6) ** 2 < 0.16
    found, true = agreement(take_paper_away(on(np.where(round_, 0.45, 1.0) * 245, cover=cover)).mask, cover)
    assert min(found, true) > 0.97


def test_light_ink_in_a_shadow_stays():
    cover = block("Z", SIDE, 9)
    lit = on(240.0, ink=40, cover=1 - cover) * np.where(X > 0.56, 0.45, 1.0)  # light strokes, half of them in a shadow
    inked = take_paper_away(np.rint(lit).astype(np.uint8))
    assert not inked.dark
    assert min(agreement(inked.mask, cover)) > 0.97


def test_a_stroke_that_runs_along_a_square_s_side_stays_and_the_side_goes():
    paper = np.full((SIDE, SIDE), 244.0)
    for place in range(20, SIDE, 30):
        cv2.line(paper, (0, place), (SIDE, place), 190, 2)
        cv2.line(paper, (place, 0), (place, SIDE), 190, 2)
    cover = np.zeros((SIDE, SIDE))
    cv2.line(cover, (112, 60), (112, 180), 1, 7)  # beside the rule at 110
    found, true = agreement(take_paper_away(on(paper, cover=cover)).mask, cover)
    assert min(found, true) > 0.97


@pytest.mark.parametrize(("beside", "slant"), [(3, 0), (5, 1), (8, 0), (9, 2)])
def test_a_long_stroke_along_a_dark_rule_hides_the_rule_from_nobody(beside, slant):
    paper = np.full((SIDE, SIDE), 245.0)
    for place in range(14, SIDE, 30):
        cv2.line(paper, (0, place), (SIDE, place), 100, 3)
        cv2.line(paper, (place, 0), (place, SIDE), 100, 3)
    x = 104 + beside
    fine = np.zeros((SIDE * FINE, SIDE * FINE), np.uint8)
    cv2.polylines(fine, [np.array([[60, 40], [x, 60], [x + slant, 180], [170, 200]]) * FINE], False, 1, PEN * FINE)
    cover = fine.reshape(SIDE, FINE, SIDE, FINE).mean((1, 3))
    assert min(agreement(take_paper_away(on(paper, cover=cover)).mask, cover)) > 0.95


def test_ink_can_be_settled_by_hand():
    picture = on(245.0)
    assert take_paper_away(picture, ink="dark").mask.mean() < 0.1
    assert not take_paper_away(picture, ink="light").dark
    with pytest.raises(ConfigError, match="auto, dark, light"):
        check_ink("blue")


def test_the_pen_of_no_ink_is_none():
    assert measure_pen(np.zeros((5, 5), np.bool_)) == 0
