"""Training by several processes that `torchrun` started: each learns from its rows of every batch.

All of them make the same batches and draw the same random numbers for them, and use those of their own rows; a loss is
divided by what the whole batch weighs; `DistributedDataParallel` takes the mean of the gradients. So the weights are
those of one process, but for the order in which floats are added. (On graphics cards dropout is drawn otherwise.)
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from strokes.errors import ConfigError

LONGEST_WAIT = timedelta(hours=6)
"""How long processes wait for the first one, which alone calibrates and writes checkpoints."""
Values = TypeVar("Values", Tensor, NDArray[Any])


@dataclass(frozen=True)
class Processes:
    """Which of the processes this is, and how many there are."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes and speaks."""
        return self.rank == 0

    def sum(self, value: Tensor) -> Tensor:
        """A value added up over all of them, without a gradient."""
        total = value.detach().clone()
        if self.count > 1:
            dist.all_reduce(total)
        return total

    def most(self, number: int, device: torch.device) -> int:
        """The greatest of a number of each."""
        greatest = torch.tensor(number, device=device)
        if self.count > 1:
            dist.all_reduce(greatest, dist.ReduceOp.MAX)
        return int(greatest)

    def wait(self) -> None:
        """Go on when all of them have come here."""
        if self.count > 1:
            dist.barrier()

    def share(self, network: nn.Module, run: Callable[..., Any]) -> Callable[..., Any]:
        """`run`, which computes with the network; where there are more processes, its gradients become their mean."""
        if self.count == 1:
            return run
        place = next(network.parameters()).device
        cards = [place.index] if place.type == "cuda" else None
        shared: Callable[..., Any] = DistributedDataParallel(Called(network, run), device_ids=cards)
        return shared


class Called(nn.Module):
    """A network whose forward pass is a function's, so that all that is computed with it is seen as one."""

    def __init__(self, network: nn.Module, run: Callable[..., Any]) -> None:
        super().__init__()
        self.network, self.run = network, run

    def forward(self, *arguments: Any) -> Any:
        """What the function gives."""
        return self.run(*arguments)


class Share:
    """The rows of a batch that this process learns from, and what is random about them.

    Args:
        images: (batch, …) bool, the whole batch's ink.
        processes: that share it.

    Raises:
        ConfigError: there are more processes than rows.
    """

    def __init__(self, images: Tensor, processes: Processes) -> None:
        self.count, self.processes = len(images), processes
        if self.count < processes.count:
            raise ConfigError(f"a batch of {self.count} can't be shared by {processes.count} processes; start fewer")
        self.most = max(int(images.flatten(1).sum(dim=1).max()), 1)
        first, last = (self.count * i // processes.count for i in (processes.rank, processes.rank + 1))
        self.rows = slice(first, last)

    def of(self, values: Values) -> Values:
        """The own rows of the whole batch's values."""
        own: Values = values[self.rows]
        return own

    def uniform(self, like: Tensor, chance: torch.Generator) -> Tensor:
        """Numbers in [0, 1) for own rows shaped like `like`."""
        return self.of(torch.rand((self.count, *like.shape[1:]), generator=chance, device=like.device))

    def choose(self, chances: Tensor, chance: torch.Generator) -> Tensor:
        """A pixel (rows, steps) for each step of own rows by its chances (rows, steps, pixels).

        That of the greatest chance divided by an exponential number, as `torch.multinomial` takes one sample.
        """
        steps, pixels = chances.shape[1:]
        waits = torch.empty(self.count * steps, self.most, device=chances.device).exponential_(generator=chance)
        return (chances / self.of(waits.view(self.count, steps, self.most))[..., :pixels]).argmax(dim=2)

    def drop(self, values: Tensor, share: float) -> Tensor:
        """Own rows' values (rows, steps, features) with so large a share of them at 0, as `dropout` does it."""
        if self.processes.count == 1:
            return functional.dropout(values, share)
        _, steps, features = values.shape
        by_step = values.stride(1) > values.stride(0)  # chances are drawn in the order of the memory
        sides = (steps, self.count, features) if by_step else (self.count, steps, features)
        kept = torch.empty(sides, dtype=values.dtype, device=values.device).bernoulli_(1 - share).div_(1 - share)
        return values * self.of(kept.transpose(0, 1) if by_step else kept)

    def mean(self, values: Tensor, weights: Tensor) -> Tensor:
        """The weighted mean over the whole batch of which own rows give their part, times the processes; 0 for none."""
        total = self.processes.sum(weights.sum()).clamp(min=1)
        return (values * weights).sum() / total * self.processes.count

    def told(self, losses: dict[str, Tensor]) -> dict[str, float]:
        """Losses as the whole batch has them."""
        means = self.processes.sum(torch.stack([loss.detach() for loss in losses.values()])) / self.processes.count
        return dict(zip(losses, means.tolist(), strict=True))


def here() -> Processes:
    """The processes that this one has joined; itself alone where it hasn't."""
    return Processes(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else Processes()


def started_by_torchrun() -> int:
    """How many processes `torchrun` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def speaks() -> bool:
    """Whether this process is to tell people anything: it is the first, or alone."""
    return started_by_torchrun() == 1 or os.environ["RANK"] == "0"


def join(device: str) -> tuple[Processes, str]:
    """Join the processes that `torchrun` started, for good; and the device, of which each has a card of its own."""
    if started_by_torchrun() == 1:
        return here(), device
    on_gpu = device == "cuda"
    if not dist.is_initialized():
        dist.init_process_group("nccl" if on_gpu else "gloo", timeout=LONGEST_WAIT)
        atexit.register(dist.destroy_process_group)
    return here(), f"cuda:{os.environ['LOCAL_RANK']}" if on_gpu else device
