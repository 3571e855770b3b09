"""A dataset file as PyTorch wants it: map-style, one open file a process, batches padded to equal length.

Stroke-3 and stroke-5 are the forms of sketch-rnn (https://arxiv.org/abs/1704.03477, section 3.1).
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data._utils.collate import collate, default_collate_fn_map

from strokes.errors import ConfigError, StoreError
from strokes.files.places import Place, Remote, place_of
from strokes.ink.display import counted, list_classes
from strokes.ink.drawing import UNLABELLED, Drawing, DrawingSet
from strokes.store.manifest import has_manifest
from strokes.store.reader import DatasetFile, open_dataset

STROKE5_ROWS = 250
READ_AHEAD = 256
NOTHING_AHEAD: tuple[int, list[Drawing]] = (-1, [])


class Sample(NamedTuple):
    """An item of a `StrokeDataset`; a `DataLoader` pads a batch of them as `pad_drawings` does."""

    drawing: Drawing
    label: Any


class StrokeDataset(Dataset[Any]):
    """The drawings of a dataset file, as `(drawing, label)` pairs; the label is an int, -1 where unknown.

    Each process opens the file for itself when it first reads, so it works with any `num_workers`; a drawing is read
    from the file when it is asked for, those after it too when they are asked for in order, the rest is not. Shuffled
    reading is many times as fast from memory, or in the order of `ShuffledPieces`. A `DataLoader` needs no
    `collate_fn`: it gives points (batch, t, 3), lengths (batch,) and labels (batch,), as `pad_drawings` does, unless a
    `transform` makes something else of drawings.

    >>> from torch.utils.data import DataLoader
    >>> import strokes
    >>> digits = strokes.StrokeDataset("out/mnist-strokes.h5", train=True, in_memory=True)
    >>> drawing, label = digits[0]
    >>> drawing.label, label, len(digits)
    ('5', 5, 50)
    >>> points, lengths, labels = next(iter(DataLoader(digits, batch_size=8, shuffle=True)))
    >>> points.shape == (8, lengths.max(), 3), labels.shape
    (True, torch.Size([8]))

    Args:
        root: the file, a folder of shards or its URL, or a folder that holds one dataset file (`.h5`).
        split: "train", "test", "none" or "all" (the default).
        train: torchvision's way to say it: True is the split "train", False "test".
        transform: called with each `Drawing`.
        target_transform: called with each label.
        in_memory: read all of the split now, and hold it.

    Attributes:
        root: as it was given.
        path: the file.
        train: whether the split is "train".
        classes: the names of the classes, in the order of the labels.
        class_to_idx: each class's label.
        pieces: the drawings of the dataset, of all splits, that are read best together.

    Raises:
        ConfigError: `split` and `train` are both given, and differ.
        StoreError: the file can't be read, or the split is unknown.
    """

    def __init__(
        self,
        root: Place | str,
        split: str | None = None,
        *,
        train: bool | None = None,
        transform: Callable[[Drawing], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        in_memory: bool = False,
    ) -> None:
        self.root = root
        self.path = find_dataset(place_of(root))
        self.split = choose_split(split, train)
        self.train = self.split == "train"
        self.transform = transform
        self.target_transform = target_transform
        self.in_memory = in_memory
        self._open: tuple[int, DatasetFile] | None = None
        self._ahead: tuple[int, list[Drawing]] = NOTHING_AHEAD
        with open_dataset(self.path) as stored:
            self.indices = stored.indices(self.split)
            self.classes = list(stored.classes)
            self.pieces = stored.pieces
            if in_memory:
                self.data = stored.read(self.indices)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __repr__(self) -> str:
        where = ", in memory" if self.in_memory else ""
        parts = [counted(len(self), "drawing"), f"split {self.split}", list_classes(self.classes)]
        return f"StrokeDataset({str(self.path)!r}: {', '.join(parts)}{where})"

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        place = range(len(self))[operator.index(index)]
        return self._sample(self.data[place] if self.in_memory else self._read(place))

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """The items at `indices`, neighbours read together: what a `DataLoader` asks for."""
        if self.in_memory:
            return [self[index] for index in indices]
        places = [range(len(self))[operator.index(index)] for index in indices]
        found = self._file().drawings(self.indices[places].tolist())
        return [self._sample(drawing) for drawing in found]

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name != "data"}
        return kept | {"_open": None, "_ahead": NOTHING_AHEAD}

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """(n,) every item's label, read when first asked for."""
        return self._file().column("labels")[self.indices].astype(np.int64)

    def _sample(self, drawing: Drawing) -> Any:
        label = UNLABELLED if drawing.label is None else self.class_to_idx[drawing.label]
        target = label if self.target_transform is None else self.target_transform(label)
        return Sample(drawing, target) if self.transform is None else (self.transform(drawing), target)

    def _read(self, place: int) -> Drawing:
        """One drawing of the file, and those after it when it follows the one read before."""
        first, ahead = self._ahead
        if not first <= place < first + len(ahead):
            many = READ_AHEAD if place == first + len(ahead) else 1
            first, ahead = place, self._file().drawings(self.indices[place : place + many].tolist())
            self._ahead = first, ahead
        return ahead[place - first]

    @cached_property
    def data(self) -> DrawingSet:
        """All its drawings as arrays, read when first asked for. Raises `StoreError` where they are damaged."""
        return self._file().read(self.indices)

    def _file(self) -> DatasetFile:
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), open_dataset(str(self.path))
        return self._open[1]


