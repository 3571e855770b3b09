"""`strokes generate` and `strokes styles`: from what is asked for to a dataset or a file of pictures."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from strokes.cli import app
from strokes.errors import ConfigError, StoreError
from strokes.generation.request import Wish, make_pictures, make_style_grid, write_picture_file
from strokes.generation.text import set_text
from strokes.metrics.style import measure_style
from strokes.store.reader import open_dataset


def run(*words):
    """What a command prints; its error, if any, is raised."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False).output


def test_a_text_is_a_line_and_a_line_break_begins_another(tmp_path):
    run("generate", "--text", "Hi  x\\n5", "--count", 2, "--out", tmp_path / "hi.h5")
    with open_dataset(tmp_path / "hi.h5") as stored:
        assert stored.classes == ("Hi x 5",)
        drawings = stored.read()
    assert len(drawings) == 2
    assert not np.array_equal(drawings[0].strokes[0], drawings[1].strokes[0])
    assert json.loads(drawings.metadata[0])["text"] == "Hi x\n5"
    middles = [stroke.mean(axis=0) for stroke in drawings[0].strokes]
    first = [y for _, y in middles[:2]]
    assert middles[-1][1] > max(first) + 0.2  # the 5 is on a line of its own
    assert middles[-1][0] < max(x for x, _ in middles)


def test_a_text_looks_like_one_hand_s():
    _, alone = set_text(Wish(text="minimum"))
    every = make_pictures(Wish(text="minimum", count=7 * 40))
    thick, spread = (measure_style(made.images)[:, 1].std() for made in (alone, every))
    assert thick < 0.5 * spread


def test_only_characters_that_can_t_be_had_are_named():
    with pytest.raises(ConfigError, match=r"; ä, ! can't be had"):
        set_text(Wish(text="Bär!\nA"))


def test_classes_come_in_turn_and_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        run("generate", "--classes", "0-9A-Z", "--count", 40, "--out", tmp_path / f"{name}.h5", "--seed", 2)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    with open_dataset(tmp_path / "one.h5") as stored:
        assert np.array_equal(stored.column("labels"), np.arange(40) % 36)


def test_pictures_alone_are_written_as_npz_and_read_again(tmp_path):
    run("generate", "--classes", "3-4", "--count", 6, "--images-only", "--out", tmp_path / "few.npz")
    with np.load(tmp_path / "few.npz") as stored:
        assert stored["images"].shape == (6, 28, 28)
        assert stored["labels"].tolist() == ["3", "4"] * 3
    run("build-dataset", "--images", tmp_path / "few.npz", "--out", tmp_path / "few.h5")


def test_a_text_as_a_picture_is_one_line_in_its_own_resolution(tmp_path):
    run("generate", "--text", "2026", "--images-only", "--out", tmp_path / "year.png")
    width, height = Image.open(tmp_path / "year.png").size
    assert width > 1.5 * height > 100
    run("generate", "--text", "2026", "--images-only", "--count", 3, "--out", tmp_path / "year.npz")
    with np.load(tmp_path / "year.npz") as stored:
        assert (len(stored["images"]), stored["labels"].tolist()) == (3, ["2026"] * 3)


def test_a_generator_that_is_told_no_classes_is_labelled_as_it_is_read():
    made = make_pictures(Wish("lstm-vae", count=30))
    assert made.classes == tuple("0123456789")
    assert len(set(made.labels.tolist())) > 3


@pytest.fixture
def prompts(tmp_path):
    """Five pictures in a file, and where it is."""
    path = tmp_path / "prompts.npz"
    write_picture_file(make_pictures(Wish(count=20)), path)
    return path


def test_a_style_is_taken_from_pictures(prompts):
    plain, styled = make_pictures(Wish(text="42")), make_pictures(Wish(text="42", style=prompts))
    assert styled.labels.tolist() == plain.labels.tolist()
    assert not np.array_equal(styled.images, plain.images)


def test_the_grid_of_styles_has_a_row_a_class_and_a_column_a_prompt(prompts, tmp_path):
    run("styles", "--images", prompts, "--prompts", 3, "--out", tmp_path / "styles.png")
    assert Image.open(tmp_path / "styles.png").size == ((3 * 30 - 2) * 2, (10 * 30 - 2) * 2)
    assert len(make_style_grid("cvae", str(prompts), prompts=2)) == 20


def test_misuse_is_one_clear_error_and_nothing_is_written_over(tmp_path):
    with pytest.raises(ConfigError, match="give one of them"):
        Wish(classes="1", text="1")
    with pytest.raises(ConfigError, match=r"end in \.npz or \.png"):
        write_picture_file(make_pictures(Wish(count=1)), tmp_path / "a.gif")
    (tmp_path / "a.npz").write_bytes(b"kept")
    with pytest.raises(StoreError, match="exists"):
        write_picture_file(make_pictures(Wish(count=1)), tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == b"kept"
