"""What the packages import is declared, and what is declared is imported."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BROUGHT = {"llvmlite": "numba", "triton": "torch", "click": "vpype", "vpype_cli": "vpype"}
"""What comes with a dependency and is used beside it."""
LOADED_BY_OTHERS = {"tensorboard", "websockets", "s3fs", "gcsfs", "huggingface-hub"}
"""What torch, uvicorn and fsspec import."""


def plain(requirement: str) -> str:
    """The name of a requirement, as the index spells it."""
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


DECLARED = {plain(requirement) for requirement in PROJECT["dependencies"]}
OPTIONAL = {
    plain(requirement)
    for extra, requirements in PROJECT["optional-dependencies"].items()
    if extra != "dev"
    for requirement in requirements
}


def imported() -> set[str]:
    """The distributions that a module of the two packages imports, at its top or inside a function."""
    found = set()
    for path in (path for package in ("raster", "strokes") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
    homes = packages_distributions()
    foreign = found - set(sys.stdlib_module_names) - {"raster", "strokes"}
    return {BROUGHT.get(name) or plain(homes.get(name, [name])[0]) for name in foreign}


@pytest.fixture(scope="module")
def used():
    return imported()


def test_nothing_undeclared_is_imported(used):
    assert used - DECLARED - OPTIONAL == set()


def test_nothing_unused_is_declared(used):
    assert (DECLARED | OPTIONAL) - used - LOADED_BY_OTHERS == set()
