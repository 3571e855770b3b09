"""EMNIST as its publisher's MATLAB files have it: `dataset.train` and `dataset.test`, and a mapping of the labels.

Pictures are columns one after the other, so rows and columns come swapped, as in its IDX files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.emnist import turn
from strokes.datasets.npz_arrays import BROKEN_NPZ
from strokes.errors import SourceError
from strokes.ink.pictures import FRAME_PX

EXPECTED = "expected EMNIST's: dataset.train and dataset.test with images (n, 784) and labels, and dataset.mapping"
HALVES = ("train", "test")


def read_mat(path: Path, *, orientation: str = "auto") -> list[tuple[NDArray[np.uint8], list[str], str]]:
    """Pictures (n, 28, 28), upright unless `orientation` is "upright", their labels, and the split, of both splits.

    Raises:
        SourceError: the file is missing or broken, or holds another thing than EMNIST.
    """
    held = open_mat(path)
    try:
        mapping = np.atleast_2d(held["mapping"])
        names = {int(row[0]): chr(int(row[1])) for row in mapping}
        found = []
        for split in HALVES:
            images = np.ascontiguousarray(held[split]["images"], np.uint8).reshape(-1, FRAME_PX, FRAME_PX)
            labels = [names[int(label)] for label in np.atleast_1d(held[split]["labels"]).ravel()]
            if len(labels) != len(images):
                raise SourceError(f"{path}: {len(images)} pictures but {len(labels)} labels; {EXPECTED}")
            found.append((images if orientation == "upright" else turn(images), labels, split))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise SourceError(f"{path} holds no EMNIST ({type(error).__name__}: {error}); {EXPECTED}") from None
    return found


def open_mat(path: Path) -> dict[str, Any]:
    """What `dataset` holds in a MATLAB file. Raises `SourceError`."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        held: dict[str, Any] = loadmat(path, simplify_cells=True)["dataset"]
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; {EXPECTED}") from None
    except (*BROKEN_NPZ, MatReadError, OSError, MemoryError) as error:
        raise SourceError(f"{path} is no MATLAB file that can be read ({error}); {EXPECTED}") from None
    return held
