"""The training loop: what it logs, what it refuses, and that a resumed run ends as an unbroken one."""

import json

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from strokes.errors import ConfigError
from strokes.ink.pictures import make_image_set
from strokes.recovery.published import trainer as published
from strokes.recovery.published.recover import load_network
from strokes.recovery.published.trainer import Trainer
from strokes.train_recipe import adjusted, describe_epoch, parse_any, train
from strokes.training.checkpoints import SHIPPED, read_model


@pytest.fixture(autouse=True)
def few_pen_pairs(monkeypatch):
    """Ten pen pairs a class are enough here."""
    monkeypatch.setattr(published, "VARIATIONS", 10)


def small_recipe(**settings):
    """A recipe of ten small networks, as nested settings over a common base."""
    base = {
        "network": {"ensemble_size": 10, "hidden": 6, "points": 6, "skip_connections": True, "projected": False},
        "training": {"epochs": 2, "batch_size": 40, "pretraining_steps": 3, "sample_batch_size": 20},
    }
    merged = {name: base.get(name, {}) | settings.get(name, {}) for name in {*base, *settings}}
    return parse_any({"name": "small"} | merged)


@pytest.fixture(scope="module")
def pictures(digits):
    return digits.select(slice(200))


RECIPES = {
    "samples, dropout, bfloat16": small_recipe(
        network={"dropout": 0.3}, training={"samples": True, "precision": "bfloat16", "schedule": "cosine"}
    ),
    "single, samples, dropout": small_recipe(
        network={"ensemble_size": 1, "dropout": 0.3, "projected": True}, training={"samples": True}
    ),
    "pictures alone": small_recipe(loss={"length": 0.01, "angle": 0.01}),
}


def stop_after(epoch: int):
    def on_epoch(done: int, means: dict[str, float]) -> None:
        if done == epoch:
            raise KeyboardInterrupt

    return on_epoch


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(recipe, pictures, tmp_path):
    whole = train(recipe, pictures, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, pictures, tmp_path / "broken", on_epoch=stop_after(0))
    torch.manual_seed(99)  # another process would stand elsewhere
    halfway = load_file(tmp_path / "broken" / "checkpoint.safetensors")
    resumed = train(recipe, pictures, tmp_path / "broken", resume=True)
    expected, found = load_file(whole), load_file(resumed)
    assert expected.keys() == found.keys()
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
    assert any(not torch.equal(halfway[name], found[name]) for name in found)


def test_another_seed_gives_other_weights(pictures, tmp_path):
    recipe = adjusted(RECIPES["pictures alone"], epochs=1)
    weights = [
        load_file(train(adjusted(recipe, seed=seed), pictures, tmp_path / str(i)))["network.project"]
        for i, seed in enumerate((0, 0, 1))
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_resuming_a_finished_run_changes_nothing_and_more_epochs_are_another_recipe(pictures, tmp_path):
    recipe = adjusted(RECIPES["pictures alone"], epochs=1)
    before = train(recipe, pictures, tmp_path).read_bytes()
    assert train(recipe, pictures, tmp_path, resume=True).read_bytes() == before
    with pytest.raises(ConfigError, match="another recipe or other settings"):
        train(small_recipe(loss={"length": 0.5}), pictures, tmp_path, resume=True)
    with pytest.raises(ConfigError, match="--resume"):
        train(recipe, pictures, tmp_path)


def test_length_and_angle_are_logged_at_weight_0_with_pictures(pictures, tmp_path):
    means = {}
    recipe = small_recipe(training={"epochs": 1, "samples": True})
    assert recipe.loss.length == recipe.loss.angle == 0
    train(recipe, pictures, tmp_path, on_epoch=lambda epoch, found: means.update(found))
    assert {"reconstruction", "length", "angle", "samples", "drawings_a_second"} == set(means)
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    assert {f"loss/{name}" for name in ("reconstruction", "length", "angle", "samples")} <= set(
        events.Tags()["scalars"]
    )
    image = events.Images("target above drawing")[0]
    assert (image.width, image.height) == (10 * 28, 2 * 28)


def test_the_losses_fall(pictures, tmp_path):
    epochs = []
    recipe = small_recipe(
        network={"ensemble_size": 1, "hidden": 32}, training={"epochs": 8, "learning_rate": 1e-2, "batch_size": 20}
    )
    train(recipe, pictures, tmp_path, on_epoch=lambda epoch, means: epochs.append(means["reconstruction"]))
    assert epochs[-1] < min(epochs[:3])


def test_a_weight_on_the_length_makes_shorter_paths(pictures):
    lengths = {}
    for weight in (0.0, 1.0):
        trainer = Trainer(small_recipe(loss={"length": weight}, training={"learning_rate": 1e-2}), pictures)
        lengths[weight] = [trainer.picture_step(step)[0]["length"] for step in range(25)][-1]
    assert lengths[1.0] < 0.5 * lengths[0.0]


def test_sample_steps_bring_paths_to_the_samples(pictures):
    trainer = Trainer(small_recipe(training={"samples": True, "sample_learning_rate": 1e-2}), pictures)
    losses = [trainer.sample_step(step) for step in range(40)]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.skipif(
    not (SHIPPED / "neural-line-model.safetensors").exists(), reason="the neural line model isn't trained yet"
)
def test_a_network_learns_through_the_neural_line_model(pictures):
    trainer = Trainer(
        small_recipe(drawing={"line_model": "neural", "pen": "factor"}, training={"batch_size": 10}), pictures
    )
    before = trainer.network.project.detach().clone()
    losses, truth, drawn = trainer.picture_step(0)
    assert truth.shape == drawn.shape == (10, 28, 28)
    assert 0 < losses["reconstruction"] < 1
    assert not torch.equal(trainer.network.project, before)


def test_a_checkpoint_says_its_recipe_and_step_in_json_and_draws(pictures, tmp_path):
    recipe = adjusted(RECIPES["pictures alone"], epochs=1)
    checkpoint = train(recipe, pictures, tmp_path)
    described = json.loads(checkpoint.with_suffix(".json").read_text())
    assert parse_any(described["recipe"]) == recipe
    assert described["step"] == 5  # 200 pictures, 40 a step
    network, found = load_network(read_model(checkpoint))
    assert found == recipe
    path = network(torch.from_numpy(pictures.images[:3]), torch.from_numpy(pictures.labels[:3]))
    assert path.shape == (3, 6, 3)


def test_pictures_without_labels_or_of_other_classes_are_refused(pictures, tmp_path):
    recipe = RECIPES["pictures alone"]
    with pytest.raises(ConfigError, match="need labels"):
        train(recipe, make_image_set(pictures.images, classes=pictures.classes), tmp_path / "a")
    with pytest.raises(ConfigError, match="0 pictures of 10 classes"):
        train(recipe, pictures.select(slice(0)), tmp_path / "b")
    with pytest.raises(ConfigError, match="class 0 has no pictures"):
        train(recipe, pictures.of_classes(["1", "2"]), tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_an_epoch_is_told_in_one_line_with_its_rate():
    said = []
    describe_epoch(said.append)(0, {"reconstruction": 0.5, "length": 0.25, "drawings_a_second": 123.4})
    assert said == ["epoch 1: reconstruction 0.5000, length 0.2500; 123 drawings a second"]
