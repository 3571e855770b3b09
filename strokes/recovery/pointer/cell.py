"""A pen network's matrix products of one step, for many pens: its weights laid out once, as few products as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from raster.kernels.lanes import LANES
from strokes.ink.drawing import FloatArray
from strokes.recovery.pointer.gates import LEAST_SCALE, MOST_BYTE, ask_bytes, remember, remember_bytes, to_bytes
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
        asking = self.spread(torch.cat([part.weight for part in first]))
        weights = torch.block_diag(*(part.weight for part in last))  # type: ignore[no-untyped-call]
        self.last = self.lay(weights, torch.cat([part.bias for part in last]))
        self.lay_memory(gates.flatten(0, 1), biases.flatten(), asking, torch.cat([part.bias for part in first]))

    def lay_memory(self, gates: Tensor, gate_biases: Tensor, asking: Tensor, asking_biases: Tensor) -> None:
        """Lay out the layers that are told the state (…, hidden) beside the input: the gates, and the first heads."""
        self.gates, self.first = self.lay(gates, gate_biases), self.lay(asking, asking_biases)

    def begin(self, pens: int) -> Tensor:
        """The state (pens, …) of pens that haven't begun: zeros."""
        return torch.zeros(pens, self.told)

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
            state: as `begin` gives it: what the LSTM said, then its input; both are replaced.
            cell: (k, hidden) its memory; updated.

        Returns:
            (k, asked + 5) float32: queries, the logits of `GO`, `LIFT` and `END`, and the offset.
        """
        state[:, self.hidden :] = functional.linear(observed.to(self.dtype), *self.embed).relu_()
        gates = functional.linear(state.to(self.dtype), *self.gates).float()
        remember(gates.numpy(), cell.numpy(), state.numpy())
        asking = functional.linear(state.to(self.dtype), *self.first).relu_()
        return functional.linear(asking, *self.last).float()


class ByteCell(DecoderCell):
    """The same with the largest products in bytes: twice as fast as in bfloat16, and exact sums.

    A column of weights has its scale, and so has what each pen sees; what the LSTM said lies between -1 and 1.
    """

    def lay_memory(self, gates: Tensor, gate_biases: Tensor, asking: Tensor, asking_biases: Tensor) -> None:
        """See `DecoderCell`."""
        self.gate_count = len(gates)
        self.gate_biases, self.asking_biases = gate_biases.detach().numpy(), asking_biases.detach().numpy()
        self.of_input, self.input_scales = in_bytes(torch.cat([gates, asking])[:, self.hidden :])
        self.of_state, self.state_scales = in_bytes(gates[:, : self.hidden] / MOST_BYTE)
        self.of_said, self.said_scales = in_bytes(asking[:, : self.hidden] / MOST_BYTE)

    def begin(self, pens: int) -> Tensor:
        """See `DecoderCell`."""
        return torch.zeros(pens, self.hidden, dtype=torch.int8)

    def decode_step(self, observed: Tensor, state: Tensor, cell: Tensor) -> Tensor:
        """See `DecoderCell`."""
        seen = functional.linear(observed.to(self.dtype), *self.embed).relu_().float().numpy()
        small, scales = np.empty(seen.shape, np.int8), np.empty(len(seen), np.float32)
        to_bytes(seen, scales, small)
        by_input = torch._int_mm(torch.from_numpy(small), self.of_input).numpy()
        by_state = torch._int_mm(state, self.of_state).numpy()
        to_gates, to_heads = self.input_scales[: self.gate_count], self.input_scales[self.gate_count :]
        known = self.state_scales, to_gates, scales, self.gate_biases
        remember_bytes(by_state, by_input, *known, cell.numpy(), state.numpy())
        by_said = torch._int_mm(state, self.of_said).numpy()
        asking = np.empty(by_said.shape, np.float32)
        known = self.said_scales, to_heads, scales, self.asking_biases
        ask_bytes(by_said, by_input, *known, asking)
        return functional.linear(torch.from_numpy(asking).to(self.dtype), *self.last).float()


def in_bytes(weight: Tensor) -> tuple[Tensor, FloatArray]:
    """A layer's weights (out, in) as bytes (in, out), and what 1 of each output (out,) is."""
    scales = weight.detach().cpu().float().abs().amax(dim=1).clamp(min=LEAST_SCALE) / MOST_BYTE
    small = (weight.detach().cpu() / scales[:, None]).round().to(torch.int8)
    return small.t().contiguous(), scales.numpy()


def linears(part: nn.Module) -> list[nn.Linear]:
    """The linear layers of a part of a network, in order."""
    return [layer for layer in part.modules() if isinstance(layer, nn.Linear)]


def choose_cell(network: PenNetwork, dtype: torch.dtype) -> DecoderCell:
    """The cell that is fastest here for what matrices may be multiplied in."""
    return (ByteCell if allows_bytes(dtype) else DecoderCell)(network, dtype)


def allows_bytes(dtype: torch.dtype) -> bool:
    """Whether lower precision than float32 is allowed, and the processor multiplies bytes."""
    return dtype == torch.bfloat16 and multiplies_bytes()


def lowered_type(device: str) -> torch.dtype:
    """What an autocast that is in force multiplies in on a device; float32 without one."""
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 matrices natively: then that is several times as fast."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())


def multiplies_bytes() -> bool:
    """Whether this processor multiplies matrices of bytes natively, and torch knows how."""
    supported = getattr(torch.cpu, "_is_vnni_supported", None)
    return hasattr(torch, "_int_mm") and supported is not None and bool(supported())
