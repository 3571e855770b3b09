"""One worker on one output: a lock that dies with its process, and says who holds it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strokes.atomic import reason
from strokes.errors import StoreError

LONGEST_NOTE = 300


@contextmanager
def hold(path: Path, out: Path) -> Iterator[None]:
    """Hold the lock file `path` for the work on `out`; the file goes when the block ends.

    Raises:
        StoreError: another process holds it, or the folder refuses it.
    """
    try:
        handle = _take(path)
    except OSError as error:
        raise StoreError(f"can't write beside {out}: {reason(error)}; nothing was written") from error
    if handle is None:
        raise StoreError(f"{out} is being built by {_holder(path)}; wait for it, or give another name")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _take(path: Path) -> int | None:
    """The locked file, or None when another process has it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(handle, path):
                os.ftruncate(handle, 0)
                os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(handle)
            raise
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`: its last holder may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:LONGEST_NOTE] or "another process"
    except OSError:
        return "another process"
