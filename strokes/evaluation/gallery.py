"""Which drawings a report shows: random ones, the best, the worst, and some of everything that goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from strokes.evaluation.drawings_report import FRAME_PEN_PX, RANKED_BY, Example
from strokes.ink.drawing import BoolArray, DrawingSet, FloatArray, IntArray
from strokes.ink.pictures import FRAME_PX

EXAMPLES_SHOWN = 12
SHOWN_RANDOM = 24
CAPTIONED = ("dtw", "direction", "order", "f1", "chamfer", "covered", "on")
MOST_POINTS = 200_000
"""Under one heading; after the first page that is longer nothing more is shown."""


def choose_examples(
    found: DrawingSet,
    scores: Mapping[str, FloatArray],
    *,
    truth: DrawingSet | None = None,
    causes: Mapping[str, BoolArray] | None = None,
) -> dict[str, list[Example]]:
    """Examples under headings, ranked by dtw, or by chamfer where no truth is known; random ones by a fixed seed.

    Args:
        found: n drawings in the frame, with their pictures; those of larger pictures in those.
        scores: theirs.
        truth: what the pens did, in the frame, where known.
        causes: which drawings something is wrong with.
    """
    key = next(name for name in RANKED_BY if name in scores)
    ranked = np.argsort(scores[key], kind="stable")
    random = np.random.default_rng(0)
    chosen = {
        "Random": random.permutation(len(found))[:SHOWN_RANDOM],
        f"Best ({key})": ranked[:EXAMPLES_SHOWN],
        f"Worst ({key})": ranked[::-1][:EXAMPLES_SHOWN],
    }
    for name, which in (causes or {}).items():
        chosen[f"Wrong: {name}"] = random.permutation(np.flatnonzero(which))[:EXAMPLES_SHOWN]
    return {heading: captioned_examples(found, rows, scores, truth) for heading, rows in chosen.items() if len(rows)}


def captioned_examples(
    found: DrawingSet,
    rows: IntArray,
    scores: Mapping[str, FloatArray],
    truth: DrawingSet | None,
) -> list[Example]:
    """The drawings at `rows`, with their class and scores in words."""
    captioned = [name for name in CAPTIONED if name in scores]
    before = np.cumsum([0, *(sum(map(len, found[row].strokes)) for row in rows.tolist())])[:-1]
    names = (*found.classes, "")
    examples = []
    for row in rows[before <= MOST_POINTS].tolist():
        words: Sequence[str] = [
            f"{name} {scores[name][row]:.2f}" for name in captioned if not np.isnan(scores[name][row])
        ]
        caption = " · ".join(filter(None, [names[found.labels[row]], *words]))
        true_strokes = None if truth is None else truth[row].strokes
        ink, pen_px = picture_of(found, row)
        examples.append(Example(ink, found[row].strokes, true_strokes, caption, pen_px))
    return examples


def picture_of(found: DrawingSet, row: int) -> tuple[BoolArray, float]:
    """The picture (h, w) that a drawing is of, in its own resolution, and its pen's width in px."""
    fine = None if found.fine is None else found.fine[row]
    if fine is not None:
        return fine.mask, max(fine.pen_px, 1.0)
    ink = np.zeros((1, 1), np.bool_) if found.images is None else found.images[row]
    return ink, FRAME_PEN_PX * max(ink.shape) / FRAME_PX
