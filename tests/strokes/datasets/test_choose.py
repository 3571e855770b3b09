"""From what a person asks for to pictures."""

from pathlib import Path

import numpy as np
import pytest

from strokes.datasets.choose import choose_pictures
from strokes.errors import ConfigError
from strokes.ink.labels import expand_ranges


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("7", ["7"]),
        ("0-3,7", ["0", "1", "2", "3", "7"]),
        ("A-C,a", ["A", "B", "C", "a"]),
        ("5-5", ["5"]),
        ("-", ["-"]),
        ("1,,2,", ["1", "2"]),
        ("0-2A-C", ["0", "1", "2", "A", "B", "C"]),
        ("a-b,Greek/character01", ["a", "b", "Greek/character01"]),
    ],
)
def test_ranges_of_classes_are_written_out(text, names):
    assert expand_ranges(text) == names


@pytest.mark.parametrize("text", ["3-1", "0-", "10-12", "a-", "0-2C-A"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="no range of classes"):
        expand_ranges(text)


def test_mnist_is_narrowed_by_split_class_and_number():
    pictures = choose_pictures(split="test", classes="3,8", limit=5)
    assert len(pictures) == 5
    assert set(pictures.labels.tolist()) <= {3, 8}
    assert (pictures.split == 1).all()
    assert len(choose_pictures(limit=0)) == 0


def test_given_pictures_are_narrowed_too(tmp_path, digits):
    np.savez(tmp_path / "mine.npz", images=digits.images[:20], labels=digits.labels[:20])
    ones = choose_pictures(tmp_path / "mine.npz", classes="1")
    assert np.array_equal(ones.source_index, np.flatnonzero(digits.labels[:20] == 1))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"labels": Path("x")}, "labels without images"),
        ({"split": "validation"}, "no split 'validation'; one of train, test, all"),
        ({"classes": "A"}, "unknown class 'A'"),
    ],
)
def test_what_cannot_be_had_is_said(asked, message):
    with pytest.raises(ConfigError, match=message):
        choose_pictures(**asked)


def test_given_pictures_without_splits_have_no_test_pictures(tmp_path, digits):
    np.savez(tmp_path / "mine.npz", images=digits.images[:5], labels=digits.labels[:5])
    with pytest.raises(ConfigError, match="no given picture is in split 'test'"):
        choose_pictures(tmp_path / "mine.npz", split="test")
