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
from pathlib import Path
from typing import Any

from strokes.errors import StrokesError

Tell = Callable[[dict[str, Any]], None]
Job = Callable[..., Any]
NICENESS = 5
FINISH_S = 5
MOST_EXPENDABLE = "1000"


class JobError(StrokesError):
    """A job ended with an error that a person can act on."""


class Worker:
    """Runs one job after another in a process, each a module's function of `tell` and further arguments.

    Args:
        niceness: how far the process stands back for others.
        patient: whether a job that is cancelled is left to end by itself, as short ones may, rather than stopped with
            its process and all that this has loaded.
    """

    def __init__(self, *, niceness: int = NICENESS, patient: bool = False) -> None:
        self.niceness, self.patient = niceness, patient
        self._turn = asyncio.Lock()
        self._process: Any = None
        self._line: Connection | None = None
        self._threads = ThreadPoolExecutor(1, "studio-worker")
        self._number = self._given_up = 0

    async def run(self, job: Job, *arguments: Any, tell: Tell) -> Any:
        """What `job(tell, *arguments)` returns.

        Raises:
            JobError: with the message of the `StrokesError` that the job raised.
        """
        async with self._turn:
            try:
                return await self._run(job, arguments, tell)
            except (EOFError, OSError) as error:
                self.stop()
                raise JobError("the work ended by itself; there may be too little memory") from error
            except asyncio.CancelledError:
                if not self.patient:
                    self._given_up = self._number
                    self.stop()
                raise

    async def _run(self, job: Job, arguments: tuple[Any, ...], tell: Tell) -> Any:
        loop = asyncio.get_running_loop()
        self._number += 1
        mine = self._number
        line = await loop.run_in_executor(self._threads, self._ask, mine, job, arguments)
        while True:
            number, kind, value = await loop.run_in_executor(self._threads, line.recv)
            if number != mine:
                continue  # of a job that was cancelled
            if kind == "progress":
                tell(value)
            elif kind == "done":
                return value
            else:
                raise JobError(value)

    def stop(self) -> None:
        """End the process, whatever it does; the next job starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.join(FINISH_S)
            self._process = None
        self._line = None

    def _ask(self, number: int, job: Job, arguments: tuple[Any, ...]) -> Connection:
        if self._process is None or not self._process.is_alive() or self._line is None:
            context = multiprocessing.get_context("spawn")
            line, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, os.getpid(), self.niceness), daemon=True)
            process.start()
            theirs.close()
            self._line, self._process = line, process
            if self._given_up == number:  # while the process started, so that there was none to stop
                self.stop()
                raise EOFError
        self._line.send((number, job, arguments))
        return self._line


def work(line: Connection, parent: int, niceness: int) -> None:
    """Do the jobs that come along `line` until it ends."""
    import torch

    os.nice(niceness)
    go_first_when_memory_ends()
    torch.set_num_threads(1)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while os.getppid() == parent:
            number, job, arguments = line.recv()

            def tell(value: dict[str, Any], number: int = number) -> None:
                line.send((number, "progress", value))

            line.send((number, *do(job, arguments, tell)))


def go_first_when_memory_ends() -> None:
    """Let Linux end this process rather than the server where memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(MOST_EXPENDABLE, encoding="utf-8")


def do(job: Job, arguments: tuple[Any, ...], tell: Tell) -> tuple[str, Any]:
    """A job's end: ("done", what it returns) or ("failed", why)."""
    try:
        return "done", job(tell, *arguments)
    except StrokesError as error:
        return "failed", " ".join(str(error).split())
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return "failed", "the studio failed at this; its terminal says how"
