"""The ragged set of drawings: what it refuses, and that selecting and joining lose nothing."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strokes.errors import ShapeError
from strokes.ink.drawing import Drawing, DrawingSet, join, make_drawing_set

coordinates = st.floats(-1, 2, width=32)
strokes = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(2)), elements=coordinates)
drawings = st.builds(
    Drawing, st.lists(strokes, max_size=4).map(tuple), st.sampled_from(["a", "b", None]), st.just(1.0), st.just(0.5)
)


@st.composite
def drawing_sets(draw: st.DrawFn) -> DrawingSet:
    glyphs = draw(st.lists(drawings, max_size=6))
    n = len(glyphs)
    return make_drawing_set(
        glyphs,
        classes=("a", "b"),
        images=draw(hnp.arrays(bool, (n, 3, 5))),
        scores={"f1": draw(hnp.arrays(np.float32, n, elements=st.floats(0, 1, width=32)))},
        metadata=tuple(f'{{"n": {i}}}' for i in range(n)),
        flagged=draw(hnp.arrays(bool, n)),
    )


def equal(a: Drawing, b: Drawing) -> bool:
    same = len(a.strokes) == len(b.strokes) and all(map(np.array_equal, a.strokes, b.strokes))
    return same and (a.label, a.width, a.height) == (b.label, b.width, b.height)


@given(st.lists(drawings, max_size=6))
def test_drawings_come_back_from_a_set_as_they_went_in(glyphs):
    assert all(map(equal, make_drawing_set(glyphs, classes=("a", "b")), glyphs))


@given(drawing_sets(), st.data())
def test_selecting_keeps_every_column_beside_its_drawing(whole, data):
    chosen = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)) if len(whole) else []
    part = whole.select(chosen)
    assert [int(i) for i in part.source_index] == chosen
    for place, index in enumerate(chosen):
        assert equal(part[place], whole[index])
        assert part.metadata[place] == whole.metadata[index]
        assert np.array_equal(part.images[place], whole.images[index])
        assert part.scores["f1"][place] == whole.scores["f1"][index]
        assert part.flagged[place] == whole.flagged[index]


@given(drawing_sets(), st.integers(0, 6))
def test_joining_the_halves_gives_the_whole(whole, cut):
    everyone = np.arange(len(whole))
    again = join([whole.select(everyone[:cut]), whole.select(everyone[cut:])])
    for field in dataclasses.fields(DrawingSet):
        a, b = getattr(again, field.name), getattr(whole, field.name)
        if isinstance(b, dict):
            assert a.keys() == b.keys()
            assert all(np.array_equal(a[key], b[key]) for key in b)
        else:
            assert np.array_equal(a, b), field.name


def two() -> DrawingSet:
    line = np.array([[0, 0], [1, 1]], np.float32)
    return make_drawing_set([Drawing((line, line), "a"), Drawing((line,), "b")])


def test_a_negative_index_counts_from_the_end():
    assert equal(two()[-1], two()[1])
    with pytest.raises(IndexError):
        two()[2]


def test_a_stroke_without_points_is_refused():
    with pytest.raises(ShapeError, match="stroke 0"):
        Drawing((np.zeros((0, 2), np.float32),))
    with pytest.raises(ShapeError, match="stroke_offsets"):
        dataclasses.replace(two(), stroke_offsets=np.array([0, 2, 2, 6]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"points": np.full((6, 2), np.nan, np.float32)}, "NaN"),
        ({"points": np.zeros((6, 3), np.float32)}, "shape"),
        ({"stroke_offsets": np.array([0, 2, 4, 5])}, "stroke_offsets"),
        ({"drawing_offsets": np.array([0, 3])}, "labels"),
        ({"labels": np.array([0, 2])}, "classes"),
        ({"split": np.array([0, 9], np.uint8)}, "split"),
        ({"images": np.zeros((1, 28, 28), bool)}, "images"),
        ({"metadata": ("{}",)}, "metadata"),
        ({"flagged": np.zeros(3, bool)}, "flagged"),
        ({"scores": {"f1": np.zeros(1, np.float32)}}, "scores/f1"),
        ({"point_columns": {"softness": np.zeros(2, np.float32)}}, "softness"),
        ({"point_columns": {"colour": np.zeros(6, np.float32)}}, "colour"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused_by_name(change, told):
    with pytest.raises(ShapeError, match=told):
        dataclasses.replace(two(), **change)


def test_sets_with_different_columns_are_not_joined():
    with pytest.raises(ShapeError, match="build them alike"):
        join([two(), dataclasses.replace(two(), flagged=np.zeros(2, bool))])
    with pytest.raises(ShapeError, match="nothing to join"):
        join([])


def test_an_unknown_label_is_refused_when_the_classes_are_given():
    with pytest.raises(ShapeError, match="'c'"):
        make_drawing_set([Drawing((), "c")], classes=("a", "b"))
