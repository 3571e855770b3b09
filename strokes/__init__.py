"""Turns pictures of handwriting into what the pen did."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strokes.drawing import Drawing, DrawingSet
    from strokes.store import open_dataset
    from strokes.torch_dataset import StrokeDataset, pad_drawings, pad_stroke3, pad_stroke5

__all__ = ["Drawing", "DrawingSet", "StrokeDataset", "open_dataset", "pad_drawings", "pad_stroke3", "pad_stroke5"]

_HOMES = {
    "Drawing": "strokes.drawing",
    "DrawingSet": "strokes.drawing",
    "StrokeDataset": "strokes.torch_dataset",
    "open_dataset": "strokes.store",
    "pad_drawings": "strokes.torch_dataset",
    "pad_stroke3": "strokes.torch_dataset",
    "pad_stroke5": "strokes.torch_dataset",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when first asked for: `import strokes` loads neither torch nor HDF5."""
    if name not in _HOMES:
        raise AttributeError(f"module 'strokes' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
