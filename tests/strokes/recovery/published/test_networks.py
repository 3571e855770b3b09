"""The stroke networks: shapes, gradients, members side by side, dropout."""

import dataclasses
import itertools

import pytest
import torch

from strokes.errors import ConfigError
from strokes.recovery.published.networks import NetworkSpec, StrokeNetwork

SMALL = NetworkSpec(hidden=6, points=5, classes=3, pixels=16)
SPECS = [
    dataclasses.replace(SMALL, ensemble_size=members, skip_connections=everywhere, projected=projected, layers=layers)
    for members, everywhere, projected, layers in itertools.product((1, 3), (False, True), (False, True), (1, 3))
]


def pictures_of(labels: torch.Tensor) -> torch.Tensor:
    return torch.rand(len(labels), 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("spec", SPECS)
def test_a_path_has_the_asked_points_each_inside_the_unit_cube(spec):
    labels = torch.tensor([2, 0, 2, 1])
    path = StrokeNetwork(spec)(pictures_of(labels), labels)
    assert path.shape == (4, 5, 3)
    assert path.min() > 0
    assert path.max() < 1


@pytest.mark.parametrize("spec", SPECS)
def test_a_gradient_reaches_every_parameter(spec):
    labels = torch.arange(3).repeat(2)
    network = StrokeNetwork(spec)
    network(pictures_of(labels), labels).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.flatten(1).abs().sum(dim=1).gt(0).all(), name  # every member's


def test_an_ensemble_draws_what_its_members_draw_alone():
    spec = dataclasses.replace(SMALL, ensemble_size=3, skip_connections=True, projected=False)
    ensemble = StrokeNetwork(spec)
    labels = torch.tensor([1, 0, 2, 2, 1])
    pictures = pictures_of(labels)
    together = ensemble(pictures, labels)
    for member in range(3):
        alone = StrokeNetwork(dataclasses.replace(spec, ensemble_size=1))
        alone.load_state_dict({name: value[member : member + 1] for name, value in ensemble.state_dict().items()})
        own = labels == member
        torch.testing.assert_close(alone(pictures[own], labels[own]), together[own], rtol=0, atol=1e-6)


@pytest.mark.parametrize("members", [1, 3])
def test_a_picture_is_drawn_the_same_in_any_company_and_order(members):
    network = StrokeNetwork(dataclasses.replace(SMALL, ensemble_size=members))
    labels = torch.tensor([2, 2, 0, 1, 2, 0])
    pictures = pictures_of(labels)
    together = network(pictures, labels)
    order = torch.tensor([4, 0, 5, 3, 1, 2])
    torch.testing.assert_close(network(pictures[order], labels[order]), together[order], rtol=0, atol=1e-6)
    for i in range(len(labels)):
        torch.testing.assert_close(network(pictures[i : i + 1], labels[i : i + 1])[0], together[i], rtol=0, atol=1e-6)


@pytest.mark.parametrize("members", [1, 3])
def test_the_label_and_the_picture_change_what_is_drawn(members):
    network = StrokeNetwork(dataclasses.replace(SMALL, ensemble_size=members))
    labels = torch.tensor([0, 1, 2])
    one = pictures_of(labels)[:1].expand(3, 4, 4)
    by_label = network(one, labels)
    assert (by_label[0] - by_label[1]).abs().max() > 1e-4
    assert (network(1 - one, labels) - by_label).abs().max() > 1e-4


@pytest.mark.parametrize("members", [1, 3])
def test_no_pictures_give_no_paths(members):
    network = StrokeNetwork(dataclasses.replace(SMALL, ensemble_size=members))
    assert network(torch.zeros(0, 4, 4), torch.zeros(0, dtype=torch.int64)).shape == (0, 5, 3)


def test_boolean_pictures_are_drawn_as_zeros_and_ones():
    network, labels = StrokeNetwork(SMALL), torch.tensor([0, 1])
    ink = pictures_of(labels) > 0.5
    assert torch.equal(network(ink, labels), network(ink.float(), labels))


def test_dropout_acts_in_training_only():
    network, labels = StrokeNetwork(dataclasses.replace(SMALL, dropout=0.5)), torch.tensor([0, 1, 2])
    pictures = pictures_of(labels)
    assert not torch.equal(network.train()(pictures, labels), network(pictures, labels))
    assert torch.equal(network.eval()(pictures, labels), network(pictures, labels))


def test_dropout_keeps_the_mean_and_never_drops_in_the_first_layer():
    spec = dataclasses.replace(SMALL, dropout=0.25)
    mask = StrokeNetwork(spec).train().dropout_mask(torch.ones(1, 1000, 100))
    assert mask.unique().tolist() == [0, pytest.approx(1 / 0.75)]
    assert mask.mean() == pytest.approx(1, abs=0.01)  # 100,000 draws: six standard deviations are 0.011
    one_layer, labels = StrokeNetwork(dataclasses.replace(spec, layers=1)).train(), torch.tensor([0, 1])
    pictures = pictures_of(labels)
    assert torch.equal(one_layer(pictures, labels), one_layer(pictures, labels))


def test_lower_precision_comes_near_and_leaves_the_weights_as_they_are():
    network, labels = StrokeNetwork(SMALL), torch.tensor([0, 1, 2])
    exact = network(pictures_of(labels), labels)
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(pictures_of(labels), labels)
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).abs().max() < 0.05  # bfloat16 keeps 8 bits
    rough.sum().backward()
    assert all(p.grad.dtype == p.dtype == torch.float32 for p in network.parameters())


@pytest.mark.parametrize(
    ("setting", "value"), [("hidden", 0), ("points", -1), ("dropout", 1.0), ("dropout", -0.1), ("ensemble_size", 2)]
)
def test_an_impossible_network_is_refused_by_name(setting, value):
    with pytest.raises(ConfigError, match=f"network.{setting} is {value}"):
        NetworkSpec(**{setting: value})
