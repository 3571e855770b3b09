"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strokes.errors import StoreError


@contextmanager
def atomic_path(out: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A hidden path beside `out` to write to; it becomes `out` when the block ends, and is removed when it fails.

    Raises:
        StoreError: `out` exists and `overwrite` is false, or the folder or disk refuses the file.
    """
    check_free(out, overwrite=overwrite)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        remove_stale(out)
        yield partial
        _flush_to_disk(partial)
        check_free(out, overwrite=overwrite)
        partial.replace(out)
        _flush_to_disk(out.parent)
    except OSError as error:
        raise StoreError(f"can't write {out}: {reason(error)}; nothing was written") from error
    finally:
        partial.unlink(missing_ok=True)


def remove_stale(out: Path) -> None:
    """Remove what processes that are no more left half-written beside `out`."""
    pattern = re.compile(rf"\.{re.escape(out.name)}\.([0-9]+)\.partial")
    for path in out.parent.iterdir():
        found = pattern.fullmatch(path.name)
        if found and not is_running(int(found[1])):
            path.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def check_free(out: Path, *, overwrite: bool) -> None:
    """Raise `StoreError` unless `out` may be written: a folder to hold it, and no file that isn't to be replaced."""
    if not out.parent.is_dir():
        raise StoreError(f"there is no folder {out.parent} to write {out.name} in; make it first")
    if out.is_dir():
        raise StoreError(f"{out} is a folder; give the name of a file")
    if out.exists() and not overwrite:
        raise StoreError(f"{out} exists; give another name, or --overwrite to replace it")


def _flush_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason(error: Exception) -> str:
    """Why the system refused, in a few words of one line."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return " ".join(str(error).split())
