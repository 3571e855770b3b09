"""The recurrent loop of `strokes.recovery.published.networks`, forward and backward by hand.

Autograd would multiply and add up every weight's gradient once a step; here each step's inputs and gate gradients are
kept, and a weight's gradient is one product over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

OUTPUTS = 3


@dataclass(frozen=True)
class RolloutPlan:
    """What the loop must know beside its tensors.

    Attributes:
        steps: points to emit.
        hidden: units a layer.
        skip: for each layer, whether it is given the previous point.
        projected: whether the last layer's state is its three outputs rather than its hidden units.
        product: the type of the matrix products: float32 or float64 as the weights, or bfloat16.
    """

    steps: int
    hidden: int
    skip: tuple[bool, ...]
    projected: bool
    product: torch.dtype


class Rollout(torch.autograd.Function):
    """Constants, masks and weights to pen paths (members, batch, steps, 3), each value in (0, 1).

    For every layer the arguments hold its constant gates (members, batch, 4·hidden), its moving weights (members,
    inputs, 4·hidden) and the mask (members, batch, hidden) on its input from below, or None; gates stand in the order
    input, forget, output, candidate.
    """

    @staticmethod
    def forward(ctx: Any, plan: RolloutPlan, project: Tensor, offset: Tensor, *layers: Tensor | None) -> Tensor:
        constants, weights, masks = layers[0::3], layers[1::3], layers[2::3]
        tape = Tape(plan, constants, weights, masks, keep=any(ctx.needs_input_grad))
        path = tape.write(project, offset)
        if tape.keep:
            ctx.tape, ctx.project = tape, project
        return path

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        project_gradient, offset_gradient, layers = ctx.tape.unwind(gradient, ctx.project)
        found = [part for constant, weight in layers for part in (constant, weight, None)]
        return (None, project_gradient, offset_gradient, *found)


class Tape:
    """All steps of a rollout: what each layer was given and answered, for the way back."""

    def __init__(self, plan: RolloutPlan, constants: Any, weights: Any, masks: Any, *, keep: bool) -> None:
        self.plan, self.constants, self.masks, self.keep = plan, constants, masks, keep
        self.weights = [weight.to(plan.product) for weight in weights]
        members, batch, _ = constants[0].shape
        slots = plan.steps if keep else 1
        like = constants[0]
        self.inputs = [like.new_zeros(members, slots, batch, weight.shape[1], dtype=plan.product) for weight in weights]
        self.gates = [like.new_empty(members, slots, batch, 4 * plan.hidden) for _ in weights]
        self.cells = [like.new_zeros(members, slots + 1, batch, plan.hidden) for _ in weights]
        self.squashed = [like.new_empty(members, slots, batch, plan.hidden) for _ in weights]
        self.tops = like.new_empty(members, slots, batch, plan.hidden)
        self.points = like.new_empty(members, plan.steps, batch, OUTPUTS)

    def write(self, project: Tensor, offset: Tensor) -> Tensor:
        """The forward pass; (members, batch, steps, 3)."""
        plan, last = self.plan, len(self.weights) - 1
        members, _, batch, _ = self.points.shape
        point = self.points.new_zeros(members, batch, OUTPUTS)
        states = [
            point.new_zeros(members, batch, weight.shape[1] - self.before_state(i))
            for i, weight in enumerate(self.weights)
        ]
        for step in range(plan.steps):
            slot = step if self.keep else 0
            below = point
            for i in range(last + 1):
                below = self.advance(i, slot, below, point, states[i])
                states[i] = below
            if self.keep:
                self.tops[:, slot] = below
            raw = product(below, project) + offset
            if plan.projected:
                states[last] = raw
            point = torch.sigmoid(raw)
            self.points[:, step] = point
        path: Tensor = self.points.transpose(1, 2)
        return path

    def before_state(self, layer: int) -> int:
        """How many of a layer's inputs come before its own state."""
        return (self.plan.hidden if layer else 0) + (OUTPUTS if self.plan.skip[layer] else 0)

    def advance(self, layer: int, slot: int, below: Tensor, point: Tensor, state: Tensor) -> Tensor:
        """One step of one layer; its output (members, batch, hidden)."""
        h = self.plan.hidden
        inputs = self.inputs[layer][:, slot]
        if layer:
            mask = self.masks[layer]
            inputs[..., :h] = below if mask is None else below * mask
        if self.plan.skip[layer]:
            inputs[..., self.before_state(layer) - OUTPUTS : self.before_state(layer)] = point
        inputs[..., self.before_state(layer) :] = state
        gates = self.gates[layer][:, slot]
        torch.add(product(inputs, self.weights[layer]), self.constants[layer], out=gates)
        gates[..., : 3 * h].sigmoid_()
        gates[..., 3 * h :].tanh_()
        let_in, keep, let_out, candidate = gates.chunk(4, dim=2)
        cell = self.cells[layer][:, slot] * keep + let_in * candidate
        self.cells[layer][:, slot + 1 if self.keep else 0] = cell
        squashed = torch.tanh(cell)
        self.squashed[layer][:, slot] = squashed
        output: Tensor = let_out * squashed
        return output

    def unwind(self, gradient: Tensor, project: Tensor) -> tuple[Tensor, Tensor, list[tuple[Tensor, Tensor]]]:
        """The backward pass: gradients of `project`, of `offset`, and of each layer's constant and weights."""
        plan, count = self.plan, len(self.weights)
        members, steps, batch, _ = self.points.shape
        raws = torch.empty_like(self.points)
        back = [torch.empty_like(gates, dtype=plan.product) for gates in self.gates]
        flipped = [weight.transpose(1, 2).contiguous() for weight in self.weights]
        state_gradients = [
            self.points.new_zeros(members, batch, weight.shape[1] - self.before_state(i))
            for i, weight in enumerate(self.weights)
        ]
        cell_gradients = [self.points.new_zeros(members, batch, plan.hidden) for _ in range(count)]
        point_gradient = self.points.new_zeros(members, batch, OUTPUTS)
        for step in reversed(range(steps)):
            raw: Tensor = torch.ops.aten.sigmoid_backward(point_gradient + gradient[:, :, step], self.points[:, step])
            if plan.projected:
                raw = raw + state_gradients[-1]
            raws[:, step] = raw
            above = product(raw, project.transpose(1, 2))
            point_gradient = torch.zeros_like(point_gradient)
            for i in reversed(range(count)):
                if i < count - 1 or not plan.projected:
                    above = above + state_gradients[i]
                cell_gradients[i] = self.retreat(i, step, above, cell_gradients[i], back[i][:, step])
                inputs = product(back[i][:, step], flipped[i]).to(raw.dtype)
                start = self.before_state(i)
                state_gradients[i] = inputs[..., start:]
                if plan.skip[i]:
                    point_gradient += inputs[..., start - OUTPUTS : start]
                if i:
                    above = inputs[..., : plan.hidden]
                    above = above if self.masks[i] is None else above * self.masks[i]
        layers = [(gate.sum(dim=1, dtype=raws.dtype), self.weight_gradient(i, gate)) for i, gate in enumerate(back)]
        flat_tops, flat_raws = self.tops.flatten(1, 2), raws.flatten(1, 2)
        return product(flat_tops.transpose(1, 2), flat_raws), flat_raws.sum(dim=1, keepdim=True), layers

    def retreat(self, layer: int, step: int, above: Tensor, cell_gradient: Tensor, out: Tensor) -> Tensor:
        """One step back through one layer: writes its gates' gradient to `out`, returns the earlier cell's."""
        h = self.plan.hidden
        gates, squashed = self.gates[layer][:, step], self.squashed[layer][:, step]
        let_in, keep, let_out, candidate = gates.chunk(4, dim=2)
        cell = cell_gradient + torch.ops.aten.tanh_backward(above * let_out, squashed)
        raw = torch.cat([cell * candidate, cell * self.cells[layer][:, step], above * squashed], dim=2)
        out[..., : 3 * h] = torch.ops.aten.sigmoid_backward(raw, gates[..., : 3 * h])
        out[..., 3 * h :] = torch.ops.aten.tanh_backward(cell * let_in, candidate)
        earlier: Tensor = cell * keep
        return earlier

    def weight_gradient(self, layer: int, gates: Tensor) -> Tensor:
        """The moving weights' gradient: one product over all steps."""
        inputs = self.inputs[layer].flatten(1, 2).transpose(1, 2)
        return product(inputs, gates.flatten(1, 2)).to(self.constants[layer].dtype)


def product(inputs: Tensor, weights: Tensor) -> Tensor:
    """(members, batch, inputs) times (members, inputs, outputs); a lone member as a plain matrix, which is faster."""
    return (inputs[0] @ weights[0])[None] if len(weights) == 1 else torch.bmm(inputs, weights)
