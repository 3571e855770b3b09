"""Orders in which examples are learned from: one anew each epoch, or one for each member of an ensemble."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray, FloatArray, IntArray


class EpochOrder:
    """Rows of a set in a new order each epoch, drawn from a generator one after the other.

    Args:
        count: rows.
        generator: of the orders; where an epoch begins, it is drawn from.
        batch_size: rows a step; the last of an epoch may have fewer.
    """

    def __init__(self, count: int, generator: torch.Generator, *, batch_size: int) -> None:
        self.count, self.generator, self.batch_size = count, generator, batch_size
        self.rows = torch.arange(0)

    def at(self, place: int) -> Tensor:
        """The rows of the epoch's step `place`, from 0, which begins another epoch."""
        if place == 0:
            self.rows = torch.randperm(self.count, generator=self.generator)
        return self.rows[place * self.batch_size : (place + 1) * self.batch_size]


class MemberBatches:
    """Endless batches; step k's content follows from the seed and k alone.

    With one member, all pictures are its own; with one a class, each member goes through its class's pictures in an
    order of its own, again and again.

    Attributes:
        steps_an_epoch: steps in which as many pictures are shown as there are.
    """

    def __init__(
        self,
        images: BoolArray | NDArray[np.uint8],
        labels: IntArray,
        *,
        ensemble_size: int,
        batch_size: int,
        seed: int,
        paths: FloatArray | None = None,
    ) -> None:
        self.images, self.labels, self.paths, self.seed = images, labels, paths, seed
        self.each = max(batch_size // ensemble_size, 1)
        self.groups = (
            [np.arange(len(labels))]
            if ensemble_size == 1
            else [np.flatnonzero(labels == m) for m in range(ensemble_size)]
        )
        empty = [m for m, group in enumerate(self.groups) if len(group) == 0]
        if empty:
            raise ConfigError(f"class {empty[0]} has no pictures; every member of an ensemble needs some")
        self.steps_an_epoch = -(-len(labels) // (self.each * ensemble_size))
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}

    def at(self, step: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
        """Step `step`'s pictures (members, each, pixels) float32, labels (members, each), and paths or None."""
        rows = np.stack([self._rows(member, step) for member in range(len(self.groups))])
        pictures = torch.from_numpy(self.images[rows].reshape(*rows.shape, -1)).to(device, torch.float32)
        labels = torch.from_numpy(self.labels[rows].astype(np.int64)).to(device)
        return pictures, labels, None if self.paths is None else torch.from_numpy(self.paths[rows]).to(device)

    def _rows(self, member: int, step: int) -> NDArray[np.int64]:
        group = self.groups[member]
        places = np.arange(step * self.each, (step + 1) * self.each)
        rounds = places // len(group)
        taken = [self._order(member, int(r))[places[rounds == r] % len(group)] for r in np.unique(rounds)]
        rows: NDArray[np.int64] = group[np.concatenate(taken)]
        return rows

    def _order(self, member: int, round_: int) -> NDArray[np.int64]:
        """The order of a member's pictures in one round through them; only the last two rounds are kept."""
        key = (member, round_)
        if key not in self._orders:
            self._orders.pop((member, round_ - 2), None)
            self._orders[key] = np.random.default_rng([self.seed, member, round_]).permutation(len(self.groups[member]))
        return self._orders[key]
