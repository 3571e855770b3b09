"""Fitting a pen network's confidence: recordings of held-out writers are recovered, and compared with what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strokes.ink.drawing import BoolArray
from strokes.ink.recordings import PenSet, to_choose_by
from strokes.ink.rendering import pen_pictures
from strokes.metrics.pens import score_pens
from strokes.recovery.pointer.calibration import Calibration, features, fit_calibration
from strokes.recovery.pointer.habit_calibration import calibrate_habits
from strokes.recovery.pointer.recover import PenRecovery
from strokes.recovery.pointer.risk import RIGHT_DIRECTION, RIGHT_ORDER, to_drawings

CALIBRATING_PER_WRITER = 100
"""At most so many drawings of a writer calibrate."""
JUDGING_PER_WRITER = 40
"""At most so many of a writer judge."""
LEAST_DRAWINGS = 100
"""Fewer drawings say too little of nine weights."""


@dataclass(frozen=True)
class Answers:
    """What a network knows of its drawings, and which of them are right.

    Attributes:
        features: (n, `FEATURES`) as `strokes.recovery.pointer.calibration.features` has them.
        right: (n,) whether direction and order are rather the person's than not.
    """

    features: NDArray[np.float64]
    right: BoolArray


def find_answers(recovery: PenRecovery, pens: PenSet) -> Answers:
    """The answers on recordings in the frame; dots, which have no direction, are left out."""
    chosen, points_px = recovery.draw(pen_pictures(pens.drawings))
    scores = score_pens(pens.drawings, to_drawings(points_px, chosen.walks.flags))
    moving = ~np.isnan(scores["direction"])
    right = (scores["direction"] > RIGHT_DIRECTION) & (scores["order"] > RIGHT_ORDER)
    return Answers(features(chosen)[moving], right[moving])


def calibrating(pens: PenSet) -> PenSet:
    """The recordings that calibrate: of one half of the held-out writers, so that the other half can judge."""
    chosen = to_choose_by(pens.writers, pens.names)
    return pens.select(np.flatnonzero(pens.held_out & chosen)).capped(CALIBRATING_PER_WRITER)


def judging(pens: PenSet) -> PenSet:
    """The recordings of the held-out writers that calibrate nothing."""
    chosen = to_choose_by(pens.writers, pens.names)
    return pens.select(np.flatnonzero(pens.held_out & ~chosen)).capped(JUDGING_PER_WRITER)


def calibrate(recovery: PenRecovery, pens: PenSet) -> Calibration | None:
    """The calibration by the held-out writers among some recordings in the frame; None where these are too few."""
    own = calibrating(pens)
    if len(own) < LEAST_DRAWINGS:
        return None
    answers = find_answers(recovery, own)
    if len(answers.right) < LEAST_DRAWINGS:
        return None
    return calibrate_habits(recovery, fit_calibration(answers.features, answers.right), [own])
