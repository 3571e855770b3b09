"""The front door: every public name has an example, and the examples run."""

import doctest
import importlib
import inspect

import pytest

import strokes

PUBLIC = list(strokes.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example_that_runs(name, small_job, monkeypatch):
    monkeypatch.chdir(small_job)
    monkeypatch.setattr("strokes.recovery.published.trainer.VARIATIONS", 2)  # of each picture: enough to train for show
    found = getattr(strokes, name)
    module = importlib.import_module(found.__module__)
    (test,) = doctest.DocTestFinder(recurse=False).find(found, name, module=module, globs={})
    assert test.examples, f"{name} has no example"
    failures: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=failures.append)
    assert result.failed == 0, "".join(failures)


def test_the_package_itself_shows_an_example(small_job):
    assert doctest.testmod(strokes).attempted > 0
    assert doctest.testmod(strokes).failed == 0


def test_no_public_name_is_hidden_by_a_module_that_loads_later():
    modules = {name for name in PUBLIC if inspect.ismodule(getattr(strokes, name))}
    assert not modules


def test_the_version_is_told_without_loading_a_library():
    assert strokes.__version__.startswith("0.")
