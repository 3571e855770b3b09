"""The examples of docs/raster.md run, and the fit fits."""

import re
from pathlib import Path

DOC = Path(__file__).parents[2] / "docs" / "raster.md"


def test_the_examples_run_and_the_polyline_fits(capsys):
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert names["image"].shape == (1, 28, 28)
    assert names["pen"].shape == (1, 64, 48)
    assert float(capsys.readouterr().out) < 1e-3  # from 3e-2 at the start


def test_the_pictures_are_there():
    for picture in re.findall(r"\]\((pictures/[^)]+)\)", DOC.read_text(encoding="utf-8")):
        assert (DOC.parent / picture).exists()
