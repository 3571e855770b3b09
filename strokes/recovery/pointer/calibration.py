"""How sure a recovered drawing is: the chance that its strokes run in the person's direction and order.

A logistic regression on what the walks know: how far they are apart, where there are several, how surprising the chosen
one is, how often the likeliest might have gone elsewhere, how well it fits, how much there is to draw. Its weights are
fitted on writers that no network was trained on (`strokes.recovery.pointer.calibrate`), and travel in its file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError
from strokes.ink.drawing import FloatArray
from strokes.recovery.pointer.network import GO
from strokes.recovery.pointer.risk import WORTH, Chosen

FEATURES = 11
SHRINKAGE = 1.0
"""How much weights are held at 0 (ridge): wrong drawings are few, and with less the fit follows them."""


@dataclass(frozen=True)
class Calibration:
    """Weights of the features, and the constant.

    Attributes:
        weights: of what is known of every drawing.
        constant: added to them.
        habits: the same of drawings whose hand's habit is known: a weight more, of unlikeness to it, then the constant;
            empty where that wasn't fitted.
    """

    weights: tuple[float, ...] = (0.0,) * FEATURES
    constant: float = 0.0
    habits: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        numbers = [*self.weights, self.constant, *self.habits]
        fits = len(self.weights) == FEATURES and len(self.habits) in (0, FEATURES + 2)
        if not fits or not np.isfinite(numbers).all():
            raise ConfigError(
                f"a calibration has the weights {self.weights}, the constant {self.constant} and for habits "
                f"{self.habits}; expected {FEATURES} weights, and none or {FEATURES + 2}, all of them finite"
            )

    def confidence(self, chosen: Chosen) -> FloatArray:
        """The chance (n,) that each drawing is right, in (0, 1)."""
        confidence = confidence_of(features(chosen), self)
        known = ~np.isnan(chosen.likeness)
        if self.habits and known.any():
            weights = np.array(self.habits)
            confidence[known] = chance_of(habit_features(chosen)[known] @ weights[:-1] + weights[-1])
        return confidence

    def to_json(self) -> str:
        """The weights as text, as `from_json` takes it."""
        return json.dumps({"weights": self.weights, "constant": self.constant, "habits": self.habits})

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """The calibration that a network's file holds. Raises `ConfigError` when it is broken."""
        try:
            known = json.loads(text)
            habits = tuple(float(w) for w in known.get("habits", ()))
            return cls(tuple(float(w) for w in known["weights"]), float(known["constant"]), habits)
        except (ConfigError, ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
            raise ConfigError(
                f"the network's calibration can't be read ({error}); train or download it again"
            ) from None


def confidence_of(known: NDArray[np.float64], calibration: Calibration) -> FloatArray:
    """The chance (n,) that each drawing is right, told from its `features` (n, `FEATURES`)."""
    return chance_of(known @ np.array(calibration.weights) + calibration.constant)


def chance_of(logits: NDArray[np.float64]) -> FloatArray:
    """The chance (n,) that logits (n,) stand for."""
    chance: FloatArray = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return chance


def habit_features(chosen: Chosen) -> NDArray[np.float64]:
    """`features`, and how unlike its hand's habit each drawing is: (n, `FEATURES` + 1), NaN where none is known."""
    unlike = np.clip((sum(WORTH[1:]) - chosen.likeness.astype(np.float64)) / 2, 0, 5)
    return np.concatenate([features(chosen), unlike[:, None]], axis=1)


def features(chosen: Chosen) -> NDArray[np.float64]:
    """What the chance is told from, (n, `FEATURES`), each of about unit size."""
    strokes = ((chosen.walks.flags > GO).sum(axis=1)).astype(np.float64)
    steps = (chosen.walks.flags >= 0).sum(axis=1).astype(np.float64)
    found = [
        np.minimum(chosen.apart_px, 3.0),
        np.sqrt(chosen.apart_px),
        2 * chosen.turned,
        chosen.reordered,
        4 * chosen.contested,
        np.minimum(chosen.surprise * 5, 10.0),
        np.clip((1 - chosen.fit) * 10, 0, 10),
        strokes - 1,
        steps / 20,
        np.log10(chosen.doubt[:, 0] + 1e-3) + 3,
        np.log10(chosen.doubt[:, 1] + 1e-2) + 2,
    ]
    return np.stack(found, axis=1).astype(np.float64)


def fit_calibration(chosen_features: NDArray[np.float64], right: NDArray[np.bool_]) -> Calibration:
    """The calibration under which `right` (n,) is likeliest; for habits nothing is fitted."""
    weights = fit_weights(chosen_features, right)
    return Calibration(weights[:-1], weights[-1])


def fit_weights(known: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Weights of `known` (n, k), and a constant, that make `right` likeliest: Newton's method, pulled to 0 a little."""
    inputs = np.concatenate([known, np.ones((len(right), 1))], axis=1)
    weights = np.zeros(inputs.shape[1])
    pull = np.diag([SHRINKAGE] * known.shape[1] + [0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (right - chance) - pull @ weights
        curvature = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + pull + 1e-9 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, gradient)
    return tuple(float(w) for w in weights)


def calibration_error(confidence: FloatArray, right: NDArray[np.bool_], *, bins: int = 10) -> float:
    """Expected calibration error: over bins of as many drawings, the mean of |mean confidence − share right|."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(abs(confidence[p].mean() - right[p].mean()) * len(p) for p in parts) / max(len(order), 1))
