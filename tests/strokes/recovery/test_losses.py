"""The losses at paths whose values are known."""

import math

import pytest
import torch

from strokes.recovery.losses import angle_loss, length_loss, reconstruction_loss, sample_loss


def path_of(*points: tuple[float, float]) -> torch.Tensor:
    return torch.tensor([points], dtype=torch.float64)


def test_reconstruction_is_0_for_the_same_pictures_and_1_for_their_opposites():
    images = (torch.rand(3, 5, 4) > 0.5).float()
    assert reconstruction_loss(images, images) == 0
    assert reconstruction_loss(1 - images, images) == 1


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0, 0), (0.3, 0.4), (0.6, 0.8)], 0.5),
        ([(0, 0), (1, 0), (1, 0.5)], 0.75),
        ([(0.2, 0.2), (0.2, 0.2), (0.2, 0.2)], 0),
    ],
)
def test_length_is_the_mean_step(points, expected):
    assert length_loss(path_of(*points)).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0.1, 0.1), (0.3, 0.2), (0.7, 0.4), (0.9, 0.5)], 0),
        ([(0.1, 0.1), (0.6, 0.1), (0.6, 0.9)], 1),
        ([(0.1, 0.1), (0.9, 0.5), (0.1, 0.1), (0.9, 0.5)], 2),
        ([(0, 0), (0.5, 0), (0.75, 0.25 * math.sqrt(3))], 0.5),
    ],
    ids=["straight", "right angle", "doubling back", "sixty degrees"],
)
def test_angle_is_one_minus_the_mean_cosine(points, expected):
    assert angle_loss(path_of(*points)).item() == pytest.approx(expected, abs=1e-5)


def test_a_path_and_its_reverse_cost_the_same_and_sharpness_nothing():
    path = torch.rand(6, 9, 3, dtype=torch.float64)
    for loss in (length_loss, angle_loss):
        assert loss(path.flip(1)).item() == pytest.approx(loss(path).item())
        assert torch.equal(loss(path[..., :2]), loss(path))


@pytest.mark.parametrize("loss", [length_loss, angle_loss])
def test_gradients_stay_finite_where_points_coincide(loss):
    path = torch.full((2, 5, 3), 0.4, requires_grad=True)
    loss(path).backward()
    assert path.grad.isfinite().all()


def sample_and_path() -> tuple[torch.Tensor, torch.Tensor]:
    truth = torch.rand(2, 5, 3)
    truth[..., 2] = torch.tensor([1.0, 1, 0, 1, 0])
    path = truth.clone()
    path[..., 2] = torch.where(truth[..., 2] > 0, 0.9, 0.2)
    return truth, path


def test_a_sample_that_is_followed_with_clear_lifts_costs_nothing():
    truth, path = sample_and_path()
    path[:, -1, 2] = 0.99  # the last point starts no segment
    assert sample_loss(path, truth, threshold=0.5) == 0


def test_a_sample_costs_squared_distance_and_a_tenth_of_the_squared_shortfall():
    truth, path = sample_and_path()
    aside = path.clone()
    aside[..., :2] += torch.tensor([0.3, 0.4])
    assert sample_loss(aside, truth, threshold=0.5).item() == pytest.approx(0.25, abs=1e-6)
    path[:, 2, 2] = 0.6  # drawn where the sample lifts: 0.2 beyond threshold - margin, at one of four segments
    assert sample_loss(path, truth, threshold=0.5, margin=0.1).item() == pytest.approx(0.1 * 0.2**2 / 4, abs=1e-6)
