"""Where a new folder of shards is written: beside its place on this machine, then renamed; or to object storage.

There each file is one PUT, which a system shows whole or not at all, and the manifest is the last: a folder without one
is no dataset. Where a dataset is replaced, the shards of the new one lie in another folder than those of the old, which
are removed when the manifest names the new. Who writes there says so in an object: of two at once, the one that began
first leaves it to the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from strokes.errors import StoreError
from strokes.files import MARK, atomic_folder, check_free_folder, flush_to_disk, reaching
from strokes.files.places import MissingError, Place, Remote, entries, list_folder
from strokes.store.manifest import DATA, MANIFEST, OTHER_DATA, Manifest, has_manifest
from strokes.store.sink import write_whole

CLAIM = ".strokes-writing"
"""The object that names who writes there."""


class NewFolder(Protocol):
    """A folder of shards that is being written."""

    @property
    def data(self) -> str:
        """The name of the folder in it for shards."""

    def write(self, file: str, data: bytes) -> None:
        """Put a file in it. Raises `StoreError` or OSError where that is refused."""

    def finish(self, manifest: Manifest) -> None:
        """Put the manifest in it, after all else."""


@dataclass(frozen=True)
class LocalFolder:
    """A hidden folder of this machine, to be renamed."""

    folder: Path
    data: str = DATA

    def write(self, file: str, data: bytes) -> None:
        """See `NewFolder.write`."""
        write_whole(self.folder / file, data)

    def finish(self, manifest: Manifest) -> None:
        """See `NewFolder.finish`."""
        self.write(MANIFEST, manifest.text().encode())
        flush_to_disk(self.folder)


@dataclass(frozen=True)
class RemoteFolder:
    """A place on object storage.

    Attributes:
        place: it.
        data: the name of the folder for shards, which the dataset that is there, if any, doesn't use.
        claim: what the object that names the writer says where it is this one.
        written: the checksum of each file that was put there, as the system tells it.
    """

    place: Remote
    data: str
    claim: bytes = field(default_factory=lambda: uuid4().hex.encode())
    written: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, place: Remote) -> RemoteFolder:
        """What replaces the dataset at `place`, or is the first there. Raises `StoreError`."""
        used = {shard.folder for shard in Manifest.read(place).shards} if has_manifest(place) else set()
        folder = cls(place, OTHER_DATA if DATA in used else DATA)
        with reaching(place):
            (place / CLAIM).write_bytes(folder.claim)
        return folder

    def write(self, file: str, data: bytes) -> None:
        """See `NewFolder.write`; what is there with these bytes, from a try that was broken off, is left."""
        self._check_claim()
        with reaching(self.place):
            if not (self.place / file).holds(data):
                (self.place / file).write_bytes(data)
            self.written[file] = (self.place / file).checksum

    def finish(self, manifest: Manifest) -> None:
        """See `NewFolder.finish`; shards that it doesn't list are removed, those of the earlier dataset last."""
        self._check_claim()
        self._remove_all(self.data, but={shard.file for shard in manifest.shards})
        with reaching(self.place):
            changed = [file for file, told in self.written.items() if (self.place / file).checksum != told]
        if changed:
            raise StoreError(
                f"{self.place}: another process has written {changed[0]}; run the same command again when it has ended"
            )
        self.write(MANIFEST, manifest.text().encode())
        self._remove_all(DATA if self.data == OTHER_DATA else OTHER_DATA)
        with reaching(self.place):
            (self.place / CLAIM).remove()

    def _check_claim(self) -> None:
        """Raise `StoreError` where another process has begun to write there since."""
        with reaching(self.place):
            try:
                claim = (self.place / CLAIM).read_bytes()
            except MissingError:
                claim = b""
        if claim != self.claim:
            raise StoreError(
                f"{self.place}: another process has begun to write there, and this one leaves it to that; run the same "
                "command again when it has ended"
            )

    def _remove_all(self, folder: str, *, but: set[str] | frozenset[str] = frozenset()) -> None:
        with reaching(self.place):
            if (self.place / folder).is_dir():
                for name in {f"{folder}/{name}" for name, _ in entries(self.place / folder)} - but:
                    (self.place / name).remove()


@contextmanager
def new_folder(out: Place, *, overwrite: bool = False) -> Iterator[NewFolder]:
    """A folder of shards to write in; it is a dataset when the block ends well.

    Raises:
        StoreError: `out` exists and is no earlier export that may be replaced, or what holds it refuses it.
    """
    if isinstance(out, Remote):
        check_free_place(out, overwrite=overwrite)
        yield RemoteFolder.at(out)
        return
    with atomic_folder(out, overwrite=overwrite) as folder:
        (folder / DATA).mkdir()
        yield LocalFolder(folder)


def check_free_place(out: Place, *, overwrite: bool) -> None:
    """Raise `StoreError` unless the folder `out` may be made, or replaced: it must be an earlier export.

    On object storage a mark is put there: what can't be written is known before hours of work, and a try that was
    broken off is told from what others keep there.
    """
    if not isinstance(out, Remote):
        check_free_folder(out, overwrite=overwrite)
        return
    with reaching(out):
        is_ours = (out / MARK).is_file()
        if not is_ours and out.exists() and any(list_folder(out)):
            raise StoreError(f"{out} holds what no export made; give another name")
        if has_manifest(out) and not overwrite:
            raise StoreError(f"{out} exists; give another name, or --overwrite to replace it")
        if not is_ours:
            (out / MARK).write_bytes(b"")
