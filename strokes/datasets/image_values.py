"""A picture as a program holds it (an array, a PIL image) or names it (a path), read as a file's pictures are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strokes.datasets.decode import Page, check_size, pixels_of, read_pages, told, upright
from strokes.datasets.given_pictures import GivenPicture, frame_given, grey_given
from strokes.datasets.npz import to_grey
from strokes.datasets.scale import check_values, full_scale, to_bytes
from strokes.datasets.stacks import ink_of_most
from strokes.errors import ShapeError, SourceError
from strokes.ink.pictures import GreySet, ImageSet

Picture = Any
"""What `read_image` takes."""
CHANNELS = (3, 4)
HERE = "the picture"
EXPECTED = "expected (h, w), (h, w, 3) or (h, w, 4), of numbers or bool; or a PIL image, or the path of one"


def read_image(image: Picture) -> NDArray[np.uint8]:
    """One picture (h, w), ink high and paper away.

    Args:
        image: an array (h, w), or (h, w, 3) or (h, w, 4) for RGB and RGBA, of bool or numbers, 0 and 1, from 0 to 1,
            255 or 65535; a PIL image; or the path of a picture in any format that a build takes.

    Raises:
        ShapeError: an array has another shape, type or range, or no pixel.
        SourceError: the file can't be read, has several pages, or the picture is above 100 megapixels.
    """
    return GivenPicture(read_page(image)).inked().grey


def read_page(image: Picture) -> Page:
    """A picture as `read_image` takes it, with the paper and the polarity that it has. Raises as `read_image` does."""
    if isinstance(image, str | Path):
        pages = list(islice(read_pages(Path(image)), 2))
        if len(pages) != 1:
            raise SourceError(f"{image} holds several pages; expected one picture (build_dataset takes all pages)")
        return pages[0]
    if isinstance(image, Image.Image):
        check_size(image.size, HERE)
        with told(HERE):
            pixels, dpi = upright(image)
        return Page(pixels, dpi=dpi)
    pixels = pixels_of(Image.fromarray(as_bytes(np.asarray(image))))
    check_size((pixels.shape[1], pixels.shape[0]), HERE)
    return Page(pixels)


def as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of a picture as uint8. Raises `ShapeError` for what is none."""
    is_picture = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in CHANNELS)
    if not is_picture or values.size == 0:
        raise ShapeError(f"the picture has shape {values.shape}; {EXPECTED}")
    try:
        check_values(values, HERE)
        told_by_type = values.dtype == np.uint8 or values.max() <= 1
        full = None if told_by_type else full_scale(values, HERE)
    except SourceError as error:
        raise ShapeError(str(error)) from None
    return np.ascontiguousarray(to_bytes(values, full=full))


def gather_images(images: Sequence[Picture] | NDArray[Any], labels: Sequence[Any] | None = None) -> ImageSet:
    """Pictures in the networks' frame, thinned.

    Args:
        images: each as `read_image` takes it; an array that holds n, such as (n, h, w), is read as an `.npy` is.
        labels: one each, strings (None or "" where unknown) or whole numbers (-1 where unknown).

    Raises:
        ShapeError: one is no picture.
        SourceError: a file can't be read, or there aren't as many labels.
    """
    if isinstance(images, str | Path | Image.Image):
        raise ShapeError(f"a single picture was given, {images!r}; expected a list of them")
    known = labels if labels is None or isinstance(labels, list | tuple) else np.asarray(labels)
    if isinstance(known, list | tuple) and not all(isinstance(label, str | None) for label in known):
        known = np.asarray(known)
    return frame_given(each_of(images), "the list of pictures", labels=known)


def gather_grey(images: Picture | Sequence[Picture]) -> GreySet:
    """One picture as `read_image` takes it, or a list of them, as grey ones in the frame, their labels unknown.

    Raises:
        ShapeError: one is no picture.
        SourceError: a file can't be read.
    """
    return grey_given(each_of(images if isinstance(images, list | tuple) else [images]), "the list of pictures")[0]


def each_of(images: Sequence[Picture] | NDArray[Any]) -> Iterator[GivenPicture]:
    """The pictures of a list, each read by itself, or of an array, read by one scale and one colour of ink."""
    stack = isinstance(images, np.ndarray) and images.ndim == 3 and images.size
    if not stack:
        yield from (GivenPicture(read_page(image)) for image in images)
        return
    try:
        grey = to_grey(np.asarray(images), "the array of pictures")
    except SourceError as error:
        raise ShapeError(str(error)) from None
    ink = ink_of_most(grey)
    yield from (GivenPicture(Page(pixels), ink) for pixels in grey)
