"""Walks over ink, step by step: the likeliest, or drawn at random; many pictures at once, no gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from raster.kernels.lanes import LANES
from strokes.ink.drawing import FloatArray, IntArray
from strokes.recovery.pointer.cell import DecoderCell, lowered_type
from strokes.recovery.pointer.formulas import MIDDLE_PX
from strokes.recovery.pointer.kernels import NOWHERE, choose_flags, choose_tokens, observe
from strokes.recovery.pointer.network import END, GO, START_BY_AIR, InkTokens, PenNetwork

if TYPE_CHECKING:
    from strokes.recovery.words.network import StripInk, StripNetwork

UNUSED = -1
MORE_POINTS = 16
"""A walk is broken off at this many points more than its picture has pixels of ink."""
CROWD = 0.8
"""Pens that have ended are put aside when no more than this share still walks."""


@dataclass(frozen=True)
class Walks:
    """What pens did, a row a walk, padded.

    Attributes:
        tokens: (n, steps) int64, the pixel of ink that each step came to, an index into its picture's.
        flags: (n, steps) int64, `GO`, `LIFT` or `END` after it, -1 beyond the end.
        points_px: (n, steps, 2) float32, where in the frame the pen really was.
        likelihood: (n,) float32, the logarithm of the walk's probability.
        doubt: (n, 2) float32, of walks without randomness the chance to go elsewhere: the largest, and the sum.
    """

    tokens: IntArray
    flags: IntArray
    points_px: FloatArray
    likelihood: FloatArray
    doubt: FloatArray


@torch.inference_mode()
def walk(
    network: PenNetwork,
    ink: InkTokens,
    *,
    times: int = 1,
    temperatures: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Walks:
    """Walks over each picture's ink, those of a picture in a row; on the processor, wherever the network is.

    Args:
        network: what chooses.
        ink: as the network's `encoder` returns it.
        times: walks a picture.
        temperatures: (pictures·times,) of the random draws, 0 for the likeliest pixel at every step; None is all 0.
        generator: of the random draws; None for always the same.
    """
    count = len(ink.mask) * times
    walker = Walker(network, ink, times, torch.zeros(count) if temperatures is None else temperatures, generator)
    return walk_to_the_end(walker)


def walk_to_the_end(walker: Walker) -> Walks:
    """The walks of a walker whose pens haven't begun."""
    count = len(walker.owners)
    limits = MORE_POINTS + walker.counts
    most = int(limits.max(initial=0))
    tokens = np.zeros((count, most), np.int64)
    flags = np.full((count, most), UNUSED, np.int64)
    points_px = np.zeros((count, most, 2), np.float32)
    likelihood, doubt = np.zeros(count, np.float32), np.zeros((count, 2), np.float32)
    last = 0
    while len(walker.owners):
        token, flag, point = walker.step()
        flag[last + 1 >= limits[walker.pictures]] = END
        kept = walker.walking
        rows = walker.owners[kept]
        tokens[rows, last], flags[rows, last], points_px[rows, last] = token[kept], flag[kept], point[kept]
        likelihood[rows] = walker.likelihood[kept]
        doubt[rows] = walker.doubt[kept]
        walker.leave(flag == END)
        last += 1
    return Walks(tokens[:, :last], flags[:, :last], points_px[:, :last], likelihood, doubt)


