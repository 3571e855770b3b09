"""Pen recordings as pictures: where the round pen leaves ink, how drawings are centred, which are held out."""

from collections import Counter

import numpy as np
import pytest

from strokes.datasets import load_pen_samples
from strokes.errors import ConfigError, SourceError
from strokes.formats.pens import load_pens
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.recordings import PenSet, held_out, held_out_drawings, to_choose_by
from strokes.ink.rendering import centre_in_frame, pen_pictures, write_pictures
from strokes.ink.thinning import thin
from strokes.metrics.pictures import render_set, score_pictures


def random_strokes(random) -> tuple[np.ndarray, ...]:
    """One to three strokes, some a dot, some beyond the edge."""
    return tuple(random.uniform(-0.1, 1.1, (random.integers(1, 6), 2)).astype(np.float32) for _ in range(3))


def plain_picture(strokes, *, width_px: float, size: int) -> np.ndarray:
    """Grey by the distance of each of 8×8 samples a pixel from each segment."""
    at = (np.arange(size * 8) + 0.5) / 8
    samples = np.stack(np.meshgrid(at, at), axis=-1)
    inked = np.zeros((size * 8, size * 8), bool)
    for stroke in strokes:
        points = stroke.astype(float) * size
        for a, b in zip(points, points[1:] if len(points) > 1 else points, strict=False):
            along = np.clip(((samples - a) @ (b - a)) / max(((b - a) ** 2).sum(), 1e-12), 0, 1)
            inked |= np.linalg.norm(samples - a - along[..., None] * (b - a), axis=-1) <= width_px / 2
    return inked.reshape(size, 8, size, 8).mean(axis=(1, 3)) * 255


@pytest.mark.parametrize(("width_px", "size"), [(2.2, 28), (1.3, 28), (4.0, 40)])
def test_the_pen_leaves_ink_within_half_its_width(width_px, size):
    random = np.random.default_rng(0)
    drawings = [random_strokes(random) for _ in range(10)]
    grey = write_pictures(make_drawing_set([Drawing(d) for d in drawings]), width_px=width_px, size=size)
    expected = np.stack([plain_picture(d, width_px=width_px, size=size) for d in drawings])
    # a sample on the very edge may fall on either side in float32: 4 of 255, rarely
    assert np.abs(grey - expected).max() <= 2 * 255 / 64
    assert (np.abs(grey - expected) > 0.51).mean() < 1e-3


def test_every_drawing_may_have_a_pen_of_its_own():
    drawing = Drawing((np.array([[0.2, 0.2], [0.7, 0.8]], np.float32),))
    two = write_pictures(make_drawing_set([drawing] * 2), width_px=np.array([1.5, 3.0], np.float32))
    alone = [write_pictures(make_drawing_set([drawing]), width_px=width)[0] for width in (1.5, 3.0)]
    assert (two == np.stack(alone)).all()


def test_drawings_are_sized_and_centred_as_mnist_is():
    samples = load_pen_samples()
    moved = centre_in_frame(make_drawing_set([Drawing(tuple(s * 300 - 40 for s in d.strokes)) for d in samples]))
    grey = write_pictures(moved).astype(float)
    at = np.arange(28) + 0.5
    centres = np.stack([(grey * at).sum((1, 2)), (grey * at[:, None]).sum((1, 2))]) / grey.sum((1, 2))
    # grey has 64 steps: moving a drawing by part of a sample doesn't move its ink exactly as far
    np.testing.assert_allclose(centres, 14, atol=0.05)
    for drawing in moved:
        assert np.ptp(np.concatenate(drawing.strokes), axis=0).max() * 28 == pytest.approx(18, abs=1e-3)


@pytest.mark.parametrize("dot", [[[7, 7]], [[7, 7], [7, 7]]])
def test_a_dot_is_written_in_the_middle(dot):
    drawings = centre_in_frame(make_drawing_set([Drawing((np.array(dot, np.float32),))]))
    assert drawings[0].strokes[0] == pytest.approx(np.full((len(dot), 2), 0.5))
    assert pen_pictures(drawings).images.any()


