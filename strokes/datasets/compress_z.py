"""Unix `compress` (`.Z`), which UCI's pen digits come in: LZW of 9 to 16 bits, least significant bit first.

After T. A. Welch, "A technique for high-performance data compression", IEEE Computer 17(6), 1984, as `compress` writes
it: two magic bytes, one of flags (bits 0-4 the most bits a code, bit 7 whether code 256 clears the table), then codes
in groups of eight; a change of width or a clearing starts a new group.
"""

from __future__ import annotations

from collections.abc import Iterator

from strokes.errors import SourceError

COMPRESS_MAGIC = b"\x1f\x9d"
CLEAR = 256
MAX_UNPACKED_BYTES = 256 << 20


def uncompress(packed: bytes) -> bytes:
    """What was compressed. Raises `SourceError` when it is broken, or larger than 256 MB."""
    if packed[:2] != COMPRESS_MAGIC or len(packed) < 3 or not 9 <= packed[2] & 31 <= 16:
        raise SourceError("the file is not of Unix compress (.Z)")
    clears = bool(packed[2] & 128)
    table = [bytes([i]) for i in range(256)] + ([b""] if clears else [])
    most = 1 << (packed[2] & 31)
    found, total, before = [], 0, b""
    codes = Codes(packed, most)
    for code in codes:
        if clears and code == CLEAR:
            del table[CLEAR + 1 :]
            codes.restart()
            before = b""
            continue
        if code > len(table) or (code == len(table) and not before):
            raise SourceError("the .Z file is broken: it names a string that isn't there yet")
        entry = table[code] if code < len(table) else before + before[:1]
        found.append(entry)
        total += len(entry)
        if before and len(table) < most:
            table.append(before + entry[:1])
            codes.widen(len(table))
        before = entry
        if total > MAX_UNPACKED_BYTES:
            raise SourceError(f"the .Z file unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB")
    return b"".join(found)


class Codes:
    """The codes of a compressed file, one after the other, as wide as they are at the time."""

    def __init__(self, packed: bytes, most: int) -> None:
        self.packed, self.most = packed, most
        self.width, self.at, self.group = 9, 24, 24

    def __iter__(self) -> Iterator[int]:
        while self.at + self.width <= 8 * len(self.packed):
            first = self.at // 8
            three = int.from_bytes(self.packed[first : first + 3], "little")
            code = three >> self.at % 8 & (1 << self.width) - 1
            self.at += self.width
            yield code

    def widen(self, size: int) -> None:
        """Widen codes once the table of `size` strings can't be told by fewer bits."""
        if size > (1 << self.width) - 1 and 1 << self.width < self.most:
            self._start_group(self.width + 1)

    def restart(self) -> None:
        """Begin again with codes of nine bits."""
        self._start_group(9)

    def _start_group(self, width: int) -> None:
        """Skip to the end of the group of eight codes, and go on with another width."""
        group_bits = 8 * self.width
        self.at = self.group + -(-(self.at - self.group) // group_bits) * group_bits
        self.group, self.width = self.at, width
