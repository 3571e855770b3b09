"""Gradients of the published mask: exact where it is differentiable, finite where it isn't."""

import pytest
import torch
from inputs import awkward, scattered, walks

import raster

KERNELS = ("torch", "cpu")
COMPOSITIONS = tuple(raster.COMPOSERS)


def gradients(points, weights, **options):
    """Image, and gradients of points and weights, for a fixed upstream gradient."""
    points, weights = points.clone().requires_grad_(), weights.clone().requires_grad_()
    image = raster.rasterise(points, weights=weights, **options)
    upstream = torch.cos(torch.arange(image.numel(), dtype=torch.float64)).view_as(image).to(image.dtype)
    return image.detach(), *torch.autograd.grad(image, (points, weights), upstream)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_gradient_equals_finite_differences(kernel, compose):
    points = scattered(3, 4, seed=5)
    weights = torch.rand(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert (points[:, 1:, :2] - points[:, :-1, :2]).abs().min() > 1e-3, "away from the singular points"

    def draw(points, weights):
        return raster.rasterise(points, size=(9, 12), compose=compose, kernel=kernel, weights=weights)

    assert torch.autograd.gradcheck(draw, (points.requires_grad_(), weights.requires_grad_()))


@pytest.mark.parametrize("compose", COMPOSITIONS)
@pytest.mark.parametrize("size", [28, (21, 40)])
def test_fused_gradient_equals_the_portable_one(compose, size):
    """About 2,000 segments a case; float32's bound is relative to the largest gradient."""
    for points in (walks(80, 14), scattered(80, 14)):
        weights = torch.rand(80, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        expected = gradients(points, weights, size=size, compose=compose, kernel="torch")
        exact = gradients(points, weights, size=size, compose=compose, kernel="cpu")
        rounded = gradients(points.float(), weights.float(), size=size, compose=compose, kernel="cpu")
        for portable, fused, single in zip(expected, exact, rounded, strict=True):
            scale = portable.abs().max().clamp_min(1)
            assert (fused - portable).abs().max() < 1e-9 * scale
            assert (single - portable).abs().max() < 1e-4 * scale


@pytest.mark.parametrize("compose", ["sum", "max", "soft-or"])
def test_awkward_segments_have_the_same_finite_gradient_everywhere(compose):
    points = awkward(300, 10)
    weights = torch.ones(300, 9, dtype=torch.float64)
    expected = gradients(points, weights, compose=compose, kernel="torch")
    exact = gradients(points, weights, compose=compose, kernel="cpu")
    for portable, fused in zip(expected, exact, strict=True):
        assert portable.isfinite().all()
        assert fused.isfinite().all()
    rounded = gradients(points.float(), weights.float(), compose=compose, kernel="cpu")
    assert all(part.isfinite().all() for part in rounded)
    difference = (expected[1] - exact[1]).abs() / expected[1].abs().clamp_min(1)
    assert difference.max() < 1e-4 if compose != "max" else difference.median() < 1e-12  # equal masks tie: any may win


def test_gradients_stay_bounded_at_the_singular_points():
    """The published slope's derivative reaches 1e16 on an axis-aligned segment; it is held at 1 / FLATTEST here."""
    for ends in ([0.5, 0.5], [0.5, 0.8], [0.8, 0.5], [0.5 - 1e-9, 0.7]):
        points = torch.tensor([[[0.5, 0.5, 50.0], [*ends, 50.0]]], dtype=torch.float64, requires_grad=True)
        for kernel in KERNELS:
            (gradient,) = torch.autograd.grad(raster.rasterise(points, kernel=kernel).square().sum(), points)
            assert gradient.abs().max() < 50 * 28 / raster.kernels.portable.FLATTEST


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_point_that_inks_gets_a_gradient(kernel):
    points = walks(4, 10).requires_grad_()
    raster.rasterise(points, kernel=kernel).square().sum().backward()
    assert points.grad[..., :2].abs().min() > 0
    assert points.grad[:, :-1, 2].abs().min() > 0
    assert not points.grad[:, -1, 2].any()  # the last point starts no segment


@pytest.mark.parametrize("kernel", KERNELS)
def test_softness_zero_paints_the_published_grey(kernel):
    points = torch.rand(2, 4, 3, generator=torch.Generator().manual_seed(2)) * torch.tensor([1.0, 1.0, 0.0])
    image = raster.rasterise(points, kernel=kernel)
    assert torch.allclose(image, torch.full_like(image, 3 / 64))  # three segments of six sigmoids at one half
