"""Is a dataset whole? Every byte against its checksums, then every offset, range and shape."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from strokes.errors import StoreError
from strokes.files import reaching, reason
from strokes.files.places import Place, entries, place_of
from strokes.ink.drawing import DrawingSet
from strokes.store.checksums import USER_BLOCK, Sums, flipped_bit, read_sums, sum_up
from strokes.store.damage import RepairedFile, describe_flip, describe_range
from strokes.store.manifest import DATA, Listed, Manifest, check_is_file, has_manifest
from strokes.store.reader import open_dataset
from strokes.store.shard_kinds import read_bytes

MOST_PLACES = 4
SHARES = ("precision", "recall", "f1")


def verify(path: Place | str) -> int:
    """Check a dataset, a file or a folder of shards, also by URL, completely; memory does not grow with it.

    Returns:
        how many drawings it holds.

    Raises:
        StoreError: it is missing, damaged (the message says where, and in which drawings when that can be told), or
            holds values that the format forbids.
    """
    place = place_of(path)
    with reaching(place):
        in_shards = has_manifest(place)
        if not in_shards and not check_is_file(place).is_file():
            raise StoreError(f"there is no file {path}")
    (check_listing if in_shards else check_bytes)(place)
    with open_dataset(place) as stored:
        if not in_shards and stored.column("flagged").max(initial=0) > 1:
            raise StoreError(f"{path} holds what the format forbids: flagged is neither 0 nor 1")
        first = 0
        for drawings in stored.blocks():
            try:
                check_ranges(drawings, first)
            except StoreError as error:
                raise StoreError(f"{path} holds what the format forbids: {error}") from None
            first += len(drawings)
        return len(stored)


def has_whole_bytes(path: Place) -> bool:
    """Whether every byte of a dataset agrees with its checksums."""
    try:
        check_bytes(path)
    except StoreError:
        return False
    return True


def check_shards(folder: Place) -> None:
    """Raise `StoreError` unless a folder holds the shards that its manifest lists, byte for byte, and no others."""
    for shard in check_listing(folder):
        read_bytes(folder, shard)


def check_listing(folder: Place) -> Sequence[Listed]:
    """The shards of a folder, whose bytes are checked when their drawings are read, or here where there are none.

    Raises:
        StoreError: the manifest is damaged, or there are shards that it doesn't list.
    """
    manifest = Manifest.read(folder)
    listed = {shard.file for shard in manifest.shards}
    with reaching(folder):
        folders = [name for name in {DATA, *(shard.folder for shard in manifest.shards)} if (folder / name).is_dir()]
        found = {f"{name}/{file}" for name in folders for file, _ in entries(folder / name)}
    if others := sorted(found - listed):
        raise StoreError(f"{folder} has {others[0]}, which its manifest doesn't list")
    for shard in manifest.shards:
        if not shard.drawings:
            read_bytes(folder, shard)
    return manifest.shards


def check_bytes(path: Place) -> None:
    """Raise `StoreError`, saying where, unless every byte of a dataset agrees with its checksums."""
    if has_manifest(path):
        check_shards(path)
        return
    path = check_is_file(path)
    try:
        stored = read_sums(path)
        with path.open("rb") as file:
            found = sum_up(file, length=stored.length)
    except OSError as error:
        raise StoreError(f"{path} can't be read: {reason(error)}") from error
    if found != stored:
        raise StoreError(f"{path} is damaged: {describe_damage(path, stored, found)}")


def describe_damage(path: Path, stored: Sums, found: Sums) -> str:
    """The damaged places in words: flipped bits with their drawings, and ranges of bytes with theirs."""
    blocks = stored.damaged(found)
    bits = {i: bit for i in blocks if (bit := find_flip(stored, found, i))}
    with RepairedFile(path, masks(bits)) as repaired:
        if len(bits) == len(blocks) and sum_up(repaired, length=stored.length) != stored:
            bits = {}
    flips = masks(bits)
    ranges = [byte_range(stored, run) for run in runs([i for i in blocks if i not in bits])]
    places = [*bits.values(), *ranges]
    words = [describe_flip(*bit, path=path, flips=flips) for bit in list(bits.values())[:MOST_PLACES]]
    words += [describe_range(*span, path=path, flips=flips) for span in ranges[: MOST_PLACES - len(words)]]
    if len(places) > len(words):
        words.append(f"{len(places) - len(words)} places more")
    return "; ".join(words)


def find_flip(stored: Sums, found: Sums, block: int) -> tuple[int, int] | None:
    """The byte of the file and the bit in it that spoil a block, if one bit does; else None."""
    start, stop = byte_range(stored, (block, block + 1))
    flip = flipped_bit(stored.table[block], found.table[block], length=stop - start)
    return None if flip is None else (start + flip[0], flip[1])


def masks(bits: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """What turns flipped bits back: the bits to turn, by their byte's place."""
    return {place: 1 << bit for place, bit in bits.values()}


def runs(blocks: Sequence[int]) -> list[tuple[int, int]]:
    """Blocks next to each other as one: the first, and the one behind the last."""
    joined: list[tuple[int, int]] = []
    for block in blocks:
        first = joined.pop()[0] if joined and joined[-1][1] == block else block
        joined.append((first, block + 1))
    return joined


def byte_range(sums: Sums, blocks: tuple[int, int]) -> tuple[int, int]:
    """The first byte of some blocks in the file, and the one behind their last."""
    start, stop = (USER_BLOCK + block * sums.block_bytes for block in blocks)
    return start, min(stop, sums.length)


def check_ranges(drawings: DrawingSet, first: int) -> None:
    """Raise `StoreError` for the first value outside of its range; the first drawing here is number `first`."""
    outside = {
        "source_index": drawings.source_index < 0,
        "sizes": ~(np.isfinite(drawings.sizes) & (drawings.sizes >= 0) & (drawings.sizes <= 1)).all(axis=1),
        "frames": ~np.isfinite(drawings.frames).all(axis=1),
    }
    outside |= {
        f"scores/{name}": np.isinf(values) | (values < 0) | ((values > 1) & (name in SHARES))
        for name, values in drawings.scores.items()
    }
    for name, wrong in outside.items():
        if wrong.any():
            raise StoreError(f"drawing {first + int(wrong.argmax())} has {name} outside of its range")
    for name, column in drawings.point_columns.items():
        if np.isinf(column).any() or (name == "softness" and np.isnan(column).any()):
            raise StoreError(f"drawings {first} to {first + len(drawings) - 1} have {name} that is not finite")
    for i, text in enumerate(drawings.metadata or ()):
        if not is_object(text):
            raise StoreError(f"drawing {first + i} has metadata that is no JSON object")


def is_object(text: str) -> bool:
    """Whether a text is one JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
