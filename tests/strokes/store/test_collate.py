"""Batches as sketch-rnn's models want them."""

import functools

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.torch_dataset import StrokeDataset, pad_drawings, pad_stroke3, pad_stroke5
from strokes.store.writer import DatasetWriter

SEVEN = Drawing((np.array([[0.25, 0.5], [0.75, 0.5]], np.float32), np.array([[0.5, 0.25]], np.float32)), "7")
DOT = Drawing((np.array([[0.5, 0.5]], np.float32),), "1")
BATCH = [(SEVEN, 1), (DOT, 0), (Drawing(()), -1)]


def test_stroke_3_is_steps_and_lifts():
    steps, lengths, labels = pad_stroke3(BATCH)
    assert steps[0].tolist() == [[0.25, 0.5, 0], [0.5, 0, 1], [-0.25, -0.25, 1]]
    assert steps[1].tolist() == [[0.5, 0.5, 1], [0, 0, 0], [0, 0, 0]]
    assert lengths.tolist() == [3, 1, 0]
    assert labels.tolist() == [1, 0, -1]


def test_stroke_3_adds_up_to_the_points():
    rng = np.random.default_rng(3)
    batch = [(Drawing(tuple(rng.random((n, 2), np.float32) for n in counts)), 0) for counts in ([3, 1], [1], [2, 5, 2])]
    points, lengths, _ = pad_drawings(batch)
    steps, _, _ = pad_stroke3(batch)
    for rows, ways, length in zip(points, steps, lengths, strict=True):
        torch.testing.assert_close(ways[:length, :2].cumsum(dim=0), rows[:length, :2])
        assert torch.equal(ways[:, 2], rows[:, 2])


def test_stroke_5_starts_with_the_token_and_ends_with_ends():
    rows, lengths, _ = pad_stroke5(BATCH, rows=6)
    assert rows[0].tolist() == [
        [0, 0, 1, 0, 0], [0.25, 0.5, 1, 0, 0], [0.5, 0, 0, 1, 0], [-0.25, -0.25, 0, 1, 0],
        [0, 0, 0, 0, 1], [0, 0, 0, 0, 1],
    ]  # fmt: skip
    assert rows[2, 1:].tolist() == [[0, 0, 0, 0, 1]] * 5
    assert lengths.tolist() == [3, 1, 0]
    assert (rows[:, :, 2:].sum(dim=-1) == 1).all()
    assert pad_stroke5(BATCH)[0].shape == (3, 250, 5)
    assert pad_stroke5(BATCH, rows=2)[0].shape == (3, 5, 5)


@pytest.mark.parametrize("collate", [pad_stroke3, functools.partial(pad_stroke5, rows=8)])
def test_batches_come_from_workers(tmp_path, collate):
    drawings = make_drawing_set([SEVEN, DOT] * 5)
    with DatasetWriter(tmp_path / "a.h5", attributes={}, classes=drawings.classes) as writer:
        writer.append(drawings)
    loader = DataLoader(StrokeDataset(tmp_path / "a.h5"), batch_size=4, collate_fn=collate, num_workers=1)
    assert [len(rows) for rows, _, _ in loader] == [4, 4, 2]
