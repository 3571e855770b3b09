"""Where pictures and pen samples come from: bundled, fetched, or given by the user."""

from strokes.datasets.bundled import bundled_path, load_thinned_mnist
from strokes.datasets.fetch import fetch_mnist, load_grey_mnist
from strokes.datasets.given import load_images
from strokes.datasets.grey import load_grey
from strokes.datasets.samples import load_pen_samples
from strokes.ink.pictures import ImageSet, make_image_set

__all__ = [
    "ImageSet",
    "bundled_path",
    "fetch_mnist",
    "load_grey",
    "load_grey_mnist",
    "load_images",
    "load_pen_samples",
    "load_thinned_mnist",
    "make_image_set",
]
