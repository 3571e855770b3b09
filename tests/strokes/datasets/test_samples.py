"""The project's own pen samples: enough ways, in MNIST's proportions, each readable."""

import json
import runpy
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from strokes.datasets import bundled_path, load_pen_samples
from strokes.errors import SourceError
from strokes.ink.thinning import thin
from strokes.recognition.classifier import load_classifier

SCRIPT = Path(__file__).parents[3] / "scripts" / "release" / "make_pen_samples"
LETTERS = Path(__file__).resolve().parents[1] / "recovery" / "pointer" / "letters.ndjson"
FINENESS = 8


def write_with_round_pen(strokes, *, width_px: float = 2.2) -> np.ndarray:
    """A drawing as a grey 28×28 picture."""
    canvas = np.zeros((28 * FINENESS, 28 * FINENESS), np.uint8)
    for stroke in strokes:
        spots = np.rint(stroke * 28 * FINENESS - 0.5).astype(np.int32)
        cv2.polylines(canvas, [spots], False, 255, round(width_px * FINENESS))
    return canvas.reshape(28, FINENESS, 28, FINENESS).mean((1, 3)).astype(np.uint8)


def test_every_digit_is_written_in_at_least_five_ways():
    samples = load_pen_samples()
    counts = Counter(samples.labels.tolist())
    assert sorted(counts) == list(range(10))
    assert min(counts.values()) >= 5
    names = [json.loads(text)["name"] for text in samples.metadata]
    assert len(set(names)) == len(names)


def test_every_sample_is_read_correctly_by_the_classifier():
    samples = load_pen_samples()
    pictures = thin(np.stack([write_with_round_pen(drawing.strokes) for drawing in samples]))
    labels, _ = load_classifier("thinned").predict(pictures)
    wrong = [(samples.metadata[i], labels[i]) for i in np.flatnonzero(labels != samples.labels)]
    assert not wrong


def test_samples_are_sized_and_centred_as_mnist_is():
    for drawing in load_pen_samples():
        points = np.vstack(drawing.strokes)
        assert np.ptp(points, axis=0).max() == pytest.approx(18 / 28, abs=2e-4)  # coordinates are rounded to 1e-4
        middles = np.vstack([(s[1:] + s[:-1]) / 2 for s in drawing.strokes])
        lengths = np.concatenate([np.linalg.norm(np.diff(s, axis=0), axis=1) for s in drawing.strokes])
        assert np.average(middles, axis=0, weights=lengths) == pytest.approx([0.5, 0.5], abs=1e-3)


def test_samples_are_smooth_and_30_to_60_points_long():
    for drawing in load_pen_samples():
        assert 30 <= sum(map(len, drawing.strokes)) <= 60
        for stroke in drawing.strokes:
            assert np.linalg.norm(np.diff(stroke, axis=0), axis=1).max() < 0.07  # two pixels of 28


def test_uprights_are_written_downwards_and_bars_rightwards():
    for drawing in load_pen_samples():
        first, last = drawing.strokes[0][0], drawing.strokes[-1][-1]
        if drawing.label in "179" and len(drawing.strokes) == 1:
            assert last[1] > first[1]
        if drawing.label in "57" and len(drawing.strokes) == 2:
            assert last[0] > drawing.strokes[1][0][0]


def test_the_script_makes_the_shipped_file_to_the_byte(tmp_path, monkeypatch):
    out, sheet = tmp_path / "samples.ndjson", tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(out), "--sheet", str(sheet)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert out.read_bytes() == bundled_path("pen-samples.ndjson").read_bytes()
    assert cv2.imread(str(sheet)) is not None


def test_the_script_makes_the_letters_that_networks_are_shown(tmp_path, monkeypatch):
    out = tmp_path / "letters.ndjson"
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(out), "--letters"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert out.read_bytes() == LETTERS.read_bytes()


def test_other_samples_load_with_their_own_classes(tmp_path):
    file = tmp_path / "letters.ndjson"
    file.write_text('{"label": "A", "strokes": [[[0, 1], [0.5, 0], [1, 1]], [[0.2, 0.6], [0.8, 0.6]]]}\n\n')
    samples = load_pen_samples(file)
    assert samples.classes == ("A",)
    assert [len(stroke) for stroke in samples[0].strokes] == [3, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[1, 2]",
        '{"label": "1"}',
        '{"label": 1, "strokes": [[[0, 0], [1, 1]]]}',
        '{"label": "1", "strokes": []}',
        '{"label": "1", "strokes": [[]]}',
        '{"label": "1", "strokes": [[[0, 0], [1]]]}',
        '{"label": "1", "strokes": [[[0, 0], [3, 1]]]}',
        '{"label": "1", "strokes": [[[0, NaN], [0, 1]]]}',
        '{"label": "1", "strokes": 7}',
    ],
)
def test_a_file_that_holds_no_samples_gives_one_clear_error(tmp_path, text):
    file = tmp_path / "bad.ndjson"
    file.write_text(text)
    with pytest.raises(SourceError, match="expected"):
        load_pen_samples(file)


def test_a_missing_file_gives_one_clear_error(tmp_path):
    with pytest.raises(SourceError, match="doesn't exist"):
        load_pen_samples(tmp_path / "none.ndjson")
