"""The Fréchet distance of Heusel et al. 2017 between two sets of features, each taken for a Gaussian.

‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½): 0 for equal sets. With a judge's features it has no unit, and figures of
different judges can't be compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ShapeError


def frechet_distance(features_a: NDArray[Any], features_b: NDArray[Any]) -> float:
    """The distance between the Gaussians that fit features (n, d) and (m, d) best, in double precision.

    Raises:
        ShapeError: the features differ in number, or a set has fewer than two rows.
    """
    if features_a.shape[1:] != features_b.shape[1:] or min(len(features_a), len(features_b)) < 2:
        raise ShapeError(
            f"features are {features_a.shape} and {features_b.shape}; expected (n, d) and (m, d), n, m ≥ 2"
        )
    a, b = np.asarray(features_a, np.float64), np.asarray(features_b, np.float64)
    apart = a.mean(axis=0) - b.mean(axis=0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    # (Σ₁ Σ₂)^½ has the trace of (Σ₁^½ Σ₂ Σ₁^½)^½, which is symmetric and so has real eigenvalues
    root = square_root(cov_a)
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_b @ root), 0, None)).sum()
    return max(0.0, float(apart @ apart + np.trace(cov_a) + np.trace(cov_b) - 2 * shared))


def square_root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric square root of a covariance (d, d)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
