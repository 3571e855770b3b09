"""The front door: a picture in any form gives the strokes that a build gives, and what can't be one is refused."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import strokes
from strokes.datasets.image_values import read_image
from strokes.errors import ConfigError, ShapeError, SourceError

SIDE = 60


@pytest.fixture(scope="module")
def ink() -> np.ndarray:
    """A seven, (60, 60) uint8, dark ink on light paper."""
    picture = np.full((SIDE, SIDE), 250, np.uint8)
    picture[14:17, 18:42] = 10
    for row in range(17, 46):
        middle = 40 - (row - 17) * 16 // 29
        picture[row, middle - 1 : middle + 2] = 10
    return picture


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


FORMS = {
    "light ink": lambda ink: 255 - ink,
    "floats": lambda ink: ink / 255,
    "light floats": lambda ink: 1 - (ink / 255).astype(np.float32),
    "ink is true": lambda ink: ink < 128,
    "paper is true": lambda ink: ink > 128,
    "colour": rgb,
    "float colour": lambda ink: rgb(ink) / 255,
    "opaque colour": lambda ink: np.dstack([rgb(ink), np.full_like(ink, 255)]),
    "ink on nothing": lambda ink: np.dstack([np.zeros_like(rgb(ink)), np.where(ink < 128, 255, 0).astype(np.uint8)]),
    "PIL": Image.fromarray,
    "PIL in colours": lambda ink: Image.fromarray(ink).convert("P"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_has_the_same_ink_in_every_form(ink, form):
    assert np.array_equal(read_image(FORMS[form](ink)) > 110, ink < 128)


def test_a_path_is_a_picture_too(ink, tmp_path):
    Image.fromarray(ink).save(tmp_path / "seven.png")
    assert strokes.recover(str(tmp_path / "seven.png"), method="trace") == strokes.recover(ink, method="trace")


def test_the_colour_of_the_ink_can_be_settled(ink, tmp_path):
    as_it_looks = strokes.recover(ink, method="trace")
    assert strokes.recover(ink, method="trace", ink="dark") == as_it_looks
    assert strokes.recover(255 - ink, method="trace", ink="light") == as_it_looks
    assert strokes.recover(ink, method="trace", ink="light") != as_it_looks
    assert strokes.recover_many(np.stack([ink, ink]), method="trace", ink="light")[1] != as_it_looks
    Image.fromarray(ink).save(tmp_path / "seven.png")
    assert strokes.recover(tmp_path / "seven.png", method="trace", ink="light") != as_it_looks
    with pytest.raises(ConfigError, match="unknown ink"):
        strokes.recover(ink, method="trace", ink="blue")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros(28), "shape"),
        (np.zeros((1, 28, 28)), "shape"),
        (np.zeros((0, 28)), "shape"),
        (np.zeros((28, 28), np.complex64), "complex64"),
        (np.full((28, 28), 2.0), "spans 2…2"),
        (np.full((28, 28), np.nan), "NaN"),
    ],
    ids=str,
)
def test_what_is_no_picture_is_refused_in_words(image, said):
    with pytest.raises(ShapeError, match=said):
        strokes.recover(image)


def test_one_picture_where_many_are_asked_for_is_refused_and_so_is_a_missing_file(ink):
    with pytest.raises(ShapeError, match="a single picture was given"):
        strokes.recover_many(Image.fromarray(ink))
    with pytest.raises(SourceError, match=r"missing\.png doesn't exist"):
        strokes.recover("missing.png")


def test_a_recovered_drawing_follows_the_ink_and_says_how_sure_it_is(ink):
    drawing = strokes.recover(ink, label="7")
    assert drawing.label == "7"
    assert 0 < drawing.confidence <= 1
    assert isinstance(drawing.flagged, bool)
    for x, y in np.concatenate(drawing.strokes):  # a pixel off at most: the frame is coarser than the picture
        row, column = (min(max(round(c * SIDE - 0.5), 2), SIDE - 3) for c in (y, x))
        assert ink[row - 2 : row + 3, column - 2 : column + 3].min() < 128


def test_many_are_recovered_as_a_build_recovers_them(digits, tmp_path):
    pictures = digits.select(slice(12))
    labels = [pictures.classes[label] for label in pictures.labels]
    drawings = strokes.recover_many(pictures.images, labels)
    assert strokes.build_dataset(pictures.images, tmp_path / "d.h5", labels=labels) == 12
    with strokes.open_dataset(tmp_path / "d.h5") as stored:
        assert list(drawings) == list(stored.read()) == [stored[i] for i in range(12)]
    assert strokes.recover_many(pictures.images, pictures.labels)[5].label == labels[5]
    assert list(strokes.recover_many(pictures)) == list(drawings)


def test_the_seed_changes_what_is_chosen_from(digits):
    pictures = digits.select(slice(60))
    one, same, other = (strokes.recover_many(pictures, seed=seed).points for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_no_pictures_give_no_drawings():
    assert len(strokes.recover_many([])) == 0


def test_labels_that_fit_no_pictures_are_refused(digits, ink):
    with pytest.raises(SourceError, match="1 pictures but 2 labels"):
        strokes.recover_many([ink], ["7", "1"])
    with pytest.raises(ConfigError, match="labels come as the pictures do"):
        strokes.recover_many(digits, ["7"])
    with pytest.raises(ConfigError, match="'guess'; one of pointer, published, trace"):
        strokes.recover(ink, method="guess")


def test_a_text_is_written_in_the_style_of_a_picture(ink):
    plain, styled = strokes.write("4 2"), strokes.write("4 2", style=ink)
    assert [drawing.label for drawing in styled] == ["4", "2"]
    assert list(plain) != list(styled)


def test_importing_the_package_loads_no_library_and_lists_its_names():
    code = (
        "import sys, strokes; strokes.__version__; unlisted = set(strokes.__all__) - set(dir(strokes)); "
        "print(*({'torch', 'numpy', 'h5py', 'PIL'} & set(sys.modules)), *unlisted)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
