"""Walks over ink, step by step: the likeliest, or drawn at random; many pictures at once, no gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from raster.kernels.lanes import LANES
from strokes.ink.drawing import FloatArray, IntArray
from strokes.recovery.pointer.cell import DecoderCell, choose_cell, lowered_type
from strokes.recovery.pointer.formulas import MIDDLE_PX
from strokes.recovery.pointer.kernels import NOWHERE, choose_flags, choose_tokens, observe
from strokes.recovery.pointer.network import END, GO, START_BY_AIR, InkTokens, PenNetwork

if TYPE_CHECKING:
    from strokes.recovery.words.network import StripInk, StripNetwork

UNUSED = -1
MORE_POINTS = 16
"""A walk is broken off at this many points more than its picture has pixels of ink."""
PENS_AT_ONCE = 500
"""Pens that walk at a time: where one ends, the next begins."""
CROWD = 0.8
"""When no more are to begin, pens that have ended are put aside when no more than this share still walks."""
FEWEST_ROWS = 16
"""Products have a multiple of so many rows, of many a rounder number: every size costs time and memory once."""


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

    def select(self, rows: NDArray[np.intp]) -> Walks:
        """The walks at `rows`, in that order."""
        return Walks(*(getattr(self, name)[rows] for name in Walks.__dataclass_fields__))


def join_walks(parts: Sequence[Walks], places: IntArray) -> Walks:
    """The walks of several batches as one, each put to its place (n,) among all."""
    order = np.argsort(places, kind="stable")
    steps = max(part.flags.shape[1] for part in parts)

    def padded(name: str, fill: int) -> NDArray[Any]:
        arrays = [getattr(part, name) for part in parts]
        wide = [
            np.pad(a, ((0, 0), (0, steps - a.shape[1]), *(((0, 0),) * (a.ndim - 2))), constant_values=fill)
            for a in arrays
        ]
        joined: NDArray[Any] = np.concatenate(wide)[order]
        return joined

    return Walks(
        tokens=padded("tokens", 0),
        flags=padded("flags", UNUSED),
        points_px=padded("points_px", 0),
        likelihood=np.concatenate([part.likelihood for part in parts])[order],
        doubt=np.concatenate([part.doubt for part in parts])[order],
    )


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
    """All walks of a walker whose pens haven't begun."""
    limits = MORE_POINTS + walker.counts
    shape = walker.walks, int(limits.max(initial=0))
    tokens, flags = np.zeros(shape, np.int64), np.full(shape, UNUSED, np.int64)
    points_px = np.zeros((*shape, 2), np.float32)
    likelihood, doubt = np.zeros(walker.walks, np.float32), np.zeros((walker.walks, 2), np.float32)
    while len(walker.owners):
        token, flag, point = walker.step()
        flag[walker.steps + 1 >= limits[walker.pictures]] = END
        kept = walker.walking & (token != NOWHERE)
        rows, steps = walker.owners[kept], walker.steps[kept]
        tokens[rows, steps], flags[rows, steps], points_px[rows, steps] = token[kept], flag[kept], point[kept]
        walker.steps[kept] += 1
        ended = kept & (flag == END)
        likelihood[walker.owners[ended]], doubt[walker.owners[ended]] = walker.likelihood[ended], walker.doubt[ended]
        walker.leave(ended)
    last = int((flags != UNUSED).sum(axis=1).max(initial=0))
    return Walks(tokens[:, :last], flags[:, :last], points_px[:, :last], likelihood, doubt)


