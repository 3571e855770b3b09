"""The cores of this machine: threads of this process, so that a network is held once for all of them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

from strokes.engines.protocol import Key, Work


@dataclass(frozen=True)
class LocalEngine:
    """Threads of this process.

    Attributes:
        workers: how many; 0 for one a core.
    """

    workers: int = 0

    def run(self, work: Work[Any, Any], items: Iterable[tuple[Key, Any]]) -> Generator[tuple[Key, Any], None, None]:
        """See `Engine.run`. What the workers are at is finished and given before a failure or interrupt is raised."""
        workers = self.workers or os.cpu_count() or 1
        waiting = iter(items)
        with ThreadPoolExecutor(workers, initializer=work.prepare) as pool:
            running: dict[Future[Any], Key] = {}
            try:
                while True:
                    for key, item in islice(waiting, workers + 1 - len(running)):
                        running[pool.submit(work, item)] = key
                    if not running:
                        return
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        key = running[done]
                        result = done.result()
                        del running[done]
                        yield key, result
            except (Exception, KeyboardInterrupt):
                for future in [future for future in running if future.cancel()]:
                    del running[future]
                for future in wait(running).done:
                    if future.exception() is None:
                        yield running[future], future.result()
                raise
            finally:
                pool.shutdown(cancel_futures=True)
