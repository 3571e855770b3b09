"""A dataset file as PyTorch wants it: map-style, one open file a process, batches padded to equal length.

Stroke-3 and stroke-5 are the forms of sketch-rnn (https://arxiv.org/abs/1704.03477, section 3.1).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from strokes.errors import ConfigError, StoreError
from strokes.ink.drawing import Drawing, DrawingSet
from strokes.store.reader import DatasetFile, open_dataset

STROKE5_ROWS = 250


class StrokeDataset(Dataset[tuple[Any, Any]]):
    """The drawings of a dataset file, as `(drawing, label)` pairs; the label is an int, -1 where unknown.

    Each process opens the file for itself when it first reads, so it works with any `num_workers`; a drawing is read
    from the file when it is asked for, the rest is not.

        digits = StrokeDataset("out/mnist-strokes.h5", train=True)
        loader = DataLoader(digits, batch_size=64, shuffle=True, num_workers=4, collate_fn=pad_drawings)

    Args:
        root: the file, or a folder that holds one dataset file (`.h5`).
        split: "train", "test", "none" or "all" (the default).
        train: torchvision's way to say it: True is the split "train", False "test".
        transform: called with each `Drawing`.
        target_transform: called with each label.

    Attributes:
        root: as it was given.
        path: the file.
        train: whether the split is "train".
        classes: the names of the classes, in the order of the labels.
        class_to_idx: each class's label.
        targets: (n,) int64, every item's label.

    Raises:
        ConfigError: `split` and `train` are both given, and differ.
        StoreError: the file can't be read, or the split is unknown.
    """

    def __init__(
        self,
        root: Path | str,
        split: str | None = None,
        *,
        train: bool | None = None,
        transform: Callable[[Drawing], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        self.root = root
        self.path = find_dataset(Path(root).absolute())
        self.split = choose_split(split, train)
        self.train = self.split == "train"
        self.transform = transform
        self.target_transform = target_transform
        self._open: tuple[int, DatasetFile] | None = None
        with open_dataset(self.path) as stored:
            self.indices = stored.indices(self.split)
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
        return {name: value for name, value in self.__dict__.items() if name != "data"} | {"_open": None}

    @cached_property
    def data(self) -> DrawingSet:
        """All its drawings as arrays, read when first asked for. Raises `StoreError` where they are damaged."""
        return self._file().read(self.indices)

    def _file(self) -> DatasetFile:
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), open_dataset(self.path)
        return self._open[1]


def find_dataset(root: Path) -> Path:
    """The dataset file that `root` is, or the one that the folder `root` holds. Raises `StoreError` if it isn't one."""
    if not root.is_dir():
        return root
    files = sorted(root.glob("*.h5"))
    if len(files) != 1:
        found = ", ".join(file.name for file in files[:10]) or "none"
        raise StoreError(f"{root} should hold one dataset file (.h5), or name the file itself; it holds {found}")
    return files[0]


def choose_split(split: str | None, train: bool | None) -> str:
    """The split that the two arguments ask for. Raises `ConfigError` when they differ."""
    if train is None:
        return "all" if split is None else split
    asked = "train" if train else "test"
    if split not in (None, asked):
        raise ConfigError(f"split={split!r} and train={train} ask for different drawings; give one of the two")
    return asked


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
