"""Pen samples: what a hand writes, stroke by stroke, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from strokes.datasets.bundled import bundled_path
from strokes.errors import SourceError, StrokesError
from strokes.ink.drawing import Drawing, DrawingSet, FloatArray, make_drawing_set
from strokes.ink.labels import DIGITS

EXPECTED_SAMPLE = 'expected {"label": "7", "strokes": [[[x, y], …], …], "name": …} with x and y in [0, 1]'


def load_pen_samples(path: Path | None = None) -> DrawingSet:
    """Pen samples in writing order: the project's own of the ten digits, or those at `path` in the same form.

    Each drawing's metadata is a JSON object with its `name`, the way of writing that it shows. The classes are the ten
    digits when every label is one, else the labels in order of first appearance.

    Raises:
        SourceError: when the file is missing, holds no sample, or a line isn't one.
    """
    file = bundled_path("pen-samples.ndjson") if path is None else path
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise SourceError(f"{file} doesn't exist; expected pen samples, one JSON object a line") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} can't be read ({error}); expected pen samples, one JSON object a line") from None
    found = [_parse(line, f"{file}, line {i}") for i, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise SourceError(f"{file} holds no pen sample; {EXPECTED_SAMPLE}")
    drawings = [drawing for drawing, _ in found]
    digits = all(drawing.label in DIGITS for drawing in drawings)
    return make_drawing_set(
        drawings, classes=DIGITS if digits else (), metadata=tuple(json.dumps({"name": name}) for _, name in found)
    )


def _parse(line: str, place: str) -> tuple[Drawing, str]:
    try:
        sample = json.loads(line)
        strokes = tuple(_stroke(points) for points in sample["strokes"])
        label = sample["label"]
        if not isinstance(label, str) or not strokes:
            raise ValueError("a label that is no string, or no stroke")
        return Drawing(strokes, label), str(sample.get("name", ""))
    except (ValueError, KeyError, TypeError, AttributeError, StrokesError) as error:
        raise SourceError(f"{place} is no pen sample ({error}); {EXPECTED_SAMPLE}") from None


def _stroke(points: Any) -> FloatArray:
    stroke = np.array(points, np.float32)
    if stroke.size and (stroke.min() < 0 or stroke.max() > 1):
        raise ValueError("points outside the unit square")
    return stroke
