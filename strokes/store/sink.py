"""A file, or memory, that HDF5 writes to and that never fails it.

HDF5 can't recover from a failed write: it goes on failing when the file is closed and may crash at exit. So the first
failure is kept for the writer to raise, and what follows is accepted and dropped; the file is thrown away anyhow.
"""

from __future__ import annotations

import io
import os
from contextlib import closing
from pathlib import Path

from strokes.files import flush_to_disk

PARTIAL = ".partial"


class Memory(io.BytesIO):
    """Bytes in memory that grow as a file does."""

    def truncate(self, size: int | None = None, /) -> int:
        """Make them `size` bytes, with zeros behind the end."""
        wanted = self.tell() if size is None else size
        short = wanted - len(self.getbuffer())
        if short > 0:
            place = self.tell()
            self.seek(0, os.SEEK_END)
            self.write(bytes(short))
            self.seek(place)
        return super().truncate(wanted)


class Sink:
    """A new file at `path` for h5py's file-object driver, or memory for None; `raise_failure` says if all is there."""

    def __init__(self, path: Path | None) -> None:
        self._file: io.FileIO | Memory = Memory() if path is None else io.FileIO(path, "w+b")
        self._failure: BaseException | None = None

    def everything(self) -> bytes:
        """All that was written, from the front."""
        size = self.seek(0, os.SEEK_END)
        self.seek(0)
        return self.read(size)

    def raise_failure(self) -> None:
        """Raise what the system said to the first write that it refused, if it did, or an interrupt that came then."""
        if self._failure is not None:
            raise self._failure

    def write(self, data: memoryview) -> int:
        """Write all of `data`, or nothing once a write has failed."""
        rest = memoryview(data).cast("B")
        try:
            while rest and self._failure is None:
                rest = rest[self._file.write(rest) :]
        except BaseException as failure:
            self._failure = failure
        return len(data)

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from the file, with zeros where it ends."""
        view, filled = memoryview(buffer).cast("B"), 0
        while filled < len(view) and (count := self._file.readinto(view[filled:])):
            filled += count
        view[filled:] = bytes(len(view) - filled)
        return len(view)

    def read(self, size: int) -> bytes:
        """`size` bytes from where the file stands, as `readinto` gives them."""
        buffer = bytearray(size)
        self.readinto(memoryview(buffer))
        return bytes(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to `offset`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._file.tell()

    def truncate(self, size: int) -> int:
        """Make the file `size` bytes long."""
        try:
            return self._file.truncate(size)
        except OSError as failure:
            self._failure = self._failure or failure
            return size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place, flush it to the disk and rename it. Raises `OSError` where the disk refuses."""
    partial = path.with_name(path.name + PARTIAL)
    try:
        with closing(Sink(partial)) as sink:
            sink.write(memoryview(data))
            sink.raise_failure()
        flush_to_disk(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    flush_to_disk(path.parent)
