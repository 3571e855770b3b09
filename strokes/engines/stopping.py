"""SIGTERM, as a scheduler sends it, taken for Ctrl-C: what is finished is kept, and a line says how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on SIGTERM while the block runs, where this thread is one that signals reach."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with sigterm_kept():
        signal.signal(signal.SIGTERM, interrupt)
        yield


@contextmanager
def sigterm_kept() -> Iterator[None]:
    """Put back what SIGTERM did before the block, where signals reach this thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def interrupt(number: int, frame: FrameType | None) -> None:
    """What SIGTERM does: stop as Ctrl-C does."""
    raise KeyboardInterrupt
