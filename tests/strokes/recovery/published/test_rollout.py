"""The hand-written loop against the equations written out, and its gradients against finite differences."""

import dataclasses

import pytest
import torch

from strokes.recovery.published.networks import NetworkSpec, StrokeNetwork
from strokes.recovery.published.rollout import Rollout, RolloutPlan

SPECS = {
    "single, projected": NetworkSpec(hidden=3, points=4, classes=2, pixels=4),
    "ensemble": NetworkSpec(
        ensemble_size=2, hidden=3, points=4, classes=2, pixels=4, skip_connections=True, projected=False
    ),
    "dropout": NetworkSpec(hidden=3, points=4, classes=2, pixels=4, dropout=0.5, projected=False),
    "ensemble, projected, dropout": NetworkSpec(ensemble_size=2, hidden=3, points=4, classes=2, pixels=4, dropout=0.5),
}


def arguments(spec: NetworkSpec, *, batch: int = 2) -> tuple[RolloutPlan, list[torch.Tensor | None]]:
    """What `Rollout` is given, in float64: random constants, a network's weights, masks where there is dropout."""
    torch.manual_seed(0)
    network = StrokeNetwork(spec).double()
    plan = RolloutPlan(
        steps=spec.points,
        hidden=spec.hidden,
        skip=tuple(cell.skip for cell in network.cells),
        projected=spec.projected,
        product=torch.float64,
    )
    tensors: list[torch.Tensor | None] = [network.project.detach(), torch.randn_like(network.offset)]
    for i, cell in enumerate(network.cells):
        masked = i > 0 and spec.dropout > 0
        mask = network.dropout_mask(torch.ones(spec.ensemble_size, batch, spec.hidden, dtype=torch.float64))
        constant = torch.randn(spec.ensemble_size, batch, 4 * spec.hidden, dtype=torch.float64)
        tensors += [constant, cell.moving.detach(), mask if masked else None]
    return plan, [t if t is None else t.requires_grad_(i < 2 or i % 3 != 1) for i, t in enumerate(tensors)]


def written_out(
    plan: RolloutPlan, project: torch.Tensor, offset: torch.Tensor, *layers: torch.Tensor | None
) -> torch.Tensor:
    """The same path by the LSTM's equations, a step and a layer at a time, for autograd to differentiate."""
    constants, weights, masks = layers[0::3], layers[1::3], layers[2::3]
    members, batch = constants[0].shape[:2]
    point, points = torch.zeros(members, batch, 3, dtype=project.dtype), []
    cells = [torch.zeros(members, batch, plan.hidden, dtype=project.dtype) for _ in weights]
    states = [c[..., :3] if plan.projected and i == len(cells) - 1 else c for i, c in enumerate(cells)]
    for _ in range(plan.steps):
        below = None
        for i, weight in enumerate(weights):
            given = [] if below is None else [below if masks[i] is None else below * masks[i]]
            inputs = torch.cat([*given, *([point] if plan.skip[i] else []), states[i]], dim=2)
            let_in, keep, let_out, candidate = (inputs @ weight + constants[i]).chunk(4, dim=2)
            cells[i] = keep.sigmoid() * cells[i] + let_in.sigmoid() * candidate.tanh()
            below = states[i] = let_out.sigmoid() * cells[i].tanh()
        raw = below @ project + offset
        if plan.projected:
            states[-1] = raw
        point = raw.sigmoid()
        points.append(point)
    return torch.stack(points, dim=2)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_loop_follows_the_equations(spec):
    plan, tensors = arguments(spec, batch=3)
    torch.testing.assert_close(Rollout.apply(plan, *tensors), written_out(plan, *tensors), rtol=0, atol=1e-12)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_nothing_changes_when_no_gradient_is_wanted(spec):
    plan, tensors = arguments(spec)
    with_tape = Rollout.apply(plan, *tensors)
    with torch.no_grad():
        without = Rollout.apply(plan, *(t if t is None else t.detach() for t in tensors))
    assert torch.equal(with_tape, without)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_gradients_equal_finite_differences(spec):
    plan, tensors = arguments(spec)
    wanted = [i for i, t in enumerate(tensors) if t is not None and t.requires_grad]

    def path(*changed: torch.Tensor) -> torch.Tensor:
        given = list(tensors)
        for i, tensor in zip(wanted, changed, strict=True):
            given[i] = tensor
        return Rollout.apply(plan, *given)

    assert torch.autograd.gradcheck(path, tuple(tensors[i] for i in wanted))


def test_gradients_equal_autograds_of_the_equations_with_more_layers_and_points():
    spec = dataclasses.replace(SPECS["ensemble"], layers=4, points=12, hidden=5)
    plan, tensors = arguments(spec, batch=4)
    wanted = [t for t in tensors if t is not None and t.requires_grad]
    slope = torch.randn(spec.ensemble_size, 4, spec.points, 3, dtype=torch.float64)
    found = torch.autograd.grad((Rollout.apply(plan, *tensors) * slope).sum(), wanted)
    expected = torch.autograd.grad((written_out(plan, *tensors) * slope).sum(), wanted)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
