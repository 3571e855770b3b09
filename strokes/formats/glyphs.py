"""The drawings of an open dataset one by one, with all that an exporter may want of each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from strokes.formats.json_text import parse_metadata
from strokes.formats.recording import Numbers
from strokes.ink.drawing import IDENTITY_FRAME, SPLITS, DrawingSet
from strokes.store.reader import DatasetFile

UNSAFE = r"[^\w.+-]+"
"""What is no part of an exported file's name, whatever its picture was called."""
LONGEST = 80
PLACES = ("page", "line", "word", "glyph")


@dataclass(frozen=True)
class Glyph:
    """One drawing to be written.

    Attributes:
        number: its place in the dataset.
        points: (p, 2) float64 in the unit square, y down, all strokes joined.
        ends: (s+1,) the first point of each stroke, and p.
        columns: (p,) what is known of each point, any of `POINT_COLUMNS`, NaN where it isn't; no column of NaN alone.
        label: its class, or None.
        split: "train", "test" or "none".
        size: width and height of its picture, the longer is 1.
        source_index: its place in its source.
        metadata: what else is known.
        scores: those that it has.
        flagged: whether it is doubtful.
        frame: scale, x and y offset of its frame in its picture.
    """

    number: int
    points: Numbers
    ends: list[int]
    columns: dict[str, Numbers]
    label: str | None
    split: str
    size: tuple[float, float]
    source_index: int
    metadata: dict[str, Any]
    scores: dict[str, float] = field(default_factory=dict)
    flagged: bool = False
    frame: tuple[float, float, float] = IDENTITY_FRAME

    @property
    def strokes(self) -> list[Numbers]:
        """Each stroke, (points, 2)."""
        return [self.points[a:b] for a, b in itertools.pairwise(self.ends)]

    def stem(self, digits: int) -> str:
        """A file's name without its ending: the drawing's number in so many digits, and what its picture was called."""
        return file_stem(self.number, digits, self.metadata)

    @property
    def times_ms(self) -> Numbers | None:
        """(p,) the time of every point, None unless all are known."""
        times = self.columns.get("time_ms")
        return None if times is None or np.isnan(times).any() else times


def file_stem(number: int, digits: int, metadata: dict[str, Any]) -> str:
    """A file's name without its ending: a drawing's number in so many digits, and what its picture was called."""
    told = metadata.get("file")
    if not isinstance(told, str):
        return f"{number:0{digits}}"
    name, ending = re.sub(UNSAFE, "_", told).lstrip("."), re.compile(r"\.\w{1,5}$")
    places = [f"{what}{metadata[what]}" for what in PLACES if isinstance(metadata.get(what), int)]
    return "-".join([f"{number:0{digits}}", ending.sub("", name)[-LONGEST:], *places])


def glyphs(dataset: DatasetFile, split: str = "all") -> Iterator[Glyph]:
    """Every drawing of a split in order, read in blocks."""
    chosen = dataset.indices(split)
    bar = tqdm(total=len(chosen), desc=f"writing {split}", unit="", disable=None)
    done = 0
    with bar:
        for block in dataset.blocks(chosen):
            yield from glyphs_of(block, chosen[done : done + len(block)].tolist())
            done += len(block)
            bar.update(len(block))


def glyphs_of(block: DrawingSet, places: list[int]) -> Iterator[Glyph]:
    """The drawings of one set, which are at `places` in their dataset."""
    points, strokes = block.points.astype(np.float64), block.stroke_offsets.tolist()
    sizes, frames = block.sizes.astype(np.float64).tolist(), block.frames.astype(np.float64).tolist()
    for i, (a, b) in enumerate(itertools.pairwise(block.drawing_offsets.tolist())):
        first, last = strokes[a], strokes[b]
        label = int(block.labels[i])
        metadata = metadata_of(block, i)
        yield Glyph(
            number=places[i],
            points=points[first:last],
            ends=[end - first for end in strokes[a : b + 1]],
            columns=_columns(block, first, last),
            label=block.classes[label] if label >= 0 else None,
            split=SPLITS[block.split[i]],
            size=(sizes[i][0], sizes[i][1]),
            source_index=int(block.source_index[i]),
            metadata=metadata,
            scores={name: float(values[i]) for name, values in block.scores.items() if np.isfinite(values[i])},
            flagged=block.flagged is not None and bool(block.flagged[i]),
            frame=(frames[i][0], frames[i][1], frames[i][2]),
        )


def metadata_of(block: DrawingSet, i: int) -> dict[str, Any]:
    """What else is known of a drawing, nothing where that is no object of JSON."""
    known = parse_metadata(block.metadata[i]) if block.metadata is not None and block.metadata[i] else {}
    return known if isinstance(known, dict) else {}


def _columns(block: DrawingSet, first: int, last: int) -> dict[str, Numbers]:
    own = {name: values[first:last].astype(np.float64) for name, values in block.point_columns.items()}
    return {name: values for name, values in own.items() if not np.isnan(values).all()}
