"""Generators that ship: what they are asked for, the same for the same seed, in a style, and read back."""

import numpy as np
import pytest

from strokes.errors import ConfigError, SourceError
from strokes.generation.generator import generator_for, known_generators, load_generator
from strokes.generation.style import characters_of, style_grid, take_style, write_in_style
from strokes.ink.pictures import GreySet
from strokes.ink.rendering import write_pictures
from strokes.metrics.style import measure_style
from strokes.recognition.choose import load_judge
from strokes.recognition.classifier import load_classifier
from strokes.train_recipe import known_recipes


@pytest.fixture(scope="module")
def cvae():
    return load_generator("cvae")


@pytest.mark.parametrize("name", known_generators())
def test_a_shipped_generator_makes_pictures_with_ink_the_same_for_the_same_seed(name):
    generator = load_generator(name)
    made = generator.generate(12, seed=3)
    assert made.images.shape == (12, 28, 28)
    assert (made.images.max(axis=(1, 2)) > 128).all()
    assert np.array_equal(made.images, generator.generate(12, seed=3).images)
    assert not np.array_equal(made.images, generator.generate(12, seed=4).images)
    assert name in known_recipes()


def test_digits_asked_for_are_read_back(cvae):
    made = cvae.generate(500)
    assert (load_classifier("grey").predict(made.images)[0] == made.labels).mean() > 0.97


def test_without_randomness_a_class_is_always_the_same_picture(cvae):
    made = cvae.generate(4, classes=["5"], randomness=0)
    assert (made.images == made.images[0]).all()


def test_more_randomness_spreads_pictures_more(cvae):
    spread = [cvae.generate(50, classes=["5"], randomness=r).images.astype(float).std(0).mean() for r in (0.3, 1.0)]
    assert spread[1] > 2 * spread[0]


def test_a_class_that_a_generator_does_not_know_is_named(cvae):
    with pytest.raises(ConfigError, match="cvae knows 0-9; Q can't be had"):
        cvae.generate(1, classes=["Q"])
    with pytest.raises(ConfigError, match="can't be asked for classes"):
        load_generator("gan").generate(1, classes=["3"])


@pytest.mark.parametrize(
    ("characters", "name"),
    [
        ("", "cvae"),
        ("07", "cvae"),
        ("A7", "cvae-capitals"),
        ("Hello", "cvae-letters"),
        ("ß", "cvae"),
        ("Hé", "cvae-capitals"),
    ],
)
def test_cvae_stands_for_the_one_that_knows_most_of_the_characters(characters, name):
    assert generator_for("cvae", list(characters)) == name


def test_bold_and_thin_prompts_come_out_bold_and_thin(recordings):
    generator, drawings = load_generator("cvae-capitals"), recordings.drawings.select(np.arange(10))
    thickness = []
    for width_px in (1.5, 4.0):
        prompt = GreySet(write_pictures(drawings, width_px=width_px), drawings.labels, drawings.classes)
        written = write_in_style(generator, take_style(generator, prompt), generator.classes, randomness=0)
        thickness.append(measure_style(written.images)[:, 1].mean())
    assert thickness[1] > thickness[0] + 0.5


def test_styles_are_averaged_or_stand_for_themselves(cvae):
    prompts = cvae.generate(6, seed=1)
    assert take_style(cvae, prompts).mean.shape == (1, 64)
    assert take_style(cvae, prompts, average=False).mean.shape == (6, 64)


def test_a_prompt_without_a_label_is_read_first(cvae):
    prompts = cvae.generate(6, seed=1)
    unlabelled = GreySet(prompts.images, np.full(6, -1), prompts.classes)
    assert np.allclose(take_style(cvae, prompts).mean, take_style(cvae, unlabelled).mean)


def test_a_grid_holds_every_class_in_every_style(cvae):
    grid = style_grid(cvae, cvae.generate(3))
    assert grid.labels.tolist() == [label for label in range(10) for _ in range(3)]
    read = load_judge(cvae.classes).predict(grid.images)[0]
    assert (read == grid.labels).mean() > 0.9


def test_what_has_no_style_is_refused(cvae):
    with pytest.raises(ConfigError, match="expected a cvae"):
        take_style(load_generator("gan"), cvae.generate(2))
    with pytest.raises(SourceError, match="none of them blank"):
        take_style(cvae, GreySet(np.zeros((1, 28, 28), np.uint8), np.array([0]), cvae.classes))
    with pytest.raises(ConfigError, match="the text is empty"):
        characters_of(" \n")


def test_width_thickness_and_slant_are_measured():
    y, x = np.mgrid[:28, :28]
    upright = ((abs(x - 14) <= 1) & (abs(y - 14) < 9)).astype(float)
    leaning = ((abs(x - 14 + (y - 14) // 2) <= 1) & (abs(y - 14) < 9)).astype(float)
    wide = ((abs(x - 14) < 9) & (abs(y - 14) < 4)).astype(float)
    measured = measure_style(np.stack([upright, leaning, wide]))
    assert measured[0, 2] == pytest.approx(0, abs=0.01)
    assert measured[1, 2] == pytest.approx(0.5, abs=0.05)
    assert measured[0, 1] == pytest.approx(3, abs=0.5)
    assert measured[2, 0] > 1 > measured[0, 0]
    assert np.isnan(measure_style(np.zeros((1, 28, 28)))).all()
