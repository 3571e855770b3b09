"""Pictures and what is known of each: thinned ones that strokes are recovered from, and grey ones of characters."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError, ShapeError
from strokes.ink.drawing import LISTED, SPLITS, UNLABELLED, BoolArray, FloatArray, IntArray, plain_columns
from strokes.ink.fine import FineInk

FRAME_PX = 28
"""The network's pictures are this many pixels wide and high."""


PER_IMAGE = ("images", "labels", "split", "source_index", "sizes", "frames")
OPTIONAL_PER_IMAGE = ("fine", "writers", "metadata")


@dataclass(frozen=True)
class ImageSet:
    """Thinned pictures and what is known of each; see `make_image_set` for the short way to one.

    Attributes:
        images: (n, 28, 28) bool, the ink.
        labels: (n,) int64, an index into `classes`, or -1 where unknown.
        classes: what the integers in `labels` mean.
        split: (n,) uint8, an index into `strokes.ink.drawing.SPLITS`.
        source_index: (n,) int64, the picture's place in its source.
        sizes: (n, 2) float32, the original picture's width and height in units of its longer side.
        frames: (n, 3) float32, scale, x0, y0 with picture xy = scale · frame xy + (x0, y0), both in unit squares.
        fine: n pictures in their own resolution, None for one that is no larger than the frame; or None for all.
        writers: a code a picture, "" where unknown; or None for all.
        metadata: n texts, each a JSON object of what else is known (its file, page and box), or None.
        notes: what a person should be told about the reading.
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
    fine: Sequence[FineInk | None] | None = None
    metadata: Sequence[str] | None = None
    notes: tuple[str, ...] = ()
    writers: tuple[str, ...] | None = None
    name: str = ""
    licence: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.shape != (n, FRAME_PX, FRAME_PX) or self.images.dtype != np.bool_:
            raise ShapeError(
                f"images are {self.images.dtype} {self.images.shape}; expected bool (n, {FRAME_PX}, {FRAME_PX})"
            )
        for column in (*PER_IMAGE[1:], *self._given()):
            if len(getattr(self, column)) != n:
                raise ShapeError(f"{column} has {len(getattr(self, column))} rows for {n} images; expected one each")
        if n and not (self.labels.min() >= UNLABELLED and self.labels.max() < len(self.classes)):
            raise ShapeError(f"labels reach outside the {len(self.classes)} classes; expected -1 (unknown) or an index")

    def __len__(self) -> int:
        return len(self.images)

    def select(self, indices: Sequence[int] | NDArray[Any] | slice) -> ImageSet:
        """The pictures at `indices` (numbers, a mask of n booleans or a slice), in that order."""
        columns: dict[str, Any] = {name: getattr(self, name)[indices] for name in PER_IMAGE}
        for name in self._given():
            columns[name] = tuple(getattr(self, name)[i] for i in np.arange(len(self))[indices].tolist())
        return replace(self, **columns)

    def part(self, rows: range) -> ImageSet:
        """The pictures at consecutive rows, copied; those that lie in a file take no more memory afterwards."""
        found = self.select(slice(rows.start, rows.stop))
        if not isinstance(self.images, np.memmap):
            return found
        found = replace(found, images=np.array(found.images))
        let_go(self.images)
        return found

    @property
    def large(self) -> BoolArray:
        """Which pictures (n,) are larger than the frame."""
        return np.array([fine is not None for fine in self.fine or (None,) * len(self)], np.bool_)

    def _given(self) -> tuple[str, ...]:
        """The columns that not every set has."""
        return tuple(name for name in OPTIONAL_PER_IMAGE if getattr(self, name) is not None)

    def shared(self) -> dict[str, Any]:
        """What a `DrawingSet` of these pictures has in common with them, by its fields' names."""
        names = ("images", "labels", "classes", "split", "source_index", "sizes", "frames")
        listed = {name: None if getattr(self, name) is None else tuple(getattr(self, name)) for name in LISTED}
        return {name: getattr(self, name) for name in names} | listed

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


def let_go(images: NDArray[Any]) -> None:
    """Free the memory that reading pictures of a file took, where they lie in one."""
    if isinstance(images, np.memmap):
        images._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def make_image_set(images: BoolArray, **known: Any) -> ImageSet:
    """A set from 28×28 ink taken as it is; `known` overrides any field (labels, classes, split, …)."""
    base: dict[str, Any] = plain_columns(len(images)) | {"classes": ()}
    return ImageSet(images=images, **(base | known))


@dataclass(frozen=True)
class GreySet:
    """Grey pictures and their labels.

    Attributes:
        images: (n, 28, 28) uint8, ink high.
        labels: (n,) int64, an index into `classes`, or -1 where unknown.
        classes: what the integers in `labels` mean.
        name: what the set is called.
        licence: the pictures' licence, or "" where unknown.
        url: where the pictures come from, or "".
    """

    images: NDArray[np.uint8]
    labels: IntArray
    classes: tuple[str, ...]
    name: str = ""
    licence: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.shape != (n, FRAME_PX, FRAME_PX) or self.images.dtype != np.uint8:
            raise ShapeError(
                f"images are {self.images.dtype} {self.images.shape}; expected uint8 (n, {FRAME_PX}, {FRAME_PX})"
            )
        if self.labels.shape != (n,):
            raise ShapeError(f"labels have shape {self.labels.shape}; expected one each of {n} pictures")
        if n and not (self.labels.min() >= UNLABELLED and self.labels.max() < len(self.classes)):
            raise ShapeError(f"labels reach outside the {len(self.classes)} classes; expected -1 (unknown) or an index")

    def __len__(self) -> int:
        return len(self.images)

    def select(self, indices: Sequence[int] | NDArray[Any] | slice) -> GreySet:
        """The pictures at `indices` (numbers, a mask of n booleans or a slice), in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def as_classes(self, classes: Sequence[str]) -> GreySet:
        """The pictures whose label is one of `classes`, numbered as there."""
        place = {name: i for i, name in enumerate(classes)}
        table = np.array([*(place.get(name, UNLABELLED) for name in self.classes), UNLABELLED], np.int64)
        renamed = replace(self, labels=table[self.labels], classes=tuple(classes))
        return renamed.select(renamed.labels >= 0)


def as_grey(images: Any) -> NDArray[np.uint8]:
    """Pictures in [0, 1], an array or a tensor, as grey values."""
    return np.rint(np.asarray(images, np.float32) * 255).clip(0, 255).astype(np.uint8)


def join_grey(sets: Sequence[GreySet]) -> GreySet:
    """Sets of the same classes as one, in their order.

    Raises:
        ConfigError: their classes differ, or there is none.
    """
    if not sets or any(one.classes != sets[0].classes for one in sets):
        raise ConfigError(f"sets of classes {[one.classes for one in sets]} can't be joined; expected the same in each")
    return GreySet(
        np.concatenate([one.images for one in sets]),
        np.concatenate([one.labels for one in sets]),
        sets[0].classes,
        " + ".join(one.name for one in sets),
        "; ".join(dict.fromkeys(one.licence for one in sets if one.licence)),
        " ".join(one.url for one in sets if one.url),
    )
