"""Blocks of pictures to drawings: any size, any label, none at all; the same bytes however the work is spread."""

from dataclasses import replace

import numpy as np
import pytest

from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import FineInk, make_image_set
from strokes.recovery.blocks import in_parallel
from strokes.recovery.pointer import recover as pens_recovery
from strokes.recovery.pointer.calibration import Calibration
from strokes.recovery.pointer.recover import DOUBTFUL, PenRecovery
from strokes.recovery.pointer.risk import GOOD_F1
from strokes.recovery.refinement import Refinement

SURE = Calibration(constant=5.0)


@pytest.fixture(scope="module")
def recovery(pen_network, pen_recipe):
    return PenRecovery(pen_network, pen_recipe, SURE, hypotheses=2)


def framed(*pictures):
    """InkTokens (h, w) of any size as a set without labels."""
    found = frame_pictures([picture.astype(np.uint8) * 255 for picture in pictures])
    return make_image_set(found.ink, sizes=found.sizes, frames=found.frames, fine=found.fine)


def box(width, height, side):
    """A square outline of `side` pixels in the middle of a picture."""
    picture = np.zeros((height, width), np.bool_)
    top, left = (height - side) // 2, (width - side) // 2
    picture[top : top + side, left : left + side] = True
    picture[top + 2 : top + side - 2, left + 2 : left + side - 2] = False
    return picture


def content(drawings):
    """All bytes of a set."""
    arrays = [drawings.points, drawings.stroke_offsets, drawings.drawing_offsets, drawings.flagged, drawings.labels]
    return b"".join(array.tobytes() for array in [*arrays, *(drawings.scores[k] for k in sorted(drawings.scores))])


def test_blank_pictures_are_empty_doubtful_and_keep_their_place(recovery, some):
    images = some.images[:5].copy()
    images[[0, 3]] = False
    drawings = recovery.block(make_image_set(images))
    assert [len(drawing.strokes) > 0 for drawing in drawings] == [False, True, True, False, True]
    assert drawings.flagged[[0, 3]].all()
    assert drawings.scores["confidence"][[0, 3]].tolist() == [0, 0]
    assert drawings.scores["mse"][[0, 3]].tolist() == [0, 0]


@pytest.mark.parametrize("size", [(28, 28), (90, 60)])
def test_a_block_of_blank_pictures_alone_has_no_stroke(recovery, size):
    drawings = recovery.block(framed(*[np.zeros(size, np.bool_)] * 3))
    assert len(drawings) == 3
    assert len(drawings.points) == 0
    assert drawings.flagged.all()


def test_no_pictures_make_no_drawings(recovery, some):
    assert len(recovery.block(some.select(slice(0)))) == 0


def test_blocks_give_the_same_bytes_again_and_on_any_thread(recovery, some):
    blocks = [some.select(slice(i, i + 10)) for i in range(0, 40, 10)]
    refining = replace(recovery, refinement=Refinement(steps=3))
    alone = [content(refining.block(block)) for block in blocks]
    for workers in (1, 3):
        assert [content(found) for found in in_parallel(refining.block, blocks, workers=workers)] == alone
    assert [content(refining.block(block)) for block in reversed(blocks)] == alone[::-1]


def test_drawings_lie_in_their_pictures_and_are_all_scored(recovery, some):
    drawings = recovery.block(some)
    assert set(drawings.scores) == {"confidence", "mse", "f1", "chamfer"}
    assert all(np.isfinite(values).all() for values in drawings.scores.values())
    assert np.array_equal(drawings.points * 65536, np.round(drawings.points * 65536))
    assert np.array_equal(drawings.labels, some.labels)
    assert set(replace(recovery, scores=False).block(some).scores) == {"confidence"}


def test_small_and_large_pictures_of_one_block_keep_their_order(recovery, some):
    small = framed(*some.images[:2])
    large = framed(box(60, 80, 40), box(200, 120, 100))
    mixed = framed(box(60, 80, 40), some.images[0], box(200, 120, 100), some.images[1])
    likeliest = replace(recovery, hypotheses=1)
    found = likeliest.block(mixed)
    for place, (part, i) in enumerate([(large, 0), (small, 0), (large, 1), (small, 1)]):
        assert np.array_equal(found.images[place], part.images[i])
        assert np.array_equal(found.sizes[place], part.sizes[i])
        (alone,) = likeliest.block(part.select([i]))
        here, there = np.concatenate(found[place].strokes), np.concatenate(alone.strokes)
        assert np.allclose([here.min(axis=0), here.max(axis=0)], [there.min(axis=0), there.max(axis=0)], atol=0.01)
    assert np.isnan(found.scores["mse"]).tolist() == [True, False, True, False]


def test_what_the_walk_leaves_out_of_a_large_picture_is_drawn_all_the_same(recovery):
    drawings = recovery.block(framed(box(200, 120, 100), box(256, 40, 30)))
    assert (drawings.scores["f1"] > 0.9).all()


@pytest.mark.parametrize(
    "picture",
    [
        np.ones((50, 1), np.bool_),
        np.ones((1, 50), np.bool_),
        np.ones((1, 1), np.bool_),
        np.eye(2, dtype=np.bool_),
        np.eye(28, dtype=np.bool_) & (np.arange(28) == 10),
        np.arange(256 * 256).reshape(256, 256) == 700,
        np.tile(np.arange(256) % 8 == 4, (40, 1)),
        np.ones((100, 100), np.bool_),
    ],
    ids=["1 wide", "1 high", "a pixel", "2 wide", "a pixel in 28", "a pixel in 256", "32 bars", "all ink"],
)
def test_odd_pictures_are_drawn(recovery, picture):
    drawings = recovery.block(framed(picture))
    assert len(drawings) == 1
    assert len(drawings[0].strokes) >= 1
    assert np.isfinite(drawings.scores["f1"]).all()


