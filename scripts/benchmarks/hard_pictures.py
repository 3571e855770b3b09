"""Pictures of pen recordings as people bring them: shadows, rules, frames, noise, each at several strengths."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from made_pages import draw
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]
PAPER, INK = 244.0, 32.0


@dataclass(frozen=True)
class Written:
    """Strokes written on paper.

    Attributes:
        strokes: each (points, 2) in pixels.
        shape: height and width of the paper.
        pen_px: how wide the pen is.
    """

    strokes: tuple[NDArray[np.float64], ...]
    shape: tuple[int, int]
    pen_px: float

    def cover(self) -> Floats:
        """How much of each pixel (h, w) is ink, 0 to 1."""
        return draw(list(self.strokes), self.shape, self.pen_px)


def on_paper(cover: Floats, paper: float | Floats = PAPER, ink: float | Floats = INK) -> Floats:
    """Ink laid on paper."""
    return paper * (1 - cover) + ink * cover


def places(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """x and y of every pixel, 0 to 1."""
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    return xs / max(shape[1] - 1, 1), ys / max(shape[0] - 1, 1)


Fault = Callable[[Written, float, np.random.Generator], Any]


def shadow(w: Written, depth: float, rng: np.random.Generator) -> Floats:
    """A hand's hard shadow over a slanted half."""
    x, y = places(w.shape)
    shade = np.where(x + 0.4 * y > rng.uniform(0.5, 0.9), 1 - depth, 1.0)
    return on_paper(w.cover()) * shade


def soft_shadow(w: Written, depth: float, rng: np.random.Generator) -> Floats:
    """The same, its edge soft."""
    x, y = places(w.shape)
    return on_paper(w.cover()) * (1 - depth / (1 + np.exp(-(x + 0.4 * y - rng.uniform(0.5, 0.9)) * 25)))


def gradient(w: Written, depth: float, rng: np.random.Generator) -> Floats:
    """Light that falls off from one side."""
    x, y = places(w.shape)
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
    return on_paper(w.cover()) * (1 - depth * (along - along.min()) / np.ptp(along))


def vignette(w: Written, depth: float, rng: np.random.Generator) -> Floats:
    """Dark corners."""
    x, y = places(w.shape)
    return on_paper(w.cover()) * (1 - depth * ((x - 0.5) ** 2 + (y - 0.5) ** 2) * 2)


def noise(w: Written, sigma: float, rng: np.random.Generator) -> Floats:
    """A sensor's grain, in grey values."""
    return on_paper(w.cover()) + rng.normal(0, sigma, w.shape)


def specks(w: Written, count: float, rng: np.random.Generator) -> Floats:
    """Dust of one to three pixels."""
    picture = on_paper(w.cover())
    for _ in range(int(count)):
        y, x = rng.integers(0, w.shape[0] - 3), rng.integers(0, w.shape[1] - 3)
        side = rng.integers(1, max(2, min(4, int(w.pen_px * 0.5))))
        picture[y : y + side, x : x + side] = INK
    return picture


def rules(w: Written, grey: float, rng: np.random.Generator) -> Floats:
    """Ruled paper, a little askew; its lines so dark."""
    picture = np.full(w.shape, PAPER)
    step, slope = w.shape[0] / rng.uniform(4, 9), rng.uniform(-0.02, 0.02)
    for row in np.arange(step / 2, w.shape[0], step):
        _line(picture, (0, row), (w.shape[1], row + slope * w.shape[1]), grey, max(w.pen_px / 3, 1))
    cover = w.cover()
    return np.minimum(on_paper(cover), picture)


def squares(w: Written, grey: float, rng: np.random.Generator) -> Floats:
    """Squared paper."""
    picture = np.full(w.shape, PAPER)
    step = w.shape[0] / rng.uniform(8, 16)
    for place in np.arange(step / 2, max(w.shape), step):
        _line(picture, (0, place), (w.shape[1], place), grey, max(w.pen_px / 4, 1))
        _line(picture, (place, 0), (place, w.shape[0]), grey, max(w.pen_px / 4, 1))
    return np.minimum(on_paper(w.cover()), picture)


def _line(picture: Floats, start: tuple[float, float], end: tuple[float, float], grey: float, width: float) -> None:
    ends = np.rint(np.array([start, end]) * 16).astype(np.int32)
    cv2.polylines(picture, [ends], False, grey, max(round(width), 1), cv2.LINE_AA, 4)


def frame(w: Written, width: float, rng: np.random.Generator) -> Floats:
    """A black frame around the picture."""
    picture = on_paper(w.cover())
    side = int(width)
    picture[:side] = picture[-side:] = picture[:, :side] = picture[:, -side:] = INK
    return picture


