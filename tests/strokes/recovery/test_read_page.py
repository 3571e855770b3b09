"""A page in one call: lines, words and glyphs where they stand, in millimetres where the scan tells."""

import cv2
import numpy as np
import pytest
from PIL import Image

from strokes import recover_page
from strokes.errors import ConfigError, SourceError
from strokes.recovery.methods import Options

TRACED = Options(method="trace")
SHAPES = ([(0, 0), (26, 0), (8, 30)], [(13, 0), (13, 30)], [(0, 0), (0, 30), (26, 30)])


def page_of(words: list[list[int]]) -> np.ndarray:
    """Dark glyphs on white, lines of words of so many glyphs each."""
    picture = np.full((60 + 70 * len(words), 460), 255, np.uint8)
    for line, own in enumerate(words):
        x = 30
        for count in own:
            for glyph in range(count):
                points = np.array(SHAPES[glyph % 3]) + np.array([x, 30 + 70 * line])
                cv2.polylines(picture, [points.astype(np.int32)], False, 0, 4)
                x += 36
            x += 45
    return picture


WORDS = [[3, 2, 1], [2, 3]]


def test_lines_words_and_glyphs_come_in_reading_order():
    page = recover_page(page_of(WORDS), options=TRACED)
    assert [[len(word.glyphs) for word in line.words] for line in page.lines] == WORDS
    lefts = [word.box[0] for word in page.lines[0].words]
    assert lefts == sorted(lefts)
    assert page.lines[0].box[3] < page.lines[1].box[1]  # the first ends above the second
    assert len(page.strokes) == 11
    assert (page.unit, page.width, page.height) == ("px", 460, 200)
    assert page.covered > 0.98 < page.on
    assert not page.flagged


def test_a_scan_of_known_resolution_is_measured_in_millimetres(tmp_path):
    Image.fromarray(page_of(WORDS)).save(tmp_path / "scan.png", dpi=(254, 254))
    page = recover_page(tmp_path / "scan.png", options=TRACED)
    assert page.unit == "mm"
    assert page.width == pytest.approx(46.0, abs=0.01)  # 460 px of a tenth of a millimetre
    left, top, right, bottom = page.lines[0].words[0].glyphs[0].box
    assert (left, top, right, bottom) == pytest.approx((3.0, 3.0, 5.6, 6.0), abs=0.3)
    assert recover_page(tmp_path / "scan.png", dpi=127, options=TRACED).width == pytest.approx(92.0, abs=0.02)


def test_ink_page_and_direction_are_as_asked(tmp_path):
    picture = page_of([[2, 1]])
    Image.fromarray(picture).save(
        tmp_path / "two.tif", save_all=True, append_images=[Image.fromarray(255 - page_of(WORDS))]
    )
    second = recover_page(tmp_path / "two.tif", page=2, ink="light", options=TRACED)
    assert [len(line.words) for line in second.lines] == [3, 2]
    backwards = recover_page(picture, options=Options(method="trace", direction="rtl"))
    assert [len(word.glyphs) for word in backwards.lines[0].words] == [1, 2]
    with pytest.raises(SourceError, match="no page 3"):
        recover_page(tmp_path / "two.tif", page=3)
    with pytest.raises(ConfigError, match="unknown ink"):
        recover_page(picture, ink="blue")


def test_a_blank_page_has_no_lines_and_is_flagged():
    page = recover_page(np.full((200, 300), 255, np.uint8), options=TRACED)
    assert page.lines == ()
    assert page.flagged
