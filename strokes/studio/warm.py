"""What the worker's process loads and compiles before it is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from strokes.ink.normalise import frame_pictures
from strokes.ink.pictures import make_image_set
from strokes.recovery.methods import Options, choose_method
from strokes.studio.worker import Tell


def warm_job(tell: Tell) -> None:
    """Load and compile what recovery needs: of small pictures and large ones, and tracing."""
    picture = np.zeros((64, 64), np.uint8)
    picture[8:56, 30:34] = 255
    framed = frame_pictures([picture])
    pictures = make_image_set(framed.ink, sizes=framed.sizes, frames=framed.frames)
    for one in (pictures, replace(pictures, fine=framed.fine)):
        choose_method(one, Options()).draw(one)
    choose_method(pictures, Options(method="trace")).draw(pictures)
