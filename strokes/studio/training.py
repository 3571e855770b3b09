"""Training on kept samples: the command itself, in a process of its own, and the models that it leaves."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strokes.errors import ConfigError, StrokesError
from strokes.studio.shelf import within
from strokes.studio.worker import NICENESS, Tell
from strokes.train_recipe import known_recipes
from strokes.training.checkpoints import WEIGHTS_NAME

COMMAND = (sys.executable, "-c", "from strokes.cli import main; main()")
MODELS = "models"
ADAPT = "adapt"
LINES_ALONE = "pen-words"
"""A recipe that learns lines and words, which samples of single characters can't teach."""
LAST_LINES = 8
FINISH_S = 5
TOLD_EVERY_S = 2
DIE_WITH_PARENT = 1
"""Linux's PR_SET_PDEATHSIG."""


class TrainingError(StrokesError):
    """Training ended before it was done."""


@dataclass(frozen=True)
class Lesson:
    """What is to be learned from samples.

    Attributes:
        recipe: `ADAPT`, to take a network that ships to one hand, or a pen recipe, to train one anew.
        rounds: steps of adaptation, or epochs of training.
        model: the network that is adapted.
    """

    recipe: str
    rounds: int
    model: str = ""

    def __post_init__(self) -> None:
        if self.recipe not in ways():
            raise ConfigError(f"{self.recipe!r} learns from no pens; one of {', '.join(ways())}")

    @property
    def name(self) -> str:
        """Of what is learned."""
        return f"adapted-{self.model}" if self.recipe == ADAPT else self.recipe

    def arguments(self, pens: Path, out: Path) -> tuple[str, ...]:
        """The command's."""
        files = ("--pens", str(pens), "--out", str(out))
        if self.recipe == ADAPT:
            return ADAPT, self.model, *files, "--steps", str(self.rounds)
        return "train", self.recipe, *files, "--epochs", str(self.rounds), "--threads", "1"


def ways() -> list[str]:
    """Ways to learn from pens: to adapt a network, or recipes to train one anew."""
    return [ADAPT, *(name for name in known_recipes() if name.startswith("pen-") and name != LINES_ALONE)]


def new_folder(data: Path, name: str) -> Path:
    """A folder under `data` for what is learned; it isn't there yet. Raises what `within` raises."""
    models = within(data, MODELS)
    models.mkdir(exist_ok=True)
    number = 1 + sum(1 for path in models.iterdir() if path.name.startswith(f"{name}-"))
    while (models / f"{name}-{number}").exists():
        number += 1
    return models / f"{name}-{number}"


class Training:
    """What is being learned, whoever looks on.

    Args:
        learning: does it, given whom to tell; what it returns is kept.
    """

    def __init__(self, learning: Callable[[Tell], Coroutine[Any, Any, Any]]) -> None:
        self.said = "training begins"
        self._listeners: set[Tell] = set()
        self._task = asyncio.ensure_future(learning(self._tell))

    @property
    def is_over(self) -> bool:
        """Whether it ended, however."""
        return self._task.done()

    async def follow(self, tell: Tell) -> Any:
        """What is learned; `tell` hears what is said meanwhile. Who stops to follow stops nothing else."""
        self._listeners.add(tell)
        tell({"said": self.said})
        try:
            return await asyncio.shield(self._task)
        finally:
            self._listeners.discard(tell)

    def stop(self) -> bool:
        """End it; false when it was over."""
        return self._task.cancel()

    def _tell(self, what: dict[str, Any]) -> None:
        self.said = str(what.get("said", self.said))
        for tell in list(self._listeners):
            tell(what)


async def learn(lesson: Lesson, pens: Path, out: Path, *, tell: Tell) -> Path:
    """Run `strokes train` or `strokes adapt` on pens, telling each line that it says; cancelling ends it.

    Returns:
        the folder with the model.

    Raises:
        TrainingError: it failed; the message is what it said last.
    """
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *lesson.arguments(pens, out),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        stdin=asyncio.subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=stay_behind,
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        began = time.monotonic()
        reading = asyncio.ensure_future(process.stdout.readline())
        while True:
            await asyncio.wait((reading,), timeout=TOLD_EVERY_S)
            if reading.done():
                line = reading.result()
                if not line:
                    break
                said = [*said, line.decode("utf-8", "replace").strip()][-LAST_LINES:]
                reading = asyncio.ensure_future(process.stdout.readline())
            tell({"said": f"{said[-1] if said else 'training'} · {time.monotonic() - began:.0f} s"})
        code = await process.wait()
    except asyncio.CancelledError:
        await end(process)
        raise
    if code or not (out / WEIGHTS_NAME).is_file():
        raise TrainingError(last_reason(said) or f"training ended with code {code}")
    return out


def stay_behind() -> None:
    """Let reading go first, and don't outlive the studio, however that ends."""
    os.nice(NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)


async def end(process: asyncio.subprocess.Process) -> None:
    """Ask a process to stop, then make it."""
    with suppress(ProcessLookupError):
        process.terminate()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), FINISH_S)
            return
        process.kill()
        await process.wait()


def last_reason(said: Sequence[str]) -> str:
    """The line in which the command says why it failed."""
    return next((line.removeprefix("strokes: ") for line in reversed(said) if line.startswith("strokes: ")), "")
