"""Where pictures and pen samples come from: bundled, fetched, or given by the user."""

from strokes.sources.bundled import bundled_path, load_thinned_mnist
from strokes.sources.fetch import fetch_mnist, load_grey_mnist
from strokes.sources.given import load_images
from strokes.sources.grey_files import load_grey
from strokes.sources.images import ImageSet, make_image_set
from strokes.sources.samples import load_pen_samples

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
