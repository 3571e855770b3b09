"""UNIPEN's CD-ROM (train_r01_v07) as files that stand alone: its segments point to coordinates in other files.

`data/1a/apa/….dat` holds `.SEGMENT CHARACTER 0-1 ? "7"` and `.INCLUDE apa/data/….dat`, which lies below `include`. Each
such file is written with what it includes in place, and a comment on every segment that tells its writer by a code: the
donor, and eight digits of a hash of the writer's entry, or else of the folder of the recording. Nobody is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

CATEGORIES = {"1a": "digits", "1b": "upper", "1c": "lower", "1d": "symbols"}
MOST_INCLUDES = 16
LEFT_OUT = (".SEGMENT", ".INCLUDE", ".HIERARCHY")
"""What included files say of segments of their own."""
Members = Callable[[], Iterator[tuple[PurePosixPath, bytes]]]


def lay_out_disc(members: Members) -> Iterator[tuple[str, bytes]]:
    """The names, such as `digits/apa-apa00-x.dat`, and contents of files that stand alone.

    Args:
        members: goes through the disc's files; it is called twice, since coordinates come after segments.
    """
    segments = {name: content for name, content in members() if category_of(name) is not None}
    wanted: dict[str, None] = {}
    for content in segments.values():
        wanted |= dict.fromkeys(includes_of(content))
    coordinates = {}
    for name, content in members():
        place = below(name, "include")
        if place in wanted:
            coordinates[place] = content
    for name, content in sorted(segments.items()):
        included = [place for place in includes_of(content) if place in coordinates]
        if included:
            own = PurePosixPath(*name.parts[name.parts.index("data") + 2 :])
            yield f"{category_of(name)}/{'-'.join(own.parts)}", join_parts(content, included, coordinates, own.parts[0])


def category_of(name: PurePosixPath) -> str | None:
    """Which kind of characters a file of segments holds; None for any other file."""
    parts = name.parts
    if "include" in parts or "data" not in parts[:-2]:
        return None
    return CATEGORIES.get(parts[parts.index("data") + 1])


def below(name: PurePosixPath, folder: str) -> str | None:
    """A name's part below the first `folder` in it."""
    return "/".join(name.parts[name.parts.index(folder) + 1 :]) if folder in name.parts else None


def includes_of(content: bytes) -> list[str]:
    """The files that a file includes, as they are named below `include`."""
    lines = (line.split() for line in content.decode("latin-1").splitlines() if line.startswith(".INCLUDE"))
    return [words[1] for words in lines if len(words) > 1][:MOST_INCLUDES]


def join_parts(content: bytes, included: list[str], coordinates: dict[str, bytes], donor: str) -> bytes:
    """A file of segments, each with its writer, and after them the coordinates that it includes."""
    texts = [coordinates[place].decode("latin-1") for place in included]
    writer = f"{donor}-{writer_code(texts, included)}"
    lines = []
    for line in content.decode("latin-1").splitlines():
        if not line.startswith(".INCLUDE"):
            lines.append(line)
        if line.startswith(".SEGMENT"):
            lines.append(f".COMMENT writer {writer}")
    lines += [line for text in texts for line in text.splitlines() if not line.startswith(LEFT_OUT)]
    return ("\n".join(lines) + "\n").encode("latin-1")


def writer_code(texts: list[str], included: list[str]) -> str:
    """Eight digits that tell writers apart: of the writer's entry, or else of the folder of the recording."""
    entries = (line for text in texts for line in text.splitlines() if line.startswith(".WRITER_ID"))
    known = next(entries, str(PurePosixPath(included[0]).parent))
    return hashlib.sha256(known.encode()).hexdigest()[:8]
