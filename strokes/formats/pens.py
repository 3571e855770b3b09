"""Pen recordings of any format that can be imported, as a set in the frame with their writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from strokes.errors import SourceError
from strokes.formats.guess import guess_format
from strokes.formats.importing import class_names
from strokes.formats.recording import Recording, make_block
from strokes.formats.registry import named_format
from strokes.ink.drawing import UNLABELLED, join
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame


def load_pens(path: Path, format: str | None = None) -> PenSet:
    """The pen recordings of a file or folder, moved into the frame as MNIST was, with labels and writers.

    Args:
        path: a file or folder in any format that `strokes import` reads.
        format: its name in `strokes.formats.FORMATS`; by default guessed from the name and content.

    Returns:
        the drawings that have a stroke, in the file's order; `source_index` tells their place in it.

    Raises:
        ConfigError: the format is unknown, can't be guessed, or is only written.
        SourceError: the file is missing or broken, or holds no drawing.
    """
    chosen = named_format(format) if format is not None else guess_format(path)
    recordings = list(chosen.read(path))
    classes = chosen.known_classes(path) or class_names(r.label for r in recordings if r.label is not None)
    drawings = make_block(recordings, classes=classes, first=0, columns=(), scores=(), metadata=False)
    pens = PenSet(drawings, tuple(map(writer_of, recordings)))
    pens = pens.select((drawings.drawing_offsets[1:] > drawings.drawing_offsets[:-1]).nonzero()[0])
    if not len(pens):
        raise SourceError(f"{path} holds no drawing of the format {chosen.name}")
    return PenSet(centre_in_frame(pens.drawings), pens.writers)


def load_pen_sets(paths: Sequence[Path]) -> PenSet:
    """The recordings of several files, as `load_pens` reads each, as one set. Raises what that raises."""
    sets = [load_pens(path) for path in paths]
    classes = tuple(dict.fromkeys(name for pens in sets for name in pens.drawings.classes))
    place = {name: i for i, name in enumerate(classes)}
    renumbered = []
    for pens in sets:
        table = np.array([*(place[name] for name in pens.drawings.classes), UNLABELLED], np.int64)
        renumbered.append(replace(pens.drawings, labels=table[pens.drawings.labels], classes=classes))
    return PenSet(join(renumbered), tuple(writer for pens in sets for writer in pens.writers))


def writer_of(recording: Recording) -> str:
    """The code of who wrote it, "" where the file doesn't say."""
    return str(recording.metadata.get("writer", ""))
