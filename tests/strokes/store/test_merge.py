"""Parts built anywhere become the file that one build makes."""

import dataclasses

import numpy as np
import pytest

from strokes.errors import ConfigError, StoreError
from strokes.files import file_sha256
from strokes.store.parts import Part, merge, parse_part
from strokes.store.reader import open_dataset


@pytest.fixture(scope="module")
def unlabelled(digits):
    """2,300 digits; one in the last block lacks its label, so every drawing carries notes."""
    labels = digits.labels[:2300].copy()
    labels[2299] = -1
    return dataclasses.replace(digits.select(slice(2300)), labels=labels)


@pytest.fixture(scope="module")
def build(unlabelled, tiny_model, tmp_path_factory, build_with):
    """Builds the digits, or a part of them; the file's path."""
    folder = tmp_path_factory.mktemp("merge")

    def run(name, **settings):
        settings = {"model": str(tiny_model), "overwrite": True, "scores": False} | settings
        build_with(settings.pop("pictures", unlabelled), folder / name, **settings)
        return folder / name

    return run


@pytest.mark.parametrize("count", [1, 2, 5])
def test_parts_in_any_order_merge_to_the_bytes_of_one_build(build, tmp_path, count):
    whole = build("whole.h5")
    parts = [build(f"{i}.h5", part=Part(i, count)) for i in range(1, count + 1)]
    assert merge(parts[::-1], tmp_path / "merged.h5") == 2300
    assert file_sha256(tmp_path / "merged.h5") == file_sha256(whole)
    with open_dataset(whole) as stored:
        assert "metadata" in stored.names


def test_a_part_says_which_it_is(build):
    with open_dataset(build("part.h5", part=Part(2, 3))) as stored:
        assert stored.attributes["part"] == "2/3"
        assert np.array_equal(stored.column("source_index"), np.arange(1000, 2000))
        assert "metadata" in stored.names


def test_what_does_not_make_one_build_is_refused(build, unlabelled, tmp_path):
    first, second, third = (build(f"{i}.h5", part=Part(i, 3)) for i in (1, 2, 3))
    other = build("other.h5", part=Part(3, 3), seed=1)
    fewer = build("fewer.h5", part=Part(3, 3), pictures=unlabelled.select(slice(2299)))
    for paths, told in (
        ([first, third], "part 2/3 is missing; all 3 are needed"),
        ([first, second, second], "both part 2/3; give each once"),
        ([first, second, other], "differ in seed"),
        ([first, second, fewer], "differ in the selected pictures"),
        ([build("whole.h5")], "no part of a build"),
        ([tmp_path / "none.h5"], "no file"),
        ([], "nothing to merge"),
    ):
        with pytest.raises(StoreError, match=told):
            merge(paths, tmp_path / "merged.h5")
    assert not list(tmp_path.iterdir())


def test_a_damaged_part_is_refused(build, tmp_path):
    part = build("1.h5", part=Part(1, 1))
    data = bytearray(part.read_bytes())
    data[-100] ^= 1
    (tmp_path / "bad.h5").write_bytes(data)
    with pytest.raises(StoreError, match=r"bad\.h5 is damaged"):
        merge([tmp_path / "bad.h5"], tmp_path / "merged.h5")


def test_parts_are_whole_blocks_and_hold_every_picture_once():
    for total in (0, 1, 999, 2300, 70_000):
        for count in (1, 2, 7, 100):
            parts = [Part(i, count).of(total, block=1000) for i in range(1, count + 1)]
            assert [i for part in parts for i in part] == list(range(total))
            assert all(part.start % 1000 == 0 for part in parts if part)


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/2", "1/99999999999"])
def test_a_part_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="expected i/n"):
        parse_part(text)
    assert parse_part("2/4") == Part(2, 4)
