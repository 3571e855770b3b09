"""Training on kept samples: the command itself, in a process of its own, and the models that it leaves."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from strokes.errors import ConfigError, StrokesError
from strokes.studio.worker import NICENESS, Tell
from strokes.train_recipe import known_recipes
from strokes.training.checkpoints import WEIGHTS_NAME

COMMAND = (sys.executable, "-c", "from strokes.cli import main; main()")
MODELS = "models"
LAST_LINES = 8
FINISH_S = 5
TOLD_EVERY_S = 2
DIE_WITH_PARENT = 1
"""Linux's PR_SET_PDEATHSIG."""


class TrainingError(StrokesError):
    """Training ended before it was done."""


def pen_recipes() -> list[str]:
    """Names of the recipes that learn from pens."""
    return [name for name in known_recipes() if name.startswith("pen-")]


def new_folder(data: Path, recipe: str) -> Path:
    """A folder under `data` for what a recipe learns; it isn't there yet. Raises `ConfigError` for another recipe."""
    if recipe not in pen_recipes():
        raise ConfigError(f"{recipe!r} learns from no pens; one of {', '.join(pen_recipes())}")
    models = data / MODELS
    models.mkdir(exist_ok=True)
    number = 1 + sum(1 for path in models.iterdir() if path.name.startswith(f"{recipe}-"))
    while (models / f"{recipe}-{number}").exists():
        number += 1
    return models / f"{recipe}-{number}"


async def train(recipe: str, pens: Path, out: Path, *, epochs: int, tell: Tell) -> Path:
    """Run `strokes train` on pens, telling each line that it says; cancelling ends it.

    Returns:
        the folder with the model.

    Raises:
        TrainingError: it failed; the message is what it said last.
    """
    arguments = ("train", recipe, "--pens", str(pens), "--out", str(out), "--epochs", str(epochs), "--threads", "1")
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        stdin=asyncio.subprocess.DEVNULL,
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
