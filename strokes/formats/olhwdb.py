"""CASIA OLHWDB (https://nlpr.ia.ac.cn/databases/handwriting): characters (`.pot`) and pages (`.ptts`, `.wptt`).

Everything is little-endian, y down. A `.pot` is a list of samples: u16 bytes of the sample, 4 bytes of the character's
GB code, its first byte second, u16 strokes, then pairs of i16 x, y; (-1, 0) ends a stroke, (-1, -1) the character.

A page has a head (u32 its bytes, 8 bytes "format", text, 20 bytes code type, u16 bytes of a code, 20 bytes data type),
u32 bytes, u32 page, u32 strokes; of each stroke u16 points and pairs of i16; u16 lines; of each line u16 strokes, their
numbers as u16, u16 characters, and their codes. Each line is a drawing.

Made from descriptions and other programs' readers; not tried on a file of CASIA's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

import numpy as np

from strokes.errors import SourceError
from strokes.formats.limits import MAX_POINTS
from strokes.formats.recording import Numbers, Recording, join_strokes
from strokes.formats.text_files import files_in, open_binary

PAGES = ("*.ptts", "*.wptt")
MOST_STROKES = 65_535
HEAD_BYTES = 54
LONGEST_HEAD = 65_536


def read(path: Path) -> Iterator[Recording]:
    """The characters or lines of a file, or of a folder's files. Raises `SourceError` where one is broken."""
    for file in files_in(path, "*"):
        name = file.name.lower().removesuffix(".gz")
        is_page = any(fnmatchcase(name, pattern) for pattern in PAGES)
        if path.is_dir() and not is_page and not name.endswith(".pot"):
            continue
        with closing(open_binary(file)) as stream:
            writer = file.name.split(".")[0].partition("-")[0]
            metadata = {"writer": writer} if writer.isdecimal() else {}
            for points, lengths, label in read_page(stream, file) if is_page else read_characters(stream, file):
                yield Recording(points, lengths, label=label or None, metadata=metadata)


def read_characters(stream: BinaryIO, path: Path) -> Iterator[tuple[Numbers, list[int], str]]:
    """The points, points of each stroke, and label of each sample of a `.pot`."""
    empty = True
    while head := stream.read(8):
        empty = False
        size, code, count = struct.unpack("<H4sH", _whole(head, 8, path))
        body = _whole(stream.read(max(size - 8, 0)), max(size - 8, 0), path)
        pairs = np.frombuffer(body[: len(body) // 4 * 4], "<i2").reshape(-1, 2).astype(np.float64)
        ends = np.flatnonzero((pairs[:, 0] == -1) & (pairs[:, 1] <= 0))
        strokes = [part[min(i, 1) :] for i, part in enumerate(np.split(pairs, ends)[:-1])]
        points, lengths = join_strokes(strokes)
        if not len(ends) or pairs[ends[-1], 1] != -1 or len(lengths) > count:
            raise SourceError(f"{path} has a sample whose strokes don't end as its head says")
        yield points, lengths, _text(code[1::-1] + code[3:1:-1])
    if empty:
        raise SourceError(f"{path} is empty")


def read_page(stream: BinaryIO, path: Path) -> Iterator[tuple[Numbers, list[int], str]]:
    """The points, points of each stroke, and text of each line of a page."""
    (size,) = _numbers(stream, "<I", path)
    if not HEAD_BYTES <= size <= LONGEST_HEAD:
        raise SourceError(f"{path} has a head of {size} bytes; expected a page of OLHWDB")
    head = _whole(stream.read(size - 4), size - 4, path)
    (width,) = struct.unpack("<H", head[-22:-20])
    _, _, count = _numbers(stream, "<3I", path)
    if not 1 <= width <= 8 or count > MOST_STROKES:
        raise SourceError(f"{path} has codes of {width} bytes and {count} strokes; expected a page of OLHWDB")
    strokes = []
    for _ in range(count):
        (points,) = _numbers(stream, "<H", path)
        rows = np.frombuffer(_whole(stream.read(points * 4), points * 4, path), "<i2")
        strokes.append(rows.reshape(-1, 2).astype(np.float64))
    (lines,) = _numbers(stream, "<H", path)
    for _ in range(lines):
        (count,) = _numbers(stream, "<H", path)
        chosen = _numbers(stream, f"<{count}H", path)
        (letters,) = _numbers(stream, "<H", path)
        codes = [_whole(stream.read(width), width, path) for _ in range(letters)]
        if any(i >= len(strokes) for i in chosen) or sum(len(strokes[i]) for i in chosen) > MAX_POINTS:
            raise SourceError(f"{path} has a line of strokes that it hasn't, or of more than {MAX_POINTS} points")
        yield *join_strokes(strokes[i] for i in chosen), "".join(map(_text, codes))


def _text(code: bytes) -> str:
    """A character of its GB code, "" where it is none."""
    return code.strip(b"\0").decode("gbk", "ignore")[:1]


def _numbers(stream: BinaryIO, form: str, path: Path) -> tuple[int, ...]:
    size = struct.calcsize(form)
    return struct.unpack(form, _whole(stream.read(size), size, path))


def _whole(content: bytes, size: int, path: Path) -> bytes:
    if len(content) < size:
        raise SourceError(f"{path} is cut off; expected {size - len(content)} bytes more")
    return content
