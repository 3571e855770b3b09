"""How pictures are recovered: by what the labels ask for, or by what is named."""

import numpy as np
import pytest

from strokes.errors import ConfigError
from strokes.ink.pictures import make_image_set
from strokes.recovery import methods
from strokes.recovery.methods import Options, choose_method, model_for


def labelled(*names, classes=None):
    """A digit's worth of ink for each name; None has no label."""
    known = tuple(classes or dict.fromkeys(name for name in names if name is not None))
    numbers = [-1 if name is None else known.index(name) for name in names]
    images = np.zeros((len(names), 28, 28), np.bool_)
    images[:, 5:20, 14] = True
    return make_image_set(images, labels=np.array(numbers, np.int64), classes=known)


@pytest.mark.parametrize(
    ("names", "model"),
    [
        (["3", "7"], "pen-digits"),
        (["3", None], "pen-digits"),
        (["3", "a"], "pen-letters"),
        (["Q"], "pen-letters"),
        (["AB"], "pen-any"),
        (["A", "AB"], "pen-any"),
        (["é"], "pen-any"),
        (["+", "3"], "pen-any"),
        ([None, None], "pen-any"),
        ([], "pen-any"),
    ],
)
def test_the_labels_choose_the_model(names, model):
    assert model_for(labelled(*names)) == model


def test_classes_that_no_picture_has_choose_nothing():
    assert model_for(labelled("3", classes=("3", "AB"))) == "pen-digits"


def test_without_a_model_named_the_one_that_the_labels_choose_is_looked_for(monkeypatch, pen_model):
    asked = []
    monkeypatch.setattr(methods, "find_model", lambda name: asked.append(name) or pen_model)
    choose_method(labelled("3"), Options())
    choose_method(labelled("AB"), Options())
    choose_method(labelled("3"), Options(model="mine"))
    assert asked == ["pen-digits", "pen-any", "mine"]


def test_a_pen_network_says_all_that_its_drawings_depend_on(pen_model):
    pictures = labelled("3", "AB")
    method = choose_method(pictures, Options(model=str(pen_model), hypotheses=2, refine=3))
    assert method.pictures is pictures
    assert (method.tells_confidence, method.needs_labels) == (True, False)
    assert {"model", "model_sha256", "recipe", "hypotheses", "refine"} == set(method.attributes)
    assert (method.attributes["hypotheses"], method.attributes["refine"]) == (2, 3)
    drawings = method.draw(pictures)
    assert len(drawings) == 2
    assert "confidence" in drawings.scores


def test_a_published_network_needs_digits_and_tells_no_confidence(tiny_model):
    method = choose_method(labelled("3", None), Options(model=str(tiny_model)))
    assert (method.tells_confidence, method.needs_labels) == (False, True)
    with pytest.raises(ConfigError, match="labelled a"):
        choose_method(labelled("a"), Options(model=str(tiny_model)))


def test_tracing_takes_any_label_and_no_model():
    method = choose_method(labelled("AB", None), Options(method="trace"))
    assert (method.tells_confidence, method.needs_labels) == (False, False)
    assert method.attributes == {"method": "trace"}
    assert [len(drawing.strokes) for drawing in method.draw(method.pictures)] == [1, 1]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"method": "guess"}, "unknown method 'guess'; one of network, trace"),
        ({"method": "trace", "model": "pen-any"}, "'pen-any' was named"),
        ({"hypotheses": -1}, "-1 hypotheses"),
        ({"refine": -1}, "-1 steps of refinement"),
        ({"seed": 2**64}, "the seed is"),
    ],
)
def test_options_that_make_no_sense_are_refused(settings, told):
    with pytest.raises(ConfigError, match=told):
        Options(**settings)
