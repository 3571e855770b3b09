"""Confidence: a logistic model is found again, its error is measured, and it travels as text."""

import json

import numpy as np
import pytest
import torch

from strokes.errors import ConfigError
from strokes.recovery.pointer.calibration import (
    FEATURES,
    Calibration,
    calibration_error,
    confidence_of,
    features,
    fit_calibration,
)
from strokes.recovery.pointer.decoding import UNUSED, Walks
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.risk import Chosen, choose_walks

KNOWN = Calibration(tuple(np.linspace(-1, 1, FEATURES).tolist()), 0.7)


@pytest.fixture
def judged():
    """Features of 20,000 drawings, and which of them `KNOWN` makes right."""
    random = np.random.default_rng(0)
    found = random.normal(size=(20_000, FEATURES))
    return found, random.random(20_000) < confidence_of(found, KNOWN)


def test_the_model_that_made_the_answers_is_found_again(judged):
    fitted = fit_calibration(*judged)
    assert np.allclose(fitted.weights, KNOWN.weights, atol=0.1)  # a weight's standard error is about 0.02
    assert fitted.constant == pytest.approx(KNOWN.constant, abs=0.1)


def test_drawings_that_are_all_right_or_all_wrong_give_finite_weights(judged):
    for answer in (True, False):
        fitted = fit_calibration(judged[0], np.full(len(judged[1]), answer))
        sure = confidence_of(judged[0], fitted)
        assert np.all(np.abs(sure - answer) < 0.01)


def test_the_calibration_error_is_small_for_the_truth_and_large_for_the_contrary(judged):
    known, right = judged
    sure = confidence_of(known, KNOWN)
    assert calibration_error(sure, right) < 0.02
    assert calibration_error(1 - sure, right) > 0.3


def test_the_calibration_error_of_a_constant_is_how_far_it_is_off():
    right = np.arange(100) % 4 > 0
    assert calibration_error(np.full(100, 0.95, np.float32), right, bins=1) == pytest.approx(0.2, abs=1e-6)
    assert calibration_error(np.zeros(0, np.float32), np.zeros(0, np.bool_)) == 0


def test_a_calibration_travels_as_text():
    assert Calibration.from_json(KNOWN.to_json()) == KNOWN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[1, 2]",
        '{"weights": [1, 2]}',
        '{"weights": null, "constant": 0}',
        json.dumps({"weights": [0.0] * (FEATURES - 1), "constant": 0.0}),
        json.dumps({"weights": [0.0] * FEATURES, "constant": "high"}),
        json.dumps({"weights": [0.0] * FEATURES, "constant": float("nan")}),
        json.dumps({"weights": [0.0] * FEATURES, "constant": 10**400}),
    ],
)
def test_a_broken_calibration_is_named_and_what_to_do_about_it(text):
    with pytest.raises(ConfigError, match=r"calibration can't be read .* train or download it again"):
        Calibration.from_json(text)


def test_features_are_finite_and_confidence_is_a_chance(pen_network, some):
    few = some.select(np.arange(8))
    ink = pen_network.encoder(torch.from_numpy(few.images), torch.from_numpy(few.labels))
    for hypotheses in (1, 3):
        chosen = choose_walks(pen_network, ink, few.images, hypotheses=hypotheses, temperature=1.0, seed=0)
        assert features(chosen).shape == (8, FEATURES)
        assert np.isfinite(features(chosen)).all()
        sure = Calibration((100.0,) * FEATURES, -1000.0).confidence(chosen)
        assert ((sure > 0) & (sure <= 1)).all()
        assert sure.dtype == np.float32


def test_each_feature_tells_what_its_weight_was_fitted_to():
    """The order of the features is part of every network's file: another would give its weights another meaning."""
    flags = np.array([[GO, LIFT, GO, END, UNUSED]])
    told = {"apart_px": 0.25, "turned": 0.1, "reordered": 0.6, "contested": 0.2, "surprise": 0.7, "fit": 0.97}
    doubt = np.array([[0.099, 0.99]], np.float32)
    walks = Walks(np.zeros_like(flags), flags, np.zeros((1, 5, 2), np.float32), np.zeros(1, np.float32), doubt)
    known = {name: np.array([value], np.float32) for name, value in told.items()}
    chosen = Chosen(walks, **known, likeness=np.full(1, np.nan, np.float32), doubt=doubt)
    expected = [0.25, 0.5, 0.2, 0.6, 0.8, 3.5, 0.3, 1, 4 / 20, 2, 2]  # two strokes are one more than one; four steps
    assert features(chosen)[0] == pytest.approx(expected, rel=1e-4)
    one_by_one = [Calibration(tuple(np.eye(FEATURES)[i].tolist())).confidence(chosen)[0] for i in range(FEATURES)]
    assert one_by_one == pytest.approx(1 / (1 + np.exp(-np.array(expected))), rel=1e-4)
