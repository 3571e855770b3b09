"""The Triton kernels: on a GPU where there is one, else with Triton's interpreter, else not at all."""

import os

import pytest
import torch
from inputs import awkward, scattered

import raster

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # Triton looks once, when it is imported
pytest.importorskip("triton", reason="Triton isn't installed")


def gradients(draw, points, weights, **options):
    """Image, and gradients of points and weights, for a fixed upstream gradient."""
    points, weights = points.clone().requires_grad_(), weights.clone().requires_grad_()
    image = draw(points, weights=weights, **options)
    upstream = torch.cos(torch.arange(image.numel(), dtype=torch.float64)).view_as(image).to(image)
    return image.detach(), *torch.autograd.grad(image, (points, weights), upstream)


@pytest.mark.parametrize("compose", list(raster.COMPOSERS))
@pytest.mark.parametrize("width_px", [None, 2.5])
@pytest.mark.parametrize("make", [scattered, awkward])
def test_triton_draws_and_differentiates_like_the_portable_kernel(compose, width_px, make):
    points = make(3, 5, seed=4)
    weights = torch.rand(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    options = {"size": (9, 20), "compose": compose, **({} if width_px is None else {"width_px": width_px})}
    draw = raster.rasterise if width_px is None else raster.rasterise_thick
    expected = gradients(draw, points, weights, kernel="torch", **options)
    exact = gradients(draw, points.to(DEVICE), weights.to(DEVICE), kernel="cuda", **options)
    single = gradients(draw, points.float().to(DEVICE), weights.float().to(DEVICE), kernel="cuda", **options)
    for portable, fused, rounded in zip(expected, exact, single, strict=True):
        scale = portable.abs().max().clamp_min(1)
        assert (fused.cpu() - portable).abs().max() < 1e-6 * scale
        assert (rounded.cpu() - portable).abs().max() < 2e-3 * scale  # softness 1e4 in float32


def test_triton_draws_without_weights_and_repeats_itself():
    points = scattered(2, 4).to(DEVICE).requires_grad_()
    first = torch.autograd.grad(raster.rasterise(points, size=17, kernel="cuda").square().sum(), points)[0]
    again = torch.autograd.grad(raster.rasterise(points, size=17, kernel="cuda").square().sum(), points)[0]
    expected = torch.autograd.grad(raster.rasterise(points.cpu(), size=17).square().sum(), points)[0]
    assert torch.equal(first, again)
    assert (first - expected).abs().max() < 1e-9 * expected.abs().max()
