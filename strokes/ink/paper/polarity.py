"""Is the ink dark or the paper? Decided by where there is room, by the corners and edges, and by what stands out.

Paper is what has wide open places, lies in the corners and along the edges, and is locally the commonest shade. A frame
of one shade all around is looked past. The weights were found on letters of pen recordings, thin and bold, with and
without frames, cut at their ink.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from strokes.errors import ConfigError
from strokes.ink.drawing import BoolArray

Grey = NDArray[np.uint8]

INKS = ("auto", "dark", "light")
LOOK_PX = 160
"""Pictures are looked at this large."""
FRAME_SHARE, RING_SHARE, BEHIND_SHARE = 0.2, 0.97, 0.45
"""A frame is no deeper than this share of the picture; its rings are of one shade, and the ring behind it isn't."""
ROOM, EDGES, CORNERS, WIDTHS = 1.5, 0.3, 0.8, 1.0
LOCAL_MOST = 5.0
NARROW = 0.12
"""What is narrower than this share of the picture may be a pen's line."""
LEAST_UNEVEN = 0.25
"""What stands out counts in full where a picture is large enough for shadows, and so much in the smallest."""


def check_ink(ink: str) -> str:
    """`ink` when it is one of `INKS`. Raises `ConfigError` otherwise."""
    if ink not in INKS:
        raise ConfigError(f"unknown ink {ink!r}; one of {', '.join(INKS)}")
    return ink


def ink_is_dark(grey: Grey) -> bool:
    """Whether a grey picture (h, w) shows dark ink on light paper, or light on dark."""
    return darkness_of_ink(grey) > 0


def darkness_of_ink(grey: Grey) -> float:
    """How surely the ink is the darker: positive where it is, negative where the paper is."""
    small = look_at(grey)
    if np.ptp(small) == 0:
        return 1.0 if small.flat[0] > 127 else -1.0
    level, _ = cv2.threshold(small, 0, 255, cv2.THRESH_OTSU)
    dark = small <= level
    depth = frame_depth(dark)
    inner = slice(depth, -depth or None)
    uneven: float = min(max(max(grey.shape) / LOOK_PX, LEAST_UNEVEN), 1.0)
    alike = abs(2 * float(np.mean(corners_of(dark[inner, inner]))) - 1)
    room = by_room(dark[inner, inner]) * (1 - uneven * (1 - alike))
    return room + uneven * by_neighbours(small[inner, inner])


def look_at(grey: Grey) -> Grey:
    """The picture, at most `LOOK_PX` on its longer side."""
    scale = LOOK_PX / max(grey.shape)
    if scale >= 1:
        return grey
    size = max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def frame_depth(dark: BoolArray) -> int:
    """How many pixels deep a frame of one shade goes round the picture (h, w), 0 without one."""
    height, width = dark.shape
    framed = ring(dark, 0).mean() > 0.5
    for depth in range(int(min(height, width) * FRAME_SHARE)):
        share = ring(dark, depth).mean()
        same = share if framed else 1 - share
        if same < RING_SHARE:
            return depth if same < BEHIND_SHARE else 0
    return 0


def ring(dark: BoolArray, depth: int) -> BoolArray:
    """The pixels that are `depth` from the nearest edge."""
    inner = dark[depth : dark.shape[0] - depth, depth : dark.shape[1] - depth]
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])


def by_room(dark: BoolArray) -> float:
    """Positive where the light part has the room, the corners and the edges."""
    pad = max(dark.shape) // 4 + 1
    told: list[NDArray[np.float64]] = []
    for part in (~dark, dark):
        wide = np.pad(part, pad, mode="edge").astype(np.uint8)
        away = cv2.distanceTransform(wide, cv2.DIST_L2, 5).astype(np.float64)
        room = np.sqrt((away[wide > 0] ** 2).mean()) if part.any() else 0.0
        own = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5)[part]
        width = np.quantile(own.clip(max=1e4), 0.9) if part.any() else 0.0
        edges = np.median([ring(part, depth).mean() for depth in insets(part)])
        told.append(np.array([np.log(room + 0.3), edges, np.median(corners_of(part)), np.log(width + 0.3)]))
    return float((told[0] - told[1]) @ (ROOM, EDGES, CORNERS, WIDTHS))


def insets(part: BoolArray) -> list[int]:
    """How deep the corners and edges are looked at: a line along the border alone decides nothing."""
    shorter = min(part.shape)
    return sorted({0, round(0.02 * shorter), round(0.05 * shorter)})


def corners_of(part: BoolArray) -> list[float]:
    """The share of the four corners that is of a part, at each inset."""
    found = []
    for depth in insets(part):
        rows, columns = (depth, depth, -1 - depth, -1 - depth), (depth, -1 - depth, depth, -1 - depth)
        found.append(float(part[rows, columns].mean()))
    return found


def by_neighbours(small: Grey) -> float:
    """Positive where what stands out from its surroundings, and what is narrow, is darker than they are."""
    side = min(max(small.shape) // 4 | 1, 255)
    around = cv2.medianBlur(np.pad(small, side // 2, mode="edge"), side)
    around = around[side // 2 : side // 2 + small.shape[0], side // 2 : side // 2 + small.shape[1]]
    apart = small.astype(np.float64) - around
    square = np.ones((int(max(small.shape) * NARROW) | 1,) * 2, np.uint8)
    narrow = [
        cv2.morphologyEx(small, kind, square).astype(np.float64) for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)
    ]
    return weigh(apart.clip(max=0), apart.clip(min=0), LOCAL_MOST) + weigh(narrow[0], narrow[1], LOCAL_MOST / 2)


def weigh(darker: NDArray[np.float64], lighter: NDArray[np.float64], most: float) -> float:
    """Positive where the first has more weight in squares, no more than `most`."""
    ratio = (np.square(darker).sum() + 1) / (np.square(lighter).sum() + 1)
    return float(np.clip(np.log(ratio), -most, most))
