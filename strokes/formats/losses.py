"""What a dataset holds that an export has no place for."""

from __future__ import annotations

from collections.abc import Iterator

from strokes.formats.json_text import parse_metadata
from strokes.formats.recording import SIDE
from strokes.ink.drawing import SPLITS
from strokes.store.reader import DatasetFile

COLUMNS = {
    "time_ms": "times",
    "pressure": "pressure",
    "tilt_x": "tilt",
    "tilt_y": "tilt",
    "softness": "softness",
    "images": "pictures",
}
FILE = "file"
"""The metadata that names the file of a drawing's picture."""
DESCRIBED = {SIDE: "size in mm", FILE: "file names", "writer": "writers"}
OF_POINTS = frozenset({"times", "pressure", "tilt"})
OF_DRAWINGS = frozenset({"labels", "splits", *DESCRIBED.values(), "other metadata", "scores"})
EVERYTHING = OF_POINTS | OF_DRAWINGS | {"softness"}


def lost(dataset: DatasetFile, kept: frozenset[str]) -> tuple[str, ...]:
    """The facts that a dataset holds and that are not among those `kept`, in the order of `facts`."""
    return tuple(dict.fromkeys(fact for fact in facts(dataset) if fact not in kept))


def facts(dataset: DatasetFile) -> Iterator[str]:
    """What a dataset holds besides its strokes and their order, in words; a fact may come more than once."""
    if (dataset.column("labels") >= 0).any():
        yield "labels"
    if (dataset.column("split") != SPLITS.index("none")).any():
        yield "splits"
    yield from (fact for name, fact in COLUMNS.items() if name in dataset.names)
    if "metadata" in dataset.names:
        yield from _described(dataset)
    if dataset.score_names:
        yield "scores"


def _described(dataset: DatasetFile) -> Iterator[str]:
    """The kinds of metadata, looked for until all are found."""
    left = {*DESCRIBED.values(), "other metadata"}
    for block in dataset.blocks():
        for text in dict.fromkeys(block.metadata or ()):
            found = {DESCRIBED.get(name, "other metadata") for name in parse_metadata(text)} & left if text else set()
            yield from sorted(found)
            left -= found
            if not left:
                return
