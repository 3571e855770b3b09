"""Two writers' pictures in one build, each drawn as its own writer does, from the command line and from a program."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

import strokes
from strokes.errors import ConfigError
from strokes.ink.drawing import Drawing
from strokes.store.reader import open_dataset

SIDE = 60
BODY = np.array([[18, 12], [17, 27], [26, 25], [36, 28], [40, 36], [37, 45], [28, 49], [17, 46]], np.float32)
BAR = np.array([[18, 12], [28, 12], [40, 12]], np.float32)
WRITTEN = {"ann": [BODY, BAR], "ben": [np.concatenate([BAR[::-1], BODY[1:]])]}
"""Fives with their bar last, and from the bar's right end in one."""


@pytest.fixture
def scans(tmp_path):
    """The same five twice, in a folder of each writer; beside them who writes fives how."""
    picture = Image.new("L", (SIDE, SIDE), 255)
    for stroke in (BODY, BAR):
        ImageDraw.Draw(picture).line([tuple(point) for point in stroke.tolist()], fill=0, width=3)
    for writer in WRITTEN:
        (tmp_path / "scans" / "5" / writer).mkdir(parents=True)
        picture.save(tmp_path / "scans" / "5" / writer / "a.png")
    every = [stroke for strokes in WRITTEN.values() for stroke in strokes]
    up = np.concatenate([np.arange(len(stroke)) == len(stroke) - 1 for stroke in every])
    offsets = np.cumsum([0, *(sum(map(len, strokes)) for strokes in WRITTEN.values())])
    hands = {"xy": np.concatenate(every), "pen_up": up, "offsets": offsets, "labels": np.array(["5", "5"])}
    np.savez(tmp_path / "hands.npz", **hands, writers=np.array(list(WRITTEN)))
    return tmp_path / "scans"


def test_each_picture_is_drawn_as_its_own_writer_does(run, scans):
    code, _, errors = run(
        *("build-dataset", "--images", scans, "--out", "both.h5"),
        *("--habits", scans.parent / "hands.npz", "--writers", "folder"),
    )
    assert code == 0, errors
    with open_dataset(scans.parent / "both.h5") as stored:
        drawings = stored.read(range(2))
    assert [json.loads(text)["writer"] for text in drawings.metadata] == ["ann", "ben"]
    assert [starts_at_the_right(drawing) for drawing in drawings] == [False, True]


def test_a_program_names_the_writer_or_gives_one_hands_drawings(scans):
    five, hands = scans / "5" / "ann" / "a.png", scans.parent / "hands.npz"
    for writer in WRITTEN:
        own = [Drawing(tuple(stroke / SIDE for stroke in WRITTEN[writer]), "5")]
        drawn = strokes.recover(five, label="5", habits=hands, writer=writer)
        assert starts_at_the_right(drawn) == (writer == "ben")
        assert strokes.recover(five, label="5", habits=own) == drawn
    many = strokes.recover_many([five, five], ["5", "5"], habits=hands, writers=["ben", "ann"])
    assert [starts_at_the_right(drawing) for drawing in many] == [True, False]
    from_folder = strokes.recover_many(scans, habits=hands, writers="*/{writer}/*")
    assert [starts_at_the_right(drawing) for drawing in from_folder] == [False, True]


def test_writers_of_pictures_without_files_are_given_as_a_list(scans):
    five, hands = scans / "5" / "ann" / "a.png", scans.parent / "hands.npz"
    with pytest.raises(ConfigError, match="as a list"):
        strokes.recover_many([five], ["5"], habits=hands, writers="folder")
    with pytest.raises(ConfigError, match="--writers"):
        strokes.recover(five, label="5", habits=hands)


def test_a_traced_picture_has_a_writer_too(run, scans):
    hands = ("--habits", scans.parent / "hands.npz", "--writers", "folder")
    assert run("trace", scans, "traced.h5", *hands)[0] == 0
    with open_dataset(scans.parent / "traced.h5") as stored:
        assert [starts_at_the_right(drawing) for drawing in stored.read(range(2))] == [False, True]
    assert run("build-dataset", "--writers", "folder", "--limit", 1, "--out", "mnist.h5")[0] == 1


def starts_at_the_right(drawing):
    """Whether the pen began at the bar's right end, and not at its left."""
    return bool(drawing.strokes[0][0, 0] > 0.5)
