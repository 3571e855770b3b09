"""Parts of one build, made anywhere, and their joining into the file that one build would have made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from strokes.errors import ConfigError, StoreError
from strokes.files.places import Place, on_this_machine, place_of
from strokes.ink.drawing import DrawingSet
from strokes.store.folder_writer import HDF5, check_out, new_dataset
from strokes.store.reader import DatasetFile, open_dataset
from strokes.store.schema import RESERVED, attribute_text
from strokes.store.shards import JOB
from strokes.store.verify import check_bytes

PART = "part"


@dataclass(frozen=True)
class Part:
    """Part `number` of `count`, counted from 1, of a selection of pictures.

    Raises:
        ConfigError: there is no such part.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ConfigError(f"there is no part {self}; expected i/n with i from 1 to n, such as 1/4")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of(self, total: int, *, block: int) -> range:
        """Which of `total` pictures are this part's: whole blocks, as even as can be."""
        blocks = -(-total // block)
        first, last = ((self.number - 1 + i) * blocks // self.count for i in (0, 1))
        return range(min(first * block, total), min(last * block, total))


def parse_part(text: str) -> Part:
    """A part from text such as "2/4". Raises `ConfigError` for anything else."""
    if not re.fullmatch(r"[0-9]{1,6}/[0-9]{1,6}", text):
        raise ConfigError(f"{text!r} names no part; expected i/n, such as 2/4")
    number, _, count = text.partition("/")
    return Part(int(number), int(count))


def merge(paths: Sequence[Place | str], out: Place, *, kind: str = HDF5, overwrite: bool = False) -> int:
    """Join the parts of one build, given in any order, to the same bytes as one build makes.

    Args:
        paths: the parts; those that URLs name are copied to this machine for the while.
        out: the dataset to make; a folder of shards may be on object storage.
        kind: what it is, one of `DATASET_KINDS`.
        overwrite: replace an existing one.

    Returns:
        how many drawings were written.

    Raises:
        StoreError: a part is missing, damaged, given twice or of another build, or `out` can't be written.
        SourceError: a URL can't be reached.
    """
    check_out(out, kind)
    with ExitStack() as stack:
        here = [stack.enter_context(on_this_machine(place_of(path))) for path in paths]
        parts = [stack.enter_context(open_part(path)) for path in here]
        parts = in_order(parts)
        attributes = {name: value for name, value in parts[0].attributes.items() if name != PART}
        return write_joined(parts, out, kind, attributes=attributes, overwrite=overwrite)


def open_part(path: Path) -> DatasetFile:
    """One part, whole in every byte. Raises `StoreError` for anything else."""
    if path.is_file():
        check_bytes(path)
    stored = open_dataset(path)
    if PART not in stored.attributes:
        stored.close()
        raise StoreError(f"{path} is no part of a build; expected files made with --shard i/n")
    return stored


def in_order(parts: Sequence[DatasetFile]) -> list[DatasetFile]:
    """All parts of one build, by number. Raises `StoreError` when one is missing, double or of another build."""
    if not parts:
        raise StoreError("there is nothing to merge; give every part")
    first = parts[0]
    found: dict[int, DatasetFile] = {}
    for stored in parts:
        part = parse_part(str(stored.attributes[PART]))
        check_same_build(stored, first)
        if part.number in found:
            raise StoreError(f"{stored.path} and {found[part.number].path} are both part {part}; give each once")
        found[part.number] = stored
    count = parse_part(str(first.attributes[PART])).count
    missing = [str(Part(i, count)) for i in range(1, count + 1) if i not in found]
    if missing:
        raise StoreError(f"part {', '.join(missing[:5])} is missing; all {count} are needed")
    return [found[number] for number in sorted(found)]


def check_same_build(stored: DatasetFile, first: DatasetFile) -> None:
    """Raise `StoreError`, naming what differs, unless two parts are of one build."""
    mine, theirs = (
        dict(part.attributes) | {PART: parse_part(str(part.attributes[PART])).count, "classes": part.classes}
        for part in (stored, first)
    )
    differing = [name for name in sorted(mine.keys() | theirs.keys()) if mine.get(name) != theirs.get(name)]
    if differing:
        known = [name for name in differing if name != JOB] or ["the selected pictures"]
        raise StoreError(f"{stored.path} and {first.path} are of different builds; they differ in {', '.join(known)}")


def write_joined(
    parts: Sequence[DatasetFile], out: Place, kind: str = HDF5, *, attributes: Mapping[str, object], overwrite: bool
) -> int:
    """Write the drawings of open datasets, one after the other, to a new one; returns how many there were."""
    total = sum(map(len, parts))
    blocks: Iterable[DrawingSet] = chain.from_iterable(part.blocks() for part in parts)
    with new_dataset(
        out,
        kind,
        attributes=plain(attributes),
        classes=parts[0].classes,
        overwrite=overwrite,
        expected_drawings=total,
    ) as writer:
        for drawings in blocks:
            writer.append(drawings)
    return total


def plain(attributes: Mapping[str, object]) -> dict[str, object]:
    """Attributes read from a file, without those that the writer sets itself."""
    return {name: attribute_text(value) for name, value in attributes.items() if name not in RESERVED}
