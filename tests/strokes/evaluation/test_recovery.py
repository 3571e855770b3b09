"""Judging: what a perfect, a reversed and an empty way of recovering score, and what is written about them."""

import html.parser
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from strokes.build import build_dataset
from strokes.datasets import load_pen_samples, load_thinned_mnist
from strokes.errors import ConfigError, StoreError
from strokes.evaluation import (
    DrawingsReport,
    choose_pens,
    evaluate,
    judge_dataset,
    judge_pens,
    judge_teaching,
    write_report,
)
from strokes.evaluation.teach import sequences_of, train_reader
from strokes.files import check_outputs
from strokes.ink.augment import Variation, vary
from strokes.ink.drawing import Drawing, make_drawing_set
from strokes.ink.recordings import PenSet
from strokes.ink.rendering import centre_in_frame
from strokes.metrics.intervals import Figure, summarise
from strokes.recovery.methods import Options
from strokes.recovery.tracing.trace import trace_block
from strokes.store.reader import open_dataset
from strokes.store.writer import DatasetWriter


@pytest.fixture(scope="module")
def pens() -> PenSet:
    """The project's own digits, written by five people, some of whom are held out."""
    drawings = centre_in_frame(load_pen_samples())
    return PenSet(drawings, tuple(("anna", "bo", "cy", "dee", "eve")[i % 5] for i in range(len(drawings))))


@pytest.fixture(scope="module")
def perfect(pens):
    """A report on recovering the very strokes."""
    return judge_pens(pens, remembering(pens), title="<perfect>", about={"method": "memory"})


def remembering(pens, change=lambda strokes: strokes):
    """A way of recovering that knows the truth, changed."""

    def recover(pictures):
        found = [Drawing(tuple(change(pens.drawings[i].strokes))) for i in pictures.source_index]
        return make_drawing_set(found)

    return recover


def test_the_pens_own_strokes_are_perfect(perfect):
    overall = perfect.overall
    assert [overall[name].mean for name in ("dtw", "direction", "order", "strokes", "start")] == [0, 1, 1, 1, 1]
    assert overall["f1"].mean > 0.99
    assert overall["read"].mean > 0.95
    assert not any(which[perfect.scores["f1"] >= 0.95].any() for which in perfect.causes.values())


def test_strokes_written_backwards_are_found_out(pens):
    backwards = judge_pens(pens, remembering(pens, lambda strokes: [s[::-1] for s in strokes]), title="backwards")
    assert backwards.overall["direction"].mean < 0.1
    assert backwards.overall["strokes"].mean == 1
    assert backwards.causes["walked backwards (direction < 0.8)"].mean() > 0.9


def test_nothing_at_all_scores_the_worst(pens):
    nothing = judge_pens(pens, remembering(pens, lambda strokes: []), title="nothing")
    assert nothing.overall["dtw"].mean == 28
    assert nothing.causes["the ink is missed (f1 < 0.95)"].all()


def test_every_drawing_is_under_one_cause_at_most(pens):
    report = judge_pens(pens, trace_block, title="trace")
    assert sum(which.astype(int) for which in report.causes.values()).max() == 1


def test_classes_and_writers_are_told_apart(perfect, pens):
    assert list(perfect.by_class) == list("0123456789")
    assert {name: figures["dtw"].count for name, figures in perfect.by_writer.items()} == {
        name: pens.writers.count(name) for name in ("anna", "bo", "cy", "dee", "eve")
    }


def test_pens_are_chosen_by_writer_cap_and_limit(pens):
    assert set(choose_pens(pens, held_out=True).writers) == {
        name for name in pens.writers if pens.held_out[pens.writers.index(name)]
    }
    assert len(choose_pens(pens, per_writer=2)) == 10
    assert len(choose_pens(pens, per_writer=0)) == len(pens)
    assert len(choose_pens(pens, limit=3)) == 3
    with pytest.raises(ConfigError, match="no pen recording is left"):
        choose_pens(pens, limit=0)


