"""Two processes that torchrun starts train the network that one trains; only the first writes and speaks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from strokes import cli
from strokes.errors import ConfigError
from strokes.training import processes
from strokes.training.checkpoints import WEIGHTS_NAME, part, read
from strokes.training.processes import Processes, Share

SIZES = "fine = 4\nmiddle = 6\ncoarse = 8\ntoken = 16\nkey = 8\nvalue = 4\ncontext = 8\nembedding = 16\nhidden = 16\n"
GLYPHS = f"""
kind = "pens"
classes = "a-z"
[network]
{SIZES}pools = 2
classes = 26
[training]
epochs = 2
steps_an_epoch = 3
batch_size = 11
picture_every = 2
picture_batch_size = 5
warmup_steps = 1
average = 0.5
precision = "float32"
"""
STRIPS = f"""
kind = "strips"
[network]
{SIZES}broad = 8
pools = 4
[training]
start = ""
epochs = 1
steps_an_epoch = 2
batch_size = 5
warmup_steps = 1
average = 0.5
precision = "float32"
"""


@pytest.fixture
def folder(tmp_path):
    """Recipes, letters of one writer, and three pictures."""
    (tmp_path / "glyphs.toml").write_text(GLYPHS)
    (tmp_path / "strips.toml").write_text(STRIPS)
    lines = []
    for k, letter in enumerate("aceimnotu"):
        stroke = [[0.1, 0.1 + 0.02 * k], [0.1 + 0.05 * k, 0.6], [0.5, 0.7], [0.7, 0.5]]
        lines.append(json.dumps({"label": letter, "writer": "w", "strokes": [stroke, [[0.2, 0.3], [0.6, 0.3]]]}))
    (tmp_path / "letters.ndjson").write_text("\n".join(lines))
    pictures = np.zeros((7, 28, 28), np.uint8)
    for k, picture in enumerate(pictures):
        picture[5 : 15 + k, 9 + k] = picture[12, 6:20] = 255
    np.savez(tmp_path / "pictures.npz", images=pictures)
    return tmp_path


def arguments(recipe: str, out: str) -> list[str]:
    images = ["--images", "pictures.npz"] if recipe == "glyphs" else []
    return ["train", f"{recipe}.toml", "--pens", "letters.ndjson", *images, "--threads", "1", "--out", out]


JOB = """
import sys
from strokes import cli
for line in sys.argv[1:]:
    sys.argv = ["strokes", *line.split()]
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            raise
"""


def torchrun(folder: Path, *lines: str) -> list[str]:
    """What two processes say that run command lines one after the other, in the folder."""
    (folder / "job.py").write_text(JOB)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "job.py"]
    paths = os.pathsep.join([str(Path(cli.__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    known = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *lines], cwd=folder, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_two_processes_end_with_the_weights_of_one(run, folder):
    recipes = ("glyphs", "strips")
    expected = []
    for recipe in recipes:
        code, lines, errors = run(*arguments(recipe, f"one/{recipe}"))
        assert code == 0, errors
        expected += [line.split(":")[0].replace("one", "two") for line in lines]
    said = torchrun(folder, *(" ".join(arguments(recipe, f"two/{recipe}")) for recipe in recipes))
    assert [line.split(":")[0] for line in said] == expected
    for recipe in recipes:
        one, two = (part(read(folder / name / recipe / WEIGHTS_NAME)[0], "network") for name in ("one", "two"))
        assert one.keys() == two.keys()
        weight = "pen.lstm.weight_ih_l0" if recipe == "glyphs" else "strips.lstm.weight_ih_l0"
        assert (one[weight] - one[f"average.module.{weight.partition('.')[2]}"]).abs().max() > 3e-4  # it has learned
        for name, value in one.items():
            assert torch.allclose(value, two[name], rtol=0, atol=2e-5), (name, (value - two[name]).abs().max())


def test_a_recipe_for_one_process_refuses_torchrun(monkeypatch, tmp_path):
    import strokes

    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="without torchrun"):
        strokes.train("single", tmp_path / "run", limit=20)


@pytest.fixture
def shares(monkeypatch):
    """The three shares of a batch of seven pictures, and how many pixels of ink the widest has."""
    images = torch.rand(7, 4, 4, generator=torch.Generator().manual_seed(0)) > 0.6
    return [Share(images, Processes(rank, 3)) for rank in range(3)], Share(images, Processes())


def test_shares_make_up_the_batch_and_its_random_numbers(shares):
    parts, whole = shares
    chances = torch.rand(7, 5, whole.most)

    def drawn(share):
        chance = torch.Generator().manual_seed(1)
        own = share.of(chances)
        return torch.cat([share.uniform(own[..., 0], chance), share.choose(own, chance).float()], dim=1)

    assert torch.equal(torch.cat([drawn(part) for part in parts]), drawn(whole))
    chance = torch.Generator().manual_seed(1)
    torch.rand(7, 5, generator=chance)
    picked = torch.multinomial(chances.flatten(0, 1), 1, generator=chance).view(7, 5)
    assert torch.equal(drawn(whole)[:, 5:], picked.float())


@pytest.mark.parametrize("by_step", [False, True])
def test_shares_drop_what_one_process_drops(shares, by_step):
    parts, whole = shares
    values = torch.rand(7, 33, 16)
    values = values.transpose(0, 1).contiguous().transpose(0, 1) if by_step else values

    def dropped(share):
        torch.manual_seed(5)
        return share.drop(share.of(values), 0.3)

    torch.manual_seed(5)
    expected = functional.dropout(values, 0.3)
    assert torch.equal(dropped(whole), expected)
    assert torch.allclose(torch.cat([dropped(part) for part in parts]), expected)


def test_fewer_rows_than_processes_are_refused(shares):
    with pytest.raises(ConfigError, match="a batch of 2 can't be shared by 3"):
        Share(torch.ones(2, 4, 4, dtype=torch.bool), Processes(0, 3))


def test_alone_nothing_is_joined():
    assert processes.join("cpu") == (Processes(), "cpu")
    assert Processes().is_first
