"""Datasets on Hugging Face's Hub, by its own package in processes of their own, against a stand-in of this machine."""

import os
import subprocess
import sys

import numpy as np
import pytest

from strokes.datasets.bundled import load_thinned_mnist
from strokes.store.manifest import MANIFEST
from tests.helpers.hub import REPOSITORY, running_hub

URL = f"hf://datasets/{REPOSITORY}/digits"
BUILD = ("build-dataset", "--method", "trace", "--limit", 50, "--format", "parquet")


@pytest.fixture
def hub():
    pytest.importorskip("huggingface_hub")
    with running_hub() as known:
        yield known


@pytest.fixture
def run(hub, tmp_path):
    known = os.environ | {"HF_ENDPOINT": hub[0], "HF_TOKEN": "hf_nobody", "HF_HUB_DISABLE_XET": "1"}

    def strokes(*arguments: object) -> tuple[int, list[str], list[str]]:
        command = [sys.executable, "-m", "strokes", *map(str, arguments)]
        ended = subprocess.run(command, env=known, cwd=tmp_path, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout.splitlines(), ended.stderr.splitlines()

    return strokes


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dataset_is_made_there_and_after_a_break_nothing_is_committed_again(hub, run, tmp_path):
    _, own = hub
    assert run(*BUILD, "--out", URL)[1] == [f"{URL}: 50 drawings"]
    run(*BUILD, "--out", "here")
    there = {name.removeprefix("digits/"): data for name, data in own.files.items()}
    assert there == files_of(tmp_path / "here")
    assert run("verify", URL)[1] == [f"{URL}: whole, 50 drawings"]
    del own.files[f"digits/{MANIFEST}"]
    own.commits.clear()
    assert run(*BUILD, "--out", URL)[0] == 0
    assert own.files[f"digits/{MANIFEST}"] == there[MANIFEST]
    assert not [name for names in own.commits for name in names if name.endswith(".parquet")]


def test_pictures_come_from_there(hub, run, tmp_path):
    np.savez(tmp_path / "ink.npz", images=load_thinned_mnist().images[:20].astype(np.uint8) * 255)
    hub[1].files["ink.npz"] = (tmp_path / "ink.npz").read_bytes()
    given = ("build-dataset", "--method", "trace", "--images")
    for source, out in ((f"hf://datasets/{REPOSITORY}/ink.npz", "there.h5"), ("ink.npz", "here.h5")):
        assert run(*given, source, "--out", out)[1] == [f"{out}: 20 drawings"]
        assert run("export", out, f"{out}.ndjson")[0] == 0
    assert (tmp_path / "there.h5.ndjson").read_bytes() == (tmp_path / "here.h5.ndjson").read_bytes()


def test_a_repository_that_is_not_there_is_one_line(hub, run):
    url = "hf://datasets/someone/else/digits"
    code, _, (line,) = run(*BUILD, "--out", url)
    assert code == 1
    assert url in line
    assert not hub[1].commits
