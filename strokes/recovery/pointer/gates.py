"""What an LSTM does between its matrix products, for many cells at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from raster.kernels.compiling import FAST, compiled
from raster.kernels.lanes import LANES, load, store
from strokes.ink.drawing import FloatArray
from strokes.recovery.pointer.kernels import exp, inlined

ByteArray = NDArray[np.int8]
WholeArray = NDArray[np.int32]
MOST_BYTE = 127
LEAST_SCALE = 1e-9


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
    for i in range(len(cell)):
        _remember(gates[i], cell[i], state[i])


@inlined
def _remember(gates: FloatArray, cell: FloatArray, said: FloatArray) -> None:
    """One memory's step."""
    units = len(cell)
    for j in range(0, units, LANES):
        keep, let_in = sigmoid(load(gates, units + j)), sigmoid(load(gates, j))
        now = keep * load(cell, j) + let_in * tanh(load(gates, 2 * units + j))
        store(cell, j, now)
        store(said, j, sigmoid(load(gates, 3 * units + j)) * tanh(now))


@compiled(**FAST)
def to_bytes(rows: FloatArray, scales: FloatArray, found: ByteArray) -> None:
    """Fill `found` with rows (k, n) in whole numbers up to `MOST_BYTE`, and `scales` (k,) with what 1 of them is."""
    for i in range(len(rows)):
        most = np.float32(LEAST_SCALE)
        for j in range(rows.shape[1]):
            most = max(most, abs(rows[i, j]))
        scales[i] = most / np.float32(MOST_BYTE)
        scale = np.float32(MOST_BYTE) / most
        for j in range(rows.shape[1]):
            found[i, j] = np.int8(np.rint(rows[i, j] * scale))


@compiled(**FAST)
def remember_bytes(
    by_state: WholeArray,
    by_input: WholeArray,
    state_scales: FloatArray,
    input_scales: FloatArray,
    scales: FloatArray,
    biases: FloatArray,
    cell: FloatArray,
    state: ByteArray,
) -> None:
    """As `remember`, of products in whole numbers.

    Args:
        by_state, by_input: (k, 4·units …) what the products gave of the state and of the input; more isn't looked at.
        state_scales, input_scales: (4·units,) what 1 of each column is.
        scales: (k,) what 1 of each pen's input is.
        biases: (4·units,) added.
        cell: (k, units) updated.
        state: (k, units) filled, 1 being `MOST_BYTE`.
    """
    units = cell.shape[1]
    gates, said = np.empty(4 * units, np.float32), np.empty(units, np.float32)
    for i in range(len(cell)):
        for j in range(4 * units):
            told = np.float32(by_input[i, j]) * (input_scales[j] * scales[i])
            gates[j] = np.float32(by_state[i, j]) * state_scales[j] + told + biases[j]
        _remember(gates, cell[i], said)
        for j in range(units):
            state[i, j] = np.int8(np.rint(said[j] * np.float32(MOST_BYTE)))


@compiled(**FAST)
def ask_bytes(
    by_state: WholeArray,
    by_input: WholeArray,
    state_scales: FloatArray,
    input_scales: FloatArray,
    scales: FloatArray,
    biases: FloatArray,
    asking: FloatArray,
) -> None:
    """Fill `asking` (k, n) with a rectified layer of products in whole numbers, the input's last n; else as above."""
    before = by_input.shape[1] - asking.shape[1]
    for i in range(len(asking)):
        for j in range(asking.shape[1]):
            told = np.float32(by_input[i, before + j]) * (input_scales[j] * scales[i])
            value = np.float32(by_state[i, j]) * state_scales[j] + told + biases[j]
            asking[i, j] = max(value, np.float32(0))
