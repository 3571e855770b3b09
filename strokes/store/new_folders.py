"""Where a new folder of shards is written: beside its place on this machine, then renamed; or to object storage.

There each file is one PUT, which a system shows whole or not at all, and the manifest is the last: a folder without one
is no dataset. Where a dataset is replaced, the shards of the new one lie in another folder than those of the old, which
are removed when the manifest names the new.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from strokes.errors import StoreError
from strokes.files import MARK, atomic_folder, check_free_folder, flush_to_disk, reaching
from strokes.files.places import Place, Remote, entries, list_folder
from strokes.store.manifest import DATA, MANIFEST, OTHER_DATA, Manifest, has_manifest
from strokes.store.sink import write_whole


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
    """

    place: Remote
    data: str

    @classmethod
    def at(cls, place: Remote) -> RemoteFolder:
        """What replaces the dataset at `place`, or is the first there. Raises `StoreError`."""
        used = {shard.folder for shard in Manifest.read(place).shards} if has_manifest(place) else set()
        return cls(place, OTHER_DATA if DATA in used else DATA)

    def write(self, file: str, data: bytes) -> None:
        """See `NewFolder.write`; what is there with these bytes, from a try that was broken off, is left."""
        with reaching(self.place):
            if not (self.place / file).holds(data):
                (self.place / file).write_bytes(data)

    def finish(self, manifest: Manifest) -> None:
        """See `NewFolder.finish`; shards that it doesn't list are removed, those of the earlier dataset last."""
        self._remove_all(self.data, but={shard.file for shard in manifest.shards})
        self.write(MANIFEST, manifest.text().encode())
        self._remove_all(DATA if self.data == OTHER_DATA else OTHER_DATA)

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
