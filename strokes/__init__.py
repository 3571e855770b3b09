"""Turns pictures of handwriting into what the pen did: digital ink, by trajectory recovery.

>>> import numpy as np, strokes
>>> strokes.recover(np.eye(28)).strokes[0].shape[1]  # x and y, in units of the picture's longer side
2
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strokes.api import build_dataset, evaluate, export, import_file, recover, recover_many, train, write
    from strokes.ink.drawing import Drawing, DrawingSet
    from strokes.recovery.read_page import recover_page
    from strokes.store.reader import DatasetFile, open_dataset
    from strokes.store.shuffling import ShuffledPieces
    from strokes.store.torch_dataset import StrokeDataset, pad_drawings, pad_stroke3, pad_stroke5

    __version__: str

__all__ = [
    "DatasetFile",
    "Drawing",
    "DrawingSet",
    "ShuffledPieces",
    "StrokeDataset",
    "build_dataset",
    "evaluate",
    "export",
    "import_file",
    "open_dataset",
    "pad_drawings",
    "pad_stroke3",
    "pad_stroke5",
    "recover",
    "recover_many",
    "recover_page",
    "train",
    "write",
]

_HOMES = {
    "DatasetFile": "strokes.store.reader",
    "Drawing": "strokes.ink.drawing",
    "DrawingSet": "strokes.ink.drawing",
    "ShuffledPieces": "strokes.store.shuffling",
    "StrokeDataset": "strokes.store.torch_dataset",
    "open_dataset": "strokes.store.reader",
    "pad_drawings": "strokes.store.torch_dataset",
    "pad_stroke3": "strokes.store.torch_dataset",
    "pad_stroke5": "strokes.store.torch_dataset",
    "recover_page": "strokes.recovery.read_page",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when first asked for: `import strokes` loads neither torch nor HDF5."""
    if name == "__version__":
        from importlib.metadata import version

        return version("penstrokes")
    if name not in __all__:
        raise AttributeError(f"module 'strokes' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "strokes.api")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
