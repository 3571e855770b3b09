"""Folders of pictures: which files are read, what class and split each is of, and what is passed over."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from strokes.datasets.decode import SUFFIXES
from strokes.errors import SourceError

SPLIT_FOLDERS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
SPLIT_FOLDERS |= dict.fromkeys(("val", "valid", "validation"), "none")
"""Folders that name a split, and not a class, where all folders with pictures are such, train or test among them."""
NAMED = 5
"""So many of the files that are passed over are named."""


@dataclass(frozen=True)
class PictureFile:
    """A picture's file.

    Attributes:
        path: where it is.
        name: its path within the folder that was asked for, or its name alone.
        label: its class, "" where unknown.
        split: "train", "test" or "none".
    """

    path: Path
    name: str
    label: str = ""
    split: str = "none"


@dataclass(frozen=True)
class Found:
    """The pictures of a folder in the order of their names, and the names of the files that are none."""

    pictures: tuple[PictureFile, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should be told."""
        if not self.passed_over:
            return ()
        kinds = Counter(Path(name).suffix.lower() or "without an ending" for name in self.passed_over)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        named = ", ".join(self.passed_over[:NAMED]) + (", …" if len(self.passed_over) > NAMED else "")
        return (f"passed over {len(self.passed_over)} files that are no pictures ({told}): {named}",)


def find_pictures(folder: Path) -> Found:
    """The pictures of a folder and of all folders within.

    The first folder below is the class; or `train` and `test` lie there, and the classes below them.

    Raises:
        SourceError: when there is no picture in it.
    """
    files = sorted(walk(folder), key=lambda name: (len(name.parts) > 1, name.parts))
    own = [name for name in files if name.suffix.lower() in SUFFIXES]
    if not own:
        raise SourceError(
            f"{folder} holds no PNG or JPEG, nor any other picture; expected some, or one subfolder of them a class"
        )
    first = {name.parts[0].lower() for name in own if len(name.parts) > 1}
    split = first <= set(SPLIT_FOLDERS) and any(SPLIT_FOLDERS[folder] != "none" for folder in first)
    pictures = tuple(placed(folder, name, split=split) for name in own)
    others = tuple(name.as_posix() for name in files if name.suffix.lower() not in SUFFIXES)
    return Found(pictures, others)


def walk(folder: Path) -> list[Path]:
    """Every file below a folder, relative to it, hidden ones left out; linked folders are entered once."""
    found, seen = [], {folder.resolve()}
    for place, folders, names in os.walk(folder, followlinks=True):
        inner = {name: Path(place, name).resolve() for name in folders if not name.startswith((".", "__MACOSX"))}
        folders[:] = [name for name, real in sorted(inner.items()) if real not in seen]
        seen |= set(inner.values())
        found += [Path(place, name).relative_to(folder) for name in names if not name.startswith(".")]
    return found


def placed(folder: Path, name: Path, *, split: bool) -> PictureFile:
    """A picture with the class and split that its folders tell."""
    folders = name.parts[:-1]
    told = SPLIT_FOLDERS[folders[0].lower()] if split and folders else "none"
    classes = folders[1:] if split else folders
    return PictureFile(folder / name, name.as_posix(), classes[0] if classes else "", told)


def split_by_name(name: str, test_share: float) -> str:
    """ "test" for so large a share of all names, by their hash, else "train": a picture's split never changes."""
    number = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big")
    return "test" if number < test_share * 2.0**64 else "train"
