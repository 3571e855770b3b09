"""Pen recordings of other publishers: UCI's pen digits, UNIPEN and Omniglot, fetched once and laid out for the readers.

Nothing of an archive is written outside the folder that it is unpacked to, and only what the readers read.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from strokes.datasets.compress_z import uncompress
from strokes.datasets.download import default_cache, download_noted
from strokes.datasets.unipen_disc import lay_out_disc
from strokes.errors import SourceError
from strokes.files import make_folder

MAX_MEMBER_BYTES = 256 << 20
BROKEN_ARCHIVE = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError)


@dataclass(frozen=True)
class Archive:
    """One file of a publisher, and the addresses where it may be."""

    name: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class PenSource:
    """A set of pen recordings.

    Attributes:
        archives: the files it comes in.
        unpack: makes what the readers read of one archive, in a folder.
        made: names, with wildcards, of what `unpack` makes; a folder that holds such is taken as it is.
        licence: the recordings'.
    """

    archives: tuple[Archive, ...]
    unpack: Callable[[Path, Path], None]
    made: tuple[str, ...]
    licence: str


def fetch_pens(source: PenSource, name: str, path: Path | None = None, *, cache: Path | None = None) -> Path:
    """The folder or file that holds a set as the readers read it; fetched or unpacked when needed.

    Args:
        source: the set.
        name: what it is called.
        path: a copy: one of its archives, a folder of them, or a file or folder as the readers read it.
        cache: where it is kept; the user's cache folder for penstrokes when not given.

    Raises:
        SourceError: no address answers, a file is broken or not the one first fetched, or `path` holds no such set.
    """
    folder = (cache or default_cache()) / name
    if path is None:
        advice = "give a copy with --path"
        for archive in source.archives:
            download_noted(archive.urls, folder / archive.name, advice=advice)
        archives = [folder / archive.name for archive in source.archives]
    else:
        archives = archives_at(source, path)
        if not archives:
            return as_it_is(source, name, path)
    for archive_file in archives:
        unpack_once(source, archive_file, folder)
    return folder


def archives_at(source: PenSource, path: Path) -> list[Path]:
    """The set's archives at `path`: the file itself, or those in the folder, by their names."""
    names = {archive.name for archive in source.archives}
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.name in names)
    return [path] if path.name in names else []


def as_it_is(source: PenSource, name: str, path: Path) -> Path:
    """`path`, if the readers can read it. Raises `SourceError` when it holds nothing of the set."""
    if not path.exists():
        raise SourceError(f"there is no {path}")
    found = any(any(path.rglob(pattern)) if path.is_dir() else path.match(pattern) for pattern in source.made)
    if not found:
        archives = " and ".join(archive.name for archive in source.archives)
        raise SourceError(f"{path} holds no {name}; expected {archives}, or {' or '.join(source.made)}")
    return path


def unpack_once(source: PenSource, archive: Path, folder: Path) -> None:
    """Unpack an archive to `folder`, unless that was done."""
    done = folder / f".{archive.name}.unpacked"
    if done.exists():
        return
    make_folder(folder)
    try:
        source.unpack(archive, folder)
        done.touch()
    except BROKEN_ARCHIVE as error:
        raise SourceError(f"{archive} can't be unpacked ({error}); delete it and fetch again") from None


def unpack_pendigits(archive: Path, folder: Path) -> None:
    """UCI's zip, or one of its two `.Z` files: `pendigits-orig.tra` and `.tes`."""
    if archive.suffix == ".Z":
        write_member(folder, archive.stem, uncompress(archive.read_bytes()))
        return
    for name, content in members_of_zip(archive):
        if name.name in ("pendigits-orig.tra.Z", "pendigits-orig.tes.Z"):
            write_member(folder, name.stem, uncompress(content))


def unpack_omniglot(archive: Path, folder: Path) -> None:
    """One of Omniglot's two zips: `strokes_background/Greek/character01/0394_05.txt` and so on."""
    for name, content in members_of_zip(archive):
        if name.suffix == ".txt" and len(name.parts) == 4 and name.parts[0].startswith("strokes_"):
            write_member(folder, str(name), content)


def unpack_unipen(archive: Path, folder: Path) -> None:
    """UNIPEN's tape archive: digits, upper, lower and symbols, a folder each, coordinates beside their segments."""
    with members_of_tar(archive) as members:
        for name, content in lay_out_disc(members):
            write_member(folder, name, content)


def members_of_zip(archive: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Each file of a zip."""
    with zipfile.ZipFile(archive) as stored:
        for member in stored.infolist():
            if not member.is_dir():
                check_unpacked_size(member.file_size, member.filename)
                yield PurePosixPath(member.filename), stored.read(member)


@contextmanager
def members_of_tar(archive: Path) -> Iterator[Callable[[], Iterator[tuple[PurePosixPath, bytes]]]]:
    """A function that goes through the `.dat` files of a tape archive, as often as it is called."""

    def members() -> Iterator[tuple[PurePosixPath, bytes]]:
        with tarfile.open(archive) as stored:
            for member in stored:
                stream = stored.extractfile(member) if member.isreg() and member.name.endswith(".dat") else None
                if stream is not None:
                    check_unpacked_size(member.size, member.name)
                    yield PurePosixPath(member.name), stream.read()

    yield members


def check_unpacked_size(size: int, name: str) -> None:
    """Raise `SourceError` for a member that is larger than any of these sets has."""
    if size > MAX_MEMBER_BYTES:
        raise SourceError(f"{name} announces {size} bytes; expected at most {MAX_MEMBER_BYTES}")


def write_member(folder: Path, name: str, content: bytes) -> None:
    """Write one file below `folder`. Raises `SourceError` when its name leads out of it."""
    target = folder / name
    if PurePosixPath(name).is_absolute() or not target.resolve().is_relative_to(folder.resolve()):
        raise SourceError(f"the archive holds {name!r}, which leads out of the folder; it isn't the publisher's")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


UCI = "https://archive.ics.uci.edu"
OMNIGLOT = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
UNIPEN = "https://zenodo.org/records/1195803/files/unipen-CDROM-train_r01_v07.tgz"

PEN_SOURCES = {
    "pendigits": PenSource(
        (Archive("pendigits.zip", (f"{UCI}/static/public/81/pen+based+recognition+of+handwritten+digits.zip",)),),
        unpack_pendigits,
        ("*.tra", "*.tes", "*.tra.gz", "*.tes.gz"),
        "CC BY 4.0",
    ),
    "unipen": PenSource(
        (Archive("unipen-CDROM-train_r01_v07.tgz", (UNIPEN, f"{UNIPEN}?download=1")),),
        unpack_unipen,
        ("*.dat", "*.unp", "*.unipen"),
        "CC BY 4.0; an older notice forbids commercial use of the coordinates, and asks that writers not be named",
    ),
    "omniglot": PenSource(
        tuple(
            Archive(f"{name}.zip", (f"{OMNIGLOT}/{name}.zip",)) for name in ("strokes_background", "strokes_evaluation")
        ),
        unpack_omniglot,
        ("*_*.txt",),
        "MIT",
    ),
}
