"""Picture files to pages of pixels: every format that pillow reads, HEIC and PDF with their extras, upright."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from strokes.datasets.scale import to_bytes
from strokes.errors import SourceError

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpx", ".avif", ".heic", ".heif", ".pdf"),
)
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "WEBP", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF")
HEIC = (".heic", ".heif")
MAX_PIXELS = 100_000_000
PDF_MAGIC, PDF_DPI = b"%PDF", 300.0
UNKNOWN_DPI = (72, 96)
"""What programs write who don't know a picture's resolution."""
THUMBNAIL = 254
"""The TIFF tag whose lowest bit marks a smaller copy of another page."""
OPAQUE_SHARE = 0.6
"""A picture of which so much is opaque has paper of its own; holes in it are filled with its commonest shade."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Page:
    """One page of a picture file.

    Attributes:
        pixels: (h, w) grey or (h, w, 3) red, green and blue, upright, ink as dark or light as it is.
        number: which page of its file, from 1; 0 where the file has one.
        dpi: pixels an inch, or 0 where unknown.
    """

    pixels: Pixels
    number: int = 0
    dpi: float = 0.0


def read_pages(path: Path | str, *, dpi: float = 0.0, content: bytes | None = None) -> Iterator[Page]:
    """The pages of a picture file, one after the other.

    Args:
        path: a picture, a TIFF of several pages or a PDF; of animations the first picture.
        dpi: what the file's resolution is taken to be; 0 for what it says itself. A PDF is drawn at it.
        content: the file's bytes, where it isn't on this machine; `path` is then what messages call it.

    Raises:
        SourceError: the file is missing, no picture, broken, above 100 megapixels, or needs an extra.
    """
    is_pdf = PurePosixPath(path).suffix.lower() == ".pdf" or (content or b"").startswith(PDF_MAGIC)
    with told(path):
        yield from (read_pdf if is_pdf else read_picture_pages)(path, dpi, content)


@contextmanager
def told(path: Path | str) -> Iterator[None]:
    """Turn what decoders raise into one clear error."""
    try:
        yield
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected a picture there") from None
    except UnidentifiedImageError:
        raise SourceError(f"{path} is no picture of a known kind, whatever its name; convert or remove it") from None
    except Image.DecompressionBombError:
        raise SourceError(f"{path} has more than 100 million pixels; shrink it first") from None
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, KeyError) as error:
        raise SourceError(f"{path} is a broken picture ({error}); save it again or remove it") from None


def read_picture_pages(path: Path | str, dpi: float, content: bytes | None) -> Iterator[Page]:
    """The pages of a file that pillow reads."""
    if PurePosixPath(path).suffix.lower() in HEIC:
        allow_heic(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.init()
        held = path if content is None else io.BytesIO(content)
        with Image.open(held, formats=[name for name in FORMATS if name in Image.ID]) as picture:
            frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            for number in range(frames):
                picture.seek(number)
                if number and int(getattr(picture, "tag_v2", {}).get(THUMBNAIL, 0)) & 1:
                    continue
                check_size(picture.size, path)
                pixels, own = upright(picture)
                yield Page(pixels, number + 1 if frames > 1 else 0, dpi or own)


def allow_heic(path: Path | str) -> None:
    """Teach pillow HEIC. Raises `SourceError` where the extra isn't installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise SourceError(f"{path} is HEIC, which needs an extra: pip install 'penstrokes[heic]'") from None
    register_heif_opener()


def check_size(size: tuple[int, int], path: Path | str) -> None:
    """Raise `SourceError` for more pixels than fit."""
    if size[0] * size[1] > MAX_PIXELS:
        raise SourceError(f"{path} has {size[0]} x {size[1]} pixels; expected at most 100 million, shrink it first")


def upright(picture: Image.Image) -> tuple[Pixels, float]:
    """A picture's pixels as a person sees it, square ones, and its dpi, or 0 where unknown."""
    across, down = resolution(picture)
    turned = ImageOps.exif_transpose(picture)
    if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
        across, down = down, across
    pixels = pixels_of(turned)
    if across and abs(across / down - 1) > 0.02:
        dpi = max(across, down)
        size = round(pixels.shape[1] * dpi / across), round(pixels.shape[0] * dpi / down)
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)), dpi
    return pixels, across


def resolution(picture: Image.Image) -> tuple[float, float]:
    """Dots an inch across and down as the file says, (0, 0) where it doesn't know."""
    told = picture.info.get("dpi", (0, 0))
    try:
        across, down = float(told[0]), float(told[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return 0.0, 0.0
    if not (20 <= across <= 20000 and 20 <= down <= 20000) or (round(across) in UNKNOWN_DPI and across == down):
        return 0.0, 0.0
    return across, down


def pixels_of(picture: Image.Image) -> Pixels:
    """Grey or coloured pixels; transparency shows paper beneath."""
    if picture.mode.startswith(("I", "F")):
        return to_bytes(np.asarray(picture))
    if picture.has_transparency_data:
        return on_paper(np.asarray(picture.convert("RGBA")))
    if picture.mode == "LAB":
        return np.ascontiguousarray(np.asarray(picture)[..., 0])
    if picture.mode in ("1", "L"):
        return to_bytes(np.asarray(picture.convert("L")))
    pixels = np.asarray(picture.convert("RGB"))
    grey = (pixels[..., 0] == pixels[..., 1]) & (pixels[..., 1] == pixels[..., 2])
    return np.ascontiguousarray(pixels[..., 0]) if grey.all() else pixels


def on_paper(layers: NDArray[np.uint8]) -> Pixels:
    """Layers (h, w, 4) laid on paper that what is drawn on them stands out from.

    Where they are all of one colour, what is opaque is ink and the paper white.
    """
    colour, opacity = layers[..., :3].astype(np.float32), layers[..., 3:].astype(np.float32) / 255
    visible = colour[opacity[..., 0] > 0]
    if not len(visible):
        return np.full(layers.shape[:2], 255, np.uint8)
    if opacity.min() < 1 and (np.ptp(visible, axis=0) == 0).all():
        return np.rint(255 * (1 - opacity[..., 0])).astype(np.uint8)
    weights = opacity[opacity[..., 0] > 0]
    shade = float((visible * weights).sum() / (3 * weights.sum()))
    paper = np.full(3, 255.0 if shade < 160 else 0.0, np.float32)
    if (opacity >= 0.5).mean() > OPAQUE_SHARE:
        paper = np.median(visible, axis=0).astype(np.float32)
    return np.rint(colour * opacity + paper * (1 - opacity)).astype(np.uint8)


def read_pdf(path: Path | str, dpi: float, content: bytes | None) -> Iterator[Page]:
    """The pages of a PDF, drawn at `dpi` or, for 0, at 300."""
    try:
        import pypdfium2
    except ImportError:
        raise SourceError(f"{path} is a PDF, which needs an extra: pip install 'penstrokes[pages]'") from None
    if content is None and not Path(path).is_file():
        raise FileNotFoundError(path)
    try:
        document: Any = pypdfium2.PdfDocument(path if content is None else content)
    except pypdfium2.PdfiumError as error:
        raise SourceError(f"{path} is a broken or locked PDF ({error}); save it again or remove it") from None
    try:
        drawn_dpi = dpi or PDF_DPI
        for number in range(len(document)):
            page = document[number]
            check_size((round(page.get_width() * drawn_dpi / 72), round(page.get_height() * drawn_dpi / 72)), path)
            picture = page.render(scale=drawn_dpi / 72).to_pil()
            yield Page(pixels_of(picture), number + 1 if len(document) > 1 else 0, drawn_dpi)
    finally:
        document.close()
