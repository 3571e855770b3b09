"""Lines with a width."""

import pytest
import torch
from inputs import awkward, scattered

import raster

KERNELS = ("torch", "cpu")
COMPOSITIONS = tuple(raster.COMPOSERS)


def gradients(points, **options):
    """Image and gradient of points for a fixed upstream gradient."""
    points = points.clone().requires_grad_()
    image = raster.rasterise_thick(points, **options)
    upstream = torch.cos(torch.arange(image.numel(), dtype=torch.float64)).view_as(image).to(image.dtype)
    return image.detach(), *torch.autograd.grad(image, points, upstream)


@pytest.mark.parametrize("kernel", KERNELS)
def test_ink_is_half_at_the_edge_and_full_inside(kernel):
    points = torch.tensor([[[0.1, 0.5, 400.0], [0.9, 0.5, 400.0]]])  # the middle between two rows of 32
    image = raster.rasterise_thick(points, width_px=3, size=32, kernel=kernel)[0]
    column = image[:, 16]
    assert column[15:17].min() > 0.99  # half a pixel off the line
    assert torch.allclose(column[[14, 17]], torch.tensor(0.5), atol=1e-4)  # one and a half: the edge
    assert column[[12, 19]].max() < 1e-6


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_gradient_equals_finite_differences(kernel, compose):
    points = scattered(2, 4, seed=3).requires_grad_()

    def draw(points):
        return raster.rasterise_thick(points, width_px=2.5, size=(9, 12), compose=compose, kernel=kernel)

    assert torch.autograd.gradcheck(draw, points)


@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_fused_equals_portable_also_for_awkward_segments(compose):
    points = awkward(150, 10)
    expected = gradients(points, width_px=2.2, size=(20, 28), compose=compose, kernel="torch")
    fused = gradients(points, width_px=2.2, size=(20, 28), compose=compose, kernel="cpu")
    single = gradients(points.float(), width_px=2.2, size=(20, 28), compose=compose, kernel="cpu")
    assert (expected[0] - fused[0]).abs().max() < 1e-9
    assert (expected[0] - single[0]).abs().max() < 2e-3  # softness 1e4 in float32
    assert all(part.isfinite().all() for part in (*expected, *fused, *single))
    if compose != "max":  # equal masks tie: any may win
        assert (expected[1] - fused[1]).abs().max() < 1e-6 * expected[1].abs().max()


def test_a_width_that_is_not_positive_is_refused():
    with pytest.raises(raster.RasterError, match="positive"):
        raster.rasterise_thick(torch.zeros(1, 2, 3), width_px=0)
