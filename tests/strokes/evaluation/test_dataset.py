"""A dataset of pages is judged, and shown, in their own resolution."""

import numpy as np
import pytest

from strokes.evaluation.dataset import judge_dataset
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.fine import FineInk
from strokes.store.info import describe
from strokes.store.writer import DatasetWriter

SIDE = 200


@pytest.fixture
def pages(tmp_path):
    """A page of two bars, drawn, and the same with one of them left out."""
    ink = np.zeros((SIDE // 2, SIDE), np.bool_)
    ink[20:80, 40:46] = ink[20:80, 150:156] = True
    bars = tuple(np.array([[x, 20.0], [x, 80.0]], np.float32) / SIDE for x in (43.0, 153.0))
    drawings = make_drawing_set(
        [Drawing(bars, width=1.0, height=0.5), Drawing(bars[:1], width=1.0, height=0.5)],
        images=np.zeros((2, 28, 28), np.bool_),
        fine=(FineInk.of(ink, 6.0),) * 2,
        metadata=('{"glyphs": [[0, 0, 0, 1], [0, 1, 0, 1]]}', "{}"),
        scores={"covered": np.float32([1, 0.5]), "on": np.float32([1, 1])},
    )
    with DatasetWriter(tmp_path / "pages.h5", attributes={}, classes=()) as writer:
        writer.append(drawings)
    return tmp_path / "pages.h5"


def test_pages_are_shown_in_their_own_resolution(pages):
    example = judge_dataset(pages).gallery["Best (chamfer)"][0]
    assert example.ink.shape == (SIDE // 2, SIDE)
    assert example.pen_px == 6
    assert np.allclose(example.found[0][0] * SIDE, (43, 20), atol=0.1)
    assert "covered 1.00" in example.caption


def test_what_the_frame_cannot_show_is_not_judged_in_it(pages):
    scores = judge_dataset(pages).scores
    assert scores["covered"].tolist() == pytest.approx([1, 0.5], abs=0.01)
    assert np.isnan(scores["retrace"]).tolist() == [True, False]


def test_info_tells_how_many_leave_ink_out(pages):
    lines = {line.split("  ")[1]: line for line in describe(pages).splitlines() if "(score)" in line}
    assert lines["covered (score)"].endswith("least 0.5, 1 below 0.98")
    assert "below" not in lines["on (score)"]
