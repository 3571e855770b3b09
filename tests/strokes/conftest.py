"""What tests of commands share."""

import sys

import pytest

from strokes import cli


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command line in the test's folder; its exit code, and the lines of its output and errors."""
    monkeypatch.chdir(tmp_path)

    def strokes(*arguments: object) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(sys, "argv", ["strokes", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        found = capsys.readouterr()
        return code, found.out.splitlines(), found.err.splitlines()

    return strokes
