"""The ink of large pictures is kept whole, in memory or in a file."""

import numpy as np

from strokes.ink.fine import FineInk, InkShelf
from strokes.ink.thinning import thin

INK = np.random.default_rng(0).random((33, 77)) > 0.5


def test_ink_comes_back_as_it_was():
    fine = FineInk.of(INK, 2.5)
    assert np.array_equal(fine.mask, INK)
    assert np.array_equal(fine.ink, thin(INK))
    assert fine.pen_px == 2.5


def test_a_page_of_ink_takes_little_room():
    page = np.zeros((3000, 2000), np.bool_)
    page[100:2900:60, 100:1900] = True
    assert len(FineInk.of(page).packed) < 20_000  # of 6 million pixels


def test_a_shelf_gives_back_what_was_put_there_in_any_order():
    shelf = InkShelf()
    inks = [FineInk.of(np.roll(INK, i, 0), float(i)) for i in range(5)]
    for ink in (*inks[:2], None, *inks[2:]):
        shelf.append(ink)
    assert len(shelf) == 6
    assert shelf[4] == inks[3]
    assert shelf[2] is None
    assert list(shelf) == [*inks[:2], None, *inks[2:]]
    assert shelf[:3] == [*inks[:2], None]
