"""What `raster.rasterise` draws, whichever kernel draws it."""

import subprocess
import sys

import pytest
import torch
from inputs import awkward, scattered, walks

import raster
from raster import reference

KERNELS = ("torch", "cpu")
COMPOSITIONS = tuple(raster.COMPOSERS)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("compose", COMPOSITIONS)
@pytest.mark.parametrize("size", [(28, 28), (8, 8), (20, 31), (64, 17)])
@pytest.mark.parametrize("draw", [walks, scattered])
def test_image_equals_the_published_formula(kernel, compose, size, draw):
    points = draw(20, 12)
    expected = reference.rasterise(points, size=size, compose=compose)
    for dtype in (torch.float64, torch.float32):
        image = raster.rasterise(points.to(dtype), size=size, compose=compose, kernel=kernel)
        assert image.dtype == dtype
        assert (image - expected).abs().max() < 1e-5  # issue: equal to 1e-5 up to softness 150


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_awkward_segments_equal_the_published_formula_in_float64(kernel, compose):
    points = awkward(150, 12)
    expected = reference.rasterise(points, compose=compose)
    assert (raster.rasterise(points, compose=compose, kernel=kernel) - expected).abs().max() < 1e-5


@pytest.mark.parametrize("kernel", KERNELS)
def test_one_large_picture_equals_the_published_formula(kernel):
    points = scattered(1, 5)
    expected = reference.rasterise(points, size=(512, 300))
    assert (raster.rasterise(points, size=(512, 300), kernel=kernel) - expected).abs().max() < 1e-5


def test_pictures_may_be_larger_than_any_screen():
    points = scattered(1, 3)
    expected = reference.rasterise(points, size=(24, 5000))
    assert (raster.rasterise(points, size=(24, 5000), kernel="cpu") - expected).abs().max() < 1e-5


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", [(0, 5, 3), (4, 1, 3), (4, 0, 3), (0, 0, 3)])
def test_too_few_points_draw_nothing(kernel, shape):
    points = torch.rand(shape, requires_grad=True)
    image = raster.rasterise(points, size=(9, 7), kernel=kernel)
    assert image.shape == (shape[0], 9, 7)
    assert not image.any()
    image.sum().backward()
    assert not points.grad.any()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_a_lifted_segment_leaves_no_ink(kernel, compose):
    points = walks(6, 7).float()
    weights = torch.ones(6, 6)
    weights[:, 3] = 0
    halves = [raster.rasterise(part, compose=compose, kernel=kernel) for part in (points[:, :4], points[:, 4:])]
    expected = raster.compose.compose_masks(torch.stack(halves, dim=1), compose)
    image = raster.rasterise(points, compose=compose, kernel=kernel, weights=weights)
    assert (image - expected).abs().max() < 1e-5


def test_the_unit_is_the_longer_side_and_pixels_are_square():
    points = torch.tensor([[[0.1, 0.1, 150.0], [0.4, 0.3, 150.0]]])
    whole = raster.rasterise(points, size=40)
    assert torch.allclose(raster.rasterise(points, size=(40, 20)), whole[:, :, :20], atol=1e-6)
    assert torch.allclose(raster.rasterise(points, size=(20, 40)), whole[:, :20], atol=1e-6)


def test_a_diagonal_segment_inks_the_pixels_between_its_ends():
    image = raster.rasterise(torch.tensor([[[0.25, 0.25, 1e4], [0.7, 0.75, 1e4]]]), size=8)[0]
    rows = image.argmax(dim=1)
    assert torch.equal((image > 0.5).any(dim=1), torch.tensor([0, 0, 1, 1, 1, 1, 0, 0], dtype=torch.bool))
    assert rows[2:6].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": torch.zeros(3, 3)}, "batch, n, 3"),
        ({"points": torch.zeros(1, 3, 2)}, "x, y, softness"),
        ({"points": torch.zeros(1, 3, 3, dtype=torch.float16)}, "float32 or torch.float64"),
        ({"size": 0}, "positive"),
        ({"size": (8, 8, 8)}, "height, width"),
        ({"compose": "xor"}, "max, soft-or, sum"),
        ({"kernel": "fpga"}, "auto, torch, cpu, cuda"),
        ({"weights": torch.ones(1, 3)}, "one a segment"),
        ({"weights": torch.ones(1, 2, dtype=torch.float64)}, "like points"),
    ],
)
def test_input_that_cannot_be_drawn_says_what_was_expected(arguments, message):
    with pytest.raises(raster.RasterError, match=message):
        raster.rasterise(**{"points": torch.zeros(1, 3, 3), **arguments})


def test_importing_raster_brings_torch_and_neither_numba_nor_strokes():
    code = "import raster, sys; print([m for m in ('numba', 'strokes', 'triton', 'cv2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_large_batch_is_drawn_in_chunks_with_the_same_gradient(monkeypatch):
    points = walks(30, 6).requires_grad_()
    whole = raster.rasterise(points, size=16, kernel="torch")
    (expected,) = torch.autograd.grad(whole.square().sum(), points)
    monkeypatch.setattr(raster.kernels.portable, "CHUNK_ELEMENTS", 7 * 5 * 256)
    chunked = raster.rasterise(points, size=16, kernel="torch")
    (gradient,) = torch.autograd.grad(chunked.square().sum(), points)
    assert torch.equal(chunked, whole)
    assert torch.allclose(gradient, expected, rtol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("softness", [200.0, 400.0, 1000.0, 3000.0, 1e4])
@pytest.mark.parametrize("side", [8, 28, 64])
def test_crisp_lines_equal_the_published_formula(kernel, softness, side):
    points = scattered(8, 8, seed=7)
    points[..., 2] = softness
    expected = reference.rasterise(points, size=(side, side))
    assert (raster.rasterise(points, size=side, kernel=kernel) - expected).abs().max() < 1e-5
    single = raster.rasterise(points.float(), size=side, kernel=kernel)
    assert (single - expected).abs().max() < 1e-7 * softness * 7  # float32's own error, for each of seven segments
