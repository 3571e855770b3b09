"""Machine code that separate processes compiled and kept must work together in a third."""

import os
import subprocess
import sys
from pathlib import Path

DRAW = """
import sys, torch, raster
points = torch.tensor([[[0.1, 0.5, 400.0], [0.9, 0.5, 400.0]]])
for name in sys.argv[1:]:
    draw = {"thick": lambda kernel: raster.rasterise_thick(points, width_px=3, size=32, kernel=kernel),
            "soft": lambda kernel: raster.rasterise(points, size=32, kernel=kernel)}[name]
    assert (draw("cpu") - draw("torch")).abs().max() < 1e-4, name
"""


def test_primitives_compiled_in_processes_of_their_own_draw_right_in_one(tmp_path):
    root = Path(__file__).parents[2]
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(root)}
    for names in (["thick"], ["soft"], ["soft", "thick"], ["thick", "soft"]):
        subprocess.run([sys.executable, "-c", DRAW, *names], check=True, env=env)
    assert len(list(tmp_path.rglob("*.nbc"))) >= 2
