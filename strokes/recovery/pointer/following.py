"""A taught drawing followed over another picture's ink: the same strokes, order and directions, on other pixels.

Every step of the drawing comes to a pixel of ink, so that it lies near where it was and follows the step before as it
did; strokes begin and stop at loose ends where they can. That is the shortest path through a lattice of steps by pixels
(Viterbi, "Error Bounds for Convolutional Codes", 1967).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from raster.kernels.compiling import compiled
from strokes.ink.drawing import BoolArray, FloatArray, IntArray
from strokes.ink.thinning import find_loose_ends
from strokes.recovery.pointer.decoding import Walks
from strokes.recovery.pointer.network import GO, LIFT, InkTokens, PenNetwork

BESIDE_IT_PX = 3.0
ALONG_PX = 0.8
THROUGH_AIR_PX = 2.0
"""How far a followed point, a step along the ink and one through the air depart from the drawing's; deviations."""
BLUNT = 4.0
"""What a stroke's end costs that isn't at a loose end of the ink: so much of half a squared deviation."""


def follow(laid_px: FloatArray, flags: IntArray, image: BoolArray) -> IntArray:
    """The pixels of ink, numbered row by row, over which a drawing's steps run on a thinned picture.

    Args:
        laid_px: (steps, 2) of the drawing, laid over the picture.
        flags: (steps,) `GO`, or a lift, after each.
        image: (28, 28) with ink.

    Returns:
        (steps,) of each step the pixel's number.
    """
    places = np.argwhere(image)
    loose = find_loose_ends(image[None])[0][places[:, 0], places[:, 1]]
    pixels: IntArray = _follow(laid_px.astype(np.float64), flags, places[:, ::-1].astype(np.float64) + 0.5, loose)
    return pixels


@compiled()
def _follow(
    laid_px: NDArray[np.float64], flags: IntArray, places_px: NDArray[np.float64], loose: BoolArray
) -> IntArray:
    """As `follow`, of ink at `places_px` (n, 2)."""
    steps, count = len(laid_px), len(places_px)
    costs, before = np.zeros((steps, count)), np.zeros((steps, count), np.int64)
    for t in range(steps):
        came = GO if t > 0 and flags[t - 1] == GO else LIFT
        end = came != GO or flags[t] != GO
        softness = 2 * (ALONG_PX if came == GO else THROUGH_AIR_PX) ** 2
        for j in range(count):
            away_x, away_y = places_px[j, 0] - laid_px[t, 0], places_px[j, 1] - laid_px[t, 1]
            costs[t, j] = (away_x**2 + away_y**2) / (2 * BESIDE_IT_PX**2) + BLUNT * (end and not loose[j])
            if t == 0:
                continue
            least = np.inf
            # the step departs by as much as the ways to the drawing's two points differ
            for i in range(count):
                x = away_x - (places_px[i, 0] - laid_px[t - 1, 0])
                y = away_y - (places_px[i, 1] - laid_px[t - 1, 1])
                cost = costs[t - 1, i] + (x * x + y * y) / softness
                if cost < least:
                    least, before[t, j] = cost, i
            costs[t, j] += least
    pixels = np.zeros(steps, np.int64)
    pixels[-1] = costs[-1].argmin()
    for t in range(steps - 1, 0, -1):
        pixels[t - 1] = before[t, pixels[t]]
    return pixels


def walk_along(network: PenNetwork, ink: InkTokens, tokens: IntArray, flags: IntArray) -> Walks:
    """Given walks, one a picture, as the network would have done them: where in its pixels, and how likely.

    Args:
        network: that is asked.
        ink: of the pictures, as its `encoder` returns it.
        tokens: (n, steps) the pixel that each step came to.
        flags: (n, steps) after it, -1 beyond the end.
    """
    walked, known = torch.from_numpy(tokens), torch.from_numpy(flags)
    logits, acts, offsets = network.teacher_force(ink, walked, known == LIFT)
    pixel = torch.log_softmax(logits.float(), dim=2).gather(2, walked[..., None]).squeeze(2)
    act = torch.log_softmax(acts, dim=2).gather(2, known.clamp(min=0)[..., None]).squeeze(2)
    likelihood = ((pixel + act) * (known >= 0)).sum(dim=1)
    points_px = ink.places_px.gather(1, walked[..., None].expand(-1, -1, 2)) + offsets
    doubt = np.zeros((len(flags), 2), np.float32)
    return Walks(tokens, flags, points_px.float().numpy(), likelihood.numpy(), doubt)
