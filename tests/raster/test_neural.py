"""The neural line model: its shape, its training batches, freezing."""

import pytest
import torch
from torch import nn

from raster.neural import LIFT_PROBABILITY, NeuralLine, frozen_neural_line, segment_batches


def test_the_layers_are_the_posts():
    model = NeuralLine()
    assert (model.widen.in_features, model.widen.out_features) == (6, 784)
    assert (model.spread.in_features, model.spread.out_features) == (784, 28 * 28 * 8)
    for layer, planes, side in ((model.smooth, 16, 5), (model.ink, 1, 3)):
        assert isinstance(layer, nn.Conv2d)
        assert (layer.out_channels, layer.kernel_size) == (planes, (side, side))


def test_segments_become_pictures_between_0_and_1():
    images = NeuralLine()(torch.rand(5, 6))
    assert images.shape == (5, 28, 28)
    assert 0 <= images.min() < images.max() <= 1


@pytest.mark.parametrize("compose", ["sum", "max", "soft-or"])
def test_a_path_is_its_segments_composed(compose):
    model, points = NeuralLine().freeze(), torch.rand(3, 4, 3)
    image = model.draw(points, compose=compose)
    segments = torch.stack([model(torch.cat([points[:, i], points[:, i + 1]], dim=1)) for i in range(3)], dim=1)
    expected = {
        "sum": segments.sum(dim=1),
        "max": segments.amax(dim=1),
        "soft-or": 1 - (1 - segments).prod(dim=1),
    }
    torch.testing.assert_close(image, expected[compose], rtol=0, atol=1e-5)


def test_frozen_weights_stay_and_gradients_reach_the_points():
    model, points = NeuralLine().freeze(), torch.rand(2, 3, 3, requires_grad=True)
    model.draw(points).sum().backward()
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert points.grad.flatten(1).abs().sum(dim=1).min() > 0


def test_weights_come_back_from_float16():
    model = NeuralLine()
    loaded = frozen_neural_line({name: value.half() for name, value in model.state_dict().items()})
    assert all(value.dtype == torch.float32 for value in loaded.state_dict().values())
    assert all(
        torch.equal(loaded.state_dict()[name], value.half().float()) for name, value in model.state_dict().items()
    )


def test_batches_follow_from_the_seed_and_go_on():
    one, other, third = (segment_batches(batch_size=8, seed=seed) for seed in (0, 0, 1))
    first, second = next(one), next(one)
    assert all(torch.equal(a, b) for a, b in zip(first, next(other), strict=True))
    assert not torch.equal(first[0], second[0])
    assert not torch.equal(first[0], next(third)[0])


def test_a_batch_holds_segments_and_their_pictures_blank_where_the_pen_is_lifted():
    segments, images = next(segment_batches(batch_size=2000, seed=3))
    assert (segments.shape, images.shape) == ((2000, 6), (2000, 28, 28))
    assert set(images.unique().tolist()) == {0.0, 1.0}
    lifted = segments[:, 2] == 1
    assert torch.equal(images.flatten(1).any(dim=1), ~lifted)
    assert set(segments[:, [2, 5]].unique().tolist()) == {0.0, 1.0}
    assert lifted.float().mean().item() == pytest.approx(LIFT_PROBABILITY, abs=0.05)  # five standard deviations
    for segment, image in zip(segments[~lifted][:50].numpy(), images[~lifted].numpy(), strict=False):
        for x, y in (segment[:2], segment[3:5]):
            assert image[int(y * 28), int(x * 28)] == 1
