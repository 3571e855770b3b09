"""Datasets to look through: what is known of each drawing, which ones a filter leaves, and their ink, small.

Ink goes to the page as bytes, little-endian: for each drawing its number (uint32), its label (uint16, 65535 unknown),
whether it is flagged (uint8), a spare byte, its confidence (float32, NaN unknown), its number of strokes (uint16), then
for each stroke its number of points (uint16), then all points as pairs of uint8, 255 the unit square's far side.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError, StrokesError
from strokes.ink.drawing import SPLITS, IntArray
from strokes.store.reader import DatasetFile, open_dataset
from strokes.store.selection import Selection
from strokes.store.shards import JOB

HEAD = struct.Struct("<IHBBfH")
UNKNOWN_LABEL = 65535
MOST_POINTS = 65535
ROWS_AT_ONCE = 1 << 20
MOST_LOADED = 300_000_000
"""Points whose ink is held in memory, two bytes each."""
CONFIDENCE = "confidence"


@dataclass(frozen=True)
class Filter:
    """Which drawings to show, and in which order.

    Attributes:
        label: a class, or "" for all.
        split: train, test, none or all.
        flagged: "all", "flagged" or "unflagged".
        score: of which `least` and `most` are the bounds; "" for none.
        sort: "index", or a score's name.
        descending: the largest first.
    """

    label: str = ""
    split: str = "all"
    flagged: str = "all"
    score: str = ""
    least: float = -np.inf
    most: float = np.inf
    sort: str = "index"
    descending: bool = False


def on_grid(points: NDArray[Any]) -> NDArray[np.uint8]:
    """Points (p, 2) of the unit square on a grid of 255."""
    return np.asarray(np.rint(points.clip(0, 1) * 255), np.uint8)


@dataclass(frozen=True)
class SmallInk:
    """All ink of a dataset, small: points (p, 2) on a grid of 255, and the offsets of strokes and drawings."""

    points: NDArray[np.uint8]
    strokes: IntArray
    drawings: IntArray

    def of(self, number: int) -> list[NDArray[np.uint8]]:
        """The strokes of a drawing."""
        bounds = self.strokes[self.drawings[number] : self.drawings[number + 1] + 1]
        return [self.points[a:b] for a, b in itertools.pairwise(bounds.tolist())]


@dataclass
class Volume:
    """A dataset file that is looked through.

    Attributes:
        path: the file.
        stored: it, open.
        small: its ink, once `load_ink` has read it; until then drawings are read from the file.
    """

    path: Path
    stored: DatasetFile
    small: SmallInk | None = None

    @classmethod
    def open(cls, path: Path) -> Volume:
        """The file at `path`. Raises `StoreError` when it is no dataset."""
        return cls(path, open_dataset(path))

    @property
    def identity(self) -> str:
        """What the file holds, whatever it is called and wherever it lies."""
        job = self.stored.attributes.get(JOB)
        return str(job) if job else f"{self.path.name} of {len(self.stored)}"

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores."""
        return self.stored.score_names

    @cached_property
    def labels(self) -> NDArray[Any]:
        """(n,) an index into the classes, or -1."""
        return self.stored.column("labels")

    @cached_property
    def split(self) -> NDArray[Any]:
        """(n,) an index into `SPLITS`."""
        return self.stored.column("split")

    @cached_property
    def flagged(self) -> NDArray[np.bool_]:
        """(n,) whether each is doubtful."""
        return self.stored.column("flagged").astype(np.bool_)

    @cached_property
    def confidence(self) -> NDArray[Any]:
        """(n,) how sure each is; NaN where nobody told."""
        if CONFIDENCE in self.scores:
            return self.stored.column(f"scores/{CONFIDENCE}")
        return np.full(len(self.stored), np.nan, np.float32)

    def load_ink(self) -> None:
        """Read all ink, so that any drawing is found at once; beyond `MOST_LOADED` points it stays in the file."""
        strokes, drawings = self.stored.column("stroke_offsets"), self.stored.column("drawing_offsets")
        count = int(strokes[-1])
        if self.small is not None or count > MOST_LOADED:
            return
        points = np.empty((count, 2), np.uint8)
        for start in range(0, count, ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            points[rows] = on_grid(self.stored.column("points", rows))
        self.small = SmallInk(points, strokes, drawings)

    def about(self) -> dict[str, Any]:
        """What the page lists of it."""
        return {
            "name": self.path.name,
            "count": len(self.stored),
            "classes": list(self.stored.classes),
            "scores": list(self.scores),
            "splits": [name for i, name in enumerate(SPLITS) if (self.split == i).any()],
            "source": str(self.stored.attributes.get("source", "")),
            "model": str(self.stored.attributes.get("model", "")),
        }

    def find(self, wanted: Filter) -> IntArray:
        """The numbers of the drawings that a filter leaves, in its order.

        Raises:
            ConfigError: it asks for a class or score that there isn't.
        """
        stored = self.stored
        if wanted.split not in ("all", *SPLITS):
            raise ConfigError(f"unknown split {wanted.split!r}; one of all, {', '.join(SPLITS)}")
        kept = np.ones(len(stored), np.bool_)
        if wanted.split != "all":
            kept &= self.split == SPLITS.index(wanted.split)
        if wanted.label:
            if wanted.label not in stored.classes:
                raise ConfigError(f"{self.path.name} has no class {wanted.label!r}")
            kept &= self.labels == stored.classes.index(wanted.label)
        if wanted.flagged != "all":
            kept &= self.flagged == (wanted.flagged == "flagged")
        if wanted.score:
            values = self._score(wanted.score)
            kept &= (values >= wanted.least) & (values <= wanted.most)
        found = np.flatnonzero(kept)
        if wanted.sort != "index":
            values = self._score(wanted.sort)[found]
            found = found[np.argsort(-values if wanted.descending else values, kind="stable")]
        elif wanted.descending:
            found = found[::-1]
        return found

    def _score(self, name: str) -> NDArray[Any]:
        if name not in self.scores:
            raise ConfigError(f"{self.path.name} has no score {name!r}; one of {', '.join(self.scores) or 'none'}")
        return self.stored.column(f"scores/{name}")

    def pack(self, numbers: Sequence[int]) -> bytes:
        """The ink of drawings, as the module says. Raises `ConfigError` for a number that is none."""
        self.check(numbers)
        return b"".join(itertools.starmap(self._pack_one, zip(numbers, self._inks(numbers), strict=True)))

    def _inks(self, numbers: Sequence[int]) -> Iterator[list[NDArray[np.uint8]]]:
        if self.small is not None:
            return map(self.small.of, numbers)
        found = self.stored.drawings(numbers)
        return ([on_grid(stroke) for stroke in drawing.strokes] for drawing in found)

    def _pack_one(self, number: int, strokes: list[NDArray[np.uint8]]) -> bytes:
        shown = strokes if sum(map(len, strokes)) <= MOST_POINTS else []
        label = int(self.labels[number])
        head = HEAD.pack(
            number,
            label if label >= 0 else UNKNOWN_LABEL,
            int(self.flagged[number]),
            0,
            float(self.confidence[number]),
            len(shown),
        )
        lengths = np.array([len(stroke) for stroke in shown], "<u2").tobytes()
        return b"".join((head, lengths, *(stroke.tobytes() for stroke in shown)))

    def selection(self, numbers: Sequence[int], kind: str) -> Selection:
        """Drawings of this file as a selection of their source. Raises `ConfigError` for a number that is none."""
        self.check(numbers)
        chosen = np.array(numbers, np.int64)
        split, index = self.split[chosen], self.stored.column("source_index")[chosen]
        places = {name: tuple(index[split == i].tolist()) for i, name in enumerate(SPLITS) if (split == i).any()}
        return Selection(places, kind, self.about()["source"])

    def check(self, numbers: Sequence[int]) -> None:
        """Raise `ConfigError` for a number that is none of a drawing."""
        if any(number >= len(self.stored) for number in numbers):
            raise ConfigError(f"{self.path.name} has drawings 0 to {len(self.stored) - 1}")

    def show(self, number: int) -> dict[str, Any]:
        """All of one drawing: its strokes, its thinned picture and scores. Raises `ConfigError` when there is none."""
        self.check([number])
        found = self.stored.read([number])
        drawing = found[0]
        picture = None
        if found.images is not None:
            height, width = found.images.shape[1:]
            rows = ["".join("1" if ink else "0" for ink in row) for row in found.images[0]]
            picture = {"width": width, "height": height, "rows": rows, "frame": found.frames[0].tolist()}
        scores = {name: float(values[0]) for name, values in found.scores.items()}
        return {
            "number": number,
            "label": drawing.label,
            "split": SPLITS[found.split[0]],
            "source_index": int(found.source_index[0]),
            "flagged": bool(found.flagged[0]) if found.flagged is not None else False,
            "strokes": [np.round(stroke, 5).tolist() for stroke in drawing.strokes],
            "width": drawing.width,
            "height": drawing.height,
            "scores": {name: None if np.isnan(value) else value for name, value in scores.items()},
            "picture": picture,
            "metadata": json.loads(found.metadata[0]) if found.metadata is not None else {},
        }


@dataclass
class Library:
    """The datasets that were given, and those in the data folder, by their place in a list."""

    given: tuple[Path, ...]
    data: Path
    _volumes: dict[Path, Volume] = field(default_factory=dict)

    def paths(self) -> list[Path]:
        """Files that were given, then those of the data folder that lie in it and not elsewhere by a link."""
        home = self.data.resolve()
        own = (path for path in sorted(self.data.glob("*.h5")) if path.resolve().parent == home)
        return list(dict.fromkeys([*self.given, *own]))

    def volume(self, place: int) -> Volume:
        """The dataset at a place of the list. Raises `ConfigError` when there is none."""
        paths = self.paths()
        if place >= len(paths):
            raise ConfigError(f"there are {len(paths)} datasets")
        path = paths[place]
        if path not in self._volumes:
            self._volumes[path] = Volume.open(path)
        return self._volumes[path]

    def about(self) -> list[dict[str, Any]]:
        """What the page lists: each dataset, or why it can't be read."""
        listed = []
        for place, path in enumerate(self.paths()):
            try:
                listed.append(self.volume(place).about())
            except StrokesError as error:
                listed.append({"name": path.name, "count": 0, "problem": str(error)})
        return listed

    def close(self) -> None:
        """Let go of all files."""
        for volume in self._volumes.values():
            volume.stored.close()
