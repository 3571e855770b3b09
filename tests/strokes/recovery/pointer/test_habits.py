"""One hand's habits: they decide between walks, are told apart by writer, and change how sure a drawing is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from strokes.errors import ConfigError
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import pen_pictures
from strokes.recovery.methods import Options, choose_method
from strokes.recovery.pointer.adapt import CHANGES, RANK, adapt
from strokes.recovery.pointer.calibration import FEATURES, Calibration
from strokes.recovery.pointer.decoding import Walks
from strokes.recovery.pointer.habit_calibration import calibrate_habits
from strokes.recovery.pointer.habits import NOBODY, Habits
from strokes.recovery.pointer.network import END, GO
from strokes.recovery.pointer.recover import PenRecovery
from strokes.recovery.pointer.risk import minimise_bayes_risk
from strokes.recovery.pointer.spec import PenSpec

COLUMNS = np.arange(4.5, 25, 2.0)
RIGHTWARDS = np.stack([COLUMNS, np.full(len(COLUMNS), 14.5)], axis=1).astype(np.float32)
LEFTWARDS = RIGHTWARDS[::-1]


def taught(*strokes: np.ndarray, labels: str = "1", writers: tuple[str, ...] = ("",)) -> Habits:
    """Habits of drawings of one stroke each, in px."""
    drawings = make_drawing_set([Drawing((own / 28,), name) for own, name in zip(strokes, labels, strict=True)])
    return Habits.of(PenSet(drawings, writers), PenSpec())


def both_ways() -> tuple[Walks, np.ndarray]:
    """Two walks over one line, first the likelier one to the right, and the picture."""
    points = np.stack([RIGHTWARDS, LEFTWARDS]).astype(np.float32)
    flags = np.tile([*[GO] * (len(COLUMNS) - 1), END], (2, 1))
    ink = np.zeros((1, 28, 28), bool)
    ink[0, 14, 4:25] = True
    return Walks(np.zeros_like(flags), flags, points, np.array([0, -3], np.float32), np.zeros((2, 2), np.float32)), ink


@pytest.mark.parametrize("stroke", [RIGHTWARDS, LEFTWARDS])
def test_the_walk_that_runs_as_the_hand_does_is_chosen(stroke):
    walks, ink = both_ways()
    habits = taught(stroke)
    likeness = habits.likeness(walks, ink, habits.of_pictures(["1"], None))
    assert (minimise_bayes_risk(walks, ink, 2, likeness).walks.points_px[0, 0] == stroke[0]).all()
    assert (minimise_bayes_risk(walks, ink, 2).walks.points_px[0, 0] == RIGHTWARDS[0]).all()


def test_a_habit_is_laid_over_the_ink_wherever_it_was_written():
    walks, ink = both_ways()
    # 0.8 of the size, elsewhere
    moved = taught(LEFTWARDS * 0.8 + np.float32([1, -6]))
    near, far = moved.likeness(walks, ink, np.array([[0]]))[0, ::-1]
    assert near > far + 3


def test_of_several_habits_the_likest_counts_and_of_none_nothing_is_known():
    walks, ink = both_ways()
    habits = taught(RIGHTWARDS, LEFTWARDS, labels="11", writers=("", ""))
    either = habits.likeness(walks, ink, habits.of_pictures(["1"], None))[0]
    assert either[0] == pytest.approx(either[1], abs=1e-5)
    unknown = habits.likeness(walks, ink, habits.of_pictures(["2"], None))
    assert np.isnan(unknown).all()
    assert np.isnan(minimise_bayes_risk(walks, ink, 2, unknown).likeness).all()


def test_each_picture_is_judged_by_its_own_writers_habits():
    habits = taught(RIGHTWARDS, LEFTWARDS, LEFTWARDS, labels="117", writers=("a", "b", "b"))
    assert habits.of_pictures(["1", "1", "7", "7"], ["b", "a", "a", "b"]).tolist() == [[1], [0], [NOBODY], [2]]


def test_no_other_writers_drawing_is_used_and_a_single_hands_only_where_nobody_is_known():
    several = taught(RIGHTWARDS, LEFTWARDS, labels="11", writers=("a", "b"))
    assert several.of_pictures(["1", "1"], ["z", ""]).shape == (2, 0)
    assert several.of_pictures(["1"], None).shape == (1, 0)
    one = taught(RIGHTWARDS, writers=("a",))
    assert one.of_pictures(["1", "1", "1"], ["a", "", "z"]).tolist() == [[0], [0], [NOBODY]]
    assert one.of_pictures(["1"], None).tolist() == [[0]]
    # nobody said whose these are: the hand that wrote them all
    assert taught(RIGHTWARDS).of_pictures(["1", "1"], ["z", ""]).tolist() == [[0], [0]]


def test_hands_that_cannot_be_told_apart_are_refused(pen_model, recordings):
    pictures = pen_pictures(recordings.drawings)
    options = Options(model=str(pen_model), habits=recordings)
    with pytest.raises(ConfigError, match="--writers"):
        choose_method(pictures, options)
    with pytest.raises(ConfigError, match="a writer whom both have"):
        choose_method(replace(pictures, writers=("z",) * len(pictures)), options)
    choose_method(replace(pictures, writers=recordings.writers), options)


def test_habits_need_a_drawing_with_a_class_and_a_pen_network(recordings):
    with pytest.raises(ConfigError, match="no drawing with a label"):
        Habits.of(recordings.select(np.zeros(0, np.int64)), PenSpec())
    pictures = pen_pictures(recordings.drawings)
    with pytest.raises(ConfigError, match="only pen networks"):
        choose_method(pictures, Options(method="trace", habits=recordings))


def test_a_dataset_says_what_habits_it_was_built_by(pen_model, recordings):
    pictures = replace(pen_pictures(recordings.drawings), writers=recordings.writers)
    one, other = (
        choose_method(pictures, Options(model=str(pen_model), habits=recordings.select(np.arange(n)))).attributes
        for n in (3, 4)
    )
    assert one["habits_sha256"] != other["habits_sha256"]
    assert "habits_sha256" not in choose_method(pictures, Options(model=str(pen_model))).attributes


def test_each_writer_teaches_as_many_of_each_class_as_asked(recordings):
    pens = replace(recordings, writers=tuple("ab"[i % 2] for i in range(len(recordings))))
    lessons, others = pens.taught_apart(1)
    assert len(lessons) + len(others) == len(pens)
    known = list(zip(lessons.writers, lessons.names, strict=True))
    assert len(set(known)) == len(known)
    assert set(known) == set(zip(pens.writers, pens.names, strict=True))


def test_a_known_habit_has_a_calibration_of_its_own(pen_network, pen_recipe, recordings):
    pens = replace(recordings, writers=("a",) * len(recordings))
    recovery = PenRecovery(pen_network, pen_recipe, hypotheses=2)
    fitted = calibrate_habits(recovery, Calibration(), [pens])
    assert len(fitted.habits) == FEATURES + 2
    assert Calibration.from_json(fitted.to_json()) == fitted
    lessons, others = pens.taught_apart(1)
    habitual = replace(recovery, habits=Habits.of(lessons, pen_recipe.network))
    chosen, _ = habitual.draw(pen_pictures(others.drawings))
    sure = replace(fitted, habits=(*[0.0] * (FEATURES + 1), 2.0))
    # e² / (1 + e²)
    assert sure.confidence(chosen) == pytest.approx(0.881, abs=1e-3)
    assert fitted.weights == Calibration().weights
    chosen, _ = recovery.draw(pen_pictures(others.drawings))
    assert sure.confidence(chosen) == pytest.approx(0.5)


def test_a_calibration_with_some_of_its_weights_for_habits_is_refused():
    with pytest.raises(ConfigError, match="none or"):
        Calibration(habits=(1.0,))


def test_adaptation_lowers_the_loss_on_the_hand_and_leaves_the_network_as_it_was(pen_network, pen_recipe, recordings):
    before = {name: value.clone() for name, value in pen_network.state_dict().items()}
    adapted, recipe, losses = adapt(pen_network, pen_recipe, recordings.select(np.arange(4)), recordings, steps=30)
    assert 0 < recipe.habit < pen_recipe.habit
    assert np.mean(losses[-5:]) < 0.97 * np.mean(losses[:5])
    assert all((value == before[name]).all() for name, value in pen_network.state_dict().items())
    assert any((value != before[name]).any() for name, value in adapted.state_dict().items())


@pytest.mark.parametrize("change", CHANGES)
def test_no_more_of_a_network_changes_than_was_allowed(pen_network, pen_recipe, recordings, change):
    before = dict(pen_network.named_parameters())
    adapted, *_ = adapt(pen_network, pen_recipe, recordings, recordings, steps=3, change=change)
    changes = {name: weight - before[name] for name, weight in adapted.named_parameters()}
    ranks = [int(torch.linalg.matrix_rank(c.flatten(1), tol=1e-6)) for c in changes.values() if c.ndim > 1]
    assert {"all": max(ranks) > RANK, "biases": max(ranks) == 0, "low-rank": 0 < max(ranks) <= RANK}[change]
    assert any(bool(c.any()) for c in changes.values() if c.ndim == 1)


def test_an_unknown_change_is_refused(pen_network, pen_recipe, recordings):
    with pytest.raises(ConfigError, match="unknown change"):
        adapt(pen_network, pen_recipe, recordings, recordings, change="some")
