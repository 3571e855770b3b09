"""Files and folders that appear whole or not at all, locks that die with their process, and the files of a report."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from strokes.errors import ConfigError, SourceError, StoreError

DATASET_ENDINGS = (".h5", ".hdf5")

if TYPE_CHECKING:
    from filelock import FileLock


@contextmanager
def atomic_path(out: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A hidden path beside `out` to write to; it becomes `out` when the block ends, and is removed when it fails.

    The file gets the permissions of any new file, whatever the block's own writer chose.

    Raises:
        StoreError: `out` exists and `overwrite` is false, or the folder or disk refuses the file.
    """
    check_free(out, overwrite=overwrite)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        remove_stale(out)
        permissions = _permissions_of_new(partial)
        yield partial
        if stat.S_IMODE(partial.stat().st_mode) != permissions:
            partial.chmod(permissions)
        flush_to_disk(partial)
        check_free(out, overwrite=overwrite)
        partial.replace(out)
        flush_to_disk(out.parent)
    except OSError as error:
        raise StoreError(f"can't write {out}: {reason(error)}; nothing was written") from error
    finally:
        partial.unlink(missing_ok=True)


def _permissions_of_new(path: Path) -> int:
    """What a new file at `path` may be used for, as the process and the folder have it; the file is gone again."""
    path.touch()
    permissions = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    return permissions


def remove_stale(out: Path) -> None:
    """Remove what processes that are no more left half-written beside `out`, and put back what they had moved away."""
    pattern = re.compile(rf"\.{re.escape(out.name)}\.([0-9]+)\.(?:partial|old)")
    for path in out.parent.iterdir():
        found = pattern.fullmatch(path.name)
        if found and not is_running(int(found[1])):
            if path.suffix == ".old" and not out.exists():
                path.replace(out)
            else:
                remove(path)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that it holds."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
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
    with reaching(out):
        if not out.parent.is_dir():
            raise StoreError(f"there is no folder {out.parent} to write {out.name} in; make it first")
        check_no_folder(out)
        if out.exists() and not overwrite:
            raise StoreError(f"{out} exists; give another name, or --overwrite to replace it")


@contextmanager
def reaching(path: object) -> Iterator[None]:
    """Raise `StoreError` where the system lets nobody look at `path`, or what reaches a URL fails."""
    try:
        yield
    except SourceError as error:
        raise StoreError(str(error)) from error
    except OSError as error:
        raise StoreError(f"{path} can't be reached: {reason(error)}") from error


def check_no_folder(out: Path) -> None:
    """Raise `StoreError` when `out` is a folder."""
    if out.is_dir():
        raise StoreError(f"{out} is a folder; give the name of a file")


def check_ending(out: Path, endings: Sequence[str], advice: str) -> None:
    """Raise `ConfigError` unless `out` is called as what is written there, or `StoreError` when it is a folder.

    The advice says in the message what to do.
    """
    check_no_folder(out)
    if out.suffix.lower() not in endings:
        raise ConfigError(f"{out} doesn't end in {' or '.join(endings)}, as what is written there; {advice}")


def check_dataset_name(out: Path) -> None:
    """Raise `ConfigError` unless `out` is called as a dataset file is, or `StoreError` when it is a folder."""
    check_ending(out, DATASET_ENDINGS, "strokes export turns such a dataset into other formats")


def flush_to_disk(path: Path) -> None:
    """Wait until the disk holds a file, or a folder's list of names."""
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
        remove_stale(out)
        partial.mkdir()
        (partial / MARK).touch()
        yield partial
        check_free_folder(out, overwrite=overwrite)
        if out.exists():
            out.replace(old)
        partial.replace(out)
        flush_to_disk(out.parent)
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
    with reaching(out):
        if not out.parent.is_dir():
            raise StoreError(f"there is no folder {out.parent} to make {out.name} in; make it first")
        if not out.name:
            raise StoreError(f"{out} is the folder that you are in; give the name of a new one")
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return
        if not (out / MARK).is_file():
            raise StoreError(f"{out} exists and is no folder that an export made; give another name")
    if not overwrite:
        raise StoreError(f"{out} exists; give another name, or --overwrite to replace it")


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there. Raises `StoreError` when that is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"can't make the folder {folder}: {reason(error)}; choose another --out") from None


LONGEST_NOTE = 300


@contextmanager
def hold(path: Path, out: object) -> Iterator[None]:
    """Hold the lock file `path` for the work on `out`; the file goes when the block ends.

    Raises:
        StoreError: another process holds it, or the folder refuses it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, blocking=False, fallback_to_soft=False)
    try:
        lock.acquire()
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
    except Timeout:
        raise StoreError(f"{out} is being built by {_holder(path)}; wait for it, or give another name") from None
    except OSError as error:
        _let_go(path, lock)
        raise StoreError(f"can't write in {path.parent}: {reason(error)}; nothing was written") from error
    try:
        yield
    finally:
        _let_go(path, lock)


def _let_go(path: Path, lock: FileLock) -> None:
    """Remove a lock file while it's held, if it is: who waits for a file that is gone makes another."""
    if lock.is_locked:
        path.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:LONGEST_NOTE] or "another process"
    except OSError:
        return "another process"


def check_outputs(*outputs: Path | None, overwrite: bool = False) -> None:
    """Raise `StoreError` unless each file that is to be written may be."""
    for out in outputs:
        if out is not None:
            check_free(out, overwrite=overwrite)


def file_sha256(path: Path) -> str:
    """A file's sha256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
