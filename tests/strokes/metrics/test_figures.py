"""The figures of generated pictures on cases whose answer is known."""

import numpy as np
import pytest

from strokes.errors import ConfigError, ShapeError
from strokes.metrics.accuracy import accuracy_of
from strokes.metrics.frechet import frechet_distance
from strokes.metrics.inception import inception_score, small_inception_score
from strokes.metrics.precision_recall import nearest_of, precision_recall, squared_reach
from strokes.recognition.choose import load_judge

RANDOM = np.random.default_rng(0)


def sure(labels: np.ndarray, classes: int = 10) -> np.ndarray:
    """Probabilities of pictures that are read without doubt."""
    return np.eye(classes)[labels]


# Inception Score


def test_sure_answers_of_all_classes_score_their_number():
    mean, sd = inception_score(sure(np.tile(np.arange(10), 50)), 1)
    assert mean == pytest.approx(10)
    assert sd == 0


def test_the_same_answer_for_every_picture_scores_one():
    assert inception_score(np.full((200, 10), 0.1)) == pytest.approx((1, 0), abs=1e-12)
    assert inception_score(sure(np.zeros(200, int))) == pytest.approx((1, 0), abs=1e-12)


def test_the_score_is_the_exponent_of_the_mean_divergence():
    probabilities = RANDOM.dirichlet(np.ones(5), 40)
    whole = probabilities.mean(0)
    divergence = (probabilities * np.log(probabilities / whole)).sum(1).mean()
    assert inception_score(probabilities, 1)[0] == pytest.approx(np.exp(divergence))


def test_parts_are_drawn_at_random_so_that_the_order_of_classes_does_not_matter():
    assert inception_score(sure(np.repeat(np.arange(10), 100)))[0] > 9


def test_perfect_digits_score_six_by_the_published_protocol():
    # ten pictures of uniformly drawn classes hold about 6.5 of them; published for real digits: 5.96 ± 0.33
    mean, sd = small_inception_score(sure(np.random.default_rng(0).integers(0, 10, 10_000)), 0)
    assert mean == pytest.approx(5.96, abs=0.06)
    assert sd == pytest.approx(0.33, abs=0.05)


def test_too_few_pictures_are_refused():
    with pytest.raises(ShapeError, match="10 parts"):
        inception_score(sure(np.arange(5)))
    with pytest.raises(ShapeError, match="at least"):
        small_inception_score(sure(np.arange(99) % 10))


# Fréchet distance


def test_equal_features_are_no_distance_apart():
    features = RANDOM.normal(size=(500, 16))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)


def test_a_shift_counts_by_its_square_and_a_scale_by_its_spread():
    features = RANDOM.normal(size=(400, 3))
    features = (features - features.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(features.T))).T
    assert frechet_distance(features, features + np.array([3, 4, 0])) == pytest.approx(25)
    # covariances I and 4 I: tr(I + 4 I − 2 · 2 I) = 3
    assert frechet_distance(features, 2 * features) == pytest.approx(3)


def test_constant_features_have_no_spread():
    assert frechet_distance(np.zeros((9, 4)), np.ones((9, 4))) == pytest.approx(4)


def test_features_that_do_not_match_are_refused():
    with pytest.raises(ShapeError, match="expected"):
        frechet_distance(np.zeros((9, 4)), np.zeros((9, 5)))


# Precision, recall, neighbours


def test_equal_sets_cover_each_other_and_distant_ones_do_not():
    features = RANDOM.normal(size=(300, 8))
    assert precision_recall(features, features) == (1, 1)
    assert precision_recall(features, features + 100) == (0, 0)


def test_a_narrow_set_is_precise_but_recalls_little():
    wide = np.concatenate([RANDOM.normal(size=(200, 2)), RANDOM.normal(size=(200, 2)) + 50])
    narrow = RANDOM.normal(size=(200, 2)) * 0.5
    precision, recall = precision_recall(narrow, wide)
    assert precision > 0.95
    assert recall < 0.5


def test_a_ball_reaches_to_the_third_other_member():
    line = np.array([[0.0], [1], [3], [6], [10]])
    assert np.sqrt(squared_reach(line, k=3)) == pytest.approx([6, 5, 3, 5, 9])


def test_blocks_change_nothing():
    a, b = RANDOM.normal(size=(101, 6)), RANDOM.normal(size=(77, 6)) * 1.5
    assert precision_recall(a, b, block=7) == precision_recall(a, b, block=1000)
    parts, whole = nearest_of(a, b, block=7), nearest_of(a, b, block=1000)
    assert (parts[0] == whole[0]).all()
    assert parts[1] == pytest.approx(whole[1], rel=1e-12)
    plain = np.linalg.norm(a[:, None] - b[None], axis=2)
    assert (whole[0] == plain.argmin(1)).all()
    assert whole[1] == pytest.approx(plain.min(1))


def test_an_exact_copy_is_nearest_at_no_distance():
    pictures = RANDOM.integers(0, 256, (50, 784)).astype(np.uint8)
    found, apart = nearest_of(pictures[[30, 4]], pictures)
    assert found.tolist() == [30, 4]
    assert apart.tolist() == [0, 0]


def test_neighbours_need_more_members_than_are_asked_for():
    with pytest.raises(ShapeError, match="more than 3"):
        precision_recall(np.zeros((3, 2)), np.zeros((9, 2)))
    with pytest.raises(ShapeError, match="nothing"):
        nearest_of(np.zeros((3, 2)), np.zeros((0, 2)))


# Accuracy and judges


def test_accuracy_is_of_labelled_pictures_in_all_and_by_class():
    found = accuracy_of(np.array([0, 0, 1, 1, 1, 0]), np.array([0, 0, 1, 0, 0, -1]), ("a", "b", "c"))
    assert found.total.mean == pytest.approx(3 / 5)
    assert {name: (f.mean, f.count) for name, f in found.by_class.items()} == {"a": (0.5, 4), "b": (1, 1)}
    assert found.weighted == pytest.approx(found.total.mean)
    assert found.of_classes == pytest.approx(0.75)


def test_the_accuracy_of_unlabelled_pictures_is_not_known():
    found = accuracy_of(np.array([0, 1]), np.array([-1, -1]), ("a", "b"))
    assert np.isnan([found.total.mean, found.weighted, found.of_classes]).all()


@pytest.mark.parametrize(("asked", "known"), [("", 10), ("37", 10), ("0A", 36), ("Z", 36), ("a", 62)])
def test_the_judge_knows_as_few_classes_as_will_do(asked, known):
    judge = load_judge(tuple(asked))
    assert (len(judge.classes), judge.kind) == (known, "grey")
    assert set(asked) <= set(judge.classes)


@pytest.mark.parametrize("letters", ["", "A", "a"])
def test_every_judge_reads_digits_written_by_hand(letters, written):
    judge = load_judge((*"0123456789", *letters))
    read = np.array(judge.classes)[judge.predict(written.images)[0]]
    # where letters are known, 0 is O as well, and 1 is I or l
    alike = np.char.translate(np.char.upper(read), str.maketrans("OIL", "011"))
    assert (alike == np.array(written.classes)[written.labels]).mean() > 0.85


def test_a_class_that_no_judge_knows_is_named():
    with pytest.raises(ConfigError, match="'ß'"):
        load_judge(("A", "ß"))