def test_labels_that_the_network_does_not_know_are_no_label(recovery, some):
    few = some.select(np.arange(4))
    strange = replace(few, labels=np.array([0, 1, 2, -1]), classes=("AB", "x", "é"))
    none = replace(few, labels=np.full(4, -1), classes=())
    named = recovery.block(strange)
    assert named.points.tobytes() == recovery.block(none).points.tobytes()
    assert named.labels.tolist() == [0, 1, 2, -1]
    assert named.classes == ("AB", "x", "é")


def test_what_is_known_of_a_walk_is_known_of_its_own_picture(recovery, some, monkeypatch):
    """Pictures are walked over by how much ink they have, a few at a time."""
    monkeypatch.setattr(pens_recovery, "PICTURES_AT_ONCE", 8)
    likeliest = replace(recovery, hypotheses=1)
    together, _ = likeliest.draw(some)
    for i in range(12):
        alone, _ = likeliest.draw(some.select([i]))
        for name in ("fit", "surprise"):
            assert getattr(together, name)[i] == pytest.approx(getattr(alone, name)[0], abs=1e-3)
        assert together.walks.likelihood[i] == pytest.approx(alone.walks.likelihood[0], abs=1e-2)


def test_a_known_label_tells_the_network_something(recovery, some):
    untold = replace(some, labels=np.full(len(some), -1))
    (_, told_px), (_, untold_px) = recovery.draw(some), recovery.draw(untold)
    assert told_px.shape != untold_px.shape or (told_px != untold_px).any()


def test_a_large_picture_of_a_word_is_cut_and_of_a_letter_is_not(recovery):
    picture = np.zeros((60, 240), np.bool_)
    picture[5:55, 20:23] = picture[5:55, 200:203] = True
    letter = replace(framed(picture), labels=np.array([0]), classes=("H",))
    word = replace(letter, classes=("ll",))
    starts = [float(stroke[:, 0].mean()) for stroke in recovery.block(word)[0].strokes]
    assert starts == pytest.approx(sorted(starts), abs=0.01)
    assert recovery.block(letter).points.tobytes() != recovery.block(word).points.tobytes()


def test_unsure_drawings_and_poor_ones_are_flagged(recovery, some):
    unsure = replace(recovery, calibration=Calibration(constant=-1.0)).block(some)
    assert (unsure.scores["confidence"] < DOUBTFUL).all()
    assert unsure.flagged.all()
    sure = recovery.block(some)
    assert sure.flagged[sure.scores["f1"] < 0.9].all()
    assert sure.flagged.any()
    assert np.array_equal(replace(recovery, scores=False).block(some).flagged, sure.flagged)


def test_what_the_network_draws_poorly_is_traced_and_stays_flagged(recovery, some, monkeypatch):
    recovery = replace(recovery, hypotheses=8)
    traced = recovery.block(some)
    monkeypatch.setattr(pens_recovery, "trace_poor", lambda drawings, pictures: drawings)
    walked = recovery.block(some)
    poor = walked.scores["f1"] < 0.9
    assert 0 < poor.sum() < len(some)
    assert (traced.scores["f1"][poor] > walked.scores["f1"][poor]).all()
    assert (traced.scores["mse"][poor] < walked.scores["mse"][poor]).mean() > 0.9
    assert traced.flagged[poor].all()
    assert np.array_equal(traced.scores["confidence"], walked.scores["confidence"])
    for i in np.flatnonzero(~poor)[:5]:
        assert np.array_equal(np.concatenate(traced[i].strokes), np.concatenate(walked[i].strokes))


def test_fine_ink_is_kept_a_bit_a_pixel_or_less():
    ink = np.random.default_rng(0).random((33, 77)) > 0.5
    assert np.array_equal(FineInk.of(ink).mask, ink)
    assert len(FineInk.of(ink).packed) <= -(-ink.size // 8) + 16
    assert len(FineInk.of(np.zeros((1000, 1000), bool)).packed) < 1000


def test_refinement_brings_drawings_closer_to_their_pictures(recovery, some, monkeypatch):
    monkeypatch.setattr(pens_recovery, "trace_poor", lambda drawings, pictures: drawings)
    plain, refined = (replace(recovery, refinement=Refinement(steps=n)).block(some) for n in (0, 10))
    assert refined.scores["mse"].mean() < plain.scores["mse"].mean()
    assert np.array_equal(refined.stroke_offsets, plain.stroke_offsets)


def test_only_pictures_whose_likeliest_walk_is_unsure_or_misfits_are_walked_again(recovery, some, monkeypatch):
    asked = []
    usual = PenRecovery._walk_over

    def count(self, ink, pictures, hypotheses, likeliest=None):
        asked.append((len(pictures), hypotheses))
        return usual(self, ink, pictures, hypotheses, likeliest)

    monkeypatch.setattr(PenRecovery, "_walk_over", count)
    recipe = replace(recovery.recipe, unsure=1.0, unsure_hypotheses=5)
    by_default = replace(recovery, recipe=recipe, hypotheses=0)
    chosen, _ = replace(recovery, hypotheses=1).draw(some)
    unsure = (chosen.fit < GOOD_F1) | (chosen.doubt[:, 1] > 1.0)
    asked.clear()
    by_default.draw(some)
    assert unsure.any()
    assert asked == [(len(some), 1), (unsure.sum(), 5)]