def test_no_drawings_make_no_pictures():
    assert len(pen_pictures(centre_in_frame(make_drawing_set([])))) == 0


def test_a_persons_own_strokes_fit_their_picture():
    pens = centre_in_frame(load_pen_samples())
    pictures = pen_pictures(pens)
    assert (pictures.images == thin(write_pictures(pens))).all()
    assert pictures.labels.tolist() == pens.labels.tolist()
    assert score_pictures(render_set(pens), pictures.images)["f1"].mean() > 0.99


@pytest.fixture
def pens() -> PenSet:
    """Nine digits of three writers."""
    samples = centre_in_frame(load_pen_samples().select(np.arange(9)))
    return PenSet(samples, ("a", "a", "b", "a", "c", "a", "a", "b", "a"))


def test_a_cap_keeps_as_many_of_every_writer_and_their_order(pens):
    capped = pens.capped(2)
    assert Counter(capped.writers) == {"a": 2, "b": 2, "c": 1}
    assert (np.diff(capped.drawings.source_index) > 0).all()


def test_one_writer_in_five_is_held_out():
    codes = [f"writer-{i}" for i in range(2000)]
    # a binomial's standard deviation is 0.009
    assert np.mean([held_out(code) for code in codes]) == pytest.approx(0.2, abs=0.03)
    assert [held_out(code) for code in ("Greek", "Latin")] == [True, False]


def test_an_alphabet_decides_for_all_its_writers():
    greek = held_out_drawings(["x", "y"], ["Greek/character01", "Greek/character02"])
    assert greek.all()
    assert held_out_drawings(["x"], ["/"])[0] == held_out("x")


def test_a_pen_set_is_loaded_into_the_frame_with_its_writers(tmp_path):
    xy = np.array([[0, 0], [100, 0], [100, 200], [5, 5], [5, 9]], np.float32)
    up = np.array([False, False, True, False, True])
    labels, writers = np.array(["7", "1"]), np.array(["anna", "bo"])
    np.savez(tmp_path / "pens.npz", xy=xy, pen_up=up, offsets=np.array([0, 3, 5]), labels=labels, writers=writers)
    pens = load_pens(tmp_path / "pens.npz")
    assert (pens.writers, pens.names) == (("anna", "bo"), ["7", "1"])
    assert [np.ptp(d.strokes[0], axis=0).max() * 28 for d in pens.drawings] == pytest.approx([18, 18], rel=1e-5)


def test_what_holds_no_pens_is_refused(tmp_path):
    with pytest.raises(SourceError):
        load_pens(tmp_path / "none.npz")
    (tmp_path / "what.xyz").touch()
    with pytest.raises(ConfigError):
        load_pens(tmp_path / "what.xyz")


def test_held_out_writers_are_to_choose_by_or_to_report_on():
    codes = [f"w{i}" for i in range(2000)]
    kept = [code for code in codes if held_out(code)]
    choose = to_choose_by(kept, [None] * len(kept))
    assert choose.mean() == pytest.approx(0.5, abs=0.1)
    # a writer is wholly of one half, whatever is written
    assert (to_choose_by(kept, ["7"] * len(kept)) == choose).all()


def test_of_sets_of_characters_the_character_is_kept_and_not_the_writer():
    characters = [chr(0x4E00 + i) for i in range(2000)]
    kept = held_out_drawings(["kanjivg"] * 2000, characters)
    assert kept.mean() == pytest.approx(0.1, abs=0.03)
    assert (held_out_drawings(["hanzi-writer"] * 2000, characters) == kept).all()
    assert to_choose_by(["kanjivg"] * 2000, characters).mean() == pytest.approx(0.5, abs=0.05)
