"""Processes that make batches ahead of the steps that learn from them, so that a graphics card needn't wait."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")
AHEAD = 4
"""Pieces that are made, or waited for, a process, before they are asked for."""


class Makers(Generic[Made]):
    """Makes numbered pieces ahead of their use, in processes of its own.

    Args:
        make: a piece by its number; it is sent to every process once.
        processes: how many.
    """

    def __init__(self, make: Callable[[int], Made], processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(make,))
        self.ahead = AHEAD * processes
        self.coming: dict[int, Future[Made]] = {}

    def take(self, number: int) -> Made:
        """Piece `number`; those after it are begun."""
        self.coming = {k: piece for k, piece in self.coming.items() if k >= number}
        for k in range(number, number + self.ahead):
            if k not in self.coming:
                self.coming[k] = self.pool.submit(_make, k)
        return self.coming[number].result()

    def stop(self) -> None:
        """End the processes; what they were making is lost."""
        self.pool.shutdown(wait=False, cancel_futures=True)


_known: dict[str, Callable[[int], Any]] = {}


def _begin(make: Callable[[int], Any]) -> None:
    _known["make"] = make


def _make(number: int) -> Any:
    return _known["make"](number)
