"""Generated pictures are judged beside real ones, and readers by labelled pictures."""

import json
from dataclasses import replace

import numpy as np
import pytest

from strokes.errors import ConfigError, ShapeError
from strokes.evaluation.generated import score_generated
from strokes.evaluation.reading import CharacterReader, ClassifierReader, Redrawer, classify, judge_reader
from strokes.evaluation.report import write_report
from strokes.recognition.classifier import load_classifier


@pytest.fixture(scope="module")
def reader():
    return ClassifierReader(load_classifier("grey"))


@pytest.fixture(scope="module")
def scored(written, others):
    """Other digits of the same hands, a few of them copied from the training pictures, beside real ones."""
    copied = replace(others, images=np.concatenate([written.images[:8], others.images[8:]]))
    return score_generated(copied, real_test=others, real_train=written)


def test_good_pictures_score_as_real_ones_do(scored):
    made, real = scored.generated, scored.real
    assert made.pictures == real.pictures
    assert made.inception == pytest.approx(real.inception, abs=0.3)
    assert made.small_inception == pytest.approx(real.small_inception, abs=0.3)
    assert made.accuracy.total.mean > 0.9
    assert made.precision > 0.9
    assert made.recall > 0.9
    assert set(made.accuracy.by_class) == set("0123456789")


def test_copies_of_training_pictures_are_found_out(scored):
    assert (scored.generated.neighbours.pixel_rms[:8] == 0).all()
    assert scored.generated.neighbours.index[:8].tolist() == list(range(8))
    assert scored.generated.memorised_px > scored.real.memorised_px
    assert scored.real.memorised_px == pytest.approx(0.01, abs=0.01)  # the first percentile, by its definition


def test_noise_is_told_from_digits(written, others):
    noise = np.random.default_rng(0).integers(0, 256, written.images.shape).astype(np.uint8)
    found = score_generated(replace(written, images=noise), real_test=others)
    assert found.generated.frechet > 10 * found.real.frechet
    assert found.generated.precision < 0.1
    assert found.generated.accuracy.total.mean < 0.3
    assert found.generated.neighbours is None
    assert "nearest" not in found.as_text()


def test_unlabelled_pictures_have_no_accuracy(written, others):
    unknown = replace(written, labels=np.full(len(written), -1), classes=())
    found = score_generated(unknown, real_test=others)
    assert np.isnan(found.generated.accuracy.total.mean)
    assert found.as_dict()["generated"]["accuracy"] is None
    assert found.as_dict()["real"]["accuracy"] > 0.9


def test_only_real_pictures_of_the_classes_asked_for_are_compared(written, others):
    few = written.as_classes(("3", "7"))
    few = few.select(np.tile(np.arange(len(few)), 20)[:120])
    real = others.select(np.tile(np.arange(len(others)), 5))
    found = score_generated(few, real_test=real)
    assert found.real.pictures == np.isin(real.labels, (3, 7)).sum()
    assert found.real.inception == pytest.approx(2, abs=0.2)


def test_the_same_seed_gives_the_same_figures(scored, written, others):
    copied = replace(others, images=np.concatenate([written.images[:8], others.images[8:]]))
    again = score_generated(copied, real_test=others, real_train=written)
    assert again.as_dict() == scored.as_dict()


def test_too_few_pictures_are_refused(written):
    with pytest.raises(ConfigError, match="20 generated pictures"):
        score_generated(written.select(slice(20)), real_test=written)


def test_a_report_is_text_json_and_a_page_that_stands_alone(scored, tmp_path):
    page, figures = tmp_path / "page.html", tmp_path / "figures.json"
    write_report(scored, json_file=figures, page=page)
    stored = json.loads(figures.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert stored["generated"]["by_class"]["7"]["count"] > 0
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 3  # generated, real, nearest
    assert "http" not in text
    assert "<svg" in text
    assert any(line.startswith("Fréchet distance ") for line in scored.as_text().splitlines())


# Reading


class Blurred:
    """A reader that draws every picture again at half its ink, and one pixel wrong."""

    classes = tuple("0123456789")

    def __init__(self, reader: CharacterReader) -> None:
        self.inner = reader

    def read(self, images):
        return self.inner.read(images)

    def reconstruct(self, images):
        redrawn = np.where(images > 0.5, 0.75, 0.25).astype(np.float32)
        redrawn[:, 0, 0] = 1
        return redrawn


def test_pictures_are_named_with_probabilities(written, reader):
    names, probabilities = classify(written, reader)
    assert probabilities.shape == (len(written), 10)
    right = np.array(names) == np.array(written.classes)[written.labels]
    assert right.mean() > 0.9
    assert classify(written.images / 255, reader)[0] == names


def test_a_reader_is_judged_by_its_answers(written, reader):
    found = judge_reader(reader, written)
    assert found.figures["accuracy"] > 0.9
    assert found.figures["weighted"] == pytest.approx(found.figures["accuracy"])
    assert "reconstruction" not in found.figures
    assert not isinstance(reader, Redrawer)


def test_what_is_drawn_again_is_compared_pixel_by_pixel(written, reader, tmp_path):
    found = judge_reader(Blurred(reader), written)
    assert found.redrawing.by_pixel[0, 0] == (written.images[:, 0, 0] > 127).mean() == 0
    assert (found.redrawing.by_pixel.ravel()[1:] == 1).all()
    assert found.figures["reconstruction"] == pytest.approx(783 / 784)
    assert found.redrawing.shown.shape == (10, 28, 28)
    write_report(found, json_file=tmp_path / "r.json", page=tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text().count("data:image/png;base64,") == 2
    assert np.shape(json.loads((tmp_path / "r.json").read_text())["reconstruction_by_pixel"]) == (28, 28)


def test_a_reader_is_asked_in_blocks_and_must_answer_each_picture(written, reader):
    class Forgetful(Blurred):
        def read(self, images):
            return self.inner.read(images)[:-1]

    with pytest.raises(ShapeError, match="expected"):
        judge_reader(Forgetful(reader), written)


def test_pictures_without_known_labels_cannot_judge(written, reader):
    unknown = replace(written, labels=np.full(len(written), -1))
    with pytest.raises(ConfigError, match="a subfolder a class"):
        judge_reader(reader, unknown)
