"""A process of its own for long work, at low priority, so that reading stays instant; killed when it is to stop."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from strokes.errors import StrokesError

Tell = Callable[[dict[str, Any]], None]
Job = Callable[..., Any]
NICENESS = 5
FINISH_S = 5


class JobError(StrokesError):
    """A job ended with an error that a person can act on."""


class Worker:
    """Runs one job after another, each a module's function of `tell` and further arguments."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: Any = None
        self._line: Connection | None = None
        self._threads = ThreadPoolExecutor(1, "studio-worker")

    async def run(self, job: Job, *arguments: Any, tell: Tell) -> Any:
        """What `job(tell, *arguments)` returns; cancelling it stops the process.

        Raises:
            JobError: with the message of the `StrokesError` that the job raised.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            line = await loop.run_in_executor(self._threads, self._start)
            try:
                line.send((job, arguments))
                while True:
                    kind, value = await loop.run_in_executor(self._threads, line.recv)
                    if kind == "progress":
                        tell(value)
                    elif kind == "done":
                        return value
                    else:
                        raise JobError(value)
            except (EOFError, OSError) as error:
                self.stop()
                raise JobError("the work ended by itself; there may be too little memory") from error
            except asyncio.CancelledError:
                self.stop()
                raise

    def stop(self) -> None:
        """End the process, whatever it does; the next job starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.join(FINISH_S)
            self._process = None
        self._line = None

    def _start(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._line is None:
            context = multiprocessing.get_context("spawn")
            line, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, os.getpid()), daemon=True)
            process.start()
            theirs.close()
            self._line, self._process = line, process  # once it runs: it may be stopped from now on
        return self._line


def work(line: Connection, parent: int) -> None:
    """Do the jobs that come along `line` until it ends."""
    import torch

    os.nice(NICENESS)
    torch.set_num_threads(1)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while os.getppid() == parent:
            job, arguments = line.recv()
            line.send(do(job, arguments, lambda value: line.send(("progress", value))))


def do(job: Job, arguments: tuple[Any, ...], tell: Tell) -> tuple[str, Any]:
    """A job's end: ("done", what it returns) or ("failed", why)."""
    try:
        return "done", job(tell, *arguments)
    except StrokesError as error:
        return "failed", " ".join(str(error).split())
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return "failed", "the studio failed at this; its terminal says how"
