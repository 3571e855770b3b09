"""Datasets by a pen network: the unsure left out, broken builds gone on with, parts merged, pictures of any size."""

from dataclasses import replace

import numpy as np
import pytest

from strokes import build as building
from strokes.errors import ConfigError, StoreError
from strokes.files import file_sha256
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import make_image_set
from strokes.recovery.pointer.calibration import FEATURES, Calibration
from strokes.recovery.pointer.recover import PenRecovery
from strokes.store.parts import Part, merge
from strokes.store.reader import open_dataset
from strokes.store.shards import confident
from strokes.store.verify import verify
from strokes.training.checkpoints import save_weights

LEAST = 0.5


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Forty pictures are four blocks."""
    monkeypatch.setattr(building, "BLOCK", 10)


@pytest.fixture(scope="module")
def model(pen_network, pen_recipe, tmp_path_factory):
    """The tiny network, surer of pictures with few points."""
    path = tmp_path_factory.mktemp("model") / "tiny-pen.safetensors"
    calibration = Calibration((0.0,) * (FEATURES - 3) + (-3.0, 0.0, 0.0), 5.0)
    save_weights(pen_network, pen_recipe, path, calibration=calibration.to_json())
    return path


@pytest.fixture
def build(model, some, tmp_path, build_with):
    """Builds the forty digits, or others; the file's path and how many drawings it is said to hold."""

    def run(name="d.h5", **settings):
        settings = {"model": str(model), "hypotheses": 1} | settings
        count = build_with(settings.pop("pictures", some), tmp_path / name, **settings)
        return tmp_path / name, count

    return run


def contents(path):
    with open_dataset(path) as stored:
        return stored.read()


def test_the_unsure_are_left_out_and_the_others_stay_as_they_are(build):
    whole, few = build("whole.h5"), build("few.h5", min_confidence=LEAST)
    everyone, kept = contents(whole[0]), contents(few[0])
    sure = np.flatnonzero(everyone.scores["confidence"] >= LEAST)
    assert 0 < len(sure) < len(everyone) == whole[1] == 40
    assert few[1] == len(kept) == len(sure)
    assert np.array_equal(kept.source_index, everyone.source_index[sure])
    assert kept.points.tobytes() == everyone.select(sure).points.tobytes()
    with open_dataset(few[0]) as stored:
        assert stored.attributes["min_confidence"] == LEAST
    assert verify(few[0]) == len(sure)


def test_a_drawing_that_is_just_as_sure_as_asked_stays():
    drawings = make_drawing_set([Drawing(())] * 3, scores={"confidence": np.array([0.25, 0.5, 0.75], np.float32)})
    assert confident(drawings, 0.5).source_index.tolist() == [1, 2]
    assert len(confident(drawings, 0.0)) == 3


def test_a_broken_build_without_the_unsure_goes_on_to_the_same_bytes(build, monkeypatch):
    unbroken = file_sha256(build("unbroken.h5", min_confidence=LEAST)[0])
    draw, drawn = PenRecovery.block, []

    def fail_at_the_third(self, pictures):
        drawn.append(pictures)
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return draw(self, pictures)

    monkeypatch.setattr(PenRecovery, "block", fail_at_the_third)
    with pytest.raises(KeyboardInterrupt, match="20 of 40 drawings are kept"):
        build(min_confidence=LEAST, batch_size=1)
    with pytest.raises(StoreError, match="unfinished build"):
        build(min_confidence=LEAST / 2)
    drawn.clear()
    monkeypatch.setattr(PenRecovery, "block", lambda self, pictures: drawn.append(pictures) or draw(self, pictures))
    assert file_sha256(build(min_confidence=LEAST)[0]) == unbroken
    assert len(drawn) == 2


def test_parts_without_the_unsure_merge_to_the_bytes_of_one_build(build, tmp_path):
    whole, count = build("whole.h5", min_confidence=LEAST)
    parts = [build(f"{i}.h5", min_confidence=LEAST, part=Part(i, 3)) for i in (1, 2, 3)]
    assert sum(own for _, own in parts) == count
    assert merge([path for path, _ in parts], tmp_path / "merged.h5") == count
    assert file_sha256(tmp_path / "merged.h5") == file_sha256(whole)
    other, _ = build("other.h5", min_confidence=LEAST / 2, part=Part(3, 3))
    with pytest.raises(StoreError, match="min_confidence"):
        merge([parts[0][0], parts[1][0], other], tmp_path / "wrong.h5")


def test_when_all_are_unsure_the_file_is_empty(build):
    path, count = build(min_confidence=1.0)
    assert count == len(contents(path)) == 0


def test_only_calibrated_pen_networks_can_leave_the_unsure_out(build, tiny_model, pen_network, pen_recipe, tmp_path):
    for settings in ({"model": str(tiny_model)}, {"model": "", "method": "trace"}):
        with pytest.raises(ConfigError, match="--min-confidence"):
            build(min_confidence=LEAST, **settings)
    save_weights(pen_network, pen_recipe, tmp_path / "uncalibrated.safetensors")
    with pytest.raises(ConfigError, match="calibrated on held-out writers"):
        build(min_confidence=LEAST, model=str(tmp_path / "uncalibrated.safetensors"))
    (tmp_path / "uncalibrated.safetensors").unlink()
    for least in (-0.1, 1.5, float("nan")):
        with pytest.raises(ConfigError, match="least confidence"):
            build(min_confidence=least)
    assert not list(tmp_path.iterdir())


def test_the_file_is_the_same_for_every_batch_size(build):
    assert len({file_sha256(build(f"{size}.h5", batch_size=size)[0]) for size in (1, 25, 1000)}) == 1


def test_hypotheses_refinement_seed_and_class_names_make_another_job(build, some):
    jobs = []
    for i, settings in enumerate(
        (
            {},
            {"hypotheses": 2},
            {"refine": 1},
            {"seed": 1},
            {"pictures": replace(some, classes=tuple("abcdefghij"))},
        )
    ):
        pictures = settings.pop("pictures", some).select(slice(5))
        with open_dataset(build(f"{i}.h5", pictures=pictures, **settings)[0]) as stored:
            jobs.append(stored.attributes["job"])
    assert len(set(jobs)) == len(jobs)


def test_pictures_of_any_size_with_and_without_labels_make_a_whole_file(build):
    grey = [np.zeros(size, np.uint8) for size in ((28, 28), (200, 150), (40, 256), (3, 1), (64, 64))]
    for picture in grey[:4]:
        picture[picture.shape[0] // 3 :: 2, ::3] = 255
    found = frame_pictures(grey)
    pictures = make_image_set(
        found.ink,
        labels=np.array([0, 1, -1, 0, 1]),
        classes=("AB", "x"),
        sizes=found.sizes,
        frames=found.frames,
        fine=found.fine,
    )
    path, count = build(pictures=pictures)
    assert verify(path) == count == 5
    drawings = contents(path)
    assert drawings.flagged[4]
    assert [len(drawing.strokes) > 0 for drawing in drawings] == [True, True, True, True, False]
