"""What the README shows works: its Python runs, its commands parse, run, or are scripts that are there."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main

from strokes import cli

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_PICTURES = 200
"""Commands of the README that name more pictures are run with so many."""


def blocks(language: str) -> list[str]:
    """The README's code blocks in one language, in order."""
    return [body for found, body in FENCE.findall(README.read_text(encoding="utf-8")) if found == language]


def shell_lines() -> list[str]:
    """Every command of the README's shell blocks, without comments and with continued lines joined."""
    joined = "".join(blocks("bash")).replace("\\\n", " ")
    return [line for line in joined.splitlines() if shlex.split(line, comments=True)]


LINES = shell_lines()


def test_the_readme_shows_two_scripts_and_some_python():
    assert {"scripts/quickstart", "scripts/test"} <= set(LINES)
    assert blocks("python")


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_the_readmes_python_runs(number, small_job, monkeypatch):
    monkeypatch.chdir(small_job)
    exec(compile(blocks("python")[number], f"README.md, Python block {number}", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith("strokes ")])
def test_the_readmes_other_commands_are_scripts_of_the_checkout(line):
    script = ROOT / shlex.split(line)[0]
    assert script.is_file(), f"{line}: expected `strokes …` or a script of this checkout"
    assert os.access(script, os.X_OK)
    if "bash" in script.read_text(encoding="utf-8").splitlines()[0]:
        subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("strokes ")])
def test_the_readmes_strokes_commands_parse(line):
    _, name, *arguments = shlex.split(line, comments=True)
    typer.main.get_command(cli.app).commands[name].make_context(name, arguments)


def test_the_readmes_strokes_commands_run_one_after_the_other(small_job, monkeypatch):
    monkeypatch.chdir(small_job)
    for line in (line for line in LINES if line.startswith("strokes ")):
        words = shlex.split(line, comments=True)
        if "--limit" in words:
            place = words.index("--limit") + 1
            words[place] = str(min(int(words[place]), MOST_PICTURES))
        typer.main.get_command(cli.app).main(words[1:], prog_name="strokes", standalone_mode=False)


def test_every_command_is_mentioned_in_the_docs():
    texts = [README, *sorted((ROOT / "docs").rglob("*.md"))]
    said = "\n".join(path.read_text(encoding="utf-8") for path in texts)
    commands = typer.main.get_command(cli.app).commands
    assert not [name for name in commands if f"strokes {name}" not in said]


@pytest.mark.parametrize("page", [README, *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: page.name)
def test_links_to_files_of_the_checkout_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]
