"""How far work is, over all workers: a bar on a terminal, a line a minute in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm import tqdm

LINE_EVERY_S = 60.0


class WorkProgress:
    """What is done and what failed of so many, with the pace and the time left; a context manager.

    Args:
        total: how many there are.
        done: of these, before it began.
        unit: what they are.
    """

    def __init__(self, total: int, *, done: int = 0, unit: str = "drawings") -> None:
        self.total, self.first, self.done, self.failed, self.unit = total, done, done, 0, unit
        self.started = self.told = time.monotonic()
        self.bar = tqdm(total=total, initial=done, unit=f" {unit}", disable=None)

    def __enter__(self) -> WorkProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.close()

    def update(self, done: int, failed: int = 0) -> None:
        """Count `done` more, `failed` of them in vain."""
        self.done += done
        self.failed += failed
        if failed:
            self.bar.set_postfix_str(f"{self.failed:,} failed")
        self.bar.update(done)
        now = time.monotonic()
        if self.bar.disable and now >= self.told + LINE_EVERY_S:
            self.told = now
            print(self.line(now - self.started), file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """How far it is after so many seconds, in words."""
        pace = (self.done - self.first) / max(seconds, 1e-9)
        left = (self.total - self.done) / pace if pace else float("inf")
        words = f"{self.done:,} of {self.total:,} {self.unit} done, {self.failed:,} failed, {pace:,.0f} a second"
        return f"{words}, {minutes(left)} left"


def minutes(seconds: float) -> str:
    """A time in hours and minutes, such as 2:05 h; or in seconds below two minutes."""
    if seconds == float("inf"):
        return "unknown time"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 3600}:{int(seconds) % 3600 // 60:02} h"
