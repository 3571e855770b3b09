"""Files that appear whole are as usable as any other new file."""

import os
import stat

import pytest
import torch

from strokes.files import atomic_path
from strokes.recognition.classifier import Classifier, save_classifier
from strokes.training import checkpoints


@pytest.fixture(params=[0o022, 0o077])
def ordinary(request):
    """The permissions of a new file, under a mask that people have and one of the careful."""
    before = os.umask(request.param)
    yield 0o666 & ~request.param
    os.umask(before)


def written_by_hand(path):
    with atomic_path(path) as partial:
        partial.write_text("1")


def written_by_one_who_hides_it(path):
    with atomic_path(path) as partial:
        os.close(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600))


def weights(path):
    checkpoints.write({"w": torch.zeros(2)}, path, {})


def classifier(path):
    save_classifier(Classifier(("0", "1"), kind="thinned"), path)


@pytest.mark.parametrize("write", [written_by_hand, written_by_one_who_hides_it, weights, classifier])
def test_a_file_has_the_permissions_of_any_new_one(tmp_path, ordinary, write):
    write(tmp_path / "a.safetensors")
    assert stat.S_IMODE((tmp_path / "a.safetensors").stat().st_mode) == ordinary
    assert len(list(tmp_path.iterdir())) == 1
