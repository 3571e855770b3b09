"""Training steps that a GPU replays as one graph: a small network's step is hundreds of launches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from strokes.training.schedule import pace_at

ORDINARY = 3
"""Steps of each kind taken one by one before one is recorded, so that all that is made once is made."""

Step = Callable[..., tuple[Tensor, ...]]


@dataclass(frozen=True)
class RecordedStep:
    """A recorded step: the graph, the tensors that it reads and those that it writes."""

    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def replay(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Take the step on other inputs; what it gives holds until the next replay."""
        for mine, given in zip(self.inputs, inputs, strict=True):
            mine.copy_(given)
        self.graph.replay()
        return self.outputs


class GraphedSteps:
    """Steps by name: on a processor taken as they are, on a GPU recorded once and then replayed.

    A step reads tensors of always the same shapes, changes others in place, asks nothing of the processor, and returns
    tensors.

    Args:
        device: where they run.
        schedule: of the pace, one of `SCHEDULES`; a recording keeps its first β₁, so where that moves, steps are taken
            as they are.
    """

    def __init__(self, device: torch.device, *, schedule: str = "constant") -> None:
        self.device = device
        self.taken: dict[str, int] = {}
        self.recorded: dict[str, RecordedStep] = {}
        replays = device.type == "cuda" and pace_at(0.0, schedule, 0, 2).beta1 is None
        self.stream = torch.cuda.Stream(device) if replays else None  # type: ignore[no-untyped-call]

    def take(self, name: str, step: Step, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Take the step called `name` on its inputs; tensors that hold until the next step of that name."""
        if self.stream is None:
            return step(*inputs)
        if name not in self.recorded:
            if self.taken.get(name, 0) < ORDINARY:
                self.taken[name] = self.taken.get(name, 0) + 1
                return self._ordinary(step, inputs)
            self.recorded[name] = self._record(step, inputs)
        return self.recorded[name].replay(inputs)

    def _ordinary(self, step: Step, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        assert self.stream is not None
        self.stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self.stream):
            outputs = step(*inputs)
        torch.cuda.current_stream(self.device).wait_stream(self.stream)
        return outputs

    def _record(self, step: Step, inputs: tuple[Tensor, ...]) -> RecordedStep:
        own = tuple(given.clone() for given in inputs)
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self.device)
        with torch.cuda.graph(graph, stream=self.stream):
            outputs = step(*own)
        return RecordedStep(graph, own, outputs)
