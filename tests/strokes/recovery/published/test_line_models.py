"""The two renderers that networks are trained through."""

import math

import numpy as np
import pytest
import torch

import raster
from raster.neural import segment_batches
from strokes.errors import ConfigError
from strokes.recovery.published.line_models import NeuralLines, SoftLines, Softness, make_line_model

CORNER = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]


def path_of(sharpness: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor([[(x, y, t) for (x, y), t in zip(CORNER, sharpness, strict=True)]])


def test_sharpness_spans_the_softness_range_and_lifts_at_the_threshold():
    softness = Softness(low=1, high=5, lift=2)
    ends = softness.of(torch.tensor([0.0, 1.0, softness.threshold]))
    torch.testing.assert_close(ends, torch.tensor([1.0, 5.0, 2.0]).exp())
    assert softness.threshold == 0.25


@pytest.mark.parametrize("wrong", [(3, 2, 2.5), (0, 6, 0), (0, 6, 6), (0, math.nan, 3), (-math.inf, 6, 3)])
def test_a_softness_range_must_rise_and_be_finite(wrong):
    with pytest.raises(ConfigError, match="softness low, lift, high"):
        Softness(low=wrong[0], high=wrong[1], lift=wrong[2])


@pytest.mark.parametrize("compose", ["sum", "max", "soft-or"])
def test_soft_lines_are_the_rasterisers(compose):
    softness = Softness(low=0, high=6, lift=4)
    path = path_of((1.0, 0.9, 0.3))
    points = torch.tensor([[(x, y, math.exp(6 * t)) for (x, y), t in zip(CORNER, (1.0, 0.9, 0.3), strict=True)]])
    drawn = SoftLines(softness).draw(path, compose=compose)
    torch.testing.assert_close(drawn, raster.rasterise(points, compose=compose), rtol=0, atol=1e-5)


def test_neural_lines_draw_where_the_pen_is_sharp_and_nothing_where_it_is_lifted():
    lines = NeuralLines()
    ink = {t: lines.draw(path_of((t[0], t[1], 0.0)), compose="max")[0] for t in [(1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]}
    row, column = slice(8, 20), 22  # the corner's upper and right side, in pixels
    assert ink[1.0, 1.0][5, row].mean() > 0.25  # its lines are blurred
    assert ink[1.0, 1.0][row, column].mean() > 0.25
    assert ink[1.0, 0.0][5, row].mean() > 0.25
    assert ink[1.0, 0.0][row, column].mean() < 0.05
    assert ink[0.0, 0.0].mean() < 0.01


def test_a_gradient_flows_through_neural_lines_to_the_path_and_not_to_their_weights():
    lines = NeuralLines()
    path = path_of((0.9, 0.8, 0.5)).requires_grad_()
    lines.draw(path, compose="sum").square().sum().backward()
    assert path.grad[:, :-1].abs().min() > 0
    assert all(not parameter.requires_grad for parameter in lines.model.parameters())


def test_a_pen_as_a_factor_fades_what_is_drawn_and_keeps_its_gradient():
    lines = NeuralLines(factor=True)
    down, half = (lines.draw(path_of((t, t, 0.0)), compose="sum")[0] for t in (1.0, 0.5))
    torch.testing.assert_close(half, down / 2)
    path = path_of((0.5, 0.5, 0.5)).requires_grad_()
    lines.draw(path, compose="sum").sum().backward()
    assert path.grad[0, :2, 2].min() > 5  # the ink of each side of the corner, 17 px


def test_an_unknown_line_model_lists_the_known():
    with pytest.raises(ConfigError, match=r"'hard'; one of neural, soft"):
        make_line_model("hard", Softness())


def test_the_shipped_model_draws_better_than_a_blank_picture_and_lifts_the_pen():
    model = NeuralLines().model
    segments, images = next(segment_batches(batch_size=500, seed=12345))
    with torch.inference_mode():
        drawn = model(segments)
    lifted = segments[:, 2] == 1
    error, blank = ((drawn - images)[~lifted] ** 2).mean(), (images[~lifted] ** 2).mean()
    assert error < 0.5 * blank
    assert drawn[lifted].mean() < 0.01
    assert np.corrcoef(drawn.flatten(), images.flatten())[0, 1] > 0.7
