"""Walks over strips, step by step: the decoding of `strokes.recovery.pointer`, by what pens over strips see."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from strokes.ink.drawing import FloatArray, IntArray
from strokes.recovery.pointer.cell import DecoderCell
from strokes.recovery.pointer.decoding import Walker, Walks, as_array, walk_to_the_end
from strokes.recovery.words.kernels import choose_strip_tokens, observe_strips
from strokes.recovery.words.network import StripInk, StripNetwork, beginning_state


@torch.inference_mode()
def walk_strips(network: StripNetwork, ink: StripInk, temperatures: Tensor, *, times: int = 1, seed: int = 0) -> Walks:
    """Walks over each strip's ink, those of a strip in a row.

    Args:
        network: what chooses.
        ink: as the network's `encoder` returns it.
        temperatures: (strips·times,) of the random draws, 0 for the likeliest pixel at every step.
        times: walks a strip.
        seed: of the random draws.
    """
    return walk_to_the_end(StripWalker(network, ink, times, temperatures, torch.Generator().manual_seed(seed)))


class StripWalker(Walker):
    """All pens of a batch of strips, one step at a time; see `Walker`."""

    def __init__(
        self, network: StripNetwork, ink: StripInk, times: int, temperatures: Tensor, generator: torch.Generator
    ) -> None:
        self.relative = as_array(ink.relative)
        self.start_context = as_array(beginning_state(ink, network.start_token).context[:, 0])
        super().__init__(network, ink, times, temperatures, generator)

    def choose_cell(self, network: Any, dtype: torch.dtype) -> DecoderCell:
        """Not in bytes: strips are long, and what is rounded adds up."""
        return DecoderCell(network, dtype)

    def lay_out(self, ink: Any) -> FloatArray:
        """Tokens stay as they are: pens over strips take them one by one."""
        told = ink.places_px, ink.features, ink.pool_weights, ink.values, ink.keys
        self.places_px, self.features, self.pool_weights, self.values, self.keys = (as_array(own) for own in told)
        return np.zeros(self.places_px.shape[:2], np.float32)

    def place_pens(self, ink: Any) -> FloatArray:
        """The strips' own beginnings."""
        return as_array(ink.begin_px)

    def observe(self, tokens: IntArray, by_air: FloatArray, observed: FloatArray) -> None:
        """Put the pens on their tokens; fill `observed` (k, observed)."""
        observe_strips(
            self.pictures,
            tokens,
            self.counts,
            self.places_px,
            self.features,
            self.context,
            self.relative,
            self.pool_weights,
            self.values,
            self.start_token,
            self.start_context,
            by_air,
            self.here_px,
            self.visited,
            observed,
        )

    def choose(self, asked: FloatArray, chances: FloatArray, tokens: IntArray) -> None:
        """Fill `tokens` (k,) with where each pen goes next, by its query and a random number."""
        known = self.pictures, self.counts, self.places_px, self.keys, self.here_px, self.visited, self.waiting
        choose_strip_tokens(*known, asked, self.temperatures, chances, self.likelihood, tokens)