def find_dataset(root: Place) -> Place:
    """The dataset that `root` is, or the file that the folder `root` holds. Raises `StoreError` if it isn't one."""
    if isinstance(root, Remote):
        return root
    root = root.absolute()
    if not root.is_dir() or has_manifest(root):
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

    >>> import strokes
    >>> digits = strokes.StrokeDataset("out/mnist-strokes.h5")
    >>> points, lengths, labels = strokes.pad_drawings([digits[0], digits[1]])
    >>> labels.tolist(), points.shape == (2, lengths.max(), 3)
    ([5, 0], True)
    """
    points, lengths = pad_points([drawing for drawing, _ in batch])
    return points, lengths, torch.tensor([label for _, label in batch])


def pad_points(drawings: Sequence[Drawing]) -> tuple[Tensor, Tensor]:
    """Points (n, t, 3) and lengths (n,) of drawings, as `pad_drawings` gives them."""
    strokes = [stroke for drawing in drawings for stroke in drawing.strokes]
    lengths = np.array([sum(map(len, drawing.strokes)) for drawing in drawings], np.int64)
    owner = np.repeat(np.arange(len(drawings)), lengths)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    points = np.zeros((len(drawings), int(lengths.max(initial=0)), 3), np.float32)
    if strokes:
        points[owner, place, :2] = np.concatenate(strokes)
        last = np.cumsum([len(stroke) for stroke in strokes]) - 1
        points[owner[last], place[last], 2] = 1
    return torch.from_numpy(points), torch.from_numpy(lengths)


def pad_stroke3(batch: Sequence[tuple[Drawing, int]]) -> tuple[Tensor, Tensor, Tensor]:
    """A `collate_fn`: sketch-rnn's stroke-3 (batch, t, 3), lengths (batch,) and labels (batch,), both int64.

    A row is the way from the point before, in the unit square (y down), the first from (0, 0); and 1 where the pen is
    lifted after the point. Rows past a drawing's length are 0.

    >>> import strokes
    >>> digits = strokes.StrokeDataset("out/mnist-strokes.h5")
    >>> steps, lengths, labels = strokes.pad_stroke3([digits[0], digits[1]])
    >>> steps.shape == (2, lengths.max(), 3)
    True
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

    >>> import strokes
    >>> digits = strokes.StrokeDataset("out/mnist-strokes.h5")
    >>> rows, lengths, labels = strokes.pad_stroke5([digits[0], digits[1]])
    >>> rows.shape, rows[0, 0].tolist()
    (torch.Size([2, 250, 5]), [0.0, 0.0, 1.0, 0.0, 0.0])
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


def collate_samples(batch: Sequence[Sample], *, collate_fn_map: Any = None) -> tuple[Tensor, Tensor, Any]:
    """What torch's `default_collate` makes of samples: padded points, lengths, and the labels as it takes them."""
    return *pad_points([sample.drawing for sample in batch]), collate(
        [s.label for s in batch], collate_fn_map=collate_fn_map
    )


def collate_drawings(batch: Sequence[Drawing], *, collate_fn_map: Any = None) -> tuple[Tensor, Tensor]:
    """What torch's `default_collate` makes of drawings: padded points and lengths."""
    return pad_points(batch)


default_collate_fn_map.update({Sample: collate_samples, Drawing: collate_drawings})
