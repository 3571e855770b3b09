"""Walks over ink, step by step: the likeliest, or drawn at random; many pictures at once, no gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from strokes.drawing import FloatArray, IntArray
from strokes.pens.network import END, GO, MIDDLE_PX, START_BY_AIR, Ink, PenNetwork, Stand, away_from, visit

DOUBT = 0.08
"""A chance to stop at a point that counts towards stopping at the next."""
UNUSED = -1
MORE_POINTS = 16
"""A walk is broken off at this many points more than its picture has pixels of ink."""
CROWD = 0.8
"""Pens that have ended are put aside when no more than this share still walks."""


@dataclass(frozen=True)
class Walks:
    """What pens did, a row a picture, padded.

    Attributes:
        tokens: (n, steps) int64, the pixel of ink that each step came to, an index into its picture's.
        flags: (n, steps) int64, `GO`, `LIFT` or `END` after it, -1 beyond the end.
        points_px: (n, steps, 2) float32, where in the frame the pen really was.
        likelihood: (n,) float32, the logarithm of the walk's probability.
    """

    tokens: IntArray
    flags: IntArray
    points_px: FloatArray
    likelihood: FloatArray


@torch.inference_mode()
def walk(
    network: PenNetwork,
    ink: Ink,
    *,
    temperatures: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Walks:
    """A walk over each picture's ink.

    Args:
        network: what chooses.
        ink: as the network's `look` returns it.
        temperatures: (n,) of the random draws, 0 for the likeliest pixel at every step; None is all 0.
        generator: of the random draws.
    """
    count = len(ink.mask)
    if count == 0:
        return no_walks()
    most = MORE_POINTS + int(ink.mask.sum(dim=1).max())
    limits = MORE_POINTS + ink.mask.sum(dim=1).long()
    tokens = np.zeros((count, most), np.int64)
    flags = np.full((count, most), UNUSED, np.int64)
    points_px = np.zeros((count, most, 2), np.float32)
    likelihood = np.zeros(count, np.float32)
    walker = Walker(network, ink, torch.zeros(count) if temperatures is None else temperatures, generator)
    last = 0
    for step in range(most):
        token, flag, point = walker.step()
        rows = walker.owners[walker.walking].numpy()
        tokens[rows, step] = token[walker.walking].numpy()
        flag = torch.where(step + 1 >= limits[walker.owners], END, flag)
        flags[rows, step] = flag[walker.walking].numpy()
        points_px[rows, step] = point[walker.walking].numpy()
        likelihood[rows] = walker.likelihood[walker.walking].numpy()
        last = step + 1
        if not walker.leave(flag == END):
            break
    return Walks(tokens[:, :last], flags[:, :last], points_px[:, :last], likelihood)


def no_walks() -> Walks:
    """The walks over no pictures."""
    nothing = np.zeros((0, 0), np.int64)
    return Walks(nothing, nothing, np.zeros((0, 0, 2), np.float32), np.zeros(0, np.float32))


class Walker:
    """All pens of a batch, one step at a time.

    Attributes:
        owners: (k,) the picture of each pen that is still kept.
        walking: (k,) whether it still walks.
        likelihood: (k,) the logarithm of its walk's probability.
    """

    def __init__(
        self, network: PenNetwork, ink: Ink, temperatures: Tensor, generator: torch.Generator | None = None
    ) -> None:
        self.network, self.ink, self.generator = network, ink, generator
        batch, tokens = ink.mask.shape
        like = ink.mask
        self.owners = torch.arange(batch, device=like.device)
        self.temperatures = temperatures.to(like.device)
        self.walking = torch.ones_like(self.owners, dtype=torch.bool)
        self.likelihood = like.new_zeros(batch)
        self.stopping = like.new_zeros(batch)
        self.doubted = self.lifted = self.walking
        middle = like.new_full((batch, 1, 2), MIDDLE_PX)
        away_px, square = away_from(ink, middle)
        self.stand = Stand(
            features=network.begin.to(ink.features.dtype).expand(batch, 1, -1),
            here_px=middle,
            before_px=middle,
            by_air=like.new_full((batch, 1), START_BY_AIR),
            away_px=away_px,
            square=square,
            visited=like.new_zeros(batch, 1, tokens),
        )
        self.hidden = self.cell = like.new_zeros(batch, network.spec.hidden)
        self.begun = False
        self.state = self.remember()

    def remember(self) -> Tensor:
        """The memory's new state beside what it was told, (batch, 1, hidden + told)."""
        told = self.network.observe(self.ink, self.stand)
        told_weights, own_weights, told_bias, own_bias = self.network.memory.all_weights[0]
        gates = torch.addmm(told_bias + own_bias, told[:, 0], told_weights.t())
        gates = gates + torch.mm(self.hidden, own_weights.t())
        let_in, keep, candidate, let_out = gates.float().chunk(4, dim=1)
        self.cell = torch.sigmoid(keep) * self.cell + torch.sigmoid(let_in) * squash(candidate)
        self.hidden = torch.sigmoid(let_out) * squash(self.cell)
        return torch.cat([self.hidden[:, None], told.float()], dim=2)

    def step(self) -> tuple[Tensor, Tensor, Tensor]:
        """Every kept pen's next token, what it does there, and its x, y in px."""
        rows = torch.arange(len(self.owners), device=self.owners.device)
        logits = self.network.point(self.ink, self.state, self.stand, self.lifted[:, None])
        token = self.choose(torch.log_softmax(logits[:, 0], dim=1))
        here = self.ink.places_px[rows, token][:, None]
        air = self.lifted.to(here.dtype)[:, None]
        away_px, square = away_from(self.ink, here)
        self.stand = Stand(
            features=self.ink.features[rows, token][:, None],
            here_px=here,
            before_px=self.stand.here_px,
            by_air=air if self.begun else torch.zeros_like(air),
            away_px=away_px,
            square=square,
            visited=torch.maximum(self.stand.visited, visit(square)),
        )
        self.begun = True
        self.state = self.remember()
        flag = self.choose_flag(torch.log_softmax(self.network.flag(self.state)[:, 0].float(), dim=1))
        self.lifted = flag != GO
        return token, flag, (here + self.network.offset(self.state).float())[:, 0]

    def leave(self, ended: Tensor) -> bool:
        """Let the pens that have ended (k,) stop; puts them aside when they are many. Whether any still walks."""
        self.walking = self.walking & ~ended
        left = int(self.walking.sum())
        if 0 < left <= CROWD * len(self.owners):
            rows = torch.nonzero(self.walking)[:, 0]
            self.ink = self.ink.select(rows)
            self.stand = Stand(*(getattr(self.stand, name)[rows] for name in Stand.__dataclass_fields__))
            for name in KEPT:
                setattr(self, name, getattr(self, name)[rows])
        return left > 0

    def choose(self, chances: Tensor) -> Tensor:
        """One of each row of log-probabilities (k, n); its own adds to the likelihood."""
        chosen = chances.argmax(dim=1)
        drawing = self.temperatures > 0
        if drawing.any():
            softened = chances / self.temperatures.clamp(min=1e-3)[:, None]
            drawn = torch.multinomial(softened.softmax(dim=1), 1, generator=self.generator)[:, 0]
            chosen = torch.where(drawing, drawn, chosen)
        self.likelihood = self.likelihood + chances.gather(1, chosen[:, None])[:, 0]
        return chosen

    def choose_flag(self, chances: Tensor) -> Tensor:
        """What each pen does, by log-probabilities (k, 3).

        The likeliest walk must not go past the end of a stroke because two neighbouring points share the chance of
        being it: the chances of stopping add up over neighbours.
        """
        flag = self.choose(chances)
        stop = 1 - chances[:, GO].exp()
        self.stopping = stop + (1 - stop) * self.stopping * self.doubted
        self.doubted = stop > DOUBT
        late = (flag == GO) & (self.stopping > 0.5) & (self.temperatures == 0)
        flag = torch.where(late, 1 + chances[:, 1:].argmax(dim=1), flag)
        self.stopping = torch.where(flag == GO, self.stopping, 0.0)
        return flag


def squash(values: Tensor) -> Tensor:
    """tanh, by torch's sigmoid: on a processor several times as fast."""
    return 2 * torch.sigmoid(2 * values) - 1


KEPT = (
    "owners",
    "temperatures",
    "walking",
    "likelihood",
    "stopping",
    "doubted",
    "lifted",
    "hidden",
    "cell",
    "state",
)
