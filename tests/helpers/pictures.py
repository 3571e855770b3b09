"""Pictures, and files of them, for the tests of several sources."""

import struct

import numpy as np


def noise(count: int, *, seed: int = 0) -> np.ndarray:
    """Grey pictures (count, 28, 28) with numbers of one, two and three digits."""
    return (np.random.default_rng(seed).integers(0, 256, (count, 28, 28)) >> np.arange(28) % 8).astype(np.uint8)


def idx_bytes(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    return struct.pack(f">I{array.ndim}I", 0x800 | array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
