"""Weights in files: round trips, and files that aren't what they should be."""

import ast
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import strokes
from strokes.errors import ConfigError, StoreError
from strokes.files import file_sha256
from strokes.recovery.pointer.recover import load_pen_network
from strokes.recovery.published.recover import load_network
from strokes.train_recipe import train
from strokes.training import checkpoints
from strokes.training.checkpoints import find_model, from_bytes, in_bytes, known_models, read_model, save_weights
from tests.helpers.disks import full_disk


def test_weights_come_back_in_float16_with_their_recipe(tiny_network, tiny_recipe, tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(tiny_network, tiny_recipe, path)
    network, recipe = load_network(read_model(path))
    assert recipe == tiny_recipe
    assert not network.training
    assert all(not parameter.requires_grad for parameter in network.parameters())
    for name, value in tiny_network.state_dict().items():
        assert torch.equal(network.state_dict()[name], value.half().float()), name


def test_the_same_weights_are_the_same_bytes(tiny_network, tiny_recipe, tmp_path):
    for name in ("a", "b"):
        save_weights(tiny_network, tiny_recipe, tmp_path / name)
    assert file_sha256(tmp_path / "a") == file_sha256(tmp_path / "b")


def test_a_weights_file_is_a_length_a_json_header_and_numbers(tiny_model):
    data = tiny_model.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert json.loads(header["__metadata__"]["recipe"])["name"] == "tiny"
    assert {entry["dtype"] for name, entry in header.items() if name != "__metadata__"} == {"F16"}


def test_no_network_or_run_is_pickled():
    others = Path(strokes.__file__).parent / "formats" / "numpy_pickle.py"  # reads other people's, running nothing
    for path in set(Path(strokes.__file__).parent.rglob("*.py")) - {others}:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        used = {f"{ast.unparse(node.value)}.{node.attr}" for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not ({"pickle", "joblib", "shelve", "marshal"} & imported), path
        assert not ({"torch.load", "torch.save"} & used), path


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_truncated_file_is_refused(tiny_model, tmp_path, keep):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(tiny_model.read_bytes()[:keep])
    with pytest.raises(ConfigError, match="not a whole safetensors file"):
        load_network(read_model(path))


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x80\x04\x95" + bytes(500))
    with pytest.raises(ConfigError, match="not a whole safetensors file"):
        load_network(read_model(path))


@pytest.mark.parametrize("recipe", [None, "{", "[]", "3", '{"name": "x", "colour": 1}'])
def test_a_header_without_a_recipe_of_ours_is_refused(tmp_path, recipe):
    path = tmp_path / "model.safetensors"
    save_file({"x": torch.zeros(2)}, path, metadata=None if recipe is None else {"recipe": recipe})
    with pytest.raises(ConfigError):
        load_network(read_model(path))


def test_a_full_disk_leaves_the_old_weights_and_says_so(tiny_network, tiny_recipe, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"precious")
    with full_disk(), pytest.raises(StoreError, match=r"can't write .*w\.safetensors"):
        save_weights(tiny_network, tiny_recipe, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("w.safetensors", b"precious")]


def test_weights_alone_are_no_run_to_resume(tiny_model, tiny_recipe, digits, tmp_path):
    (tmp_path / checkpoints.WEIGHTS_NAME).write_bytes(tiny_model.read_bytes())
    with pytest.raises(ConfigError, match="weights alone"):
        train(tiny_recipe, digits.select(slice(100)), tmp_path, resume=True)


def test_weights_that_do_not_fit_their_recipe_are_refused(tiny_model, tiny_recipe, tmp_path):
    path, tensors = tmp_path / "model.safetensors", load_file(tiny_model)
    described = {"recipe": json.dumps(tiny_recipe.as_dict())}
    for wrong in (tensors | {"project": torch.zeros(1)}, {k: v for k, v in tensors.items() if k != "offset"}):
        save_file(wrong, path, metadata=described)
        with pytest.raises(ConfigError, match="doesn't fit its own recipe"):
            load_network(read_model(path))


def test_a_model_is_found_by_shipped_name_by_file_and_by_folder(tiny_model, tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    checkpoint = tmp_path / "run" / checkpoints.WEIGHTS_NAME
    checkpoint.write_bytes(tiny_model.read_bytes())
    assert find_model(str(tmp_path / "run")) == find_model(str(checkpoint)) == checkpoint
    monkeypatch.setattr(checkpoints, "SHIPPED", tiny_model.parent)
    assert known_models() == ["tiny"]
    assert find_model("tiny") == tiny_model
    with pytest.raises(ConfigError, match="unknown model 'large'; one of tiny, or"):
        find_model("large")


def test_only_stroke_networks_are_listed_as_models():
    assert not {"neural-line-model", "classifier-thinned", "classifier-grey"} & set(known_models())


@pytest.mark.parametrize("told", [None, "64"])
def test_what_multiplies_tensors_of_other_shapes_is_kept_of_few_unless_told_otherwise(told, monkeypatch):
    for name in checkpoints.SHAPE_CACHES:
        monkeypatch.delenv(name, raising=False)
        if told is not None:
            monkeypatch.setenv(name, told)
    load_pen_network(read_model(find_model("pen-digits")))
    assert [os.environ[name] for name in checkpoints.SHAPE_CACHES] == [told or checkpoints.SHAPES_KEPT] * 2


@pytest.mark.parametrize("name", known_models())
def test_a_shipped_network_draws_and_says_which_recipe_made_it(name):
    file = find_model(name)
    model = read_model(file)
    assert model.settings["name"] == name
    assert file.with_suffix(".md").is_file()
    if model.kind == "pens":
        network, _, calibration = load_pen_network(model)
        assert (
            network.encoder(torch.zeros(2, 28, 28, dtype=torch.bool), torch.zeros(2, dtype=torch.long)).mask.sum() == 0
        )
        assert calibration is not None
    else:
        network, recipe = load_network(model)
        path = network(torch.zeros(2, 28, 28), torch.tensor([0, 9]))
        assert path.shape == (2, recipe.network.points, 3)


def test_large_tensors_stored_in_bytes_come_back_within_half_a_step():
    torch.manual_seed(0)
    large, small = torch.randn(70, 301), torch.randn(3, 4)
    large[0, :40] *= 100  # one block's scale is no other's
    large[1] = 0
    stored = in_bytes({"large": large, "small": small, "count": torch.tensor(3)})
    assert stored["large"].dtype == torch.int8
    assert stored["small"] is small
    read = from_bytes(stored)
    assert sorted(read) == ["count", "large", "small"]
    steps = stored["large.scale_of_32"].float().expand(-1, 32).flatten()[: large.numel()].view_as(large)
    assert ((read["large"] - large).abs() <= steps * 0.6).all()
    assert steps[5].max() < 0.05
    assert torch.equal(read["large"][1], large[1])
