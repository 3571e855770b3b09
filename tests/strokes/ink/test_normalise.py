"""Pictures put into the frame are thinned piece by piece, in memory or in a file, and are the same."""

import numpy as np
import pytest

from strokes.ink import normalise
from strokes.ink.normalise import Framer
from strokes.ink.thinning import thin


@pytest.mark.parametrize("in_memory", [5, 4])
def test_pictures_are_thinned_in_pieces(in_memory, digits, monkeypatch):
    grey = digits.images[:5].astype(np.uint8) * np.uint8(255)
    given = []
    monkeypatch.setattr(normalise, "thin", lambda pictures: given.append(len(pictures)) or thin(pictures))
    monkeypatch.setattr(normalise, "PIECE", 2)
    monkeypatch.setattr(normalise, "IN_MEMORY", in_memory)
    framer = Framer()
    for picture in grey:
        framer.add(picture)
    ink = framer.framed().ink
    assert ink.dtype == np.bool_
    assert (ink == thin(grey)).all()
    assert given == [2, 2, 1]
