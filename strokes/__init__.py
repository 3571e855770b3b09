"""Turns pictures of handwriting into what the pen did."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strokes.drawing import Drawing, DrawingSet
    from strokes.store import open_dataset
    from strokes.torch_dataset import StrokeDataset

__all__ = ["Drawing", "DrawingSet", "StrokeDataset", "open_dataset"]

_HOMES = {
    "Drawing": "strokes.drawing",
    "DrawingSet": "strokes.drawing",
    "StrokeDataset": "strokes.torch_dataset",
    "open_dataset": "strokes.store",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when first asked for: `import strokes` loads neither torch nor HDF5."""
    if name not in _HOMES:
        raise AttributeError(f"module 'strokes' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
