"""Another network's walks beside a network's own over small pictures that nobody names: both know other writing.

The network of strips has seen characters of many strokes, of other scripts, and the one of the frame hasn't. The choice
is among the walks of both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from strokes.ink.drawing import BoolArray
from strokes.recovery.pointer.decoding import Walks
from strokes.recovery.pointer.risk import RISK_TEMPERATURE
from strokes.recovery.words.recover import StripRecovery
from strokes.recovery.words.risk import STRIP_TEMPERATURE

LESS_LIKELY = 20.0
"""The likeliest walk of strips is held to be e^20 times less likely than the network's own likeliest."""


@dataclass(frozen=True)
class SecondWalks:
    """What else is walked, by a network of strips."""

    strips: StripRecovery

    @property
    def hypotheses(self) -> int:
        """Walks a picture."""
        return self.strips.hypotheses

    def walks(self, images: BoolArray, own: Walks) -> Walks:
        """Walks over pictures (n, 28, 28) with ink, those of a picture in a row, as likely as beside its `own`."""
        found = self.strips.walk_characters(images)
        best, theirs = (np.asarray(walks.likelihood).reshape(len(images), -1) for walks in (own, found))
        behind = (theirs - theirs.max(axis=1, keepdims=True)) * (RISK_TEMPERATURE / STRIP_TEMPERATURE)
        likelihood = best.max(axis=1, keepdims=True) + behind - LESS_LIKELY
        return replace(found, likelihood=likelihood.astype(np.float32).ravel())
