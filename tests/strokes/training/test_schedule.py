"""Schedules: how a learning rate goes over a run."""

import pytest
import torch

from strokes.errors import ConfigError
from strokes.training.schedule import Pace, descend, pace_at


def test_one_cycle_is_torchs_rate_and_momentum_for_rate_and_momentum():
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], 4e-3)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=70)
    for step in range(70):
        group = optimiser.param_groups[0]
        assert pace_at(4e-3, "one-cycle", step, 70) == Pace(group["lr"], group["betas"][0])
        optimiser.step()
        cycle.step()


def test_cosine_falls_from_the_rate_to_nothing_and_constant_stays():
    rates = [pace_at(0.1, "cosine", step, 100).rate for step in range(101)]
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], rates[50], rates[100]) == pytest.approx((0.1, 0.05, 0))
    assert pace_at(0.1, "constant", 99, 100) == Pace(0.1)


def test_a_warm_up_rises_in_a_line_and_then_changes_nothing():
    assert [pace_at(1.0, "constant", step, 10, warmup_steps=4).rate for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]


def test_an_unknown_schedule_lists_the_known():
    with pytest.raises(ConfigError, match="unknown schedule 'linear'; one of constant, cosine, one-cycle"):
        pace_at(1.0, "linear", 0, 1)


def test_a_long_gradient_is_cut_to_the_clip_and_a_short_one_is_left_alone():
    for slope, moved in ((3.0, 1.0), (0.5, 0.5)):
        weight = torch.nn.Parameter(torch.zeros(1))
        optimiser = torch.optim.SGD([weight], 1.0)
        descend(optimiser, slope * weight.sum(), pace=Pace(1.0), gradient_clip=1.0)
        assert weight.item() == pytest.approx(-moved, abs=1e-5)
