"""A dataset file knows when it is damaged, where, and which drawing that is."""

import os
import re
import shutil
import zlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest

from strokes.build import build_dataset
from strokes.errors import StoreError
from strokes.formats import export
from strokes.recovery.methods import Options
from strokes.store.checksums import USER_BLOCK, block_bytes_for, flipped_bit, read_sums
from strokes.store.damage import chunks_of
from strokes.store.info import describe
from strokes.store.layout import names_in
from strokes.store.reader import open_dataset
from strokes.store.verify import verify


@pytest.fixture(scope="module")
def built(digits, tiny_model, tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "d.h5"
    build_dataset(digits.select(slice(1500)), path, options=Options(model=str(tiny_model)))
    return path


@pytest.fixture
def damage(built, tmp_path):
    """What `verify` says of a copy of the good file with some bytes changed."""

    def say(start, change):
        whole = bytearray(built.read_bytes())
        whole[start : start + len(change)] = change
        path = tmp_path / "bad.h5"
        path.write_bytes(whole)
        with pytest.raises(StoreError) as caught:
            verify(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return say


def flipped(path, place, bit):
    return bytes([path.read_bytes()[place] ^ 1 << bit])


def chunk_of(path, name):
    with h5py.File(path) as file:
        return next(iter(chunks_of(file[name], name))), file[name].chunks[0]


def test_a_whole_file_is_whole_and_opens_everywhere(built):
    assert verify(built) == 1500
    with h5py.File(built) as file:
        assert file.userblock_size == USER_BLOCK
        assert len(file["labels"]) == 1500
    with open_dataset(built) as stored:
        assert len(stored.read()) == 1500


def test_every_flipped_bit_is_found_and_most_name_a_drawing(built, damage):
    rng, size = np.random.default_rng(0), built.stat().st_size
    with h5py.File(built) as file:
        data = [(c.start, c.stop) for name in names_in(file) for c in chunks_of(file[name], name)]
    told = []
    for place, bit in zip(rng.integers(0, size, 150), rng.integers(0, 8, 150), strict=True):
        text = damage(place, flipped(built, place, bit))
        if any(start <= place < stop for start, stop in data):
            assert f"bit {bit} of byte {place:,}," in text
            told.append(bool(re.search(r"in drawing \d+ \(", text)))
    assert np.mean(told) > 0.8  # the rest lies in the frames of chunks: their headers and checksums


@pytest.mark.parametrize("name", ["labels", "images", "source_index", "scores/f1"])
def test_the_drawing_that_is_named_is_the_first_whose_value_changes(built, damage, name):
    chunk, rows = chunk_of(built, name)
    raw = built.read_bytes()[chunk.start : chunk.stop]
    good = zlib.decompress(raw)
    for place in np.linspace(20, len(raw) - 20, 9).astype(int):
        bent = bytearray(raw)
        bent[place] ^= 4
        unpack, bad = zlib.decompressobj(), b""
        try:
            for byte in bent:
                bad += unpack.decompress(bytes([byte]))
        except zlib.error:
            pass
        at = next((i for i in range(len(good)) if good[i : i + 1] != bad[i : i + 1]), 0)
        row = at // (len(good) // rows) if name == "images" else at % rows
        expected = f"in drawing {row} ({name}" if good != bad and row < 1500 else f"in the {name} of drawings"
        assert expected in damage(chunk.start + place, bent[place : place + 1])


def test_a_flip_in_the_structure_or_in_the_checksums_is_told_apart(built, damage):
    assert "structure" in damage(USER_BLOCK + 1, flipped(built, USER_BLOCK + 1, 0))
    assert "the checksums; no drawing" in damage(4000, flipped(built, 4000, 0))
    assert "no checksums" in damage(0, b"x")


def test_larger_damage_names_the_drawings_that_it_reaches(built, damage):
    chunk, _ = chunk_of(built, "images")
    text = damage(chunk.start + 100, bytes(range(1, 200)))
    first, last = map(int, re.search(r"images.* of drawings (\d+) to (\d+)", text).groups())
    assert first == 0
    assert last < 1500
    assert "damaged" in damage(USER_BLOCK, bytes(3000))


def test_a_file_that_is_cut_or_grown_is_not_whole(built, tmp_path):
    whole, path = built.read_bytes(), tmp_path / "cut.h5"
    for content in (b"", whole[:100], whole[:USER_BLOCK], whole[:-1], whole + b"\0"):
        path.write_bytes(content)
        with pytest.raises(StoreError):
            verify(path)
    with pytest.raises(StoreError, match="there is no file"):
        verify(tmp_path / "none.h5")


def test_one_flipped_bit_is_found_from_two_checksums():
    data = bytearray(np.random.default_rng(0).bytes(5000))
    whole = zlib.crc32(data)
    for place, bit in ((0, 0), (4999, 7), (1234, 5)):
        data[place] ^= 1 << bit
        assert flipped_bit(whole, zlib.crc32(data), length=5000) == (place, bit)
        data[place] ^= 1 << bit
    assert flipped_bit(whole, zlib.crc32(data[:-8] + b"\0" * 8), length=5000) is None


def test_the_table_fits_for_files_of_any_size():
    sizes = [block_bytes_for(USER_BLOCK + rest) for rest in (0, 1, 66 << 20, 10 << 30)]
    assert sizes == [4096, 4096, 8192, 1 << 20]


def test_the_last_block_may_be_short(built):
    sums = read_sums(built)
    assert sums.length == built.stat().st_size
    assert len(sums.table) == -(-(sums.length - USER_BLOCK) // sums.block_bytes)


@contextmanager
def nobody():
    """Not root: somebody to whom files may be shut."""
    before = os.geteuid()
    os.seteuid(65534 if before == 0 else before)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("shut", ["file", "folder"])
@pytest.mark.parametrize(
    "look",
    [describe, verify, lambda path: export(path, path.parent.parent / "out.json")],
    ids=["info", "verify", "export"],
)
def test_what_may_not_be_read_is_refused_in_one_line(built, look, shut):
    with TemporaryDirectory() as name:
        folder = Path(name) / "folder"
        folder.mkdir()
        path = Path(shutil.copy(built, folder / "d.h5"))
        os.chmod(name, 0o777)
        (path if shut == "file" else folder).chmod(0)
        with nobody(), pytest.raises(StoreError, match=r"d\.h5 can't be \w+: Permission denied$"):
            look(path)
        folder.chmod(0o700)


def test_an_export_into_a_shut_folder_is_refused_in_one_line(built, tmp_path):
    (tmp_path / "shut").mkdir(mode=0)
    with nobody(), pytest.raises(StoreError, match=r"out\.json can't be reached: Permission denied$"):
        export(built, tmp_path / "shut" / "out.json")