def dark_edge(w: Written, share: float, rng: np.random.Generator) -> Floats:
    """A scanner's dark edge, skewed, along two sides."""
    x, y = places(w.shape)
    edge = (x < share * (0.5 + 0.5 * y)) | (y > 1 - share * (0.4 + 0.6 * x))
    return np.where(edge, 25.0, on_paper(w.cover()))


def tight(w: Written, cut: float, rng: np.random.Generator) -> Floats:
    """Cut at the ink, or so many pens into it."""
    cover = w.cover()
    rows, columns = np.flatnonzero(cover.max(1) > 0.5), np.flatnonzero(cover.max(0) > 0.5)
    inset = int(cut * w.pen_px)
    return on_paper(cover)[rows[0] + inset : rows[-1] + 1 - inset, columns[0] + inset : columns[-1] + 1 - inset]


def inverted(w: Written, paper: float, rng: np.random.Generator) -> Floats:
    """Light ink on dark paper."""
    return on_paper(w.cover(), paper, 235.0)


def blur(w: Written, sigma: float, rng: np.random.Generator) -> Floats:
    """Out of focus, by so many pens."""
    return np.asarray(cv2.GaussianBlur(on_paper(w.cover()), (0, 0), sigma * w.pen_px))


def jpeg(w: Written, quality: float, rng: np.random.Generator) -> Floats:
    """Saved as JPEG of that quality."""
    store = io.BytesIO()
    Image.fromarray(on_paper(w.cover()).astype(np.uint8)).save(store, "JPEG", quality=int(quality))
    return np.asarray(Image.open(store), np.float64)


def texture(w: Written, depth: float, rng: np.random.Generator) -> Floats:
    """Rough, yellowed paper."""
    clouds = sum(
        cv2.resize(rng.normal(0, 1, (n, n)), w.shape[::-1], interpolation=cv2.INTER_CUBIC) / 3 for n in (5, 23, 97)
    )
    return on_paper(w.cover(), 215 * (1 - depth * np.clip(clouds, -2, 2) / 2)) + rng.normal(0, 3, w.shape)


def bleed(w: Written, depth: float, rng: np.random.Generator) -> Floats:
    """The other side's writing shines through, mirrored and soft."""
    ghost = cv2.GaussianBlur(np.roll(w.cover()[:, ::-1], (w.shape[0] // 7, w.shape[1] // 9), (0, 1)), (0, 0), 2)
    return on_paper(w.cover(), PAPER * (1 - depth * ghost))


COLOURS = ((30, 40, 160), (190, 30, 40), (30, 130, 60), (110, 110, 115), (200, 120, 20), (230, 200, 20))


def colours(w: Written, which: float, rng: np.random.Generator) -> Floats:
    """Blue, red, green, pencil, orange and yellow ink on cream paper."""
    cover = w.cover()[..., None]
    return np.array((250.0, 243.0, 225.0)) * (1 - cover) + np.array(COLOURS[int(which)], np.float64) * cover


def fine_pen(w: Written, width: float, rng: np.random.Generator) -> Floats:
    """A pen of so many pixels."""
    return on_paper(Written(w.strokes, w.shape, width).cover())


FAULTS: dict[str, tuple[Fault, tuple[float, ...]]] = {
    "shadow": (shadow, (0.3, 0.45, 0.6)),
    "soft shadow": (soft_shadow, (0.3, 0.5, 0.7)),
    "gradient": (gradient, (0.3, 0.5, 0.7)),
    "vignette": (vignette, (0.4, 0.6, 0.75)),
    "noise": (noise, (8, 20, 35)),
    "specks": (specks, (10, 40, 150)),
    "rules": (rules, (190, 150, 100)),
    "squares": (squares, (190, 150, 100)),
    "frame": (frame, (1, 4, 12)),
    "dark edge": (dark_edge, (0.02, 0.05, 0.09)),
    "tight crop": (tight, (0, 0.25, 0.5)),
    "inverted": (inverted, (20, 60, 110)),
    "blur": (blur, (0.2, 0.4, 0.6)),
    "JPEG": (jpeg, (50, 20, 10)),
    "texture": (texture, (0.1, 0.2, 0.3)),
    "bleed-through": (bleed, (0.1, 0.2, 0.3)),
    "ink colour": (colours, (0, 1, 2, 3, 4, 5)),
    "fine pen": (fine_pen, (1, 2, 3)),
}


def spoil(written: Written, fault: str, strength: float, rng: np.random.Generator) -> Grey:
    """A picture with one fault, (h, w) or (h, w, 3) uint8."""
    make, _ = FAULTS[fault]
    return np.clip(np.rint(make(written, strength, rng)), 0, 255).astype(np.uint8)
