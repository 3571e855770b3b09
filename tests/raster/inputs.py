"""Points to draw, random with fixed seeds, and the awkward ones."""

import math

import torch
from torch import Tensor


def walks(batch: int, n: int, *, seed: int = 0) -> Tensor:
    """Random walks with steps of 0.05 and softness log-uniform in 20…150, in float64 numbers that float32 holds."""
    generator = torch.Generator().manual_seed(seed)
    xy = 0.5 + (torch.randn(batch, n, 2, generator=generator) * 0.05).cumsum(dim=1)
    softness = torch.exp(torch.rand(batch, n, 1, generator=generator) * math.log(7.5) + math.log(20))
    return torch.cat([xy, softness], dim=2).double()


def scattered(batch: int, n: int, *, seed: int = 0) -> Tensor:
    """Uniformly random endpoints, softness as in `walks`."""
    points = walks(batch, n, seed=seed)
    points[..., :2] = torch.rand(batch, n, 2, generator=torch.Generator().manual_seed(seed + 1))
    return points


def awkward(batch: int, n: int, *, seed: int = 0) -> Tensor:
    """Points some of which coincide, share a coordinate, lie outside the picture, or have softness 0 or 1e4."""
    generator = torch.Generator().manual_seed(seed)
    points = scattered(batch, n, seed=seed)
    points[..., :2] = points[..., :2] * 1.6 - 0.3
    kind = torch.randint(0, 8, (batch, n), generator=generator)
    for i in range(1, n):
        for axes, code in (([0, 1], 0), ([0], 1), ([1], 2)):
            chosen = kind[:, i] == code
            for axis in axes:
                points[chosen, i, axis] = points[chosen, i - 1, axis]
    points[..., 2][kind == 3] = 0
    points[..., 2][kind == 4] = 1e4
    points[..., :2][kind == 5] = (points[..., :2][kind == 5] * 28).round() / 28
    return points.float().double()