class Walker:
    """The pens of a batch, one step at a time; at most `PENS_AT_ONCE` of them walk.

    Args:
        network: what chooses.
        ink: of the pictures.
        times: pens a picture.
        temperatures: (pictures·times,) as `walk` takes them.
        generator: of the random draws.

    Attributes:
        counts: (pictures,) tokens of each picture.
        walks: how many there are to be.
        begun: of how many a pen has been put down.
        owners: (k,) which walk each pen that is still kept is.
        pictures: (k,) over which picture.
        steps: (k,) how many it has done.
        waiting: (k,) whether it is yet to come from nowhere.
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
        self.decoder = self.choose_cell(network, lowered_type(ink.mask.device.type))
        self.start_token, self.context = as_array(network.start_token), as_array(ink.context)
        self.counts = ink.mask.sum(dim=1).long().cpu().numpy()
        self.times, self.walks, self.begun = times, len(self.counts) * times, 0
        self.warmth = temperatures.float().cpu().numpy()
        self.first_chances = spread_chances(self.warmth.reshape(-1, times), self.generator)
        self.begin_px, self.untouched = self.place_pens(ink), self.lay_out(ink)
        count = min(self.walks, PENS_AT_ONCE)
        self.owners, self.pictures, self.steps = (np.zeros(count, np.int64) for _ in range(3))
        self.waiting, self.walking, self.doubted, self.lifted = (np.zeros(count, np.bool_) for _ in range(4))
        self.temperatures, self.likelihood, self.stopping = (np.zeros(count, np.float32) for _ in range(3))
        self.doubt, self.here_px = np.zeros((count, 2), np.float32), np.zeros((count, 2), np.float32)
        self.visited = np.zeros((count, self.untouched.shape[1]), np.float32)
        self.state = self.decoder.begin(rows_for(count))
        self.cell = torch.zeros(len(self.state), self.decoder.hidden)
        self.answers = torch.zeros(count, self.decoder.asked + ACTS)
        self.put_down(np.arange(count))

    def choose_cell(self, network: Any, dtype: torch.dtype) -> DecoderCell:
        """What multiplies."""
        return choose_cell(network, dtype)

    def lay_out(self, ink: Any) -> FloatArray:
        """Lay the tokens out as the kernels take them: what is told of each token in a row of its own, without padding.

        Returns:
            (pictures, n) how much of each token is walked over before a pen begins; what is no token counts as that.
        """
        tokens = np.maximum(self.counts, 1)
        self.starts = np.cumsum(tokens) - tokens
        own = (torch.arange(ink.mask.shape[1])[None] < torch.from_numpy(tokens)[:, None]).flatten().nonzero()[:, 0]
        values = functional.pad(ink.values, (0, -ink.values.shape[2] % (2 * LANES)))
        features, keys, values = (told.flatten(0, 1).index_select(0, own) for told in (ink.features, ink.keys, values))
        self.features, self.keys, self.values = as_array(features), as_brief(keys), as_brief(values)
        self.x_px, self.y_px = (in_lanes(places) for places in np.moveaxis(as_array(ink.places_px), 2, 0))
        self.pool_weights = in_lanes(as_array(ink.pool_weights))
        return (np.arange(self.x_px.shape[1]) >= self.counts[:, None]).astype(np.float32)

    def place_pens(self, ink: Any) -> FloatArray:
        """Where (pictures, 2) in px pens are held to be before they begin."""
        return np.full((len(self.counts), 2), MIDDLE_PX, np.float32)

    def put_down(self, pens: IntArray) -> None:
        """Let some of `pens`, none of which walks, begin the next walks."""
        owners = np.arange(self.begun, min(self.begun + len(pens), self.walks))
        pens, pictures = pens[: len(owners)], owners // self.times
        self.begun += len(owners)
        self.owners[pens], self.pictures[pens], self.temperatures[pens] = owners, pictures, self.warmth[owners]
        self.here_px[pens], self.visited[pens] = self.begin_px[pictures], self.untouched[pictures]
        for name in ("waiting", "walking", "doubted", "lifted"):
            getattr(self, name)[pens] = True
        for name in ("steps", "likelihood", "stopping", "doubt", "state", "cell"):
            getattr(self, name)[pens] = 0

    def observe(self, tokens: IntArray, by_air: FloatArray, observed: FloatArray) -> None:
        """Put the pens on their tokens; fill `observed` (k, observed)."""
        observe(
            self.pictures,
            tokens,
            self.starts,
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
        known = self.pictures, self.starts, self.counts, self.x_px, self.y_px, self.keys
        choose_tokens(
            *known,
            self.here_px,
            self.visited,
            self.waiting,
            asked,
            self.temperatures,
            chances,
            self.likelihood,
            self.doubt,
            tokens,
        )

    def step(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Every kept pen's next token, `NOWHERE` of those that begin, what it does there, and its x, y in px."""
        tokens, flags = np.empty(len(self.owners), np.int64), np.empty(len(self.owners), np.int64)
        along, by_air = self.answers[:, : self.decoder.asked].chunk(2, dim=1)
        asked = torch.where(torch.from_numpy(self.lifted)[:, None], by_air, along).numpy()
        chances = torch.rand(2, len(tokens), generator=self.generator).numpy()
        first = self.steps == 0
        self.choose(asked, np.where(first, self.first_chances[self.owners], chances[0]), tokens)
        came = np.where(self.waiting, np.float32(START_BY_AIR), (self.lifted & ~first).astype(np.float32))
        self.waiting[:] = False
        observed = np.zeros((len(self.state), self.decoder.observed), np.float32)
        self.observe(tokens, came, observed[: len(tokens)])
        self.answers = self.decoder.decode_step(torch.from_numpy(observed), self.state, self.cell)[: len(tokens)]
        flag, offset = self.answers[:, -ACTS:].numpy()[:, :3], self.answers[:, -2:].numpy()
        known = tokens, flag, self.temperatures, chances[1]
        choose_flags(*known, self.likelihood, self.stopping, self.doubted, flags)
        self.lifted = flags != GO
        return tokens, flags, self.here_px + offset

    def leave(self, ended: NDArray[np.bool_]) -> None:
        """Let the pens that have ended (k,) begin other walks; puts them aside when there are no more."""
        self.walking &= ~ended
        if self.begun < self.walks:
            self.put_down(np.flatnonzero(~self.walking))
        elif self.walking.sum() <= CROWD * len(self.owners):
            rows = np.flatnonzero(self.walking)
            for name in STATE_OF_A_PEN:
                setattr(self, name, getattr(self, name)[rows])
            for name in ("state", "cell"):
                setattr(self, name, getattr(self, name)[np.resize(rows, rows_for(len(rows)))])


