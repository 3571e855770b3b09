"""The fused CPU kernel under threads, odd batches and a missing numba."""

import subprocess
import sys
import threading

import pytest
import torch
from inputs import scattered, walks

import raster
from raster.kernels import cpu


def image_and_gradient(points, **options):
    """Bytes of the image and of its gradient."""
    points = points.clone().requires_grad_()
    image = raster.rasterise(points, kernel="cpu", **options)
    (gradient,) = torch.autograd.grad(image.square().sum(), points)
    return image.detach(), gradient


@pytest.mark.parametrize("compose", list(raster.COMPOSERS))
def test_a_drawing_has_the_same_bytes_in_any_batch_and_with_any_threads(compose, monkeypatch):
    monkeypatch.setattr(cpu, "INLINE_PIXELS", 0)
    points = scattered(37, 9).float()
    image, gradient = image_and_gradient(points, compose=compose)
    for threads in (2, 3):
        torch.set_num_threads(threads)
        again = image_and_gradient(points, compose=compose)
        assert torch.equal(again[0], image)
        assert torch.equal(again[1], gradient)
    alone = image_and_gradient(points[20:21], compose=compose)
    assert torch.equal(alone[0], image[20:21])
    assert torch.equal(alone[1], gradient[20:21])


def test_several_python_threads_may_draw_at_once(monkeypatch):
    monkeypatch.setattr(cpu, "INLINE_PIXELS", 0)
    torch.set_num_threads(2)
    points = walks(40, 12).float()
    image, gradient = image_and_gradient(points)
    results = []
    threads = [threading.Thread(target=lambda: results.append(image_and_gradient(points))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(torch.equal(a, image) and torch.equal(b, gradient) for a, b in results)


def test_numbers_that_are_not_finite_spoil_their_own_drawing_only():
    points = walks(4, 6)
    points[1, 2, 0] = float("nan")
    points[2, 3, 2] = float("inf")
    image, gradient = image_and_gradient(points)
    assert image[1:3].isnan().all()
    assert image[[0, 3]].isfinite().all()
    assert gradient[1:3].isnan().all()
    assert gradient[[0, 3]].isfinite().all()


def test_points_far_outside_draw_nothing_and_stay_finite():
    points = walks(6, 5)
    points[..., :2] += torch.tensor([[40.0, 0.0], [-40.0, 0.0], [0.0, 40.0], [0.0, -1e6], [1e30, 1e30], [3.0, -3.0]])[
        :, None
    ]
    image, gradient = image_and_gradient(points)
    assert image.abs().max() < 1e-12
    assert gradient.isfinite().all()


def test_inputs_may_be_views():
    points = walks(6, 10).float()
    expected = raster.rasterise(points[:, ::2].contiguous(), kernel="cpu")
    assert torch.equal(raster.rasterise(points[:, ::2], kernel="cpu"), expected)


def test_no_numba_means_the_portable_kernel_and_one_warning():
    code = (
        "import sys, warnings; sys.modules['numba'] = None\n"
        "import torch, raster\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    for _ in range(3): image = raster.rasterise(torch.rand(2, 4, 3))\n"
        "try: raster.rasterise(torch.rand(2, 4, 3), kernel='cpu')\n"
        "except raster.RasterError as error: print(len(caught), image.shape[0], 'numba' in str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "2", "True"]
