"""Among several walks the one that risks least is chosen, as long as it fits its picture."""

import numpy as np
import pytest
import torch

from strokes.errors import ConfigError
from strokes.metrics.pens import score_pens
from strokes.metrics.pictures import render_set
from strokes.recovery.pointer.decoding import UNUSED, Walks, walk
from strokes.recovery.pointer.network import END, GO, LIFT
from strokes.recovery.pointer.risk import choose_walks, judge_walks, minimise_bayes_risk, to_drawings

ACROSS = np.stack([np.linspace(6, 22, 9), np.full(9, 14.5)], axis=1)
DOWN = ACROSS[:, ::-1]


def walks(*paths, likelihood=None):
    """Each path (points, 2) in px as a walk of one stroke."""
    longest = max(map(len, paths))
    flags = np.full((len(paths), longest), UNUSED, np.int64)
    points = np.zeros((len(paths), longest, 2), np.float32)
    for i, path in enumerate(paths):
        flags[i, : len(path)] = [GO] * (len(path) - 1) + [END]
        points[i, : len(path)] = path
    chances = np.zeros(len(paths)) if likelihood is None else np.array(likelihood)
    return Walks(
        np.zeros_like(flags), flags, points, chances.astype(np.float32), np.zeros((len(chances), 2), np.float32)
    )


def picture_of(path):
    found = walks(path)
    return render_set(to_drawings(found.points_px, found.flags))


def test_of_three_walks_the_reversed_one_is_not_chosen():
    for order in ([0, 1, 2], [2, 1, 0], [0, 2, 1]):
        paths = [[ACROSS, ACROSS + np.array([0.3, 0]), ACROSS[::-1]][i] for i in order]
        chosen = minimise_bayes_risk(walks(*paths), picture_of(ACROSS), 3)
        assert chosen.walks.points_px[0, 0, 0] < 14
        assert chosen.turned[0] == pytest.approx(0.5, abs=0.05)  # one of the two others runs against it
        assert chosen.reordered[0] == pytest.approx(1.0, abs=0.1)  # orders +1 and -1
        assert chosen.contested[0] == pytest.approx(0.5)


def test_each_picture_has_its_own_choice():
    found = walks(ACROSS, ACROSS, ACROSS[::-1], DOWN[::-1], DOWN, DOWN[::-1])
    images = np.concatenate([picture_of(ACROSS), picture_of(DOWN)])
    chosen = minimise_bayes_risk(found, images, 3)
    assert chosen.walks.points_px[0, 0].tolist() == ACROSS[0].tolist()
    assert chosen.walks.points_px[1, 0].tolist() == DOWN[-1].tolist()


def test_a_walk_alone_is_judged_by_nothing_and_nothing_contests_it():
    alone = walks(ACROSS)
    assert not judge_walks(alone.points_px, alone.flags, 1).any()
    chosen = minimise_bayes_risk(alone, picture_of(ACROSS), 1)
    assert [chosen.apart_px[0], chosen.turned[0], chosen.reordered[0], chosen.contested[0]] == [0, 0, 0, 0]


def test_two_that_agree_lose_to_one_that_fits_the_picture():
    half = ACROSS[:4]
    chosen = minimise_bayes_risk(walks(half, half, ACROSS), picture_of(ACROSS), 3)
    assert chosen.walks.points_px[0, -1].tolist() == ACROSS[-1].tolist()
    assert chosen.fit[0] == 1


def test_a_likelier_walk_outvotes_two_that_are_all_but_impossible():
    found = walks(ACROSS[::-1], ACROSS, ACROSS, likelihood=[0, -100, -100])
    assert minimise_bayes_risk(found, picture_of(ACROSS), 3).walks.points_px[0, 0].tolist() == ACROSS[-1].tolist()


def test_walks_of_dots_alone_contest_nothing():
    dot, other = np.full((1, 2), 14.0), np.full((1, 2), 14.5)
    chosen = minimise_bayes_risk(walks(dot, other, dot), picture_of(dot), 3)
    assert chosen.apart_px[0] < 1
    assert (chosen.turned[0], chosen.reordered[0], chosen.contested[0]) == (0, 0, 0)


def test_a_single_step_contests_its_reverse():
    step = ACROSS[[3, 5]]
    chosen = minimise_bayes_risk(walks(step, step, step[::-1]), picture_of(step), 3)
    assert chosen.walks.points_px[0, 0].tolist() == step[0].tolist()
    assert chosen.contested[0] == pytest.approx(0.5)


