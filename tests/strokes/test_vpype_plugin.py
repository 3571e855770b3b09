"""The plugin of vpype, in an environment that has it: a picture becomes lines in the pen's order, in mm."""

import numpy as np
import pytest
from PIL import Image

vpype = pytest.importorskip("vpype")
vpype_cli = pytest.importorskip("vpype_cli")


def test_a_picture_becomes_lines_as_high_as_asked(tmp_path):
    from strokes.cli.vpype_plugin import PX_A_MM, strokes

    picture = np.full((120, 200), 255, np.uint8)
    picture[20:100, 40:46] = 0
    picture[20:100, 150:156] = 0
    Image.fromarray(picture).save(tmp_path / "bars.png")
    assert strokes.name == "strokes"
    vpype_cli.cli.add_command(strokes)
    command = f"strokes --method trace --height-mm 10 {tmp_path / 'bars.png'}"
    document = vpype_cli.execute(command)
    (lines,) = document.layers.values()
    assert len(lines) == 2
    height = max(line.imag.max() for line in lines) - min(line.imag.min() for line in lines)
    assert height / PX_A_MM == pytest.approx(10, abs=0.01)
