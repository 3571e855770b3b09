"""Files of many pictures of any size, as datasets of millions are kept: tar, Parquet and `.npz`, one or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from strokes.datasets.image_files import SPLIT_FOLDERS
from strokes.datasets.items import Item
from strokes.datasets.parquet_pictures import ParquetPictures
from strokes.datasets.stacks import read_stacks
from strokes.datasets.tars import TARS, TarPictures
from strokes.files.places import Place, on_this_machine

PARQUET = (".parquet",)
SPLIT_WORD = re.compile(rf"({'|'.join(SPLIT_FOLDERS)})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class ArrayPictures:
    """The pictures of an `.npz` among others, read when they are asked for.

    Attributes:
        place: where it lies.
        name: within what was asked for.
        split: "train", "test" or "none", as its own name tells.
        orientation: see `strokes.datasets.orientation.put_upright`.
    """

    place: Place
    name: str
    split: str
    orientation: str

    def __iter__(self) -> Iterator[Item]:
        with on_this_machine(self.place) as path:
            stacks = read_stacks(path, orientation=self.orientation)
        for stack in stacks:
            split = stack.split if stack.split != "none" else self.split
            for i, item in enumerate(stack):
                yield Item(f"{self.name}[{i}]", item.content, item.label, split, item.ink)


def is_shard(name: str) -> bool:
    """Whether a file is a tar or Parquet, by its name."""
    return name.lower().endswith((*TARS, *PARQUET))


def shard_of(place: Place, name: str, *, orientation: str) -> Iterable[Item]:
    """The pictures of a shard, in the split that its name or folder begins with."""
    words = (SPLIT_WORD.match(part) for part in reversed(name.split("/")))
    split = next((SPLIT_FOLDERS[word[1].lower()] for word in words if word), "none")
    if name.lower().endswith(TARS):
        return TarPictures(place, name, split)
    if name.lower().endswith(PARQUET):
        return ParquetPictures(place, name, split)
    return ArrayPictures(place, name, split, orientation)
