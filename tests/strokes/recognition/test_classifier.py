"""The shipped classifiers read, repeatably, and refuse what they can't."""

import numpy as np
import pytest
import torch

from strokes.datasets import load_pen_samples, load_thinned_mnist
from strokes.errors import ConfigError, ShapeError, SourceError
from strokes.recognition.classifier import Classifier, load_classifier, save_classifier


def test_the_thinned_classifier_reads_test_digits_as_its_card_says():
    digits = load_thinned_mnist("test").select(slice(0, 2000))
    labels, _ = load_classifier("thinned").predict(digits.images)
    assert (labels == digits.labels).mean() > 0.98  # 99.05 % of all 10,000; the first 2,000 are the harder ones


def test_probabilities_belong_to_the_labels_and_sum_to_one():
    labels, probabilities = load_classifier("thinned").predict(load_thinned_mnist("test").images[:50])
    assert probabilities.shape == (50, 10)
    assert probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    assert (probabilities.argmax(1) == labels).all()


def test_an_answer_does_not_hang_on_how_many_are_asked():
    images = load_thinned_mnist("test").images[:200]
    classifier = load_classifier("thinned")
    _, together = classifier.predict(images)
    _, alone = classifier.predict(images[150:151])
    assert np.array_equal(together, classifier.predict(images)[1])
    assert alone[0] == pytest.approx(together[150], abs=1e-6)


def test_the_grey_classifier_reads_pens_in_grey():
    import cv2

    samples = load_pen_samples()
    grey = np.zeros((len(samples), 224, 224), np.uint8)
    for canvas, drawing in zip(grey, samples, strict=True):
        cv2.polylines(canvas, [np.rint(stroke * 224).astype(np.int32) for stroke in drawing.strokes], False, 255, 20)
    grey = grey.reshape(-1, 28, 8, 28, 8).mean((2, 4)).astype(np.uint8)
    labels, _ = load_classifier("grey").predict(grey)
    assert (labels == samples.labels).mean() > 0.95
    assert (load_classifier("grey").predict(grey / 255)[0] == labels).all()


def test_no_pictures_give_no_answers():
    labels, probabilities = load_classifier("thinned").predict(np.zeros((0, 28, 28), bool))
    assert labels.shape == (0,)
    assert probabilities.shape == (0, 10)


def test_features_feed_the_last_layer_and_gradients_reach_every_parameter():
    classifier = Classifier(("a", "b", "c"))
    images = torch.rand(4, 1, 28, 28)
    assert classifier.features(images).shape == (4, 128)
    classifier(images).logsumexp(1).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in classifier.parameters())


def test_a_saved_classifier_comes_back_with_its_classes(tmp_path):
    classifier = Classifier(("A", "B"), kind="grey").half().float()
    save_classifier(classifier, tmp_path / "letters.safetensors")
    again = load_classifier(path=tmp_path / "letters.safetensors")
    assert (again.classes, again.kind) == (("A", "B"), "grey")
    images = np.random.default_rng(0).random((3, 28, 28))
    assert again.predict(images)[1] == pytest.approx(classifier.predict(images)[1], abs=1e-5)


def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(ConfigError, match="thinned, grey"):
        load_classifier("sepia")


def test_a_number_of_classes_that_none_ships_for_lists_the_known_ones():
    with pytest.raises(ConfigError, match="10, 36, 62"):
        load_classifier("grey", classes=26)


@pytest.mark.parametrize(
    ("kind", "images", "message"),
    [
        ("thinned", np.zeros((2, 28, 28), np.uint8), "thin them first"),
        ("grey", np.zeros((2, 28, 28), np.int64), "int64"),
        ("thinned", np.zeros((2, 20, 28), bool), "28"),
    ],
)
def test_other_pictures_are_refused(kind, images, message):
    with pytest.raises(ShapeError, match=message):
        load_classifier(kind).predict(images)


def test_files_that_hold_no_classifier_give_one_clear_error(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(SourceError, match="doesn't exist"):
        load_classifier(path=tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(SourceError, match="no classifier"):
        load_classifier(path=tmp_path / "text.safetensors")
    save_file({"x": np.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(SourceError, match="no classifier"):
        load_classifier(path=tmp_path / "other.safetensors")
