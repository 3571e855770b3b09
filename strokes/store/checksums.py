"""Checksums of a dataset file, kept in its own front: the HDF5 user block, which HDF5 itself leaves alone.

The first 64 KiB hold, little-endian: magic, layout, size of this user block, length of the file, size of a block,
number of blocks, the sha256 of all that follows the user block, the sha256 of the user block (itself counted as
zeros), and from byte 128 on the CRC-32 of every block that follows. So every byte of the file is covered, and a block
whose CRC-32 disagrees tells where the damage is; a single flipped bit is even found exactly.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from strokes.errors import StoreError

USER_BLOCK = 65536
SUMS_MAGIC = b"strokes\x1a"
LAYOUT = 1
SUMS_HEAD = struct.Struct("<8sIIQII32s32s")
TABLE_AT = 128
OWN_DIGEST = slice(SUMS_HEAD.size - 32, SUMS_HEAD.size)
MOST_BLOCKS = (USER_BLOCK - TABLE_AT) // 4
LEAST_BLOCK_BYTES = 4096
POLYNOMIAL = 0xEDB88320


class Readable(Protocol):
    """What a file needs to be summed."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Move to `offset`."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, `size` at most."""


class Sealable(Readable, Protocol):
    """What a file needs to be sealed."""

    def write(self, data: memoryview, /) -> int:
        """Write all of `data`."""


@dataclass(frozen=True)
class Sums:
    """The checksums of one file.

    Attributes:
        length: bytes in the whole file.
        block_bytes: how many bytes each CRC-32 covers; the last may cover fewer.
        table: the CRC-32 of each block after the user block.
        digest: sha256 of all that follows the user block.
    """

    length: int
    block_bytes: int
    table: tuple[int, ...]
    digest: bytes

    def pack(self) -> bytes:
        """The user block, with its own sha256."""
        head = SUMS_HEAD.pack(
            SUMS_MAGIC, LAYOUT, USER_BLOCK, self.length, self.block_bytes, len(self.table), self.digest, bytes(32)
        )
        packed = bytearray(head.ljust(TABLE_AT, b"\0") + np.array(self.table, "<u4").tobytes()).ljust(USER_BLOCK, b"\0")
        packed[OWN_DIGEST] = hashlib.sha256(packed).digest()
        return bytes(packed)

    def damaged(self, found: Sums) -> list[int]:
        """The blocks whose checksums are not those `found`."""
        return [i for i, (old, new) in enumerate(zip(self.table, found.table, strict=True)) if old != new]


def sum_up(file: Readable, *, length: int) -> Sums:
    """The checksums of an open file of `length` bytes, its user block left out."""
    size = block_bytes_for(length)
    digest, table = hashlib.sha256(), []
    for block in blocks_of(file, size, length=length):
        digest.update(block)
        table.append(zlib.crc32(block))
    return Sums(length, size, tuple(table), digest.digest())


def blocks_of(file: Readable, size: int, *, length: int) -> Iterator[bytes]:
    """The bytes after the user block, `size` at a time."""
    file.seek(USER_BLOCK)
    for start in range(USER_BLOCK, length, size):
        yield file.read(min(size, length - start))


def block_bytes_for(length: int) -> int:
    """The smallest block, a power of two, with which the table of a file of `length` bytes fits."""
    size = LEAST_BLOCK_BYTES
    while -(-(length - USER_BLOCK) // size) > MOST_BLOCKS:
        size *= 2
    return size


def seal(file: Sealable) -> None:
    """Write the checksums of a finished file into its user block. The file's own errors are raised as they come."""
    sums = sum_up(file, length=file.seek(0, os.SEEK_END))
    file.seek(0)
    file.write(memoryview(sums.pack()))


def read_sums(path: Path) -> Sums:
    """The checksums that the file at `path` carries.

    Raises:
        StoreError: it carries none, they are damaged themselves, or the file is longer or shorter than they say.
    """
    with path.open("rb") as file:
        packed = file.read(USER_BLOCK)
        length = file.seek(0, os.SEEK_END)
    if len(packed) < USER_BLOCK or not packed.startswith(SUMS_MAGIC):
        raise StoreError(f"{path} has no checksums at its front: it is damaged there, or another program made it")
    _, layout, _, told, block_bytes, count, digest, own = SUMS_HEAD.unpack_from(packed)
    zeroed = bytearray(packed)
    zeroed[OWN_DIGEST] = bytes(32)
    if hashlib.sha256(zeroed).digest() != own:
        raise StoreError(f"{path} is damaged in its first {USER_BLOCK:,} bytes, the checksums; no drawing lies there")
    if layout != LAYOUT:
        raise StoreError(f"{path} has checksums of layout {layout}; this program knows {LAYOUT}: update it")
    if length != told:
        raise StoreError(f"{path} is damaged: it has {length:,} bytes and should have {told:,}")
    table = np.frombuffer(packed, "<u4", count, TABLE_AT)
    return Sums(told, block_bytes, tuple(table.tolist()), digest)


def is_whole(path: Path) -> bool:
    """Whether the file at `path` carries checksums and all of its bytes agree with them."""
    try:
        stored = read_sums(path)
        with path.open("rb") as file:
            return sum_up(file, length=stored.length) == stored
    except (OSError, StoreError):
        return False


def flipped_bit(stored: int, found: int, *, length: int) -> tuple[int, int] | None:
    """Where one flipped bit turns the CRC-32 `stored` of `length` bytes into `found`: byte and bit; None if nowhere.

    A CRC is linear: the difference of the two is that of the flipped bit alone, carried through the bytes behind it.
    Undoing those one by one leads to a difference that a single bit makes.
    """
    table = [_shifted(byte) for byte in range(256)]
    by_top = {entry >> 24: (byte, entry) for byte, entry in enumerate(table)}
    single = {table[1 << bit]: bit for bit in range(8)}
    difference = stored ^ found
    for behind in range(length):
        if difference in single:
            return length - 1 - behind, single[difference]
        byte, entry = by_top[difference >> 24]
        difference = ((difference ^ entry) << 8 | byte) & 0xFFFFFFFF
    return None


def _shifted(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
    return byte