class Walker:
    """All pens of a batch, one step at a time.

    Args:
        network: what chooses.
        ink: of the pictures.
        times: pens a picture.
        temperatures: (pictures·times,) as `walk` takes them.
        generator: of the random draws.

    Attributes:
        counts: (pictures,) tokens of each picture.
        owners: (k,) which walk each pen that is still kept is.
        pictures: (k,) over which picture.
        walking: (k,) whether it still walks.
        likelihood: (k,) the logarithm of its walk's probability.
        answers: (k, …) what the network says of each pen's state: see `DecoderCell`.
    """

    def __init__(
        self,
        network: PenNetwork | StripNetwork,
        ink: InkTokens | StripInk,
        times: int,
        temperatures: Tensor,
        generator: torch.Generator | None = None,
    ) -> None:
        self.generator = generator or torch.Generator()
        self.decoder = DecoderCell(network, lowered_type(ink.mask.device.type))
        self.start_token, self.places_px, self.features, self.context, self.pool_weights, self.values, self.keys = (
            as_array(tensor)
            for tensor in (
                network.start_token,
                ink.places_px,
                ink.features,
                ink.context,
                ink.pool_weights,
                ink.values,
                ink.keys,
            )
        )
        self.counts = ink.mask.sum(dim=1).long().cpu().numpy()
        self.owners = np.arange(len(self.counts) * times)
        self.pictures = self.owners // times
        count = len(self.owners)
        self.temperatures = temperatures.float().cpu().numpy()
        self.walking, self.doubted, self.lifted = (np.ones(count, np.bool_) for _ in range(3))
        self.likelihood, self.stopping = np.zeros(count, np.float32), np.zeros(count, np.float32)
        self.doubt = np.zeros((count, 2), np.float32)
        self.here_px = self.place_pens(ink)
        self.lay_out()
        self.state, self.cell = torch.zeros(count, self.decoder.told), torch.zeros(count, self.decoder.hidden)
        self.begun = False
        self.answers = self.advance(np.full(count, NOWHERE), np.full(count, START_BY_AIR, np.float32))

    def lay_out(self) -> None:
        """Lay the tokens out in whole lanes; those beyond a picture's own count as walked over."""
        self.x_px, self.y_px = (in_lanes(own) for own in np.moveaxis(self.places_px, 2, 0))
        self.keys = in_lanes(self.keys.transpose(0, 2, 1))
        self.pool_weights, self.values = in_lanes(self.pool_weights), in_lanes(self.values)
        beyond = np.arange(self.x_px.shape[1]) >= self.counts[:, None]
        self.visited = beyond.astype(np.float32)[self.pictures]

    def place_pens(self, ink: Any) -> FloatArray:
        """Where (k, 2) in px the pens are held to be before they begin."""
        return np.full((len(self.owners), 2), MIDDLE_PX, np.float32)

    def advance(self, tokens: IntArray, by_air: FloatArray) -> Tensor:
        """What the network answers when each pen comes to its token, through the air or along the ink."""
        observed = np.empty((len(tokens), self.decoder.observed), np.float32)
        self.observe(tokens, by_air, observed)
        return self.decoder.decode_step(torch.from_numpy(observed), self.state, self.cell)

    def observe(self, tokens: IntArray, by_air: FloatArray, observed: FloatArray) -> None:
        """Put the pens on their tokens; fill `observed` (k, observed)."""
        observe(
            self.pictures,
            tokens,
            self.counts,
            self.x_px,
            self.y_px,
            self.features,
            self.start_token,
            self.context,
            self.pool_weights,
            self.values,
            by_air,
            self.here_px,
            self.visited,
            observed,
        )

    def choose(self, asked: FloatArray, chances: FloatArray, tokens: IntArray) -> None:
        """Fill `tokens` (k,) with where each pen goes next, by its query and a random number."""
        known = self.pictures, self.counts, self.x_px, self.y_px, self.keys, self.here_px, self.visited
        choose_tokens(*known, asked, self.temperatures, chances, self.likelihood, self.doubt, tokens)

    def step(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Every kept pen's next token, what it does there, and its x, y in px."""
        tokens, flags = np.empty(len(self.owners), np.int64), np.empty(len(self.owners), np.int64)
        along, by_air = self.answers[:, : self.decoder.asked].chunk(2, dim=1)
        asked = torch.where(torch.from_numpy(self.lifted)[:, None], by_air, along).numpy()
        chances = torch.rand(2, len(tokens), generator=self.generator).numpy()
        self.choose(asked, chances[0], tokens)
        came = self.lifted.astype(np.float32) if self.begun else np.zeros(len(tokens), np.float32)
        self.begun = True
        self.answers = self.advance(tokens, came)
        flag, offset = self.answers[:, self.decoder.asked :].numpy()[:, :3], self.answers[:, -2:].numpy()
        choose_flags(flag, self.temperatures, chances[1], self.likelihood, self.stopping, self.doubted, flags)
        self.lifted = flags != GO
        return tokens, flags, self.here_px + offset

    def leave(self, ended: NDArray[np.bool_]) -> None:
        """Let the pens that have ended (k,) stop; puts them aside when they are many."""
        self.walking = self.walking & ~ended
        if self.walking.sum() <= CROWD * len(self.owners):
            rows = np.flatnonzero(self.walking)
            for name in STATE_OF_A_PEN:
                setattr(self, name, getattr(self, name)[rows])


def as_array(tensor: Tensor) -> FloatArray:
    """A tensor of any kind as a float32 array for the kernels."""
    array: FloatArray = tensor.detach().float().cpu().contiguous().numpy()
    return array


def in_lanes(array: FloatArray) -> FloatArray:
    """An array (…, n), filled up with 0 so that n is a multiple of `LANES`."""
    unused = -array.shape[-1] % LANES
    return np.ascontiguousarray(np.pad(array, (*((0, 0),) * (array.ndim - 1), (0, unused))))


STATE_OF_A_PEN = (
    "owners",
    "pictures",
    "temperatures",
    "walking",
    "likelihood",
    "doubt",
    "stopping",
    "doubted",
    "lifted",
    "here_px",
    "visited",
    "state",
    "cell",
    "answers",
)
