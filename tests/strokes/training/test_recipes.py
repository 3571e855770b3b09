"""Recipes: what ships loads, and what is wrong in one is said by its name."""

import dataclasses
import json

import pytest

from strokes.datasets import load_thinned_mnist
from strokes.errors import ConfigError
from strokes.recovery.methods import model_for
from strokes.train_recipe import DEFAULT_RECIPE, adjusted, known_recipes, load_recipe, parse_any

EXPERIMENTS = ("neural-line", "single", "dropout", "max", "aux-losses", "per-digit", "per-digit-samples")


def test_every_experiment_of_the_post_has_a_recipe():
    assert set(EXPERIMENTS) <= set(known_recipes())


def test_what_is_trained_by_default_is_what_draws_digits_by_default():
    assert model_for(load_thinned_mnist("test")) == DEFAULT_RECIPE


@pytest.mark.parametrize("name", known_recipes())
def test_a_shipped_recipe_loads_says_what_it_is_and_survives_json(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about
    assert parse_any(json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_the_recipes_differ_where_the_experiments_do():
    recipes = {name: load_recipe(name) for name in EXPERIMENTS}
    single = recipes["single"]
    assert (single.network.ensemble_size, single.network.layers, single.network.hidden) == (1, 3, 512)
    assert single.loss.length == single.loss.angle == 0
    assert recipes["neural-line"].drawing.line_model == "neural"
    assert recipes["dropout"].network.dropout > 0
    assert recipes["max"].drawing.compose == "max"
    assert recipes["aux-losses"].loss.length == recipes["aux-losses"].loss.angle == 0.01
    ensemble = recipes["per-digit"]
    assert (ensemble.network.ensemble_size, ensemble.network.layers, ensemble.network.hidden) == (10, 3, 64)
    assert ensemble.network.skip_connections
    assert recipes["per-digit-samples"].training.samples
    assert recipes["per-digit-samples"].training.pretraining_steps == 100
    assert {recipe.network.points for recipe in recipes.values()} == {20}


def test_segments_are_summed_before_another_composition_takes_over():
    drawing = parse_any({"name": "mine", "drawing": {"compose": "max", "summed_steps": 300}}).drawing
    assert [drawing.composition(step) for step in (0, 299, 300)] == ["sum", "sum", "max"]


def test_the_rate_on_samples_falls_after_the_pretraining():
    settings = {"pretraining_steps": 100, "pretraining_learning_rate": 5e-4, "sample_learning_rate": 1e-4}
    training = parse_any({"name": "mine", "training": settings}).training
    assert [training.sample_pace(step, 10).rate for step in (0, 99, 100, 105)] == [5e-4, 5e-4, 1e-4, 1e-4]
    falling = dataclasses.replace(training, schedule="cosine", pretraining_learning_rate=0.0)
    assert [falling.sample_pace(step, 10).rate for step in (99, 100, 110)] == [1e-4, 1e-4, 0]


def test_an_unknown_recipe_lists_the_known():
    with pytest.raises(ConfigError) as error:
        load_recipe("per-letter")
    assert all(name in str(error.value) for name in ("per-letter", *known_recipes()))


def test_a_file_of_ones_own_is_a_recipe_named_after_it(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[training]\nepochs = 3\nlearning_rate = 1\n")
    recipe = load_recipe(str(file))
    assert (recipe.name, recipe.training.epochs, recipe.training.learning_rate) == ("mine", 3, 1.0)


@pytest.mark.parametrize("text", ["epochs = ", "\x00", "[training]\nepochs = 1\nepochs = 2"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"mine.toml is not valid TOML"):
        load_recipe(str(file))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"netwrok": {}}, "recipe has no setting 'netwrok'; it has name, about, kind, network"),
        ({"network": {"units": 3}}, "recipe.network has no setting 'units'"),
        ({"drawing": {"softness": {"hard": 1.0}}}, "recipe.drawing.softness has no setting 'hard'"),
        ({"network": 64}, "recipe.network is 64; expected a table"),
        ({"training": {"epochs": 1.5}}, "recipe.training.epochs is 1.5; expected int"),
        ({"training": {"epochs": True}}, "recipe.training.epochs is True; expected int"),
        ({"training": {"samples": 1}}, "recipe.training.samples is 1; expected bool"),
        ({"training": {"learning_rate": "fast"}}, "recipe.training.learning_rate is 'fast'; expected float"),
        ({"training": {"epochs": 0}}, "training.epochs is 0; expected more than 0"),
        ({"training": {"learning_rate": -1e-3}}, "training.learning_rate is -0.001"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate is nan"),
        ({"training": {"pretraining_steps": -1}}, "training.pretraining_steps is -1"),
        ({"training": {"seed": -1}}, "training.seed is -1"),
        ({"training": {"schedule": "linear"}}, "training.schedule is 'linear'; one of constant, cosine, one-cycle"),
        ({"training": {"precision": "float16"}}, "training.precision is 'float16'; one of float32, bfloat16"),
        ({"loss": {"length": -0.01}}, "loss.length is -0.01"),
        ({"drawing": {"pen": "up"}}, "drawing.pen is 'up'; one of input, factor"),
        ({"drawing": {"pen": "factor"}}, "drawing.pen is 'factor'; a soft line model's pen"),
        ({"drawing": {"summed_steps": -1}}, "drawing.summed_steps is -1"),
        ({"loss": {"angle": float("inf")}}, "loss.angle is inf"),
        ({"drawing": {"compose": "min"}}, "drawing.compose is 'min'; one of"),
        ({"drawing": {"line_model": "hard"}}, "drawing.line_model is 'hard'; one of soft, neural"),
        ({"drawing": {"softness": {"lift": 7.0}}}, "expected them to rise"),
        ({"drawing": {"softness": {"high": float("inf")}}}, "softness"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(settings, message):
    with pytest.raises(ConfigError) as error:
        parse_any({"name": "wrong"} | settings)
    assert message in str(error.value)


def test_a_recipe_needs_a_name():
    with pytest.raises(ConfigError, match="needs a name"):
        parse_any({})


def test_epochs_and_seed_are_changed_alone_and_checked_too():
    recipe = load_recipe("per-digit")
    assert adjusted(recipe) == recipe
    changed = adjusted(recipe, epochs=2, seed=0)
    assert changed.training == dataclasses.replace(recipe.training, epochs=2, seed=0)
    with pytest.raises(ConfigError, match=r"training\.epochs is 0"):
        adjusted(recipe, epochs=0)