def test_what_likelier_hypotheses_say_of_the_chosen_one_weighs_more():
    """Beside the chosen walk are one as likely that agrees, and a reversed one that is e^30 times less likely."""
    found = walks(ACROSS, ACROSS, ACROSS[::-1], likelihood=[0, 0, -30])
    chosen = minimise_bayes_risk(found, picture_of(ACROSS), 3)
    against = np.exp(-1) / (1 + np.exp(-1))
    assert chosen.contested[0] == pytest.approx(against, abs=1e-3)
    assert chosen.turned[0] == pytest.approx(against, abs=0.05)


def test_hypotheses_are_judged_as_the_metrics_judge():
    loop = 14 + 6 * np.stack([np.cos(np.arange(0, 6, 0.33)), np.sin(np.arange(0, 6, 0.33))], axis=1)
    found = walks(loop, loop[::-1], loop[5:])
    drawings = to_drawings(found.points_px, found.flags)
    chosen = minimise_bayes_risk(found, picture_of(loop), 3)
    best = [np.array_equal(chosen.walks.points_px[0], walked) for walked in found.points_px].index(True)
    others = [i for i in range(3) if i != best]
    scores = score_pens(drawings.select(np.array(others)), drawings.select(np.array([best, best])))
    assert chosen.turned[0] == pytest.approx(1 - scores["direction"].mean(), abs=0.03)
    assert chosen.reordered[0] == pytest.approx(1 - scores["order"].mean(), abs=0.06)


def test_one_walk_alone_is_chosen_and_nothing_is_apart_from_it():
    chosen = minimise_bayes_risk(walks(ACROSS, likelihood=[-4.5]), picture_of(ACROSS), 1)
    assert (chosen.apart_px[0], chosen.turned[0], chosen.reordered[0], chosen.contested[0]) == (0, 0, 0, 0)
    assert chosen.surprise[0] == pytest.approx(0.5)  # 4.5 over 9 steps


def test_strokes_end_where_the_pen_is_lifted():
    flags = np.array([[GO, LIFT, LIFT, GO, END], [END, UNUSED, UNUSED, UNUSED, UNUSED]])
    points_px = np.arange(20, dtype=np.float32).reshape(2, 5, 2)
    drawings = to_drawings(points_px, flags, size=10)
    assert [[len(stroke) for stroke in drawing.strokes] for drawing in drawings] == [[2, 1, 2], [1]]
    assert np.allclose(drawings[0].strokes[2], [[0.6, 0.7], [0.8, 0.9]])


def test_a_walk_of_no_step_is_a_drawing_without_strokes():
    flags = np.array([[UNUSED, UNUSED], [GO, END]])
    drawings = to_drawings(np.ones((2, 2, 2), np.float32), flags)
    assert [len(drawing.strokes) for drawing in drawings] == [0, 1]
    assert len(to_drawings(np.zeros((3, 0, 2), np.float32), np.zeros((3, 0), np.int64))) == 3


def test_hypotheses_follow_from_the_seed(pen_network, some):
    few = some.select(np.arange(6))
    ink = pen_network.encoder(torch.from_numpy(few.images), torch.from_numpy(few.labels))
    first, again, other = (
        choose_walks(pen_network, ink, few.images, hypotheses=3, temperature=2.0, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.walks.points_px, again.walks.points_px)
    assert not np.array_equal(first.apart_px, other.apart_px)
    assert len(first.walks.flags) == len(few)


def test_the_first_hypothesis_is_the_likeliest_walk_and_the_others_are_drawn(pen_network, some):
    ink = pen_network.encoder(torch.from_numpy(some.images), torch.from_numpy(some.labels))
    alone, other = (
        choose_walks(pen_network, ink, some.images, hypotheses=1, temperature=2.0, seed=seed).walks for seed in (1, 2)
    )
    assert np.array_equal(alone.tokens, walk(pen_network, ink).tokens)
    assert np.array_equal(alone.tokens, other.tokens)


def test_no_hypothesis_is_refused(pen_network, some):
    ink = pen_network.encoder(torch.from_numpy(some.images), torch.from_numpy(some.labels))
    with pytest.raises(ConfigError, match="0 hypotheses"):
        choose_walks(pen_network, ink, some.images, hypotheses=0, temperature=1.0, seed=0)


def test_what_has_no_vote_can_be_chosen_but_decides_nothing():
    three, picture = walks(ACROSS, ACROSS[::-1], ACROSS[::-1], likelihood=[0, 0, 0]), picture_of(ACROSS)
    begun = [minimise_bayes_risk(three, picture, 3, voting=voting).walks.points_px[0, 0] for voting in (1, 3)]
    assert (begun[0] == ACROSS[0]).all()
    assert (begun[1] == ACROSS[-1]).all()
    liked = np.array([[0, 9, 9]], np.float32)
    assert (minimise_bayes_risk(three, picture, 3, liked, voting=1).walks.points_px[0, 0] == ACROSS[-1]).all()
