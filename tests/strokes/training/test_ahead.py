"""Examples made ahead by processes."""

import os

from strokes.training.ahead import Ahead


def doubled(number):
    return 2 * number, os.getpid()


def test_what_is_made_ahead_is_what_is_made_on_demand_but_by_another_process():
    source = Ahead(doubled, workers=1)
    try:
        made = [source.at(number) for number in (3, 4, 6)]
    finally:
        source.close()
    assert [value for value, _ in made] == [6, 8, 12]
    assert os.getpid() not in {made_by for _, made_by in made}
    assert Ahead(doubled).at(5) == (10, os.getpid())


def test_what_is_passed_over_is_dropped():
    source = Ahead(doubled, workers=1)
    try:
        source.at(0)
        source.at(50)
        assert min(source.waiting) == 50
    finally:
        source.close()
    assert not source.waiting
