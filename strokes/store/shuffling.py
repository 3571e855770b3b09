"""Shuffled reading of what memory doesn't hold: an order that mixes all drawings and yet stays in few pieces at a time.

The pieces, shards or blocks of a file, come in random order, and the drawings of a few of them are mixed; so each is
read once an epoch, whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, pairwise

import numpy as np
from torch.utils.data import Sampler

from strokes.errors import ConfigError
from strokes.ink.drawing import IntArray
from strokes.store.torch_dataset import StrokeDataset


class ShuffledPieces(Sampler[int]):
    """A `DataLoader`'s sampler that shuffles a `StrokeDataset`, for one of several processes where there are.

    >>> from torch.utils.data import DataLoader
    >>> import strokes
    >>> digits = strokes.StrokeDataset("out/mnist-strokes.h5")
    >>> loader = DataLoader(digits, batch_size=8, sampler=strokes.ShuffledPieces(digits, seed=0))
    >>> sum(len(labels) for _, _, labels in loader) == len(digits)
    True

    Args:
        dataset: what is to be read.
        seed: of the order, the same for all processes.
        mixed: how many pieces' drawings are mixed.
        rank: which process this is, from 0.
        processes: how many there are; each gets as many drawings, the last few of them some that another has, too.

    Attributes:
        epoch: set it to another number for another order.

    Raises:
        ConfigError: there is no such process, or nothing is mixed.
    """

    def __init__(
        self, dataset: StrokeDataset, *, seed: int = 0, mixed: int = 4, rank: int = 0, processes: int = 1
    ) -> None:
        if mixed < 1 or not 0 <= rank < processes:
            raise ConfigError(f"there is no process {rank} of {processes} that mixes {mixed} pieces")
        bounds = np.searchsorted(dataset.indices, [0, *(piece.stop for piece in dataset.pieces)])
        self.pieces = [np.arange(a, b) for a, b in pairwise(bounds) if b > a]
        self.seed, self.mixed, self.rank, self.processes = seed, mixed, rank, processes
        self.total, self.epoch = len(dataset), 0
        self.share = math.ceil(self.total / processes)

    def __len__(self) -> int:
        return self.share

    def __iter__(self) -> Iterator[int]:
        """The places of this process' drawings, in the order of this epoch."""
        order = np.fromiter(chain.from_iterable(self._mixed()), np.int64, self.total)
        first = self.rank * self.share
        return iter(np.resize(order, self.share * self.processes)[first : first + self.share].tolist())

    def _mixed(self) -> Iterator[IntArray]:
        random = np.random.default_rng((self.seed, self.epoch))
        turns = random.permutation(len(self.pieces))
        for start in range(0, len(turns), self.mixed):
            yield random.permutation(np.concatenate([self.pieces[i] for i in turns[start : start + self.mixed]]))
