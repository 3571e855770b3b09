"""The one training loop: epochs of steps, their means, and the rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tqdm import tqdm

from strokes.training.log import TrainingLog
from strokes.training.processes import here
from strokes.training.protocol import Steps

RATE = "drawings_a_second"


def run_epochs(
    trainer: Steps, *, log: TrainingLog | None = None, after: Callable[[int, dict[str, float]], None] | None = None
) -> None:
    """All epochs that are left; `after` each one, what is to be done with its number and its means."""
    for epoch in range(trainer.progress.epoch, trainer.epochs):
        means = run_epoch(trainer, log, epoch)
        if after is not None:
            after(epoch, means)


def run_epoch(trainer: Steps, log: TrainingLog | None, epoch: int) -> dict[str, float]:
    """One epoch: the means of its losses, and the rate in drawings a second."""
    trainer.network.train()
    found: dict[str, list[float]] = {}
    first, started = trainer.progress.step, time.monotonic()
    steps, title = trainer.progress.steps_an_epoch, f"epoch {epoch + 1}/{trainer.epochs}"
    with tqdm(total=steps, desc=title, disable=None if here().is_first else True) as bar:
        for step in epoch_steps(trainer):
            result = trainer.step(step)
            trainer.progress.step = step + 1
            if log is not None:
                log.step(step, result)
            for name, value in result.losses.items():
                found.setdefault(name, []).append(value)
            bar.update()
            if step % 20 == 0:
                bar.set_postfix({name: f"{value:.4f}" for name, value in result.losses.items()})
    seconds = time.monotonic() - started
    trainer.progress.seconds += seconds
    rate = (trainer.progress.step - first) * trainer.batch_size / seconds
    return {name: sum(values) / len(values) for name, values in found.items()} | {RATE: rate}


def epoch_steps(trainer: Steps) -> Iterator[int]:
    """Numbers of the steps left in the epoch that the trainer is in."""
    steps = trainer.progress.steps_an_epoch
    return iter(range(trainer.progress.step, (trainer.progress.epoch + 1) * steps))
