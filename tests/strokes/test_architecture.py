"""Imports point down only; `raster` stands alone; nothing heavy loads before it is needed."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TIERS = (
    ("errors",),
    ("ink", "files"),
    ("store", "datasets", "metrics", "training"),
    ("formats", "layout", "recognition", "recovery"),
    ("generation", "engines", "build"),
    ("evaluation", "train_recipe", "publishing", "api"),
    ("studio", "cli", "__main__"),
)
"""The rooms of `strokes` from the ground up; `raster` lies below them all, and the front door imports when asked."""


def modules() -> dict[str, Path]:
    """Every module of the two packages, by its dotted name."""
    paths = [path for package in ("raster", "strokes") for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules()


def runtime_nodes(tree: ast.AST):
    """All nodes but those of `if TYPE_CHECKING:` blocks."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from runtime_nodes(node)


def imports_of(name: str) -> set[str]:
    """What a module imports when it runs, at its top or inside a function; submodules by their own names."""
    found = set()
    for node in runtime_nodes(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside & set(MODULES) or {node.module}
    return found


def room_of(module: str) -> str:
    """The room of a module of `strokes`."""
    return module.split(".")[1]


def tier_of(module: str) -> int:
    """The tier that a module's room stands in, from the ground."""
    for height, rooms in enumerate(TIERS):
        if room_of(module) in rooms:
            return height
    raise AssertionError(f"{module} is in no tier; find its room's place in TIERS")


STROKES = [name for name in MODULES if name.startswith("strokes.")]


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] == "raster"])
def test_raster_imports_nothing_of_strokes(name):
    assert not {found for found in imports_of(name) if found.split(".")[0] == "strokes"}


@pytest.mark.parametrize("name", STROKES)
def test_imports_point_down_or_stay_in_their_tier(name):
    own = [found for found in imports_of(name) if found in STROKES]
    assert not [found for found in own if tier_of(found) > tier_of(name)]


def test_no_rooms_import_each_other_in_a_circle():
    rooms = {room: set() for tier in TIERS for room in tier}
    for name in STROKES:
        rooms[room_of(name)] |= {room_of(found) for found in imports_of(name) if found in STROKES} - {room_of(name)}
    assert list(TopologicalSorter(rooms).static_order())  # raises CycleError


def test_the_house_has_no_more_rooms_and_floors_than_a_person_can_keep_in_mind():
    assert len([room for tier in TIERS for room in tier if room != "__main__"]) <= 20  # that is one line, no room
    assert len(TIERS) <= 8


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: {found for found in imports_of(name) if found in MODULES and found != name} for name in MODULES}
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize(
    "name", ["strokes.ink.drawing", "strokes.errors", "strokes.ink.thinning", "strokes.store.reader", "raster"]
)
def test_a_module_outside_the_command_line_never_prints_usage_or_exits(name):
    source = MODULES[name].read_text(encoding="utf-8")
    assert "typer" not in source
    assert "SystemExit" not in source


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import strokes", "torch, numpy, h5py"),
        ("import strokes.cli", "torch, numpy, h5py, cv2, PIL"),
        ("import strokes.ink.drawing, strokes.store.reader", "torch, cv2, skimage"),
        ("import raster", "strokes, cv2, numba, h5py"),
    ],
)
def test_an_import_brings_no_more_than_it_needs(statement, absent):
    code = f"import sys; {statement}; print(*sorted({{*{absent.split(', ')}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
