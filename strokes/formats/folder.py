"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strokes.atomic import reason
from strokes.errors import StoreError

MARK = ".strokes-export"
"""An empty file in every exported folder: only such a folder is ever replaced."""


@contextmanager
def atomic_folder(out: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A hidden new folder beside `out` to write in; it becomes `out` when the block ends, and is removed when it fails.

    Raises:
        StoreError: `out` exists and is not an earlier export that may be replaced, or the disk refuses the folder.
    """
    check_free_folder(out, overwrite=overwrite)
    partial, old = (out.with_name(f".{out.name}.{os.getpid()}.{state}") for state in ("partial", "old"))
    try:
        partial.mkdir()
        (partial / MARK).touch()
        yield partial
        check_free_folder(out, overwrite=overwrite)
        if out.exists():
            out.replace(old)
        partial.replace(out)
    except OSError as error:
        if old.exists() and not out.exists():
            old.replace(out)
        raise StoreError(f"can't write {out}: {reason(error)}; nothing was written") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)


def check_free_folder(out: Path, *, overwrite: bool) -> None:
    """Raise `StoreError` unless the folder `out` may be made, or replaced: it must be an earlier export."""
    if not out.parent.is_dir():
        raise StoreError(f"there is no folder {out.parent} to make {out.name} in; make it first")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MARK).is_file():
        raise StoreError(f"{out} exists and is no folder that an export made; give another name")
    if not overwrite:
        raise StoreError(f"{out} exists; give another name, or --overwrite to replace it")
