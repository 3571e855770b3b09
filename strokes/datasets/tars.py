"""Pictures in tar files, as WebDataset keeps them: `key.png` or `key.jpg`, its label in `key.cls`, `.json` or `.txt`.

Files of one key follow each other; the key is what comes before the first dot of the last part of a name. A picture
that nothing labels is of the class of its folder, as in a folder of pictures. See https://github.com/webdataset.
"""

from __future__ import annotations

import json
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from strokes.datasets.image_files import SPLIT_FOLDERS, is_picture
from strokes.datasets.items import Item
from strokes.errors import SourceError
from strokes.files import reason
from strokes.files.places import Place, opened

TARS = (".tar", ".tar.gz", ".tgz")
LABELS = ("cls", "json", "txt")
"""The endings of labels; the first that is there counts."""
JSON_LABELS = ("label", "cls", "class", "text")
MOST_BYTES = 1 << 30
"""Of one file in a tar."""
BROKEN_TAR = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)
Sample = tuple[str, dict[str, bytes]]


@dataclass(frozen=True)
class TarPictures:
    """The pictures of a tar file in its order, read as they come; nothing is unpacked to the disk.

    Attributes:
        place: where it lies.
        name: within what was asked for.
        split: "train", "test" or "none", as its own name tells.
    """

    place: Place
    name: str
    split: str = "none"

    def __iter__(self) -> Iterator[Item]:
        for key, files in samples(self.place):
            pictures = [ending for ending in files if is_picture((f"a.{ending}",))]
            label, fault = label_of(files, f"{self.name}/{key}")
            folders = [part for part in PurePosixPath(key).parts[:-1] if part not in (".", "..", "/")]
            split = self.split
            if folders and folders[0].lower() in SPLIT_FOLDERS:
                split = SPLIT_FOLDERS[folders.pop(0).lower()]
            for ending in pictures:
                own = f"{key}.{ending}" if len(pictures) > 1 else key
                told = label if label is not None else folders[0] if folders else ""
                yield Item(f"{self.name}/{own}", files[ending], told, split, fault=fault)


def samples(place: Place) -> Iterator[Sample]:
    """Each key of a tar, and the content of its files by their endings.

    Raises:
        SourceError: it is no tar, cut off, or holds a file above 1 GiB.
    """
    key, files = "", dict[str, bytes]()
    for name, content in members(place):
        folder, _, last = name.rpartition("/")
        stem, _, ending = last.partition(".")
        found = f"{folder}/{stem}" if folder else stem
        if found != key and files:
            yield key, files
            files = {}
        key = found
        files[ending.lower()] = content
    if files:
        yield key, files


def members(place: Place) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a tar's files, hidden ones left out."""
    last = ""
    try:
        with opened(place) as stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if not member.isfile() or any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
                    continue
                if member.size > MOST_BYTES:
                    raise SourceError(f"{place}/{name} has {member.size:,} bytes; expected at most 1 GiB a file")
                content = archive.extractfile(member)
                assert content is not None
                yield name, content.read()
                last = name
                archive.members.clear()  # type: ignore[attr-defined]
    except BROKEN_TAR as error:
        behind = f" behind {last}" if last else ""
        raise SourceError(f"{place} is no whole tar{behind} ({reason(error)}); fetch or copy it again") from None


def label_of(files: Mapping[str, bytes], name: str) -> tuple[str | None, str]:
    """The label beside a picture, None where there is none; and why it can't be read, else ""."""
    ending = next((ending for ending in LABELS if ending in files), None)
    if ending is None:
        return None, ""
    try:
        text = files[ending].decode("utf-8").strip()
        return (label_in_json(json.loads(text)) if ending == "json" else text), ""
    except ValueError as error:
        return None, f"{name}.{ending} holds no label ({error}); expected text, or JSON with `label`"


def label_in_json(told: Any) -> str | None:
    """The label that JSON tells: its own, or one of `JSON_LABELS`."""
    if isinstance(told, dict):
        told = next((told[name] for name in JSON_LABELS if name in told), None)
    return None if told is None or isinstance(told, dict | list) else str(told)
