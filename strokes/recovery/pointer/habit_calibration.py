"""How sure a drawing is whose hand's habit is known: a calibration of its own, on held-out writers' own drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strokes.ink.recordings import PenSet
from strokes.ink.rendering import pen_pictures
from strokes.metrics.pens import score_pens
from strokes.recovery.pointer.calibration import Calibration, fit_weights, habit_features
from strokes.recovery.pointer.habits import Habits
from strokes.recovery.pointer.recover import PenRecovery
from strokes.recovery.pointer.risk import RIGHT_DIRECTION, RIGHT_ORDER, to_drawings


def calibrate_habits(recovery: PenRecovery, calibration: Calibration, pens: Sequence[PenSet]) -> Calibration:
    """The calibration, fitted for habits too: one drawing of each writer and class is taught, the others are judged.

    Sets of which no drawing has a habit to go by are left out; where none has, the calibration stays as it is.
    """
    parts = [part for own in pens if (part := judge_taught(recovery, own)) is not None]
    if not parts:
        return calibration
    told, right = (np.concatenate(column) for column in zip(*parts, strict=True))
    return replace(calibration, habits=fit_weights(told, right))


def judge_taught(recovery: PenRecovery, pens: PenSet) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """What is told of each drawing with a known habit, and whether it is right; None where there is none."""
    taught, others = pens.taught_apart(1)
    if not len(taught) or not len(others):
        return None
    habitual = replace(recovery, habits=Habits.of(taught, recovery.recipe.network))
    pictures = replace(pen_pictures(others.drawings), writers=others.writers)
    inked = np.flatnonzero(pictures.images.any(axis=(1, 2)))
    chosen, points_px = habitual.draw(pictures.select(inked))
    scores = score_pens(others.drawings.select(inked), to_drawings(points_px, chosen.walks.flags))
    known = ~np.isnan(scores["direction"]) & ~np.isnan(chosen.likeness)
    right = (scores["direction"] > RIGHT_DIRECTION) & (scores["order"] > RIGHT_ORDER)
    return (habit_features(chosen)[known], right[known]) if known.any() else None
