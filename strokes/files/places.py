"""Where files lie: paths of this machine, and URLs that fsspec reaches (`s3://`, `gs://`, `hf://`, `memory://`, …).

Nothing of fsspec is loaded before a URL is asked for. Credentials and endpoints are those that its packages know, such
as `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` or a file in `~/.config/fsspec`.
"""

from __future__ import annotations

import os
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5, sha1, sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any

from strokes.errors import SourceError
from strokes.files import reason

PACKAGES = {
    **{"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"},
    **{"http": "aiohttp", "https": "aiohttp", "abfs": "adlfs", "az": "adlfs"},
}
"""What each kind of URL needs beside fsspec."""
EXTRA = ("s3fs", "gcsfs", "huggingface_hub", "fsspec")
"""What the extra `cloud` brings."""


class MissingError(SourceError):
    """There is no such file."""


@dataclass(frozen=True)
class Remote:
    """A file or folder that fsspec reaches; it answers what a `Path` would.

    Attributes:
        url: in full.
        system: of fsspec.
        path: as the system calls it.
    """

    url: str
    system: Any
    path: str

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> Remote:
        return Remote(f"{self.url.rstrip('/')}/{name}", self.system, f"{self.path.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of the name."""
        return PurePosixPath(self.name).suffix

    def with_name(self, name: str) -> Remote:
        """What is called `name` beside it."""
        url, path = (whole.rstrip("/").rpartition("/")[0] for whole in (self.url, self.path))
        return Remote(f"{url}/{name}", self.system, f"{path}/{name}")

    def exists(self) -> bool:
        """Whether anything is there."""
        return bool(asked(self.url, self.system.exists, self.path))

    def is_dir(self) -> bool:
        """Whether it is a folder, or a prefix of objects."""
        return bool(asked(self.url, self.system.isdir, self.path))

    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._known().get("type") == "file"

    def read_bytes(self) -> bytes:
        """The file's content. Raises `SourceError`."""
        content: bytes = asked(self.url, self.system.cat_file, self.path)
        return content

    def write_bytes(self, data: bytes) -> None:
        """Put a file there, whole or not at all, in place of an earlier one. Raises `SourceError`."""
        try:
            asked(self.url, self.system.pipe_file, self.path, data)
        except MissingError:
            raise SourceError(f"{self.url} can't be written: there is no such bucket or repository") from None

    def holds(self, data: bytes) -> bool:
        """Whether a file with these bytes is there, as the system's checksum tells; False where none is told."""
        digest = md5(data, usedforsecurity=False)
        blob = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
        known = digest.hexdigest(), b64encode(digest.digest()).decode(), blob.hexdigest(), sha256(data).hexdigest()
        return self.checksum in known

    @property
    def checksum(self) -> str:
        """What the system tells of the file's bytes; "" where it tells nothing.

        S3 tells the MD5 or what it makes of parts', Google's storage the MD5, the Hub the SHA-256 of a large file and
        git's SHA-1 of another.
        """
        known = self._known()
        large = known.get("lfs") or {}
        told = known.get("ETag") or known.get("md5Hash") or large.get("sha256") or known.get("blob_id") or ""
        return str(told).strip('"')

    def remove(self) -> None:
        """Remove the file. Raises `SourceError`."""
        asked(self.url, self.system.rm_file, self.path)

    @property
    def size_bytes(self) -> int:
        """How large the file is. Raises `SourceError`."""
        return int(asked(self.url, self.system.size, self.path))

    def _known(self) -> dict[str, Any]:
        """What the system tells of it now, nothing where it isn't there."""
        self.system.invalidate_cache(self.path)
        try:
            known: dict[str, Any] = asked(self.url, self.system.info, self.path)
        except MissingError:
            return {}
        return known


Place = Path | Remote


def place_of(given: Place | str) -> Place:
    """A path, or what a URL names.

    Raises:
        SourceError: the URL's kind is unknown, or needs a package that isn't installed.
    """
    if isinstance(given, Remote):
        return given
    if isinstance(given, Path) or "://" not in given:
        return Path(given)
    kind = given.partition("://")[0].rpartition("::")[2]
    if given.startswith("file://"):
        return Path(given.removeprefix("file://"))
    try:
        import fsspec

        system, path = asked(given, fsspec.core.url_to_fs, given, use_listings_cache=False)
    except ImportError:
        package = PACKAGES.get(kind, "fsspec")
        extra = "penstrokes[cloud]" if package in EXTRA else package
        raise SourceError(f"{given} needs the package {package}; install it with: pip install '{extra}'") from None
    return Remote(given, system, path)


def asked(url: str, question: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """What a file system answers. Raises `SourceError` for whatever it raises, but for a missing package."""
    try:
        return question(*arguments, **settings)
    except ImportError:
        raise
    except FileNotFoundError:
        raise MissingError(f"{url} doesn't exist") from None
    except Exception as error:  # each system has errors of its own
        raise SourceError(f"{url} can't be reached ({reason(error) or type(error).__name__})") from error


@contextmanager
def opened(place: Place) -> Iterator[IO[bytes]]:
    """A file, open for reading within the block. Raises `SourceError` when it can't be opened."""
    if isinstance(place, Remote):
        with asked(place.url, place.system.open, place.path, "rb") as stream:
            yield stream
        return
    try:
        stream = place.open("rb")
    except FileNotFoundError:
        raise MissingError(f"{place} doesn't exist") from None
    except OSError as error:
        raise SourceError(f"{place} can't be read ({reason(error)})") from None
    with stream:
        yield stream


def read_at_most(place: Place, most: int) -> bytes:
    """A file's content. Raises `MissingError`, or `SourceError` when it can't be read or has more bytes than `most`."""
    if isinstance(place, Remote):
        if place.size_bytes <= most:
            return place.read_bytes()
    else:
        try:
            with opened(place) as stream:
                content = stream.read(most + 1)
        except OSError as error:
            raise SourceError(f"{place} can't be read ({reason(error)})") from None
        if len(content) <= most:
            return content
    raise SourceError(f"{place} has more than {most:,} bytes")


@contextmanager
def on_this_machine(place: Place, beside: Sequence[str] = ()) -> Iterator[Path]:
    """A file's path within the block: its own, or that of a copy with the same name.

    Args:
        place: the file.
        beside: names of files that are copied with it where they lie beside it.
    """
    if isinstance(place, Path):
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="strokes-") as folder:
        for name in (place.name, *beside):
            one = place if name == place.name else place.with_name(name)
            if one is place or one.is_file():
                asked(one.url, one.system.get_file, one.path, str(Path(folder, name)))
        yield Path(folder, place.name)


def entries(folder: Place) -> Iterator[tuple[str, str]]:
    """Names in a folder, and whether each is a "file" or a "directory". Raises `SourceError`."""
    return remote_entries(folder) if isinstance(folder, Remote) else local_entries(folder)


def list_folder(folder: Place) -> tuple[list[str], list[str]]:
    """The names of the files and of the folders in a folder, each sorted; hidden ones left out.

    Raises:
        SourceError: it can't be read.
    """
    files, folders = [], []
    for name, kind in entries(folder):
        if name.startswith("."):
            continue
        if kind == "file":
            files.append(name)
        elif kind == "directory" and not name.startswith("__MACOSX"):
            folders.append(name)
    return sorted(files), sorted(folders)


def local_entries(folder: Path) -> Iterator[tuple[str, str]]:
    """Names in a folder of this machine, and whether each is a "file" or a "directory"; what links lead to counts."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name, "directory" if entry.is_dir() else "file"
    except OSError as error:
        raise SourceError(f"{folder} can't be read ({reason(error)})") from None


def remote_entries(folder: Remote) -> Iterator[tuple[str, str]]:
    """Names in a remote folder, and whether each is a "file" or a "directory"."""
    own = folder.path.rstrip("/")
    for entry in asked(folder.url, folder.system.ls, folder.path, detail=True):
        path = entry["name"].rstrip("/")
        if path.lstrip("/") != own.lstrip("/"):
            yield path.rpartition("/")[2], entry["type"]
