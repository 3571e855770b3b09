"""What an LSTM does between its matrix products, for many cells at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from raster.kernels.compiling import FAST, compiled
from raster.kernels.lanes import LANES, load, store
from strokes.ink.drawing import FloatArray
from strokes.recovery.pointer.kernels import exp, inlined


@inlined
def sigmoid(value: Any) -> Any:
    """Of lanes."""
    return np.float32(1) / (np.float32(1) + exp(np.float32(0) - value))


@inlined
def tanh(value: Any) -> Any:
    """Of lanes."""
    return np.float32(2) * sigmoid(np.float32(2) * value) - np.float32(1)


@compiled(**FAST)
def remember(gates: FloatArray, cell: FloatArray, state: FloatArray) -> None:
    """One step of memories; their units are a multiple of `LANES`.

    Args:
        gates: (k, 4·units) what the products gave: let in, keep, candidate, let out.
        cell: (k, units) updated.
        state: (k, …) its first `units` columns are filled with what the memories say.
    """
    units = cell.shape[1]
    for i in range(len(cell)):
        own, kept, said = gates[i], cell[i], state[i]
        for j in range(0, units, LANES):
            keep, let_in = sigmoid(load(own, units + j)), sigmoid(load(own, j))
            now = keep * load(kept, j) + let_in * tanh(load(own, 2 * units + j))
            store(kept, j, now)
            store(said, j, sigmoid(load(own, 3 * units + j)) * tanh(now))
