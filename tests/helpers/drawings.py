"""Sets of drawings that nobody drew, and whether two are the same."""

import dataclasses
import json

import numpy as np

from strokes.ink.drawing import DrawingSet

CLASSES = ("0", "1", "é")


def make_set(n: int, *, seed: int = 0) -> DrawingSet:
    rng = np.random.default_rng(seed)
    drawing_offsets = np.cumsum([0, *rng.integers(0, 4, n)])
    stroke_offsets = np.cumsum([0, *rng.integers(1, 6, drawing_offsets[-1])])
    points = rng.random((stroke_offsets[-1], 2), np.float32)
    return DrawingSet(
        points=points,
        stroke_offsets=stroke_offsets,
        drawing_offsets=drawing_offsets,
        classes=CLASSES,
        labels=rng.integers(-1, 3, n),
        sizes=rng.random((n, 2), np.float32),
        frames=rng.random((n, 3), np.float32),
        split=rng.integers(0, 3, n).astype(np.uint8),
        source_index=np.arange(n) * 7,
        images=rng.random((n, 5, 7)) > 0.5,
        scores={"f1": rng.random(n, np.float32), "chamfer": rng.random(n, np.float32)},
        point_columns={"softness": rng.random(len(points), np.float32)},
        metadata=tuple(json.dumps({"writer": f"é{i}"}) for i in range(n)),
        flagged=rng.random(n) > 0.5,
    )


def same(a: DrawingSet, b: DrawingSet) -> bool:
    def equal(x, y):
        return (
            x.keys() == y.keys() and all(equal(x[k], y[k]) for k in y) if isinstance(y, dict) else np.array_equal(x, y)
        )

    return all(equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(DrawingSet))
