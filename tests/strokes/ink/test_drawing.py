"""The ragged set of drawings: what it refuses, and that selecting and joining lose nothing."""

import dataclasses
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strokes.errors import ConfigError, ShapeError
from strokes.ink.drawing import Drawing, DrawingSet, join, make_drawing_set, to_frames, to_pictures

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


def test_drawings_of_the_same_values_are_equal_and_hash_alike():
    one, same = (Drawing((np.array([[0.0, 0.5], [1, 1]], np.float32),), "a") for _ in range(2))
    negative_zero = Drawing((np.array([[-0.0, 0.5], [1, 1]], np.float64),), "a")
    assert one == same == negative_zero
    assert len({one, same, negative_zero}) == 1
    assert one != replace(one, label="b")
    assert one != replace(one, confidence=0.5)
    assert one != replace(one, strokes=(one.strokes[0][:1], one.strokes[0][1:]))
    assert one != "a"


def test_drawings_and_sets_print_in_one_line():
    drawing = Drawing((np.zeros((3, 2), np.float32), np.ones((1, 2), np.float32)), "a", confidence=0.25, flagged=True)
    assert repr(drawing) == "Drawing('a', 2 strokes, 4 points, confidence 0.25, flagged)"
    assert repr(two()) == "DrawingSet(2 drawings, 3 strokes, 6 points, classes a b)"


def test_a_set_s_drawings_know_their_confidence_and_flag():
    sure = replace(two(), scores={"confidence": np.array([0.5, np.nan], np.float32)}, flagged=np.array([False, True]))
    assert [(d.confidence, d.flagged) for d in sure] == [(0.5, False), (None, True)]
    assert sure[1] == list(sure)[1]


def test_a_drawing_becomes_svg_in_millimetres_a_path_a_stroke():
    wide = Drawing((np.array([[0, 0], [1, 0.5]], np.float32), np.array([[0.5, 0.25]], np.float32)), width=1, height=0.5)
    root = ElementTree.fromstring(wide.to_svg(height_mm=10))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("20mm", "10mm", "0 0 20 10")
    assert [path.get("d") for path in root] == ["M0.000 0.000L20.000 10.000", "M9.950 5.000L10.050 5.000"]
    with pytest.raises(ConfigError, match="more than 0"):
        wide.to_svg(height_mm=0)


def test_a_notebook_shows_drawings_as_pictures():
    shown = ElementTree.fromstring(two()[0]._repr_svg_())
    assert len(shown.findall("{*}text")) == len(two()[0].strokes)
    page = replace(two(), classes=("<a>", "b"))._repr_html_()
    assert page.count("<svg") == 2
    assert "&lt;a&gt;" in page
    assert "<a>" not in page


def test_a_drawing_is_plotted_upright_on_given_axes():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = two()[0].plot(figure.subplots())
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # y down
    lines = [line for line in axes.lines if len(line.get_xdata()) > 1]
    assert np.array_equal(lines[0].get_xydata(), two()[0].strokes[0])


def test_what_is_moved_to_its_picture_lies_where_the_frame_says_and_comes_back():
    """Frames are scale, x and y: picture xy = scale · frame xy + (x, y)."""
    corner = Drawing((np.array([[0.0, 1.0]], np.float32),))
    framed = make_drawing_set([corner, corner], frames=np.array([[2, 0.5, -0.25], [1, 0, 0]], np.float32))
    moved = to_pictures(framed)
    assert moved.points.tolist() == [[0.5, 1.75], [0.0, 1.0]]
    assert to_frames(moved).points.tolist() == framed.points.tolist()
