"""Gradient steps on finished drawings: their points move until the rasteriser draws the picture.

Each drawing descends on its own: the squared error of its soft rendering, and what keeps it the pen's own, since points
and bends stay near what they were. A drawing that no longer gains is done, and keeps its best points.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

import raster
from strokes.errors import ConfigError

PATIENCE = 6
LEAST_GAIN = 2e-3
"""A step counts as a gain when it lowers the loss by this share."""


@dataclass(frozen=True)
class Refinement:
    """How drawings are refined.

    Attributes:
        steps: at most so many; 0 leaves drawings as they are.
        rate_px: how far a point moves in the first step, about.
        softness: of the rendering, per px: how fast ink fades at a line's edge.
        stay: weight of a point's squared distance, in px, from where it was.
        smooth: weight of the squared change, in px, of the bend at a point.
    """

    steps: int = 0
    rate_px: float = 0.18
    softness: float = 4.0
    stay: float = 0.02
    smooth: float = 0.3

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ConfigError(f"refinement takes {self.steps} steps; expected 0 or more")


def refine(points_px: Tensor, down: Tensor, images: Tensor, how: Refinement) -> Tensor:
    """Move the points of drawings so that they draw their pictures better.

    Args:
        points_px: (n, t, 2) float32 x, y in pixels of the pictures.
        down: (n, t-1) bool, whether the pen draws from each point to the next.
        images: (n, h, w) bool, the thinned pictures.
        how: for how long, and what it may change.

    Returns:
        (n, t, 2): the best points of each drawing.
    """
    best = points_px.clone()
    if how.steps == 0 or points_px.shape[1] < 2 or len(points_px) == 0:
        return best
    search = Search(points_px, down, images, how)
    rows = torch.arange(len(points_px))
    least = torch.full((len(points_px),), torch.inf)
    waited = torch.zeros(len(points_px), dtype=torch.long)
    for _ in range(how.steps + 1):
        points, losses = search.step(rows)
        gained = losses < least[rows] * (1 - LEAST_GAIN)
        best[rows[gained]] = points[gained]
        least[rows[gained]] = losses[gained]
        waited[rows] = torch.where(gained, 0, waited[rows] + 1)
        rows = rows[waited[rows] < PATIENCE]
        if len(rows) == 0:
            break
    return best


class Search:
    """Adam for every drawing by itself."""

    def __init__(self, points_px: Tensor, down: Tensor, images: Tensor, how: Refinement) -> None:
        self.how, self.start, self.now = how, points_px, points_px.clone()
        self.images = images.to(points_px.dtype)
        self.down = down.to(points_px.dtype)
        self.bends = bends(points_px)
        self.inner = (self.down[:, 1:] * self.down[:, :-1])[..., None]
        edge = torch.zeros_like(down[:, :1], dtype=torch.bool)
        drawn = torch.cat([down, edge], dim=1) | torch.cat([edge, down], dim=1)
        self.movable = drawn.sum(dim=1).clamp(min=1)
        self.first = torch.zeros_like(points_px)
        self.second = torch.zeros_like(points_px)
        self.taken = 0

    def step(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The points (k, t, 2) of the drawings `rows` before the step, and their losses (k,); then moves them."""
        points = self.now[rows].requires_grad_()
        losses = self.losses(points, rows)
        (gradient,) = torch.autograd.grad(losses.sum(), points)
        self.taken += 1
        first = 0.8 * self.first[rows] + 0.2 * gradient
        second = 0.95 * self.second[rows] + 0.05 * gradient.square()
        self.first[rows], self.second[rows] = first, second
        rate = self.how.rate_px * (1 - 0.9 * min(self.taken / (self.how.steps + 1), 1))
        mean = first / (1 - 0.8**self.taken)
        square = second.sum(dim=(1, 2)) / (2 * self.movable[rows] * (1 - 0.95**self.taken))
        spread = square.sqrt()[:, None, None]
        self.now[rows] = (points.detach() - rate * mean / (spread + 1e-6)).clamp(-2, max(self.images.shape[1:]) + 2)
        return points.detach(), losses.detach()

    def losses(self, points: Tensor, rows: Tensor) -> Tensor:
        """What each drawing (k, t, 2) has to lose, (k,)."""
        height, width = self.images.shape[1:]
        longer = max(height, width)
        softness = torch.full_like(points[..., :1], self.how.softness * longer)
        scaled = torch.cat([points / longer, softness], dim=2)
        drawn = raster.rasterise(scaled, size=(height, width), compose="max", weights=self.down[rows])
        off = (drawn - self.images[rows]).square().sum(dim=(1, 2))
        moved = (points - self.start[rows]).square().sum(dim=(1, 2))
        bent = ((bends(points) - self.bends[rows]).square() * self.inner[rows]).sum(dim=(1, 2))
        return off + self.how.stay * moved + self.how.smooth * bent


def bends(points: Tensor) -> Tensor:
    """Second differences (n, t-2, 2) of paths (n, t, 2)."""
    return points[:, 2:] - 2 * points[:, 1:-1] + points[:, :-2]
