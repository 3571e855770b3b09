"""Files that appear whole are as usable as any other new file; unnamed ones hold all that was written, or say so."""

import os
import stat

import numpy as np
import pytest
import torch

from strokes.errors import StoreError
from strokes.files import atomic_path
from strokes.files.temporary import array_in_file, unnamed_file, write_at
from strokes.ink.fine import TextShelf
from strokes.ink.normalise import Framer
from strokes.recognition.classifier import Classifier, save_classifier
from strokes.training import checkpoints
from tests.helpers.disks import full_disk


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


def keep_texts():
    shelf = TextShelf()
    for _ in range(3):
        shelf.append("x" * 4_000)


def keep_pictures():
    framer = Framer()
    for _ in range(13):
        framer.add(np.zeros((28, 28), np.uint8))


@pytest.mark.parametrize("keep", [keep_texts, keep_pictures, lambda: array_in_file((20, 28, 28), np.bool_)])
def test_a_full_disk_for_what_is_in_work_is_one_error(keep):
    with full_disk(), pytest.raises(StoreError, match="TMPDIR"):
        keep()


def test_what_is_written_in_part_is_written_on(monkeypatch):
    inner = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, place: inner(file, data[:3], place))
    with unnamed_file() as file:
        write_at(file, 5, b"0123456789")
        assert file.read() == bytes(5) + b"0123456789"
