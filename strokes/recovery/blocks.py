"""Fixed blocks of pictures, drawn side by side: the same bytes however the work is spread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

BLOCK = 1000
Block = TypeVar("Block")
Made = TypeVar("Made")


def in_parallel(draw: Callable[[Block], Made], blocks: Iterable[Block], *, workers: int) -> Iterator[Made]:
    """What is drawn of each block, in order; `workers` blocks at a time, each on one thread."""
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        waiting = iter(blocks)
        running = deque(pool.submit(draw, block) for block in islice(waiting, 2 * workers))
        try:
            while running:
                drawings = running.popleft().result()
                running.extend(pool.submit(draw, block) for block in islice(waiting, 1))
                yield drawings
        finally:
            pool.shutdown(cancel_futures=True)
