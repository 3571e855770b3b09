"""The value every picture source hands on: thinned pictures in the network's frame, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.drawing import IDENTITY_FRAME, SPLITS, UNLABELLED, BoolArray, FloatArray, IntArray
from strokes.errors import ConfigError, ShapeError

FRAME_PX = 28
"""The network's pictures are this many pixels wide and high."""

PER_IMAGE = ("images", "labels", "split", "source_index", "sizes", "frames")


@dataclass(frozen=True)
class FineInk:
    """The thinned ink (h, w) of a picture larger than the frame, a bit a pixel."""

    packed: bytes
    height: int
    width: int

    @classmethod
    def of(cls, ink: BoolArray) -> FineInk:
        """Packs `ink` (h, w)."""
        return cls(np.packbits(ink).tobytes(), *ink.shape)

    @property
    def ink(self) -> BoolArray:
        """(height, width) bool."""
        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.height * self.width)
        return bits.reshape(self.height, self.width).astype(np.bool_)


@dataclass(frozen=True)
class ImageSet:
    """Thinned pictures and what is known of each; see `make_image_set` for the short way to one.

    Attributes:
        images: (n, 28, 28) bool, the ink.
        labels: (n,) int64, an index into `classes`, or -1 where unknown.
        classes: what the integers in `labels` mean.
        split: (n,) uint8, an index into `strokes.drawing.SPLITS`.
        source_index: (n,) int64, the picture's place in its source.
        sizes: (n, 2) float32, the original picture's width and height in units of its longer side.
        frames: (n, 3) float32, scale, x0, y0 with picture xy = scale · frame xy + (x0, y0), both in unit squares.
        fine: n pictures in their own resolution, None for one that is no larger than the frame; or None for all.
        name: what the set is called.
        licence: the pictures' licence, or "" where unknown.
        url: where the pictures come from, or "".
    """

    images: BoolArray
    labels: IntArray
    classes: tuple[str, ...]
    split: NDArray[np.uint8]
    source_index: IntArray
    sizes: FloatArray
    frames: FloatArray
    fine: tuple[FineInk | None, ...] | None = None
    name: str = ""
    licence: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.shape != (n, FRAME_PX, FRAME_PX) or self.images.dtype != np.bool_:
            raise ShapeError(
                f"images are {self.images.dtype} {self.images.shape}; expected bool (n, {FRAME_PX}, {FRAME_PX})"
            )
        for column in (*PER_IMAGE[1:], *(("fine",) if self.fine is not None else ())):
            if len(getattr(self, column)) != n:
                raise ShapeError(f"{column} has {len(getattr(self, column))} rows for {n} images; expected one each")
        if n and not (self.labels.min() >= UNLABELLED and self.labels.max() < len(self.classes)):
            raise ShapeError(f"labels reach outside the {len(self.classes)} classes; expected -1 (unknown) or an index")

    def __len__(self) -> int:
        return len(self.images)

    def select(self, indices: Sequence[int] | NDArray[Any] | slice) -> ImageSet:
        """The pictures at `indices` (numbers, a mask of n booleans or a slice), in that order."""
        columns: dict[str, Any] = {name: getattr(self, name)[indices] for name in PER_IMAGE}
        if self.fine is not None:
            columns["fine"] = tuple(self.fine[i] for i in np.arange(len(self))[indices].tolist())
        return replace(self, **columns)

    def shared(self) -> dict[str, Any]:
        """What a `DrawingSet` of these pictures has in common with them, by its fields' names."""
        names = ("images", "labels", "classes", "split", "source_index", "sizes", "frames")
        return {name: getattr(self, name) for name in names}

    def of_classes(self, names: Sequence[str]) -> ImageSet:
        """The pictures whose label is one of `names`; the class list stays as it is.

        Raises:
            ConfigError: when a name is no class of this set.
        """
        unknown = [name for name in names if name not in self.classes]
        if unknown:
            known = ", ".join(self.classes) or "none, the pictures carry no labels"
            raise ConfigError(f"unknown class {', '.join(map(repr, unknown))}; the classes here are {known}")
        return self.select(np.isin(self.labels, [self.classes.index(name) for name in names]))

    def of_split(self, split: str) -> ImageSet:
        """The pictures of one split, or every one for "all".

        Raises:
            ConfigError: for a name that is no split.
        """
        if split == "all":
            return self
        if split not in SPLITS:
            raise ConfigError(f"unknown split {split!r}; one of all, {', '.join(SPLITS)}")
        return self.select(self.split == SPLITS.index(split))


def make_image_set(images: BoolArray, **known: Any) -> ImageSet:
    """A set from 28×28 ink taken as it is; `known` overrides any field (labels, classes, split, …)."""
    n = len(images)
    base: dict[str, Any] = {
        "labels": np.full(n, UNLABELLED, np.int64),
        "classes": (),
        "split": np.full(n, SPLITS.index("none"), np.uint8),
        "source_index": np.arange(n, dtype=np.int64),
        "sizes": np.ones((n, 2), np.float32),
        "frames": np.tile(np.array(IDENTITY_FRAME, np.float32), (n, 1)),
    }
    return ImageSet(images=images, **(base | known))
