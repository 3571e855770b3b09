"""Training a classifier by a recipe: it learns, resumes as if unbroken, and refuses what it can't learn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from strokes.datasets.samples import load_pen_samples
from strokes.errors import ConfigError
from strokes.ink.pictures import GreySet
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame
from strokes.recognition.recipe import load_trained
from strokes.recognition.trainer import ClassifierTrainer
from strokes.train_recipe import load_recipe, parse_any, train


def small_recipe(pictures="grey", **training):
    settings = {"epochs": 2, "batch_size": 20} | training
    return parse_any({"name": "small", "kind": "classifier", "pictures": pictures, "training": settings})


@pytest.fixture(scope="module")
def grey(digits):
    few = digits.select(slice(100))
    return GreySet(few.images.astype(np.uint8) * np.uint8(255), few.labels, few.classes, "few digits")


@pytest.fixture(scope="module")
def recordings():
    drawings = centre_in_frame(load_pen_samples())
    return PenSet(drawings, tuple("a" for _ in range(len(drawings))))


@pytest.mark.parametrize("pictures", ["grey", "thinned"])
def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(pictures, grey, tmp_path):
    recipe = small_recipe(pictures)

    def stop(epoch, means):
        raise InterruptedError

    whole = train(recipe, grey, tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(recipe, grey, tmp_path / "broken", on_epoch=stop)
    torch.manual_seed(99)  # another process would stand elsewhere
    expected, found = load_file(whole), load_file(train(recipe, grey, tmp_path / "broken", resume=True))
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_it_learns_to_read_what_it_was_shown(grey, tmp_path):
    train(small_recipe(epochs=12), grey, tmp_path)
    classifier = load_trained(tmp_path)
    assert (classifier.kind, classifier.classes) == ("grey", grey.classes)
    assert (classifier.predict(grey.images)[0] == grey.labels).mean() > 0.6  # guessing gives 0.1


def test_an_epoch_is_of_given_digits_and_of_pictures_rendered_anew(grey, recordings):
    trainer = ClassifierTrainer(small_recipe(given=60, rendered=40), grey, recordings)
    assert trainer.progress.steps_an_epoch == 5  # 100 pictures, 20 a step
    first, second = trainer.pictures_of(0), trainer.pictures_of(1)
    assert len(first) == len(second) == 100
    assert not np.array_equal(first.images[60:], second.images[60:])
    assert np.array_equal(first.images, trainer.pictures_of(0).images)


def test_recordings_and_recipes_must_go_together(grey, recordings):
    with pytest.raises(ConfigError, match="--pens"):
        ClassifierTrainer(load_recipe("classifier-grey-36"), grey, None)
    with pytest.raises(ConfigError, match="leave out --pens"):
        ClassifierTrainer(small_recipe(), grey, recordings)


def test_pictures_of_no_known_class_are_refused(grey):
    with pytest.raises(ConfigError, match="no picture is of a class of 0-9"):
        ClassifierTrainer(small_recipe(), replace(grey, classes=tuple("ABCDEFGHIJ")), None)


def test_classes_begin_with_digits_and_thinned_pictures_are_never_rendered():
    with pytest.raises(ConfigError, match="expected 0-9 first"):
        parse_any({"name": "wrong", "kind": "classifier", "classes": "A-Z"})
    with pytest.raises(ConfigError, match=r"training\.rendered goes with grey"):
        small_recipe("thinned", rendered=10)
