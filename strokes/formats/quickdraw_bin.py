"""Quick, Draw! simplified as binary (https://github.com/googlecreativelab/quickdraw-dataset, `binary_file_parser.py`).

Little-endian, a drawing after the other: u64 key_id, two letters of country, i8 recognized, u32 timestamp (s), u16
strokes; for each stroke u16 points n, n bytes x, n bytes y. The word is the file's name: a folder is a file a class. A
file alone is read without labels.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.parse import quote, unquote

import numpy as np

from strokes.errors import SourceError, StoreError
from strokes.formats.glyphs import Glyph, glyphs
from strokes.formats.limits import MAX_POINTS
from strokes.formats.quickdraw_simplified import simplify
from strokes.formats.recording import Recording, join_strokes
from strokes.formats.text_files import files_in, open_binary
from strokes.store.reader import DatasetFile

BIN_HEAD = struct.Struct("<Q2sbIH")
COUNT = struct.Struct("<H")
ENDING = ".bin"
UNLABELLED_NAME = "_unlabelled"
MOST_FILES = 900


def write(dataset: DatasetFile, path: Path) -> None:
    """Write every drawing to one file, or to a file a class when `path` is a folder.

    Raises:
        StoreError: a drawing has more strokes or points than the format can count, or there are too many classes.
    """
    with ExitStack() as stack:
        files: dict[str | None, IO[bytes]] = {}
        for glyph in glyphs(dataset):
            key = glyph.label if path.is_dir() else None
            if key not in files:
                files[key] = stack.enter_context(open(file_of(key, path), "wb"))
            if len(files) > MOST_FILES:
                raise StoreError(f"more than {MOST_FILES} classes; {ENDING} folders have a file for each")
            files[key].write(encode(glyph))
        if not files and not path.is_dir():
            path.touch()


def file_of(label: str | None, path: Path) -> Path:
    """The file that holds a class's drawings."""
    if not path.is_dir():
        return path
    return path / ((quote(label, safe=" ") if label else UNLABELLED_NAME) + ENDING)


def encode(glyph: Glyph) -> bytes:
    """A drawing as bytes. Raises `StoreError` when it is too large for the format."""
    strokes = simplify(glyph)
    if max([len(strokes), *map(len, strokes)]) > 0xFFFF:
        raise StoreError(f"drawing {glyph.number} has more strokes or points than the {ENDING} format can count")
    parts = [BIN_HEAD.pack(*head_of(glyph), len(strokes))]
    for stroke in strokes:
        parts += [COUNT.pack(len(stroke)), stroke.T.astype(np.uint8).tobytes()]
    return b"".join(parts)


def head_of(glyph: Glyph) -> tuple[int, bytes, int, int]:
    """key_id, country, recognized and timestamp, as far as the drawing was imported with them."""
    known = glyph.metadata
    key, country = str(known.get("key_id", glyph.source_index)), str(known.get("countrycode", "ZZ"))
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 20 else glyph.source_index
    return (
        number & (2**64 - 1),
        country.encode()[:2].ljust(2),
        int(known.get("recognized") is not False),
        seconds(known),
    )


def seconds(known: dict[str, Any]) -> int:
    """The timestamp in seconds since 1970, 0 where there is none."""
    try:
        when = datetime.strptime(str(known.get("timestamp", ""))[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        return int(when.timestamp()) & 0xFFFFFFFF
    except ValueError:
        return 0


def read(path: Path) -> Iterator[Recording]:
    """The drawings of a file, or of a folder's files, gzipped or not. Raises `SourceError` where one is broken."""
    for file in files_in(path, f"*{ENDING}"):
        name = unquote(file.name.removesuffix(ENDING))
        with closing(open_binary(file)) as stream:
            yield from _read_file(stream, file, None if file == path or name == UNLABELLED_NAME else name)


def _read_file(stream: BinaryIO, path: Path, label: str | None) -> Iterator[Recording]:
    number = 0
    while head := stream.read(BIN_HEAD.size):
        place = f"{path}, drawing {number}"
        if len(head) < BIN_HEAD.size:
            raise SourceError(f"{place} is cut off")
        key, country, recognized, timestamp, count = BIN_HEAD.unpack(head)
        points, lengths = join_strokes(_read_strokes(stream, count, place))
        when = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S.00000 UTC")
        about = {"key_id": str(key), "countrycode": country.decode("latin-1"), "timestamp": when}
        yield Recording(points, lengths, label=label, metadata=about | {"recognized": bool(recognized)})
        number += 1


def _read_strokes(stream: BinaryIO, count: int, place: str) -> Iterator[Any]:
    total = 0
    for _ in range(count):
        (length,) = COUNT.unpack(_take(stream, COUNT.size, place))
        total += length
        if total > MAX_POINTS:
            raise SourceError(f"{place} has more than {MAX_POINTS} points; no drawing is so long")
        yield np.frombuffer(_take(stream, 2 * length, place), np.uint8).reshape(2, length).T


def _take(stream: BinaryIO, count: int, place: str) -> bytes:
    taken = stream.read(count)
    if len(taken) < count:
        raise SourceError(f"{place} is cut off")
    return taken
