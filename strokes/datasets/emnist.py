"""EMNIST, digits and letters of NIST's forms: IDX files in a folder, or in the publisher's `gzip.zip`.

Cohen, Afshar, Tapson and van Schaik, "EMNIST: an extension of MNIST to handwritten letters" (2017),
https://www.nist.gov/itl/products-and-services/emnist-dataset. Its pictures are stored with rows and columns swapped.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.download import default_cache, download_noted
from strokes.datasets.idx import Place, read_idx_images, read_idx_labels
from strokes.datasets.zips import is_zip, open_zip
from strokes.errors import ConfigError, SourceError
from strokes.ink.pictures import FRAME_PX, GreySet, let_go

URLS = ("https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",)
PUBLISHER = "https://www.nist.gov/itl/products-and-services/emnist-dataset"
HALVES = ("train", "test")
FILE_KINDS = ("images-idx3", "labels-idx1")
EXPECTED_FILES = "expected emnist-PART-train-images-idx3-ubyte, its labels and the same of test, gzipped or not"
TURN = 10_000
"""So many pictures are turned upright at a time."""

MERGED = tuple(digits + ascii_uppercase + "abdefghnqrt")
"""47 classes: a small letter that looks like its capital counts as one."""
PARTS = {
    "balanced": MERGED,
    "byclass": tuple(digits + ascii_uppercase + ascii_lowercase),
    "bymerge": MERGED,
    "digits": tuple(digits),
    "letters": tuple(ascii_uppercase),
    "mnist": tuple(digits),
}
"""What the labels of each part mean, in order; `letters` counts small letters as capitals and starts from 1."""
FIRST_LABEL = {"letters": 1}
FILE_NAME = re.compile(rf"emnist-({'|'.join(PARTS)})-({'|'.join(HALVES)})-({'|'.join(FILE_KINDS)})-ubyte(?:\.gz)?")

Files = dict[tuple[str, str, str], Place]
"""EMNIST's files by part, split and kind."""


def fetch_emnist(path: Path | None = None, *, cache: Path | None = None) -> Path:
    """The publisher's `gzip.zip` (560 MB) in the cache, fetched when needed; or `path`, if it holds parts of EMNIST.

    Args:
        path: a copy: a folder or zip of EMNIST's files; nothing is downloaded then.
        cache: where it is kept; the user's cache folder for penstrokes when not given.

    Raises:
        SourceError: no address answers, the file is not the one first fetched, or no part is there or one isn't whole.
    """
    if path is None:
        path = cached_emnist(cache)
        download_noted(URLS, path, advice="give a copy with --path")
    with emnist_files(path) as files:
        for part in sorted({name for name, _, _ in files} or {"PART"}):
            for split in HALVES:
                for kind in FILE_KINDS:
                    _file(files, path, part, split, kind)
    return path


def cached_emnist(cache: Path | None = None) -> Path:
    """Where `fetch_emnist` keeps the publisher's zip."""
    return (cache or default_cache()) / "emnist" / "gzip.zip"


def choose_part(path: Path, part: str = "") -> str:
    """The part of EMNIST at `path`: the one asked for, else the only one there.

    Raises:
        ConfigError: it isn't there, or none is asked for and there are several.
        SourceError: `path` holds nothing of EMNIST.
    """
    with emnist_files(path) as files:
        held = sorted({name for name, _, _ in files})
    if not held:
        raise SourceError(f"{path} holds nothing of EMNIST; {EXPECTED_FILES}")
    if part in held:
        return part
    if part or len(held) > 1:
        wanted = f"not {part!r}" if part else "say which"
        raise ConfigError(f"{path} holds EMNIST's {', '.join(held)}; {wanted}")
    return held[0]


def holds_emnist(path: Path) -> bool:
    """Whether a folder or zip holds a file of EMNIST. Raises `SourceError` for a broken zip."""
    with emnist_files(path) as files:
        return bool(files)


def read_emnist(path: Path, part: str, split: str) -> GreySet:
    """One split ("train" or "test") of one of `PARTS`, upright, from a folder or zip of EMNIST's files.

    Raises:
        SourceError: a file is missing, broken or not what its name says.
    """
    classes, first = PARTS[part], FIRST_LABEL.get(part, 0)
    with emnist_files(path) as files:
        images_file, labels_file = (_file(files, path, part, split, kind) for kind in FILE_KINDS)
        images, labels = read_idx_images(images_file), read_idx_labels(labels_file).astype(np.int64) - first
    if images.shape != (len(labels), FRAME_PX, FRAME_PX):
        raise SourceError(
            f"{images_file} holds pictures of shape {images.shape} and {labels_file.name} {len(labels)} labels; "
            f"expected as many, of {FRAME_PX} x {FRAME_PX} pixels"
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < len(classes)):
        raise SourceError(
            f"{labels_file} holds labels {labels.min() + first} to {labels.max() + first}; "
            f"expected {first} to {first + len(classes) - 1}, as EMNIST's {part} has"
        )
    return GreySet(turn(images), labels, classes, f"emnist-{part}", url=PUBLISHER)


@contextmanager
def emnist_files(path: Path) -> Iterator[Files]:
    """The files of EMNIST in a folder or zip, or in the folder `gzip` in it, open within the block."""
    if path.is_dir():
        yield _find(path)
    elif is_zip(path):
        with open_zip(path) as archive:
            yield _find(zipfile.Path(archive))
    else:
        raise SourceError(f"{path} is no folder or zip file; {EXPECTED_FILES}")


def part_of_name(name: str) -> str:
    """The part that a file's name tells, or "" when it isn't named as EMNIST's files are."""
    found = FILE_NAME.fullmatch(name)
    return found[1] if found else ""


def _find(place: Place) -> Files:
    found: Files = {}
    folders: tuple[Place, Place] = (place, place / "gzip")
    for folder in [folder for folder in folders if folder.is_dir()]:
        files: Iterator[Place] = iter(folder.iterdir())
        named = [(match, file) for file in files if (match := FILE_NAME.fullmatch(file.name))]
        for match, file in sorted(named, key=lambda one: one[1].name):
            found.setdefault((match[1], match[2], match[3]), file)
    return found


def _file(files: Files, path: Path, part: str, split: str, kind: str) -> Place:
    try:
        return files[part, split, kind]
    except KeyError:
        raise SourceError(f"{path} holds no emnist-{part}-{split}-{kind}-ubyte; {EXPECTED_FILES}") from None


def turn(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (n, h, w) with rows and columns swapped; square ones in place and in pieces: they may be many."""
    if images.shape[1] != images.shape[2] or not images.flags.writeable:
        return np.ascontiguousarray(images.transpose(0, 2, 1))
    for start in range(0, len(images), TURN):
        images[start : start + TURN] = images[start : start + TURN].transpose(0, 2, 1).copy()
        let_go(images)
    return images
