"""The set-up script says in one line what a machine lacks, and reuses what it made."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "dirname", "basename", "cat", "cksum", "df", "awk", "rm", "mkdir", "touch", "chmod", "cp")

# A Python that answers what the script asks, notes what it is told to do, and makes environments of itself.
FAKE_PYTHON = """#!/bin/bash
case "$*" in
    *"version_info < (3, 11)"*) exit {old} ;;
    *"import venv, ensurepip"*) exit {no_venv} ;;
    "--version") echo "Python 3.11" ;;
    "-m venv --clear .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo venv >> told ;;
    "-m pip install "*) echo pip >> told; exit {no_index} ;;
esac
"""


@pytest.fixture
def machine(tmp_path):
    """A checkout and a PATH with nothing but the shell's tools; runs a script that only sets up."""
    if any(shutil.which(tool) is None for tool in TOOLS):
        pytest.skip("the shell's tools are not all here")
    for folder in ("bin", "checkout/scripts"):
        (tmp_path / folder).mkdir(parents=True)
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    for name in ("scripts/environment.sh", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    script = tmp_path / "checkout" / "scripts" / "setup"
    script.write_text('set -eu\nsource "$(dirname "$0")/environment.sh"\necho ready\n')

    def run() -> tuple[int, list[str], list[str]]:
        done = subprocess.run(
            ["bash", str(script)], env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    run.folder = tmp_path
    return run


def add_python(
    folder: Path, name: str = "python3", *, old: bool = False, no_venv: bool = False, no_index: bool = False
):
    path = folder / "bin" / name
    path.write_text(FAKE_PYTHON.format(old=int(old), no_venv=int(no_venv), no_index=int(no_index)))
    path.chmod(0o755)


def told(folder: Path) -> list[str]:
    return (folder / "checkout" / "told").read_text().split()


def test_a_machine_without_a_recent_python_is_told_so(machine):
    add_python(machine.folder, old=True)
    assert machine() == (1, [], ["setup: no Python 3.11 or newer was found; install one and run this again"])


def test_a_python_without_venv_is_told_which_package_to_install(machine):
    add_python(machine.folder, no_venv=True)
    code, _, (line,) = machine()
    assert code == 1
    assert "python3 has no venv and ensurepip modules" in line
    assert "apt install python3-venv" in line


def test_a_full_disk_is_told_with_what_is_needed(machine):
    add_python(machine.folder)
    df = machine.folder / "bin" / "df"
    df.unlink()
    df.write_text("#!/bin/bash\necho header\necho /dev/disk 100 50 2097152 50% /\n")
    df.chmod(0o755)
    code, _, (line,) = machine()
    assert code == 1
    assert "2048 MB of free disk; the environment needs 3000 MB" in line


def test_a_failed_installation_is_tried_again_the_next_time(machine):
    add_python(machine.folder, no_index=True)
    for expected in (["venv", "pip"], ["venv", "pip", "pip"]):
        code, out, errors = machine()
        assert (code, out) == (1, [])
        assert "a package index must be reachable" in errors[-1]
        assert told(machine.folder) == expected


def test_an_environment_is_made_once_and_installed_again_only_when_its_description_changes(machine):
    add_python(machine.folder)
    assert machine()[:2] == (0, ["ready"])
    assert machine() == (0, ["ready"], [])
    assert told(machine.folder) == ["venv", "pip"]
    with (machine.folder / "checkout" / "constraints.txt").open("a") as constraints:
        constraints.write("numpy==2.4.6\n")
    assert machine()[:2] == (0, ["ready"])
    assert told(machine.folder) == ["venv", "pip", "pip"]


def test_the_newest_python_that_can_make_environments_is_taken(machine):
    add_python(machine.folder, "python3.13", no_venv=True)
    add_python(machine.folder, "python3.12")
    add_python(machine.folder, "python3", old=True)
    code, _, errors = machine()
    assert code == 0
    assert errors[0].startswith("making the environment .venv")


@pytest.mark.parametrize("script", ["scripts/quickstart", "scripts/test", "scripts/release/publish-mnist", ".ci/run"])
def test_a_script_can_be_executed_and_parses(script):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


def test_the_torch_that_needs_no_gpu_is_pinned():
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().split()
