"""A pen network's matrix products of one step, for many pens: its weights laid out once, as few products as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from raster.kernels.lanes import LANES
from strokes.recovery.pointer.gates import remember
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
        units: of the memory; `hidden` is that in whole lanes.
        told: how many numbers the heads are told.
        asked: how many numbers of an answer are queries, along the ink and by air.
    """

    def __init__(self, network: PenNetwork | StripNetwork, dtype: torch.dtype) -> None:
        input_weights, state_weights, input_bias, state_bias = network.lstm.all_weights[0]
        first, last = zip(*(linears(part) for part in (network.query, network.flag, network.offset)), strict=True)
        (embed,) = linears(network.embed)
        self.dtype = dtype
        self.observed = embed.in_features
        self.units, self.hidden = network.spec.hidden, -(-network.spec.hidden // LANES) * LANES
        self.told = self.hidden + embed.out_features
        self.asked = last[0].out_features
        self.embed = self.lay(embed.weight, embed.bias)
        gates = self.spread(torch.cat([state_weights, input_weights], dim=1)).view(4, self.units, -1)
        biases = (input_bias + state_bias).view(4, self.units)
        unused = self.hidden - self.units
        gates, biases = functional.pad(gates, (0, 0, 0, unused)), functional.pad(biases, (0, unused))
        self.gates = self.lay(gates.flatten(0, 1), biases.flatten())
        asking = self.spread(torch.cat([part.weight for part in first]))
        self.first = self.lay(asking, torch.cat([part.bias for part in first]))
        weights = torch.block_diag(*(part.weight for part in last))  # type: ignore[no-untyped-call]
        self.last = self.lay(weights, torch.cat([part.bias for part in last]))

    def spread(self, weight: Tensor) -> Tensor:
        """A layer's weights with columns of 0 for the units that only fill the last lanes."""
        return torch.cat(
            [functional.pad(weight[:, : self.units], (0, self.hidden - self.units)), weight[:, self.units :]], dim=1
        )

    def lay(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """A layer's weights as they are multiplied by."""
        return weight.detach().to("cpu", self.dtype), bias.detach().to("cpu", self.dtype)

    def decode_step(self, observed: Tensor, state: Tensor, cell: Tensor) -> Tensor:
        """One step.

        Args:
            observed: (k, observed) what each pen sees.
            state: (k, told) what the LSTM said, then its input; both are replaced.
            cell: (k, hidden) its memory; updated.

        Returns:
            (k, asked + 5) float32: queries, the logits of `GO`, `LIFT` and `END`, and the offset.
        """
        state[:, self.hidden :] = functional.linear(observed.to(self.dtype), *self.embed).relu_()
        gates = functional.linear(state.to(self.dtype), *self.gates).float()
        remember(gates.numpy(), cell.numpy(), state.numpy())
        asking = functional.linear(state.to(self.dtype), *self.first).relu_()
        return functional.linear(asking, *self.last).float()


def linears(part: nn.Module) -> list[nn.Linear]:
    """The linear layers of a part of a network, in order."""
    return [layer for layer in part.modules() if isinstance(layer, nn.Linear)]


def lowered_type(device: str) -> torch.dtype:
    """What an autocast that is in force multiplies in on a device; float32 without one."""
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 matrices natively: then that is several times as fast."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())
