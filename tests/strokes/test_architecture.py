"""Imports point down only; `raster` stands alone; nothing heavy loads before it is needed."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LAYERS = (
    ("cli",),
    ("cli_generators",),
    ("cli_options",),
    ("scoring",),
    ("judging",),
    ("building", "generating", "animate", "info", "pen_files", "formats", "parts", "shards"),
    ("torch_dataset", "verify"),
    ("damage",),
    ("store",),
    ("store_writer", "inspection"),
    ("schema", "sink", "checksums"),
    ("methods",),
    ("generators.style",),
    ("recovery", "pens.recovery", "training", "generators.images"),
    ("checkpoints", "training_log"),
    ("pens.large", "pens.trainer", "pens.confidence", "generators.training"),
    ("generators.vae_trainer", "generators.gan_trainer"),
    ("tracing", "pens.snapping", "pens.glyphs", "pens.hypotheses"),
    ("evaluation", "pen_metrics", "refinement"),
    ("pen_route", "skeleton"),
    ("generators.rendering",),
    ("recipes", "batches", "rates", "pen_samples", "pens.examples", "pens.walking", "progress"),
    ("pens.memory", "pens.stepping"),
    ("generators.adversaries",),
    ("generators.vae", "generators.measures"),
    ("pens.network", "pen_pictures", "round_pen", "classifier"),
    ("line_models", "networks", "losses", "pens.specs", "pens", "generators"),
    ("rollout",),
    ("sources",),
    ("formats.az_csv", "formats.idx", "formats.zips"),
    ("writers",),
    ("sheets",),
    ("thinning", "pen_path", "drawing", "atomic", "lock"),
    ("errors",),
)
"""From the top down. A reader of one file format serves the sources, so it lies below the registry of formats."""


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


def layer_of(module: str) -> int:
    """The layer of a module of `strokes`: its own, or its package's."""
    inner = module.removeprefix("strokes.")
    for name in (inner, inner.partition(".")[0]):
        for depth, names in enumerate(LAYERS):
            if name in names:
                return depth
    raise AssertionError(f"{module} is in no layer; find its place in LAYERS")


STROKES = [name for name in MODULES if name.startswith("strokes.")]


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] == "raster"])
def test_raster_imports_nothing_of_strokes(name):
    assert not {found for found in imports_of(name) if found.split(".")[0] == "strokes"}


@pytest.mark.parametrize("name", STROKES)
def test_imports_point_down_or_sideways(name):
    own = [found for found in imports_of(name) if found in STROKES]
    upward = [found for found in own if layer_of(found) < layer_of(name)]
    assert not upward


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: {found for found in imports_of(name) if found in MODULES and found != name} for name in MODULES}
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError


@pytest.mark.parametrize("name", ["strokes.drawing", "strokes.errors", "strokes.thinning", "strokes.store", "raster"])
def test_a_module_outside_the_command_line_never_prints_usage_or_exits(name):
    source = MODULES[name].read_text(encoding="utf-8")
    assert "typer" not in source
    assert "SystemExit" not in source


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import strokes", "torch, numpy, h5py"),
        ("import strokes.cli", "torch, numpy, h5py, cv2, PIL"),
        ("import strokes.drawing, strokes.store", "torch, cv2, skimage"),
        ("import raster", "strokes, cv2, numba, h5py"),
    ],
)
def test_an_import_brings_no_more_than_it_needs(statement, absent):
    code = f"import sys; {statement}; print(*sorted({{*{absent.split(', ')}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
