"""The plugin of vpype, in an environment that has it: a picture becomes lines in the pen's order, in mm."""

import re
import subprocess
import sys
from pathlib import Path

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


def test_the_example_of_its_help_runs_as_it_stands(tmp_path):
    from strokes.cli.vpype_plugin import strokes

    picture = np.full((60, 60), 255, np.uint8)
    picture[10:50, 28:33] = 0
    Image.fromarray(picture).save(tmp_path / "scan.png")
    example = re.search(r"Example: vpype (.*)", strokes.callback.__doc__)[1].split()
    example.insert(1, "--method=trace")
    command = [Path(sys.executable).with_name("vpype"), *example]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert "<svg" in (tmp_path / "out.svg").read_text()