# Intervals


def test_an_interval_over_writers_is_wider_when_each_is_like_himself():
    values = np.repeat(np.linspace(0, 1, 10), 50).astype(np.float32)
    alike = summarise({"score": values}, np.repeat([f"w{i}" for i in range(10)], 50))["score"]
    mixed = summarise({"score": values}, np.tile([f"w{i}" for i in range(50)], 10))["score"]
    assert alike.mean == mixed.mean == pytest.approx(0.5)
    # the standard error over 10 writers is 0.1, over 500 independent drawings 0.014
    assert alike.high - alike.low == pytest.approx(2 * 1.96 * 0.1, rel=0.15)
    assert mixed.high - mixed.low < 0.06


def test_without_writers_the_interval_is_over_drawings_and_nan_is_left_out():
    values = np.array([0, 1, np.nan, 0, 1], np.float32)
    figure = summarise({"score": values}, [""] * 5)["score"]
    assert figure == Figure(0.5, pytest.approx(0.5 - 1.96 * 0.25), pytest.approx(0.5 + 1.96 * 0.25), 4)
    assert math.isnan(summarise({"score": values[2:3]}, [""])["score"].mean)


# What is written


class Page(html.parser.HTMLParser):
    """Collects what a page would load, and checks that its tags close."""

    def __init__(self):
        super().__init__()
        self.loads, self.open, self.counts = [], [], {}

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.loads += [v for k, v in attributes if k in ("src", "href", "xlink:href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_stands_alone_and_escapes_what_it_is_given(perfect, tmp_path):
    write_report(perfect, json_file=None, page=tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    page = Page()
    page.feed(text)
    assert (page.loads, page.open) == ([], [])
    assert page.counts.get("script", 0) == 0
    # each example is the truth beside what was found
    assert text.count('class="drawing"') == 2 * page.counts["figure"]
    assert "&lt;perfect&gt;" in text


def test_json_holds_every_figure_and_no_nan(perfect, tmp_path):
    gap = replace(perfect, scores={**perfect.scores, "gap": np.full(len(perfect.labels), np.nan, np.float32)})
    write_report(gap, json_file=tmp_path / "r.json", page=None)
    found = json.loads((tmp_path / "r.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert found["overall"]["direction"] == {"mean": 1, "low": 1, "high": 1, "count": len(perfect.labels)}
    assert found["overall"]["gap"]["mean"] is None
    assert set(found["by_writer"]) == {"anna", "bo", "cy", "dee", "eve"}


def test_text_shows_the_worst_of_many_classes(perfect):
    count = 100
    report = DrawingsReport(
        "many", {}, {"dtw": np.arange(count, dtype=np.float32)}, [f"c{i:03}" for i in range(count)], [""] * count
    )
    text = report.as_text()
    assert "c099" in text
    assert "c000" not in text
    assert "85 better ones" in text


def test_a_report_does_not_replace_a_file_unasked(tmp_path):
    (tmp_path / "kept.json").write_text("precious")
    with pytest.raises(StoreError, match="--overwrite"):
        check_outputs(None, tmp_path / "kept.json")
    check_outputs(tmp_path / "kept.json", overwrite=True)


# Dataset files


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """1,500 of MNIST's training digits, traced, in a file."""
    path = tmp_path_factory.mktemp("traced") / "traced.h5"
    digits = load_thinned_mnist("train").select(slice(1500))
    with DatasetWriter(path, attributes={}, classes=digits.classes) as writer:
        writer.append(trace_block(digits))
    return path


def test_a_file_is_judged_as_its_drawings_were_scored(traced):
    report = judge_dataset(traced)
    with open_dataset(traced) as stored:
        for name in ("f1", "chamfer"):
            np.testing.assert_allclose(report.scores[name], stored.column(f"scores/{name}"), atol=1e-6)
    assert "mse" not in report.scores
    assert report.scores["read_picture"].mean() > 0.95


def test_the_error_of_a_soft_drawing_is_that_of_its_making(dataset):
    report = judge_dataset(dataset)
    with open_dataset(dataset) as stored:
        np.testing.assert_allclose(report.scores["mse"], stored.column("scores/mse"), atol=2e-4)


@pytest.fixture
def dataset(tiny_model, digits, tmp_path):
    """Sixty digits drawn by the tiny network."""
    build_dataset(digits.select(slice(60)), tmp_path / "d.h5", options=Options(model=str(tiny_model)))
    return tmp_path / "d.h5"


def test_a_part_of_a_file_can_be_judged(traced):
    assert len(judge_dataset(traced, split="train", limit=30).labels) == 30
    with pytest.raises(ConfigError, match="no drawings"):
        judge_dataset(traced, split="test")


def test_a_file_without_pictures_is_refused(tmp_path):
    with DatasetWriter(tmp_path / "bare.h5", attributes={}, classes=()) as writer:
        writer.append(make_drawing_set([Drawing((np.zeros((2, 2), np.float32),))]))
    with pytest.raises(ConfigError, match="no pictures"):
        judge_dataset(tmp_path / "bare.h5")


# Teaching


def written_by_many(pens, *, copies: int) -> PenSet:
    """Variations of each of the pens' drawings, by as many writers, one in five of them held out."""
    again = pens.drawings.select(np.tile(np.arange(len(pens)), copies))
    writers = [f"writer-{i}" for i in range(copies) for _ in range(len(pens))]
    return PenSet(vary(again, Variation(), np.random.default_rng(0)), tuple(writers))


def test_strokes_and_pens_teach_a_reader_more_than_chance(traced, pens):
    report = judge_teaching(traced, written_by_many(pens, copies=10))
    taught, by_pens = report.overall["teach"], report.overall["teach_pens"]
    # 1,500 digits and 144 steps don't teach much; guessing reads one in ten
    assert taught.mean > 0.25
    assert by_pens.mean > 0.15


def test_a_reader_learns_from_as_many_drawings_as_it_may(traced, pens):
    report = judge_teaching(traced, written_by_many(pens, copies=10), limit=128)
    assert report.about["learned from"] == "128 of its drawings; teach_pens: 128 of real pens"


def test_a_reader_learns_the_same_again(pens):
    lessons, labels = sequences_of(pens.drawings), pens.drawings.labels
    first, second = (train_reader(lessons, labels, classes=10) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_sequences_are_scaled_to_their_box_and_end_with_the_pen_up(pens):
    sequences = sequences_of(pens.drawings)
    assert sequences.shape == (len(pens), 36, 5)
    np.testing.assert_allclose(np.ptp(sequences[..., :2], axis=1), 2, rtol=1e-5)
    moved = sequences[..., :2] - sequences[:, :1, :2]
    np.testing.assert_allclose(np.cumsum(sequences[..., 2:4], axis=1), moved, atol=1e-5)
    assert (sequences[..., 4].sum(axis=1) == np.diff(pens.drawings.drawing_offsets)).all()


def test_pens_all_of_one_kind_of_writer_teach_nothing(traced, pens):
    with pytest.raises(ConfigError, match="held-out writers and"):
        judge_teaching(traced, replace(pens, writers=("nobody",) * len(pens)))


# One thing to judge


@pytest.mark.parametrize("asked", [{}, {"pens": "p.npz", "dataset": "d.h5"}, {"pens": "p.npz", "teach": "t.npz"}])
def test_there_must_be_one_thing_to_judge(asked):
    with pytest.raises(ConfigError):
        evaluate(asked.pop("dataset", None), **asked)


def test_an_unknown_method_is_refused():
    with pytest.raises(ConfigError, match="network, trace"):
        Options(method="magic")
