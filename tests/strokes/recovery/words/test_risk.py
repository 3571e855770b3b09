"""Which of several walks over a strip is chosen: what less likely walks agree on, and what leaves no ink out."""

import numpy as np

from strokes.recovery.pointer.network import END, GO
from strokes.recovery.words.risk import choose

COLUMNS = np.arange(4.5, 40, 2.0)
RIGHTWARDS = np.stack([COLUMNS, np.full(len(COLUMNS), 8.5)], axis=1).astype(np.float32)
FLAGS = np.array([*[GO] * (len(COLUMNS) - 1), END])


def image() -> np.ndarray:
    """The ink of the line."""
    ink = np.zeros((16, 48), bool)
    ink[8, 4:40] = True
    return ink


def chosen(*walks: np.ndarray, likelihood: list[float]) -> int:
    flags = np.tile(FLAGS, (len(walks), 1))
    return choose(np.stack(walks), flags, np.array(likelihood, np.float32), image())[0]


def test_walks_that_agree_outvote_a_likelier_one():
    # e^-50 times as likely, and three of them: over a strip of hundreds of steps that is no less to be believed
    three = [RIGHTWARDS] * 3
    assert chosen(RIGHTWARDS[::-1], *three, likelihood=[0, -50, -50, -50]) > 0
    assert chosen(RIGHTWARDS[::-1], *three, likelihood=[0, -500, -500, -500]) == 0


def test_a_walk_that_leaves_ink_out_is_not_chosen():
    half = RIGHTWARDS.copy()
    half[len(half) // 2 :] = half[len(half) // 2]
    assert chosen(half, RIGHTWARDS, likelihood=[0, -1]) == 1
