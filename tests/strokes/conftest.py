"""What tests of commands share."""

import sys

import numpy as np
import pytest

from strokes import cli
from strokes.datasets import load_pen_samples
from strokes.ink.augment import Variation, vary
from strokes.ink.pictures import GreySet
from strokes.ink.rendering import centre_in_frame, write_pictures


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command line in the test's folder; its exit code, and the lines of its output and errors."""
    monkeypatch.chdir(tmp_path)

    def strokes(*arguments: object) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(sys, "argv", ["strokes", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        found = capsys.readouterr()
        return code, found.out.splitlines(), found.err.splitlines()

    return strokes


def written_digits(seed: int, copies: int = 4) -> GreySet:
    """Every pen sample a few times, each time varied otherwise."""
    samples = centre_in_frame(load_pen_samples())
    chosen = samples.select(np.tile(np.arange(len(samples)), copies))
    varied = vary(chosen, Variation(turn=0.05, slant=0.1), np.random.default_rng(seed))
    return GreySet(write_pictures(varied), chosen.labels, chosen.classes, "written digits")


@pytest.fixture(scope="session")
def written() -> GreySet:
    """Real test pictures, as it were."""
    return written_digits(0)


@pytest.fixture(scope="session")
def others() -> GreySet:
    """Digits of the same hands, none of them the same."""
    return written_digits(1)
