"""A file for each drawing is called as its picture was."""

import numpy as np
import pytest

from strokes.formats import export
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.store.writer import DatasetWriter

STROKE = np.array([[0.2, 0.2], [0.8, 0.8]], np.float32)
ABOUT = ('{"file": "a/b c.png", "page": 2, "line": 0}', '{"file": "../../x\\u0000y.jpg"}', "{}")


@pytest.mark.parametrize("ending", ["svg", "inkml", "gcode", "hpgl", "png"])
def test_files_keep_their_pictures_names_and_never_leave_the_folder(tmp_path, ending):
    drawings = make_drawing_set([Drawing((STROKE,))] * 3, metadata=ABOUT)
    with DatasetWriter(tmp_path / "a.h5", attributes={}, classes=()) as writer:
        writer.append(drawings)
    export(tmp_path / "a.h5", tmp_path / "out", ending)
    names = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.suffix == f".{ending}")
    assert names == [f"0-a_b_c-page2-line0.{ending}", f"1-_.._x_y.{ending}", f"2.{ending}"]
