"""The manifest of a folder of shards: what is known of the whole, and each shard with its sha256 and what it holds.

`manifest.json` lies beside `data/`, where the shards are, `SPLIT-NUMBER.parquet` or `.tar`; on object storage those
that replaced others are in `data-2/`, and those that replace them in `data/` again. It ends with the sha256 of all that
it says, so a manifest that was cut or changed is noticed like a shard that was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from strokes.errors import SourceError, StoreError
from strokes.files import reaching
from strokes.files.places import Place, read_at_most
from strokes.ink.drawing import SPLITS
from strokes.store.schema import DTYPES, read_attributes

MANIFEST = "manifest.json"
FORMAT, VERSION = "strokes-shards", 1
DATA, OTHER_DATA = "data", "data-2"
ENDINGS = {"parquet": "parquet", "webdataset": "tar"}
"""The kinds of shards, and how their files' names end."""
NAME = re.compile(rf"({DATA}|{OTHER_DATA})/({'|'.join(SPLITS)})-[0-9]{{5,9}}\.(parquet|tar)")
SHA256 = re.compile("[0-9a-f]{64}")
LARGEST_BYTES = 256 << 20
MOST_SIDE_PX = 10_000


@dataclass(frozen=True)
class Holding:
    """What every shard of a folder holds.

    Attributes:
        classes: what the labels mean.
        names: of the arrays, as a dataset file would have them, such as "points" and "scores/f1".
        image_px: the height and width of the pictures, in pixels; None where there are none.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    image_px: tuple[int, int] | None = None

    @property
    def score_names(self) -> tuple[str, ...]:
        """The scores that every drawing has."""
        return tuple(name.removeprefix("scores/") for name in self.names if name.startswith("scores/"))


@dataclass(frozen=True)
class Listed:
    """A shard, as the manifest tells of it.

    Attributes:
        file: its name below the folder.
        sha256: of its bytes.
        size: how many bytes it has.
        drawings, strokes, points, metadata, scans: how many it holds; of the last two, bytes.
    """

    file: str
    sha256: str
    size: int
    drawings: int
    strokes: int
    points: int
    metadata: int = 0
    scans: int = 0

    def __post_init__(self) -> None:
        counts = (self.size, self.drawings, self.strokes, self.points, self.metadata, self.scans)
        if not (NAME.fullmatch(self.file) and SHA256.fullmatch(self.sha256)):
            raise ValueError(f"{self.file!r} is no name of a shard, or its sha256 is none")
        if not all(type(count) is int and 0 <= count < 2**48 for count in counts):
            raise ValueError(f"{self.file} is said to hold {counts}")

    @property
    def split(self) -> str:
        """That all of its drawings are of."""
        return self.file.partition("/")[2].partition("-")[0]

    @property
    def folder(self) -> str:
        """The name of the folder that it lies in."""
        return self.file.partition("/")[0]


@dataclass(frozen=True)
class Manifest:
    """All that `manifest.json` says.

    Attributes:
        kind: of the shards, one of `ENDINGS`.
        attributes: of the whole, as a dataset file has them.
        holding: what the shards hold.
        shards: in order.
    """

    kind: str
    attributes: Mapping[str, Any]
    holding: Holding
    shards: Sequence[Listed]

    def text(self) -> str:
        """The file's content."""
        known = {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "attributes": dict(sorted(self.attributes.items())),
            **asdict(self.holding),
            "shards": [asdict(shard) for shard in self.shards],
        }
        return json.dumps(known | {"sha256": digest_of(known)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, folder: Place) -> Manifest:
        """The manifest of a folder, which is not trusted. Raises `StoreError` where it is damaged or too new."""
        path = folder / MANIFEST
        try:
            known = json.loads(read_at_most(path, LARGEST_BYTES).decode())
            if not isinstance(known, dict) or known.get("format") != FORMAT:
                raise ValueError("it is none of a folder of shards")
            if known.get("version") != VERSION:
                raise StoreError(f"{path} has version {known.get('version')}; this program reads {VERSION}: update it")
            if known.pop("sha256", None) != digest_of(known):
                raise ValueError("it doesn't agree with its own sha256")
            return cls._checked(known)
        except SourceError as error:
            raise StoreError(str(error)) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StoreError(f"{path} is damaged: {error}") from None

    @classmethod
    def _checked(cls, known: Mapping[str, Any]) -> Manifest:
        kind, names, sides = known["kind"], tuple(known["names"]), known["image_px"]
        if kind not in ENDINGS:
            raise ValueError(f"it tells of shards of the kind {kind!r}; expected one of {', '.join(ENDINGS)}")
        if not all(name in DTYPES or str(name).startswith("scores/") for name in names):
            raise ValueError(f"it tells of arrays {names}")
        if (sides is not None) != ("images" in names) or not is_size(sides):
            raise ValueError(f"it tells of pictures of {sides} pixels")
        holding = Holding(tuple(map(str, known["classes"])), names, None if sides is None else (sides[0], sides[1]))
        shards = [Listed(**shard) for shard in known["shards"]]
        if len({shard.file for shard in shards}) < len(shards):
            raise ValueError("it lists a shard twice")
        attributes = {str(name): value for name, value in known["attributes"].items()}
        read_attributes(attributes)
        return cls(kind, attributes, holding, shards)


def is_size(sides: Any) -> bool:
    """Whether untrusted sides are None, or a height and a width in pixels."""
    if sides is None:
        return True
    return len(sides) == 2 and all(type(side) is int and 0 < side <= MOST_SIDE_PX for side in sides)


def digest_of(known: Mapping[str, Any]) -> str:
    """The sha256 of what a manifest says."""
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def has_manifest(path: Place) -> bool:
    """Whether `path` is a folder of shards. Raises `StoreError` where a URL can't be reached."""
    if isinstance(path, Path):
        try:
            return (path / MANIFEST).is_file()
        except OSError:
            return False
    with reaching(path):
        return (path / MANIFEST).is_file()


def check_is_file(path: Place) -> Path:
    """The path of a dataset that has no manifest. Raises `StoreError` for a URL: files are read from this machine."""
    if isinstance(path, Path):
        return path
    raise StoreError(f"{path} is no folder of shards: it has no {MANIFEST}; a single file must be copied here first")
