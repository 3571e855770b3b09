"""A pen network's matrix products of one step, for many pens: its weights laid out once, as few products as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from strokes.recovery.pointer.network import PenNetwork

if TYPE_CHECKING:
    from strokes.recovery.words.network import StripNetwork


class DecoderCell:
    """The LSTM cell with its embedding before and its heads behind, on the processor.

    Args:
        network: whose weights are copied.
        dtype: that matrices are multiplied in.

    Attributes:
        observed: how many numbers the network observes of a step.
        hidden: units of the memory.
        asked: how many numbers of an answer are queries, along the ink and by air.
    """

    def __init__(self, network: PenNetwork | StripNetwork, dtype: torch.dtype) -> None:
        input_weights, state_weights, input_bias, state_bias = network.lstm.all_weights[0]
        first, last = zip(*(linears(part) for part in (network.query, network.flag, network.offset)), strict=True)
        (embed,) = linears(network.embed)
        self.dtype = dtype
        self.observed, self.hidden = embed.in_features, network.spec.hidden
        self.asked = last[0].out_features
        self.embed = self.lay(embed.weight, embed.bias)
        self.gates = self.lay(torch.cat([state_weights, input_weights], dim=1), input_bias + state_bias)
        self.first = self.lay(torch.cat([part.weight for part in first]), torch.cat([part.bias for part in first]))
        weights = torch.block_diag(*(part.weight for part in last))  # type: ignore[no-untyped-call]
        self.last = self.lay(weights, torch.cat([part.bias for part in last]))

    def lay(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """A layer's weights as they are multiplied by."""
        return weight.detach().to("cpu", self.dtype), bias.detach().to("cpu", self.dtype)

    def decode_step(self, observed: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step.

        Args:
            observed: (k, observed) what each pen sees.
            hidden, cell: (k, hidden) the LSTM's state.

        Returns:
            the new state, and (k, asked + 5) float32: queries, the logits of `GO`, `LIFT` and `END`, and the offset.
        """
        embedded = functional.relu(functional.linear(observed.to(self.dtype), *self.embed))
        gates = functional.linear(torch.cat([hidden.to(self.dtype), embedded], dim=1), *self.gates)
        let_in, keep, candidate, let_out = gates.float().chunk(4, dim=1)
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(let_in) * squash(candidate)
        hidden = torch.sigmoid(let_out) * squash(cell)
        state = torch.cat([hidden.to(self.dtype), embedded], dim=1)
        answers = functional.linear(functional.relu(functional.linear(state, *self.first)), *self.last)
        return hidden, cell, answers.float()


def linears(part: nn.Module) -> list[nn.Linear]:
    """The linear layers of a part of a network, in order."""
    return [layer for layer in part.modules() if isinstance(layer, nn.Linear)]


def squash(values: Tensor) -> Tensor:
    """tanh, by torch's sigmoid: on a processor several times as fast."""
    return 2 * torch.sigmoid(2 * values) - 1


def lowered_type(device: str) -> torch.dtype:
    """What an autocast that is in force multiplies in on a device; float32 without one."""
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 matrices natively: then that is several times as fast."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())
