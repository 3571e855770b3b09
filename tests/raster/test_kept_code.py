"""Machine code that processes compiled and kept: good in others, stale with any of its sources, dispensable."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DRAW = """
import sys, torch, raster
points = torch.tensor([[[0.1, 0.5, 400.0], [0.9, 0.5, 400.0]]])
for name in sys.argv[1:]:
    draw = {"thick": lambda kernel: raster.rasterise_thick(points, width_px=3, size=32, kernel=kernel),
            "soft": lambda kernel: raster.rasterise(points, size=32, kernel=kernel)}[name]
    assert (draw("cpu") - draw("torch")).abs().max() < 1e-4, name
"""


def test_primitives_compiled_in_processes_of_their_own_draw_right_in_one(tmp_path):
    for names in (["thick"], ["soft"], ["soft", "thick"], ["thick", "soft"]):
        run(DRAW, *names, root=ROOT, cache=tmp_path)
    assert len(list(tmp_path.rglob("*.nbc"))) >= 2


def run(code, *arguments, root, cache, **more):
    """What a process of its own prints, with the packages of `root`, machine code kept in `cache`, and `more` set."""
    env = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(root)} | more
    command = [sys.executable, "-P", "-c", code, *arguments]
    done = subprocess.run(command, check=True, env=env, capture_output=True, text=True)
    return done.stdout.strip()


KERNEL = """
from raster.kernels.compiling import compiled
from sizes import REACH, PLACES
from ways import twice

def maker(factor):
    def times(value):
        return value * factor
    return compiled()(times)

threefold = maker(PLACES[1])

@compiled()
def kernel(value):
    return twice(value) + REACH + threefold(value)
"""

SOURCES = {
    "sizes.py": "REACH = 0.5\nPLACES = (1.0, 3.0)\n",
    "ways.py": "import numba\nfrom factors import FACTOR\n@numba.njit\ndef twice(value):\n    return FACTOR * value\n",
    "factors.py": "FACTOR = 2.0\n",
    "kernels.py": KERNEL,
}
CALL = "import kernels; print(kernels.kernel(1.0), sum(kernels.kernel.stats.cache_hits.values()))"


@pytest.fixture
def library(tmp_path):
    """A folder of modules with a kernel that gives 5.5 for 1.0, whose machine code is kept already."""
    folder = tmp_path / "library"
    folder.mkdir()
    for name, text in SOURCES.items():
        (folder / name).write_text(text)
    assert call(folder) == "5.5 0"
    return folder


def call(folder):
    """What the kernel makes of 1.0, and how often its machine code was found."""
    return run(CALL, root=f"{folder}{os.pathsep}{ROOT}", cache=folder.parent / "cache")


def test_what_has_not_changed_is_not_compiled_again(library):
    os.utime(library / "sizes.py", (1, 1))
    assert call(library) == "5.5 1"


@pytest.mark.parametrize(
    ("module", "old", "new", "expected"),
    [
        ("sizes.py", "REACH = 0.5", "REACH = 0.7", "5.7 0"),
        ("sizes.py", "3.0", "4.0", "6.5 0"),
        ("factors.py", "2.0", "3.0", "6.5 0"),
        ("ways.py", "FACTOR * value", "FACTOR + value", "6.5 0"),
    ],
)
def test_a_change_in_any_module_that_a_kernel_takes_from_counts(library, module, old, new, expected):
    path = library / module
    path.write_text(path.read_text().replace(old, new))
    os.utime(path, (1, 1))  # a wheel gives all its files one date
    assert call(library) == expected


WALK = """
import numpy as np
from raster.kernels.lanes import LANES
from strokes.recovery.pointer.formulas import POOL_REACH_PX
from strokes.recovery.pointer.kernels import observe
one, token, lanes = np.ones((2, 1), np.float32), np.zeros(1, np.int64), np.zeros((1, LANES), np.float32)
x_px, visited = lanes + 14, lanes.copy()
x_px[0, 1] = 15
values, sees = np.zeros((2, 2 * LANES), np.float32), np.zeros((1, 9 + len(POOL_REACH_PX)), np.float32)
observe(token, token, token, token + 2, x_px, lanes + 14, one, one[0], one[:1], lanes[None] + 1, values, one[0],
        np.zeros((1, 2), np.float32), visited, sees)
print(visited[0, 1])
"""


def copy_packages(folder):
    """The two packages without weights, in a folder."""
    for name in ("raster", "strokes"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "weights"))


def test_another_constant_in_the_formulas_changes_what_the_compiled_pen_sees(tmp_path):
    copy_packages(tmp_path)
    before = float(run(WALK, root=tmp_path, cache=tmp_path / "cache", NUMBA_OPT="0"))
    formulas = tmp_path / "strokes/recovery/pointer/formulas.py"
    text = formulas.read_text()
    assert "VISIT_PX = 1.2\n" in text
    formulas.write_text(text.replace("VISIT_PX = 1.2\n", "VISIT_PX = 2.4\n"))
    after = float(run(WALK, root=tmp_path, cache=tmp_path / "cache", NUMBA_OPT="0"))
    assert before == pytest.approx(after**4, rel=1e-5)  # twice the width: a fourth of the exponent


BUILD = """
import sys
from strokes.cli import main
sys.argv = ["strokes", "build-dataset", "--method", "trace", "--limit", "3", "--out", sys.argv[1]]
main()
"""


def test_a_build_needs_neither_a_home_nor_a_package_that_can_be_written(tmp_path):
    copy_packages(tmp_path)
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    for folder in {path.parent for name in ("raster", "strokes") for path in (tmp_path / name).rglob("*.py")}:
        (folder / "__pycache__").write_bytes(b"")  # a file: no folder can be made here, not even by root
    gone = {
        "HOME": "/dev/null/home",
        "XDG_CACHE_HOME": "/dev/null/cache",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_OPT": "0",
    }
    env = os.environ | gone | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-P", "-c", BUILD, str(tmp_path / "three.h5")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "three.h5").exists()
    assert not list(tmp_path.rglob("*.nb[ci]"))
