"""Folders of pictures, here or remote: which files are read, what class and split each is of, and what is passed over.

A folder is gone through twice, once to count and once to read, and only the names of one of its folders are in memory.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from strokes.datasets.decode import SUFFIXES
from strokes.datasets.items import Item
from strokes.errors import SourceError
from strokes.files.places import Place, list_folder

SPLIT_FOLDERS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
SPLIT_FOLDERS |= dict.fromkeys(("val", "valid", "validation"), "none")
"""Folders that name a split, and not a class, where all folders with pictures are such, train or test among them."""
SHARDS = (".tar", ".tar.gz", ".tgz", ".parquet", ".npz")
"""Files of many pictures, which are read from a folder without pictures of its own."""
NAMED = 5
"""So many of the files that are passed over are named."""


@dataclass
class PictureFolder:
    """The pictures of a folder in the order of their names; going through it lists it again.

    Attributes:
        folder: where they lie.
        count: how many.
        split: whether its own folders are splits, and not classes.
        others: how many files of each ending are no pictures.
        named: the first of these.
        unread: folders that can't be read.
        shards: the files of many pictures among the others.
    """

    folder: Place
    count: int = 0
    split: bool = False
    others: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    shards: list[tuple[str, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Item]:
        for parts in walk(self.folder):
            if is_picture(parts):
                yield self.placed(parts)

    def placed(self, parts: tuple[str, ...]) -> Item:
        """A picture with the class and split that its folders tell."""
        folders = parts[:-1]
        told = SPLIT_FOLDERS[folders[0].lower()] if self.split and folders else "none"
        classes = folders[1:] if self.split else folders
        return Item("/".join(parts), self.place_of(parts), sys.intern(classes[0]) if classes else "", told)

    def place_of(self, parts: tuple[str, ...]) -> Place:
        """Where a file lies."""
        place = self.folder
        for part in parts:
            place = place / part
        return place

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should be told."""
        notes = tuple(f"passed over {why}" for why in self.unread)
        if not self.others:
            return notes
        told = ", ".join(f"{count} {kind}" for kind, count in self.others.most_common())
        named = ", ".join(self.named) + (", …" if self.others.total() > NAMED else "")
        return (*notes, f"passed over {self.others.total()} files that are no pictures ({told}): {named}")


def find_pictures(folder: Place) -> PictureFolder:
    """The pictures of a folder and of all folders within, or the files of many pictures where it has none.

    The first folder below is the class; or `train` and `test` lie there, and the classes below them.

    Raises:
        SourceError: when there is neither, or the folder can't be read.
    """
    found = PictureFolder(folder)
    first = set()
    for parts in walk(folder, found.unread):
        if is_picture(parts):
            found.count += 1
            first |= {parts[0].lower()} if len(parts) > 1 else set()
            continue
        found.others[PurePosixPath(parts[-1]).suffix.lower() or "without an ending"] += 1
        if len(found.named) < NAMED:
            found.named.append("/".join(parts))
        if parts[-1].lower().endswith(SHARDS):
            found.shards.append(parts)
    if not found.count and not found.shards:
        raise SourceError(
            f"{folder} holds no PNG or JPEG, nor any other picture; expected some, or one subfolder of them a class"
        )
    found.split = first <= set(SPLIT_FOLDERS) and any(SPLIT_FOLDERS[name] != "none" for name in first)
    return found


def is_picture(parts: tuple[str, ...]) -> bool:
    """Whether a file is a picture by its name."""
    return parts[-1].lower().endswith(SUFFIXES)


def walk(folder: Place, unread: list[str] | None = None) -> Iterator[tuple[str, ...]]:
    """Every file below a folder as the parts of its path in it: its own first, then all others by their names.

    Folders below it that can't be read are left out, and `unread` is told; linked ones are entered once.

    Raises:
        SourceError: the folder itself can't be read.
    """
    files, folders = list_folder(folder)
    yield from ((name,) for name in files)
    entered = {folder.resolve()} if isinstance(folder, Path) else set()
    for name in folders:
        yield from walk_below(folder / name, (name,), unread, entered)


def walk_below(
    folder: Place, above: tuple[str, ...], unread: list[str] | None, entered: set[Path]
) -> Iterator[tuple[str, ...]]:
    """Every file below a folder within, files and folders by their names; `entered` are not gone into again."""
    if isinstance(folder, Path):
        real = folder.resolve()
        if real in entered:
            return
        entered.add(real)
    try:
        files, folders = list_folder(folder)
    except SourceError as error:
        if unread is not None:
            unread.append(str(error))
        return
    for name, is_folder in sorted([*((name, False) for name in files), *((name, True) for name in folders)]):
        if is_folder:
            yield from walk_below(folder / name, (*above, name), unread, entered)
        else:
            yield (*above, name)


def split_by_name(name: str, test_share: float) -> str:
    """ "test" for so large a share of all names, by their hash, else "train": a picture's split never changes."""
    number = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big")
    return "test" if number < test_share * 2.0**64 else "train"
