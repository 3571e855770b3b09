"""A name means one thing in the house: no public class or constant of these rooms has a namesake anywhere."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("recovery", "generation", "training", "recognition")
SHARED = {
    "Model": "the command line's options are called after what they choose",
    "Habits": "likewise",
    "nearness": "one formula of `pointer.formulas`, made for torch and for compiled loops",
    "see": "likewise",
}
"""Names that two modules may have, and why."""


def public_names(path: Path) -> set[str]:
    """Public classes and constants that a module defines at its top."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return {name for name in found if not name.startswith("_")}


def homes() -> dict[str, set[str]]:
    """The modules that define each name."""
    found = defaultdict(set)
    for package in ("raster", "strokes"):
        for path in (ROOT / package).rglob("*.py"):
            for name in public_names(path):
                found[name].add(str(path.relative_to(ROOT)))
    return found


HOMES = homes()


@pytest.mark.parametrize("room", ROOMS)
def test_a_class_or_constant_has_no_namesake(room):
    own = {name: paths for name, paths in HOMES.items() if any(f"/{room}/" in path for path in paths)}
    assert own  # the room exists
    assert {name: paths for name, paths in own.items() if len(paths) > 1 and name not in SHARED} == {}


def test_block_is_one_number_in_the_whole_house():
    assert HOMES["BLOCK"] == {"strokes/recovery/blocks.py"}
