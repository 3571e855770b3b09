"""Turns pictures of handwriting into what the pen did."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strokes.ink.drawing import Drawing, DrawingSet
    from strokes.recovery.read_page import recover_page
    from strokes.store.reader import open_dataset
    from strokes.store.torch_dataset import StrokeDataset, pad_drawings, pad_stroke3, pad_stroke5

__all__ = [
    "Drawing",
    "DrawingSet",
    "StrokeDataset",
    "open_dataset",
    "pad_drawings",
    "pad_stroke3",
    "pad_stroke5",
    "recover_page",
]

_HOMES = {
    "Drawing": "strokes.ink.drawing",
    "DrawingSet": "strokes.ink.drawing",
    "StrokeDataset": "strokes.store.torch_dataset",
    "open_dataset": "strokes.store.reader",
    "pad_drawings": "strokes.store.torch_dataset",
    "pad_stroke3": "strokes.store.torch_dataset",
    "pad_stroke5": "strokes.store.torch_dataset",
    "recover_page": "strokes.recovery.read_page",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when first asked for: `import strokes` loads neither torch nor HDF5."""
    if name not in _HOMES:
        raise AttributeError(f"module 'strokes' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
