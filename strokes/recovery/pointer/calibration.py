"""How sure a recovered drawing is: the chance that its strokes run in the person's direction and order.

A logistic regression on what the hypotheses know: how far they are apart, how surprising the chosen one is, how well it
fits, how much there is to draw. Its weights are fitted on writers that no network was trained on
(`scripts/release/ship_pens`), and travel in the network's file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError
from strokes.ink.drawing import FloatArray
from strokes.recovery.pointer.network import GO
from strokes.recovery.pointer.risk import Chosen

FEATURES = 9


@dataclass(frozen=True)
class Calibration:
    """Weights of the features, and the constant."""

    weights: tuple[float, ...] = (0.0,) * FEATURES
    constant: float = 0.0

    def __post_init__(self) -> None:
        if len(self.weights) != FEATURES or not np.isfinite([*self.weights, self.constant]).all():
            raise ConfigError(
                f"a calibration has the weights {self.weights} and the constant {self.constant}; "
                f"expected {FEATURES} weights, all of them finite"
            )

    def confidence(self, chosen: Chosen) -> FloatArray:
        """The chance (n,) that each drawing is right, in (0, 1)."""
        return confidence_of(features(chosen), self)

    def to_json(self) -> str:
        """The weights as text, as `from_json` takes it."""
        return json.dumps({"weights": self.weights, "constant": self.constant})

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """The calibration that a network's file holds. Raises `ConfigError` when it is broken."""
        try:
            known = json.loads(text)
            return cls(tuple(float(w) for w in known["weights"]), float(known["constant"]))
        except (ConfigError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ConfigError(
                f"the network's calibration can't be read ({error}); train or download it again"
            ) from None


def confidence_of(known: NDArray[np.float64], calibration: Calibration) -> FloatArray:
    """The chance (n,) that each drawing is right, told from its `features` (n, `FEATURES`)."""
    logits = known @ np.array(calibration.weights) + calibration.constant
    chance: FloatArray = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return chance


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
    ]
    return np.stack(found, axis=1).astype(np.float64)


def fit_calibration(chosen_features: NDArray[np.float64], right: NDArray[np.bool_]) -> Calibration:
    """The calibration under which `right` (n,) is likeliest, by Newton's method with a slight pull to 0."""
    inputs = np.concatenate([chosen_features, np.ones((len(right), 1))], axis=1)
    weights = np.zeros(inputs.shape[1])
    pull = np.diag([1e-2] * FEATURES + [0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (right - chance) - pull @ weights
        curvature = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + pull + 1e-9 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, gradient)
    return Calibration(tuple(float(w) for w in weights[:-1]), float(weights[-1]))


def calibration_error(confidence: FloatArray, right: NDArray[np.bool_], *, bins: int = 10) -> float:
    """Expected calibration error: over bins of as many drawings, the mean of |mean confidence − share right|."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(abs(confidence[p].mean() - right[p].mean()) * len(p) for p in parts) / max(len(order), 1))
