"""Is the ink dark or the paper? Decided by where there is room, by the corners and edges, and by what stands out.

Paper is what has wide open places, lies in the corners and along the edges, and is locally the commonest shade. A frame
of one shade all around is looked past. The weights are of a logistic regression on pictures and their negatives: pen
recordings and block letters, thin and bold, in frames, shadows and gradients, on rules, with noise, cut at their ink.
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
WEIGHTS = np.array(
    [
        [-0.36, -0.13, -0.29, 1.39, -1.70, 0.73],
        [1.20, 1.81, 0.74, -1.59, 1.05, -1.06],
        [-0.68, -1.13, -1.84, 5.21, 1.33, -0.59],
        [0.88, 0.71, 1.47, 0.80, 0.49, -2.46],
        [0.28, 0.84, -0.02, -1.66, -2.09, -1.45],
        [0.57, 0.94, 0.26, -1.09, -1.36, -1.30],
        [-0.13, -0.21, -0.10, 0.71, 0.72, 1.11],
        [1.21, 2.38, 2.33, -2.43, 5.80, 2.14],
    ]
)
"""What each sign of `compare_parts`, `by_neighbours` and the parts' sizes (rows) weighs, times each of `trusts`."""
LOCAL_MOST = 5.0
NARROW = 0.12
"""What is narrower than this share of the picture may be a pen's line."""
LEAST_UNEVEN = 0.25
"""What stands out counts in full where a picture is large enough for shadows, and so much in the smallest."""
MIXED = 0.1
"""Where so much of a picture's variance lies within its dark and its light part, there are more shades than two."""


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
    within = dark[inner, inner]
    signs = [*compare_parts(within), by_neighbours(small[inner, inner]), 1 - 2 * float(within.mean())]
    return float(np.array(signs) @ WEIGHTS @ trusts(small, dark, within, max(grey.shape)))


def trusts(small: Grey, dark: BoolArray, within: BoolArray, longer_px: int) -> NDArray[np.float64]:
    """How the signs are to be taken, by what is the same for a picture and its negative.

    Args:
        small: the picture as it is looked at.
        dark: its dark part.
        within: the same without the frame.
        longer_px: its longer side, as it came.
    """
    alike = abs(2 * float(np.mean(corners_of(within))) - 1)
    uneven = min(max(longer_px / LOOK_PX, LEAST_UNEVEN), 1.0)
    shades = [small[part].astype(np.float64) for part in (dark, ~dark) if part.any()]
    inside = sum(float(((shade - shade.mean()) ** 2).sum()) for shade in shades)
    mixed = min(inside / float(small.astype(np.float64).var() * small.size) / MIXED, 1.0)
    return np.array([1, alike, uneven, mixed, uneven * (1 - alike), uneven * mixed])


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


def compare_parts(dark: BoolArray) -> NDArray[np.float64]:
    """Six signs, positive where the light part has the room, the edges, the corners and the width."""
    pad = max(dark.shape) // 4 + 1
    told: list[NDArray[np.float64]] = []
    for part in (~dark, dark):
        rooms = [
            room_in(np.pad(part, pad, mode="edge")),
            room_in(np.pad(part, [(min(pad, side - 1),) * 2 for side in part.shape], mode="reflect")),
        ]
        own = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5)[part].clip(max=1e4)
        widths = np.quantile(own, (0.5, 0.9)) if part.any() else np.zeros(2)
        edges = np.median([ring(part, depth).mean() for depth in insets(part)])
        told.append(np.array([*np.log(np.add(rooms, 0.3)), edges, np.median(corners_of(part)), *np.log(widths + 0.3)]))
    return told[0] - told[1]


def room_in(part: BoolArray) -> float:
    """How far from its edge a part's pixels usually are, the far ones counted more; 0 without any."""
    away = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5).astype(np.float64)
    return float(np.sqrt((away[part] ** 2).mean())) if part.any() else 0.0


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
