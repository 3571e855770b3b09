"""Examples made ahead of the steps that learn from them, by processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Generic, Protocol, TypeVar, runtime_checkable

Made = TypeVar("Made")

DEPTH = 3
"""So many are made ahead for each process."""


@runtime_checkable
class LooksAhead(Protocol):
    """A trainer whose examples can be made ahead.

    Attributes:
        source: of them, by number.
    """

    source: Ahead[object]


class Ahead(Generic[Made]):
    """What `make` makes of numbers, asked for in about their order; the same with any number of processes.

    Args:
        make: a function that can be pickled, and gives the same for the same number.
        workers: processes that make what comes next; 0 to make each when it is asked for.
    """

    def __init__(self, make: Callable[[int], Made], *, workers: int = 0) -> None:
        self.make, self.workers = make, workers
        self.waiting: dict[int, Future[Made]] = {}
        self.pool: ProcessPoolExecutor | None = None

    def at(self, number: int) -> Made:
        """What is made of `number`."""
        if not self.workers:
            return self.make(number)
        if self.pool is None:
            self.pool = ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"))
        for passed in [one for one in self.waiting if one < number]:
            self.waiting.pop(passed).cancel()
        for k in range(number, number + DEPTH * self.workers):
            if k not in self.waiting:
                self.waiting[k] = self.pool.submit(self.make, k)
        return self.waiting.pop(number).result()

    def close(self) -> None:
        """End the processes; what they were at is dropped."""
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None
        self.waiting.clear()
