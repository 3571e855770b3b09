"""Examples made ahead of the steps that learn from them, by processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

MadeAhead = TypeVar("MadeAhead")

DEPTH = 4
"""So many are made ahead for each process."""


@runtime_checkable
class LooksAhead(Protocol):
    """A trainer whose examples can be made ahead.

    Attributes:
        source: of them, by number.
    """

    source: Ahead[object]


class Ahead(Generic[MadeAhead]):
    """What `make` makes of numbers, asked for in about their order; the same with any number of processes.

    Args:
        make: gives the same for the same number; it is sent to every process once.
        workers: processes that make what comes next; 0 to make each when it is asked for.
    """

    def __init__(self, make: Callable[[int], MadeAhead], *, workers: int = 0) -> None:
        self.make, self.workers = make, workers
        self.waiting: dict[int, Future[MadeAhead]] = {}
        self.pool: ProcessPoolExecutor | None = None

    def at(self, number: int) -> MadeAhead:
        """What is made of `number`; those after it are begun."""
        if not self.workers:
            return self.make(number)
        if self.pool is None:
            context = get_context("spawn")
            self.pool = ProcessPoolExecutor(self.workers, context, initializer=_begin, initargs=(self.make,))
        for passed in [one for one in self.waiting if one < number]:
            self.waiting.pop(passed).cancel()
        for k in range(number, number + DEPTH * self.workers):
            if k not in self.waiting:
                self.waiting[k] = self.pool.submit(_make, k)
        return self.waiting[number].result()

    def close(self) -> None:
        """End the processes; what they were at is dropped."""
        if self.pool is not None:
            self.pool.shutdown(wait=False, cancel_futures=True)
            self.pool = None
        self.waiting.clear()


_known: dict[str, Callable[[int], Any]] = {}


def _begin(make: Callable[[int], Any]) -> None:
    _known["make"] = make


def _make(number: int) -> Any:
    return _known["make"](number)
