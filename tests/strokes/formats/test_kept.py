"""The table of docs/formats.md is what comes back when everything is written and read."""

import importlib.util
import sys
from pathlib import Path

import pytest

from strokes.formats import FORMATS
from strokes.formats.losses import lost
from strokes.store.reader import open_dataset

pytest.importorskip("pyarrow")
_spec = importlib.util.spec_from_file_location("kept", Path(__file__).with_name("kept.py"))
kept = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = kept
_spec.loader.exec_module(kept)

PAGE = Path(__file__).parents[3] / "docs" / "formats.md"


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The table as it is measured, and where its dataset is."""
    folder = tmp_path_factory.mktemp("kept")
    return kept.rows(folder), folder / "all.h5"


def test_the_table_in_the_docs_is_what_is_measured(rows):
    text = PAGE.read_text(encoding="utf-8")
    for row in rows[0]:
        assert "| " + " | ".join(row) + " |" in text, "run scripts/benchmarks/show_kept"


def test_export_names_as_lost_just_what_does_not_come_back(rows):
    facts = {
        3: "labels",
        4: "splits",
        5: "times",
        6: "pressure",
        7: "tilt",
        8: "size in mm",
        9: "file names",
        11: "scores",
    }
    with open_dataset(rows[1]) as stored:
        for row in rows[0]:
            named = lost(stored, FORMATS[row[0].strip("`")].keeps)
            if not FORMATS[row[0].strip("`")].reads:
                continue
            for column, fact in facts.items():
                assert (row[column] == kept.LOST) == (fact in named), f"{row[0]}: {fact}"
