"""What a training run writes down: TensorBoard scalars and pictures, where TensorBoard is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from strokes.errors import StoreError
from strokes.files import reason
from strokes.training.protocol import StepResult

SCALARS_EVERY = 20
PICTURES_EVERY = 500
PICTURES_SHOWN = 10


class TrainingLog:
    """Losses every few steps, and targets above drawings now and then, under `folder`/logs."""

    def __init__(self, folder: Path, *, start: int = 0) -> None:
        self.writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            print("no TensorBoard logs: install penstrokes[train] for them", file=sys.stderr)
            return
        self.writer = SummaryWriter(str(folder / "logs"), purge_step=start or None)

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writer is not None:
            with self._writing():
                self.writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"can't write {self.writer.log_dir}: {reason(error)}") from error

    def step(self, step: int, result: StepResult) -> None:
        """Note step `step`'s losses, its pictures and their drawings.

        Raises:
            StoreError: the disk refuses the logs.
        """
        if self.writer is not None:
            with self._writing():
                self._step(step, result)

    def _step(self, step: int, result: StepResult) -> None:
        if step % SCALARS_EVERY == 0:
            for name, value in result.losses.items():
                self.writer.add_scalar(f"loss/{name}", value, step)
        if step % PICTURES_EVERY == 0 and result.shown is not None:
            truth, drawn = result.shown
            shown = torch.linspace(0, len(truth) - 1, min(PICTURES_SHOWN, len(truth))).long().to(truth.device)
            rows = [torch.cat(list(images[shown].clamp(0, 1)), dim=1) for images in (truth, drawn)]
            self.writer.add_image("target above drawing", torch.cat(rows)[None], step)
