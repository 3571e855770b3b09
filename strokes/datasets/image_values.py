"""A picture as a program holds it (an array, a PIL image) or names it (a path), as a grey one with ink high."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.datasets.given import frame_images
from strokes.datasets.image_files import MAX_PIXELS, ink_high, read_picture, to_grey
from strokes.errors import ShapeError, SourceError
from strokes.ink.drawing import UNLABELLED
from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import GreySet, ImageSet, as_grey

Picture = Any
"""What `read_image` takes."""
CHANNELS = (3, 4)
EXPECTED = (
    "expected (h, w), (h, w, 3) or (h, w, 4), uint8, bool or floats in [0, 1]; or a PIL image, or the path of one"
)


def read_image(image: Picture) -> NDArray[np.uint8]:
    """One picture (h, w), ink high.

    Args:
        image: an array (h, w), or (h, w, 3) or (h, w, 4) for RGB and RGBA, of uint8, bool, or floats in [0, 1]; a PIL
            image; or the path of a PNG or JPEG. Its ink is dark on light or light on dark: the border's median tells
            which is the paper. So cut a picture with some paper around the ink.

    Raises:
        ShapeError: an array has another shape, type or range, or no pixel.
        SourceError: the file can't be read, or the picture is above 64 megapixels.
    """
    if isinstance(image, str | Path):
        return read_picture(Path(image))
    if not isinstance(image, Image.Image):
        image = Image.fromarray(grey_values(np.asarray(image)))
    if image.width * image.height > MAX_PIXELS:
        raise SourceError(f"the picture has {image.width} x {image.height} pixels; expected at most 64 million")
    return ink_high(to_grey(image))


def grey_values(values: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of a picture as uint8. Raises `ShapeError` for what is none."""
    is_picture = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in CHANNELS)
    if not is_picture or values.size == 0:
        raise ShapeError(f"the picture has shape {values.shape}; {EXPECTED}")
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype != np.bool_ and not np.issubdtype(values.dtype, np.floating):
        raise ShapeError(f"the picture has type {values.dtype}; {EXPECTED}")
    if not (values.min() >= 0 and values.max() <= 1):
        raise ShapeError(f"the picture holds NaN or spans {values.min()}…{values.max()}; {EXPECTED}")
    return as_grey(values)


def gather_images(images: Sequence[Picture] | NDArray[Any], labels: Sequence[Any] | None = None) -> ImageSet:
    """Pictures in the networks' frame, thinned.

    Args:
        images: each as `read_image` takes it; an array (n, h, w) holds n.
        labels: one each, strings (None or "" where unknown) or whole numbers (-1 where unknown).

    Raises:
        ShapeError: one is no picture.
        SourceError: a file can't be read, or there aren't as many labels.
    """
    if isinstance(images, str | Path | Image.Image):
        raise ShapeError(f"a single picture was given, {images!r}; expected a list of them")
    pictures = [read_image(image) for image in images]
    known = labels if labels is None or isinstance(labels, list | tuple) else np.asarray(labels)
    if isinstance(known, list | tuple) and not all(isinstance(label, str | None) for label in known):
        known = np.asarray(known)
    return frame_images(pictures, known, "the list of pictures")


def gather_grey(images: Picture | Sequence[Picture]) -> GreySet:
    """One picture as `read_image` takes it, or a list of them, as grey ones in the frame, their labels unknown.

    Raises:
        ShapeError: one is no picture.
        SourceError: a file can't be read.
    """
    listed = images if isinstance(images, list | tuple) else [images]
    framed = frame_pictures([read_image(image) for image in listed])
    return GreySet(framed.grey, np.full(len(listed), UNLABELLED, np.int64), ())
