"""The command line: help, misuse, and one clear line for whatever is wrong, with nothing written over."""

import os
import resource
import shlex
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import typer.main

from strokes import cli
from strokes.store.reader import open_dataset
from strokes.train_recipe import known_recipes
from strokes.training.checkpoints import known_models

GROUP = typer.main.get_command(cli.app)
COMMANDS = sorted(GROUP.commands)
START = [sys.executable, "-c", "from strokes.cli import main; main()"]


def idx(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    return struct.pack(f">I{array.ndim}I", 0x800 | array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def dataset(run, tiny_model, tmp_path):
    """A dataset of 30 digits."""
    assert run("build-dataset", "--limit", 30, "--model", tiny_model, "--out", "d.h5")[0] == 0
    return tmp_path / "d.h5"


# Help and misuse


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_has_an_example_that_parses(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    (example,) = (part for part in "\n".join(out).split("\n\n") if "Example:" in part)
    words = shlex.split(example.partition("Example:")[2])
    assert words[:2] == ["strokes", name]
    GROUP.commands[name].make_context(name, words[2:])
    assert all(option.help for option in GROUP.commands[name].params if option.name != "help"), "an option has no help"


def test_help_lists_every_command_and_loads_no_library():
    code = (
        "import sys, atexit; sys.argv = ['strokes', '--help']; "
        "atexit.register(lambda: print({'torch', 'numpy', 'h5py', 'cv2', 'skimage', 'PIL'} & set(sys.modules)))\n"
        "from strokes.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *said, loaded = done.stdout.splitlines()
    assert loaded == "set()"
    assert all(any(line.split()[:1] == [name] for line in said) for name in COMMANDS)


def test_the_version_is_said(run):
    code, (line,), _ = run("--version")
    assert code == 0
    assert line.startswith("strokes 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["draw"],
        ["build-dataset"],
        ["build-dataset", "--out"],
        ["build-dataset", "--out", "x.h5", "--limit", "-1"],
        ["build-dataset", "--out", "x.h5", "--limit", "many"],
        ["build-dataset", "--out", "x.h5", "--batch-size", "0"],
        ["build-dataset", "--out", "x.h5", "--colour", "red"],
        ["train", "per-digit", "--epochs", "0"],
        ["export", "only-one"],
        ["animate", "a.h5", "b.gif", "--fps", "many"],
        ["info"],
        ["fetch"],
    ],
    ids=" ".join,
)
def test_misuse_exits_with_2_and_says_what_is_wrong(run, tmp_path, arguments):
    code, _, said = run(*arguments)
    assert code == 2
    assert said[-1].startswith("Error: ")
    assert list(tmp_path.iterdir()) == []


# The whole way


def test_a_dataset_is_built_described_exported_and_animated(run, dataset):
    with open_dataset(dataset) as stored:
        assert len(stored) == 30
    assert run("info", "d.h5")[0] == 0
    assert run("export", "d.h5", "d.json") == (0, ["d.json"], ["strokes: d.json has no place for: pictures"])
    assert run("animate", "d.h5", "d.gif", "--drawings", "0-2") == (0, ["d.gif: 3 drawings"], [])


def test_a_dataset_and_a_way_of_recovering_are_judged(run, dataset, tmp_path):
    code, out, errors = run("evaluate", "d.h5", "--json", "d.json", "--html", "d.html")
    assert (code, out[0], errors) == (0, "d.h5", [])
    assert any(line.startswith("f1 ") for line in out)
    assert {path.name for path in tmp_path.iterdir()} >= {"d.json", "d.html"}
    assert run("export", "d.h5", "d.unipen")[0] == 0
    code, out, _ = run("evaluate", "--pens", "d.unipen", "--method", "trace")
    assert code == 0
    assert any(line.startswith("direction ") for line in out)


def test_a_network_is_trained_resumed_and_used(run, tmp_path, monkeypatch):
    monkeypatch.setattr("strokes.recovery.published.trainer.VARIATIONS", 5)
    (tmp_path / "small.toml").write_text(
        "[network]\nensemble_size = 10\nhidden = 4\npoints = 5\n[training]\nbatch_size = 50\nepochs = 1\n"
    )
    code, out, _ = run("train", "small.toml", "--limit", 100, "--out", "run", "--threads", 1)
    assert code == 0
    assert out[0].startswith("epoch 1: reconstruction")
    assert out[-1] == "run: use it with strokes build-dataset --model run"
    assert run("train", "small.toml", "--limit", 100, "--out", "run", "--resume")[0] == 0
    assert run("build-dataset", "--limit", 5, "--model", "run", "--out", "d.h5") == (0, ["d.h5: 5 drawings"], [])


def test_pictures_of_ones_own_are_drawn(run, tiny_model, tmp_path, digits):
    (tmp_path / "a-images-idx3-ubyte").write_bytes(idx(digits.images[:8] * 255))
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx(digits.labels[:8]))
    code, out, _ = run("build-dataset", "--images", "a-images-idx3-ubyte", "--model", tiny_model, "--out", "d.h5")
    assert (code, out) == (0, ["d.h5: 8 drawings"])
    with open_dataset(tmp_path / "d.h5") as stored:
        assert np.array_equal(stored.read().labels, digits.labels[:8])


# Bad input


@pytest.fixture
def inputs(tmp_path, digits):
    """A folder of pictures of which something is wrong, and an output that must survive."""
    pictures = digits.images[:4].astype(np.uint8) * 255
    whole, labels = idx(pictures), idx(digits.labels[:4])
    (tmp_path / "whole.idx").write_bytes(whole)
    (tmp_path / "truncated.idx").write_bytes(whole[:-100])
    (tmp_path / "header.idx").write_bytes(whole[:6])
    (tmp_path / "three.idx").write_bytes(idx(digits.labels[:3]))
    (tmp_path / "labels.idx").write_bytes(labels)
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08" + bytes(9))
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    holes = pictures / np.float32(255)
    holes[1, 3, 3] = np.nan
    np.savez(tmp_path / "nan.npz", images=holes)
    np.savez(tmp_path / "letters.npz", images=pictures, labels=np.array(list("abcd")))
    np.savez(tmp_path / "short.npz", images=pictures, labels=np.arange(3))
    np.savez(tmp_path / "objects.npz", images=np.array([{}], dtype=object))
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 64)
    (tmp_path / "broken.toml").write_text("epochs = ")
    (tmp_path / "no-dataset.h5").write_bytes(b"no HDF5")
    (tmp_path / "kept.h5").write_bytes(b"precious")
    return tmp_path


BUILD = "build-dataset --model MODEL --out kept.h5 --overwrite"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{BUILD} --images missing.idx", ["missing.idx", "doesn't exist"]),
        (f"{BUILD} --images truncated.idx", ["truncated.idx", "is truncated"]),
        (f"{BUILD} --images header.idx", ["header.idx", "within its header"]),
        (f"{BUILD} --images labels.idx", ["labels.idx", "file of labels"]),
        (f"{BUILD} --images cut.gz", ["cut.gz", "broken gzip"]),
        (f"{BUILD} --images notes.txt", ["notes.txt", "expected a picture"]),
        (f"{BUILD} --images empty", ["empty", "no PNG or JPEG"]),
        (f"{BUILD} --images whole.idx --labels missing.idx", ["missing.idx", "doesn't exist"]),
        (f"{BUILD} --images whole.idx --labels three.idx", ["4 pictures but 3 labels"]),
        (f"{BUILD} --images short.npz", ["4 pictures but 3 labels"]),
        (f"{BUILD} --images nan.npz", ["picture 1", "NaN"]),
        (f"{BUILD} --images objects.npz", ["object array"]),
        (f"{BUILD} --images letters.npz", ["labelled a, b, c, d"]),
        (f"{BUILD} --labels labels.idx", ["labels without images"]),
        (f"{BUILD} --split half", ["'half'", "train, test, all"]),
        (f"{BUILD} --classes x", ["'x'", "0, 1, 2"]),
        (f"{BUILD} --device tpu --limit 3", ["'tpu'", "use cpu"]),
        ("build-dataset --model MODEL --limit 3 --out kept.h5", ["kept.h5 exists", "--overwrite"]),
        ("build-dataset --model MODEL --limit 3 --out no/where.h5", ["no folder no"]),
        ("build-dataset --model MODEL --limit 3 --out empty --overwrite", ["empty is a folder"]),
        ("build-dataset --model best --limit 3 --out kept.h5 --overwrite", ["'best'", *known_models()]),
        ("build-dataset --model broken.safetensors --limit 3 --out kept.h5 --overwrite", ["broken.safetensors"]),
        ("train per-letter", ["'per-letter'", *known_recipes()]),
        ("train broken.toml", ["broken.toml is not valid TOML"]),
        ("train missing.toml", ["'missing.toml'"]),
        ("train per-digit --seed -1", ["training.seed is -1"]),
        ("train per-digit --images whole.idx --out run", ["need labels"]),
        ("train per-digit --limit 3 --out run", ["class", "has no pictures"]),
        ("train pen-digits --out run", ["pen-digits", "--pens"]),
        ("train pen-digits --out run --pens missing.npz", ["missing.npz"]),
        ("train pen-digits --out run --pens notes.txt", ["notes.txt"]),
        (f"{BUILD} --limit 3 --method guess", ["'guess'", "network, trace"]),
        (f"{BUILD} --limit 3 --method trace", ["tracing needs no model"]),
        (f"{BUILD} --limit 3 --min-confidence 0.5", ["--min-confidence"]),
        (f"{BUILD} --limit 3 --seed 99999999999999999999", ["seed"]),
        ("train per-digit --limit 300 --out kept.h5", ["kept.h5"]),
        ("info missing.h5", ["missing.h5"]),
        ("info no-dataset.h5", ["no-dataset.h5"]),
        ("export no-dataset.h5 out.json", ["no-dataset.h5"]),
        ("export no-dataset.h5 out.xyz", ["out.xyz", "json"]),
        ("animate missing.h5 out.gif", ["missing.h5"]),
        ("fetch cifar", ["cifar", "mnist"]),
        ("fetch omniglot --path empty", ["empty holds no omniglot", "strokes_background.zip"]),
        ("evaluate", ["one thing to judge"]),
        ("evaluate no-dataset.h5 --pens whole.idx", ["one thing to judge"]),
        ("evaluate no-dataset.h5", ["no-dataset.h5"]),
        ("evaluate no-dataset.h5 --json kept.h5", ["kept.h5 exists", "--overwrite"]),
        ("evaluate --pens missing.npz", ["missing.npz"]),
        ("evaluate --pens nan.npz --format pen-npz --method trace", ["expected `xy`"]),
        ("evaluate --pens letters.npz --method magic", ["'magic'", "network, trace"]),
        ("build-dataset --limit 3 --out x.json", ["x.json", ".h5", "strokes export"]),
        ("build-dataset --limit 3 --out .", [". is a folder"]),
        ("build-dataset --limit 3 --out ..", [".. is a folder"]),
        ("build-dataset --limit 3 --hypotheses 100000 --out x.h5", ["100000 hypotheses", "at most 1000"]),
        ("import kept.h5 x.json", ["x.json", ".h5"]),
        ("import kept.h5 .", [". is a folder"]),
        ("merge kept.h5 --out x.json", ["x.json", ".h5"]),
        ("merge kept.h5 --out .", [". is a folder"]),
        ("animate kept.h5 films --format mov", ["'mov'", "gif, "]),
        ("animate kept.h5 .", [". is the folder that you are in"]),
        ("export kept.h5 . --format json", [". is a folder"]),
        ("export kept.h5 . --format de-jong", [". is the folder that you are in"]),
        ("evaluate kept.h5 --json .", [". is a folder"]),
        ("evaluate kept.h5 --html .", [". is a folder"]),
        ("generate --out n.png", ["n.png", ".h5", "--images-only"]),
        ("generate --out .", [". is a folder"]),
        ("generate --images-only --out .", [". is a folder"]),
        ("generate --images-only --out n.gif", ["n.gif", ".npz or .png"]),
        ("generate --count 999999999 --out x.h5", ["999999999 pictures", "at most 100,000"]),
        ("generate --count 999999999 --text a --images-only --out x.npz", ["999999999 pictures", "at most 100,000"]),
        ("score cvae --count 999999999 --real whole.idx", ["999999999 pictures", "at most 100,000"]),
        ("styles --out n.gif --images whole.idx --prompts 1", ["n.gif"]),
        (f"info {'long' * 100}.h5", ["File name too long"]),
    ],
)
def test_bad_input_gets_one_line_and_leaves_every_file_as_it_was(run, inputs, tiny_model, line, said):
    before = {path: path.read_bytes() for path in inputs.rglob("*") if path.is_file()}
    code, out, errors = run(*(word.replace("MODEL", str(tiny_model)) for word in shlex.split(line)))
    assert (code, out, len(errors)) == (1, [], 1), errors
    assert errors[0].startswith("strokes: ")
    assert all(words in errors[0] for words in said), errors[0]
    assert {path: path.read_bytes() for path in inputs.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("hold_ms", [-1, 600_001, 99_999_999])
def test_the_last_frame_lasts_as_long_as_a_film_can_say(run, dataset, hold_ms):
    code, _, said = run("animate", "d.h5", "d.gif", "--hold-ms", hold_ms)
    assert (code, len(said)) == (1, 1), said
    assert str(hold_ms) in said[0]
    assert "600000" in said[0]
    assert not (dataset.parent / "d.gif").exists()


@pytest.fixture
def nobody():
    """Gives up the right to read everything, where the tests run with it."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(before)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("line", ["info", "verify", "evaluate", "build-dataset --out x.h5 --images"])
def test_a_folder_that_may_not_be_read_gets_one_line(run, dataset, tmp_path, request, line):
    run("info", "d.h5")  # so that what commands load is loaded before the right to read is gone
    (tmp_path / "closed").mkdir(mode=0)
    request.getfixturevalue("nobody")
    code, out, said = run(*line.split(), "closed/d.h5")
    assert (code, out, len(said)) == (1, [], 1), said
    assert "Permission denied" in said[0]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the full device is Linux's")
@pytest.mark.parametrize("line", ["info d.h5", "--help"])
def test_an_output_that_is_full_gets_one_line(dataset, line):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*START, *line.split()], cwd=dataset.parent, stdout=full, stderr=-1, text=True)
    assert (done.returncode, done.stderr) == (1, "strokes: the output: No space left on device\n")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_asked_for_in_both_ways_everywhere(run, flag):
    for words in ([], *([name] for name in COMMANDS)):
        code, out, _ = run(*words, flag)
        assert code == 0
        assert out[0].startswith("Usage: ")


def test_the_package_runs_as_a_module_and_offers_completion():
    def said(*words: str) -> str:
        return subprocess.run([sys.executable, "-m", "strokes", *words], capture_output=True, text=True).stdout

    assert said("--version").startswith("strokes 0.")
    assert "--show-completion" in said("--help")


def test_without_a_name_the_recommended_network_is_trained_on_fetched_pens(run, monkeypatch):
    asked = []
    monkeypatch.setattr("strokes.api.fetch", lambda name: asked.append(name) or Path("no-pens"))
    code, _, said = run("train", "--limit", 10)
    assert (code, asked) == (1, ["pendigits"])
    assert "no-pens" in said[0]


def test_a_picture_without_ink_is_no_error(run, tiny_model, tmp_path):
    (tmp_path / "blank.idx").write_bytes(idx(np.zeros((3, 28, 28))))
    assert run("build-dataset", "--images", "blank.idx", "--model", tiny_model, "--out", "d.h5")[0] == 0
    with open_dataset(tmp_path / "d.h5") as stored:
        assert stored.read().flagged.all()
    assert run("info", "d.h5")[0] == 0


# A process of its own


def build_all(tiny_model, *extra: str) -> list[str]:
    return [*START, "build-dataset", "--model", str(tiny_model), "--out", "kept.h5", "--overwrite", *extra]


def seen_in(folder) -> dict[str, bytes]:
    """The files of a folder that aren't hidden: a build may keep what it finished, under a hidden name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def hear_ctrl_c() -> None:
    """A command in the background of a shell is born deaf to it, and so are those that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_ends_in_one_line_and_leaves_the_old_file_alone(tiny_model, tmp_path):
    (tmp_path / "kept.h5").write_bytes(b"precious")
    process = subprocess.Popen(
        build_all(tiny_model, "--batch-size", "1"),
        cwd=tmp_path,
        stdout=-1,
        stderr=-1,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".kept.h5*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, ""), errors
    (line,) = errors.splitlines()
    assert line.startswith("strokes: interrupted; ")
    assert seen_in(tmp_path) == {"kept.h5": b"precious"}


@pytest.mark.skipif(os.name != "posix", reason="the limit is POSIX's")
def test_a_full_disk_ends_in_one_line_and_leaves_the_old_file_alone(tiny_model, tmp_path):
    (tmp_path / "kept.h5").write_bytes(b"precious")

    def allow_few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        build_all(tiny_model, "--limit", "6000", "--no-scores"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=allow_few_bytes,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "can't write" in line
    assert seen_in(tmp_path) == {"kept.h5": b"precious"}


def test_a_reader_that_goes_away_gets_no_traceback(dataset, tmp_path):
    process = subprocess.Popen([*START, "info", str(dataset)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.wait()