def rows_for(pens: int) -> int:
    """How many rows are multiplied for so many pens: one of few sizes, a quarter more at most, or up to 16 in all."""
    step = max(FEWEST_ROWS, 1 << max((pens - 1).bit_length() - 3, 0))
    return min(-(-pens // step) * step, max(PENS_AT_ONCE, pens))


def as_array(tensor: Tensor) -> FloatArray:
    """A tensor of any kind as a float32 array for the kernels."""
    array: FloatArray = tensor.detach().float().cpu().contiguous().numpy()
    return array


def as_brief(tensor: Tensor) -> NDArray[Any]:
    """Rows as the kernels take them, of bfloat16 the bits (uint16) where they are whole lanes: half as much to read."""
    if tensor.dtype != torch.bfloat16 or tensor.shape[1] % LANES:
        return as_array(tensor)
    return tensor.cpu().contiguous().view(torch.uint16).numpy()


def in_lanes(array: FloatArray) -> FloatArray:
    """An array (…, n), filled up with 0 so that n is a multiple of `LANES`."""
    unused = -array.shape[-1] % LANES
    return np.ascontiguousarray(np.pad(array, (*((0, 0),) * (array.ndim - 1), (0, unused))))


def spread_chances(temperatures: FloatArray, generator: torch.Generator) -> FloatArray:
    """The random numbers (pictures·times,) of pens' first choices, each picture's evenly from 0 to 1.

    `temperatures` are (pictures, times); pens without randomness don't count. Walks are few, and where they begin
    decides most: drawn apart, they would show the network's chances there with needless noise.
    """
    warm = temperatures > 0
    offset = torch.rand(len(warm), 1, generator=generator).numpy()
    places, counts = np.cumsum(warm, axis=1) - 1, np.maximum(warm.sum(axis=1, keepdims=True), 1)
    spread: FloatArray = ((places + offset) / counts).astype(np.float32).ravel()
    return spread


ACTS = 5
"""Of an answer: the logits of `GO`, `LIFT` and `END`, and the offset."""
STATE_OF_A_PEN = (
    "owners",
    "pictures",
    "steps",
    "temperatures",
    "waiting",
    "walking",
    "likelihood",
    "doubt",
    "stopping",
    "doubted",
    "lifted",
    "here_px",
    "visited",
    "answers",
)
