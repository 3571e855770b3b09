"""The main job from end to end: pictures to a dataset file."""

import dataclasses
import json

import numpy as np
import pytest

from strokes.build.artist import label_notes, name_unlabelled
from strokes.errors import ConfigError, StoreError
from strokes.files import file_sha256
from strokes.ink.labels import as_digits
from strokes.ink.pictures import make_image_set
from strokes.recognition.classifier import load_classifier
from strokes.recovery.methods import check_device
from strokes.store.reader import open_dataset
from strokes.training.checkpoints import known_models


@pytest.fixture
def build(tiny_model, tmp_path, build_with):
    """Builds a dataset in the test's folder with the tiny model; its path."""

    def run(pictures, name="d.h5", **settings):
        build_with(pictures, tmp_path / name, **({"model": str(tiny_model)} | settings))
        return tmp_path / name

    return run


def test_fifty_pictures_become_fifty_drawings_with_all_that_is_known(build, digits, tiny_model):
    pictures = digits.select(slice(100, 150))
    with open_dataset(build(pictures, seed=7)) as stored:
        drawings, attributes = stored.read(), stored.attributes
    assert np.array_equal(drawings.source_index, np.arange(100, 150))
    assert np.array_equal(drawings.labels, pictures.labels)
    assert np.array_equal(drawings.images, pictures.images)
    assert np.array_equal(drawings.split, pictures.split)
    assert drawings.classes == tuple("0123456789")
    assert set(drawings.scores) == {"mse", "f1", "chamfer"}
    assert (attributes["model"], attributes["seed"], attributes["licence"]) == ("tiny", 7, "CC BY-SA 3.0")
    assert attributes["model_sha256"] == file_sha256(tiny_model)
    assert attributes["recipe"]["name"] == "tiny"
    assert {"penstrokes", "torch", "numpy"} <= set(attributes["versions"])


def test_the_file_is_the_same_for_every_batch_size_and_every_time(build, digits):
    pictures = digits.select(slice(2100))
    hashes = {size: file_sha256(build(pictures, f"{size}.h5", batch_size=size)) for size in (1, 1000, 5000)}
    assert len(set(hashes.values())) == 1
    assert file_sha256(build(pictures, "again.h5")) in hashes.values()


def test_missing_labels_are_predicted_and_noted(build, digits):
    given = digits.select(slice(300))
    labels = np.where(np.arange(300) % 2, -1, given.labels)
    with open_dataset(build(dataclasses.replace(given, labels=labels))) as stored:
        drawings = stored.read()
    asked = labels < 0
    assert np.array_equal(drawings.labels[~asked], given.labels[~asked])
    assert (drawings.labels[asked] == given.labels[asked]).mean() > 0.95  # the classifier reads 98 of 100
    notes = [json.loads(text) for text in drawings.metadata]
    assert all((note.get("label") == "predicted") == bool(a) for note, a in zip(notes, asked, strict=True))
    assert all(0.1 <= note["probability"] <= 1 for note, a in zip(notes, asked, strict=True) if a)


def test_pictures_without_any_label_or_ink_are_drawn_too(build, digits):
    images = digits.images[:4].copy()
    images[2] = False
    with open_dataset(build(make_image_set(images))) as stored:
        drawings = stored.read()
    assert drawings.labels[2] == -1
    assert drawings[2].strokes == ()
    assert bool(drawings.flagged[2])
    assert (np.delete(drawings.labels, 2) == digits.labels[[0, 1, 3]]).all()


def test_scores_can_be_left_out(build, digits):
    with open_dataset(build(digits.select(slice(5)), scores=False)) as stored:
        assert not stored.read().scores


def test_no_pictures_make_an_empty_dataset(build, digits):
    with open_dataset(build(digits.select(slice(0)))) as stored:
        assert len(stored) == 0


def test_an_unknown_model_lists_the_known(build, digits):
    with pytest.raises(ConfigError, match="unknown model 'best'") as error:
        build(digits.select(slice(1)), model="best")
    assert all(name in str(error.value) for name in known_models())


def test_an_existing_file_stays_as_it_is_unless_overwritten(build, digits, tmp_path):
    (tmp_path / "d.h5").write_bytes(b"precious")
    with pytest.raises(StoreError, match="--overwrite"):
        build(digits.select(slice(5)))
    assert (tmp_path / "d.h5").read_bytes() == b"precious"
    with open_dataset(build(digits.select(slice(5)), overwrite=True)) as stored:
        assert len(stored) == 5


def test_a_failure_on_the_way_leaves_the_old_file_and_nothing_else(build, digits, tmp_path, monkeypatch):
    (tmp_path / "d.h5").write_bytes(b"precious")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("strokes.recovery.published.recover.Recovery.block", fail)
    with pytest.raises(KeyboardInterrupt):
        build(digits.select(slice(5)), overwrite=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("d.h5", b"precious")]


@pytest.mark.parametrize("batch_size", [0, -5])
def test_a_batch_holds_one_picture_at_least(build, digits, batch_size):
    with pytest.raises(ConfigError, match="batch size"):
        build(digits.select(slice(1)), batch_size=batch_size)


def test_digits_are_numbered_as_the_networks_number_them(digits):
    pictures = make_image_set(digits.images[:3], labels=np.array([1, -1, 0]), classes=("3", "7"))
    numbered = as_digits(pictures)
    assert numbered.labels.tolist() == [7, -1, 3]
    assert numbered.classes == tuple("0123456789")


def test_letters_are_refused_but_only_when_a_picture_has_one(digits):
    letters = make_image_set(digits.images[:2], labels=np.array([0, 1]), classes=("7", "A"))
    with pytest.raises(ConfigError, match="labelled A; choose the digits"):
        as_digits(letters)
    assert as_digits(letters.select([0])).labels.tolist() == [7]


def test_given_labels_are_left_alone(digits):
    named, certainty = name_unlabelled(digits.select(slice(5)), load_classifier())
    assert named.labels.tolist() == digits.labels[:5].tolist()
    assert np.isnan(certainty).all()
    assert label_notes(np.array([np.nan, 0.5], np.float32)) == ("{}", '{"label": "predicted", "probability": 0.5}')


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "cuda:x", ""])
def test_a_device_that_is_not_there_is_refused(device):
    with pytest.raises(ConfigError, match="no device"):
        check_device(device)
    assert check_device("cpu") == "cpu"
