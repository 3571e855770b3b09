"""The encoder's convolutions with maps and weights in bytes: twice as fast on the processor as in bfloat16.

Maps are rectified, so a byte holds 0 to 255 steps. How large a step is, is the same for every picture; it is told by
the maps of strokes drawn at random, which are fuller than writing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from strokes.ink.pictures import FRAME_PX
from strokes.metrics.pictures import render_hard
from strokes.recovery.pointer.cell import in_bytes
from strokes.recovery.pointer.network import Encoder

BYTE_STEPS = 255
RANDOM_STROKES, STROKE_POINTS = 24, 6
"""Strokes drawn at random, and points of each."""
PEAK_PARTS = 8
"""Peaks are rounded up to a whole number of parts of 1: they don't hang on how a machine rounds."""


class ByteConvolution:
    """A rectified convolution of maps in bytes.

    Args:
        layer: whose weights are copied.
        size: of the maps before it, across and down.
        given, made: what 1 of the maps before and behind it is.
        scale: of what it adds up.
    """

    def __init__(self, layer: nn.Conv2d, size: int, given: float, made: float, scale: float = 1.0) -> None:
        weight = layer.weight.detach().cpu() * scale
        small, scales = in_bytes(weight.flatten(1))
        self.given, self.made = given, made
        self.bias = None if layer.bias is None else layer.bias.detach().cpu() * scale
        self.shape = layer.stride, layer.padding, layer.dilation, layer.groups
        self.scales, self.zeros = torch.from_numpy(scales), torch.zeros(len(scales), dtype=torch.int64)
        usual = 1, layer.in_channels, size, size
        known = small.t().view(weight.shape), self.scales, given, 0, *self.shape, usual
        self.weight = torch.ops.onednn.qconv_prepack(*known)

    def __call__(self, maps: Tensor, beside: Tensor | None = None) -> Tensor:
        """Maps (batch, channels, h, w) uint8 to such maps; `beside`, maps of the scale behind it, is added first."""
        known = maps, self.given, 0, self.weight, self.scales, self.zeros
        made = self.bias, *self.shape, self.made, 0, torch.uint8
        convolve = torch.ops.onednn.qconv2d_pointwise
        rectified: Tensor
        if beside is None:
            rectified = convolve(*known, *made, "relu", [], "")
        else:
            rectified = convolve.binary(*known, beside, *made, self.made, 0, "sum", 1.0, "relu", [], "")
        return rectified


class ByteMaps:
    """What an encoder's convolutions see, in bytes.

    Args:
        encoder: whose weights are copied.
        peaks: as `find_peaks` tells them.
    """

    def __init__(self, encoder: Encoder, peaks: tuple[float, ...]) -> None:
        fine, inner, middle, inmost, coarse = self.steps = [peak / BYTE_STEPS for peak in peaks]
        self.fine = ByteConvolution(encoder.fine, FRAME_PX, 1.0, fine)
        self.halvings = [
            halving_in_bytes(encoder.middle, FRAME_PX, fine, inner, middle),
            halving_in_bytes(encoder.coarse, FRAME_PX // 2, middle, inmost, coarse),
        ]

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `Encoder.look`."""
        maps = [self.fine(images[:, None].to(torch.uint8).contiguous(memory_format=torch.channels_last))]
        for halve, first, second in self.halvings:
            half = halve(maps[-1])
            maps.append(second(first(half), half))
        fine, middle, coarse = (
            own.to(torch.bfloat16).mul_(step) for own, step in zip(maps, self.steps[::2], strict=True)
        )
        return fine, middle, coarse


def halving_in_bytes(part: nn.Sequential, size: int, given: float, inner: float, made: float) -> list[ByteConvolution]:
    """The convolutions of `strokes.recovery.pointer.network.halving`; `inner` is of the maps within the residual."""
    halve, _, residual = tuple[Any, ...](part)
    return [
        ByteConvolution(halve, size, given, made),
        ByteConvolution(residual.first, size // 2, made, inner),
        ByteConvolution(residual.second, size // 2, inner, made, float(residual.scale)),
    ]


@torch.inference_mode()
def find_peaks(encoder: Encoder) -> tuple[float, ...]:
    """The largest numbers of an encoder's maps: of the fine ones, then twice those within a residual, and behind it."""
    strokes = np.random.default_rng(0).random((RANDOM_STROKES, 1, STROKE_POINTS, 2)).astype(np.float32)
    images = torch.from_numpy(render_hard(strokes))
    maps = functional.relu(encoder.fine(images[:, None].float()))
    peaks = [maps.max()]
    for part in (encoder.middle, encoder.coarse):
        halve, rectify, residual = tuple[Any, ...](part)
        half = rectify(halve(maps))
        maps = residual(half)
        peaks += [functional.relu(residual.first(half)).max(), torch.maximum(half.max(), maps.max())]
    return tuple(max(math.ceil(float(peak) * PEAK_PARTS), 1) / PEAK_PARTS for peak in peaks)
