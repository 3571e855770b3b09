"""A dataset file as PyTorch wants it: map-style, one open file a process, batches padded to equal length.

Stroke-3 and stroke-5 are the forms of sketch-rnn (https://arxiv.org/abs/1704.03477, section 3.1).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from strokes.drawing import Drawing
from strokes.store import DatasetFile, open_dataset

STROKE5_ROWS = 250


class StrokeDataset(Dataset[tuple[Any, Any]]):
    """The drawings of a dataset file, as `(drawing, label)` pairs; the label is an int, -1 where unknown.

    Each process opens the file for itself when it first reads, so it works with any `num_workers`.

        digits = StrokeDataset("out/mnist-strokes.h5", split="train")
        loader = DataLoader(digits, batch_size=64, shuffle=True, collate_fn=pad_drawings)

    Args:
        path: the file.
        split: "train", "test", "none" or "all".
        transform: called with each `Drawing`.
        target_transform: called with each label.

    Attributes:
        classes: the names of the classes, in the order of the labels.
        class_to_idx: each class's label.
        targets: (n,) int64, every item's label.

    Raises:
        StoreError: the file can't be read, or the split is unknown.
    """

    def __init__(
        self,
        path: Path | str,
        split: str = "all",
        transform: Callable[[Drawing], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        self.path = Path(path).absolute()
        self.split = split
        self.transform = transform
        self.target_transform = target_transform
        self._open: tuple[int, DatasetFile] | None = None
        with open_dataset(path) as stored:
            self.indices = stored.indices(split)
            self.classes = list(stored.classes)
            self.targets = stored.column("labels")[self.indices].astype(np.int64)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        drawing, label = self._file()[int(self.indices[index])], int(self.targets[index])
        return (
            drawing if self.transform is None else self.transform(drawing),
            label if self.target_transform is None else self.target_transform(label),
        )

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_open": None}

    def _file(self) -> DatasetFile:
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), open_dataset(self.path)
        return self._open[1]


def pad_drawings(batch: Sequence[tuple[Drawing, int]]) -> tuple[Tensor, Tensor, Tensor]:
    """A `collate_fn`: points (batch, t, 3), lengths (batch,) and labels (batch,), both int64.

    A row is x, y in the unit square (y down) and the pen's lift: 1 on the last point of a stroke, else 0. Rows past a
    drawing's length are 0.
    """
    points = [drawing_points(drawing) for drawing, _ in batch]
    return (
        pad_sequence(points, batch_first=True),
        torch.tensor([len(rows) for rows in points]),
        torch.tensor([label for _, label in batch]),
    )


def pad_stroke3(batch: Sequence[tuple[Drawing, int]]) -> tuple[Tensor, Tensor, Tensor]:
    """A `collate_fn`: sketch-rnn's stroke-3 (batch, t, 3), lengths (batch,) and labels (batch,), both int64.

    A row is the way from the point before, in the unit square (y down), the first from (0, 0); and 1 where the pen is
    lifted after the point. Rows past a drawing's length are 0.
    """
    points, lengths, labels = pad_drawings(batch)
    for rows, length in zip(points, lengths, strict=True):
        rows[1:length, :2] = rows[1:length, :2].diff(dim=0, prepend=rows[:1, :2])
    return points, lengths, labels


def pad_stroke5(batch: Sequence[tuple[Drawing, int]], *, rows: int = STROKE5_ROWS) -> tuple[Tensor, Tensor, Tensor]:
    """A `collate_fn`: sketch-rnn's stroke-5 (batch, rows, 5), lengths (batch,) and labels (batch,), both int64.

    A row is Δx, Δy as in `pad_stroke3` and the pen's state after it, one of down, up, end. The first is the start token
    (0, 0, 1, 0, 0); rows past a drawing's last are (0, 0, 0, 0, 1). The lengths count the points, without the token.
    Where a drawing needs more rows than `rows`, there are more.
    """
    steps, lengths, labels = pad_stroke3(batch)
    most = int(lengths.max()) if len(lengths) else 0
    result = torch.zeros(len(steps), max(rows, most + 2), 5)
    result[:, 0, 2] = 1
    is_drawn = torch.arange(most) < lengths[:, None]
    drawn = result[:, 1 : most + 1]
    drawn[..., :2] = steps[..., :2]
    drawn[..., 2] = (steps[..., 2] == 0) & is_drawn
    drawn[..., 3] = (steps[..., 2] == 1) & is_drawn
    result[..., 1:, 4] = 1 - result[..., 1:, 2:4].sum(dim=-1)
    return result, lengths, labels


def drawing_points(drawing: Drawing) -> Tensor:
    """(t, 3) float32: x, y and the pen's lift after each point, all strokes joined."""
    rows = torch.zeros(sum(map(len, drawing.strokes)), 3)
    if drawing.strokes:
        rows[:, :2] = torch.from_numpy(np.concatenate(drawing.strokes))
        rows[torch.from_numpy(np.cumsum([len(stroke) for stroke in drawing.strokes])) - 1, 2] = 1
    return rows
