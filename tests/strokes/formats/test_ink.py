"""InkML as other programs write it: contexts that inherit, units, signs, clocks, views, and traces in pieces."""

import numpy as np
import pytest

from strokes.errors import SourceError
from strokes.formats import FORMATS

XML = '<ink xmlns="http://www.w3.org/2003/InkML">{}</ink>'
XY = '<channel name="X"/><channel name="Y"/>'
STARTED_MS = 1705320000000


@pytest.fixture
def read(tmp_path):
    """Reads the inside of an `ink` element."""

    def reading(inside, **settings):
        (tmp_path / "a.inkml").write_text(XML.format(inside), encoding="utf-8")
        return list(FORMATS["inkml"].read(tmp_path / "a.inkml", **settings))

    return reading


def context(name, channels, *, properties="", own=""):
    return (
        f'<context xml:id="{name}" {own}><inkSource xml:id="source-{name}"><traceFormat xml:id="format-{name}">'
        f"{channels}</traceFormat><channelProperties>{properties}</channelProperties></inkSource></context>"
    )


def resolution(channel, value, units):
    return f'<channelProperty channel="{channel}" name="resolution" value="{value}" units="{units}"/>'


@pytest.mark.parametrize(
    ("units", "value", "mm"),
    [
        ("1/cm", 100, 0.1), ("1/mm", 10, 0.1), ("1/in", 254, 0.1), ("dpi", 254, 0.1), ("dev/in", 254, 0.1),
        ("cm-1", 100, 0.1), ("per mm", 10, 0.1), ("1/m", 1e4, 0.1), ("mm", 0.1, 0.1), ("1 / cm", 100, 0.1),
    ],
)  # fmt: skip
def test_the_resolution_says_how_large_a_device_unit_is(read, units, value, mm):
    properties = resolution("X", value, units) + resolution("Y", value * (1 if units == "mm" else 2), units)
    y = 50 if units == "mm" else 100
    channels = '<channel name="X" units="dev"/><channel name="Y" units="dev"/>'
    (found,) = read(
        f"<definitions>{context('c', channels, properties=properties)}</definitions>"
        f'<trace contextRef="#c">0 0, 50 {y}</trace>'
    )
    assert found.metadata["side_mm"] == pytest.approx(50 * mm)
    assert np.ptp(found.points, axis=0)[0] == pytest.approx(np.ptp(found.points, axis=0)[1])


@pytest.mark.parametrize(("unit", "mm"), [("mm", 1), ("cm", 10), ("in", 25.4), ("pt", 25.4 / 72), ("himetric", 0.01)])
def test_values_in_units_are_as_large_as_they_say(read, unit, mm):
    text = f'<traceFormat><channel name="Y" units="{unit}"/><channel name="X" units="{unit}"/></traceFormat>'
    (found,) = read(f"{text}<trace>0 1, 0 5</trace>")
    assert found.points.tolist() == [[1, 0], [5, 0]], "Y before X"
    assert found.metadata["side_mm"] == pytest.approx(4 * mm)


def test_a_context_that_refers_to_another_has_its_channels(read):
    properties = resolution("X", 10, "1/mm") + resolution("Y", 10, "1/mm")
    first = context("a", XY + '<channel name="F" max="4"/>', properties=properties)
    (found,) = read(
        f'<definitions>{first}<brush xml:id="b"/><context xml:id="heir" contextRef="#a" brushRef="#b"/>'
        '<context xml:id="parts" inkSourceRef="#source-a" traceFormatRef="#format-a"/></definitions>'
        '<traceGroup contextRef="#heir"><annotation type="truth">x</annotation><trace>0 0 1, 40 0 2</trace>'
        '<traceGroup contextRef="#parts"><trace>0 5 4, 9 9 0</trace></traceGroup></traceGroup>'
    )
    np.testing.assert_allclose(found.columns["pressure"], [0.25, 0.5, 1, 0])
    assert found.metadata["side_mm"] == 4


def test_the_only_context_counts_where_a_trace_names_none_and_the_default_one_has_x_and_y(read):
    channels = XY + '<channel name="F" max="10"/>'
    (found,) = read(
        f"<definitions>{context('only', channels)}</definitions><trace>1 2 5</trace>"
        '<trace contextRef="#DefaultContext">3 4</trace>'
    )
    assert found.points.tolist() == [[1, 2], [3, 4]]
    np.testing.assert_array_equal(found.columns["pressure"], [0.5, np.nan])


def test_values_that_a_trace_leaves_out_are_unknown_or_the_channel_s_own(read):
    extra = '<channel name="F" max="8" default="4"/><channel name="OTx" units="deg"/><channel name="OTy" units="deg"/>'
    (found,) = read(
        f"<traceFormat>{XY}<intermittentChannels>{extra}</intermittentChannels></traceFormat>"
        "<trace>#A #1f 8 1 2, 11 32, -#A '1 2, * '2 *</trace>"
    )
    assert found.points.tolist() == [[10, 31], [11, 32], [-10, 33], [-10, 35]]
    np.testing.assert_array_equal(found.columns["pressure"], [1, 0.5, 0.25, 0.25])
    assert np.isnan(found.columns["tilt_x"][1:]).all()


def test_numbers_may_stand_without_a_space_between_them(read):
    (found,) = read("<trace>1-2,3-5,7-3</trace>")
    assert found.points.tolist() == [[1, -2], [3, -5], [7, -3]]


def test_differences_go_on_until_another_prefix(read):
    # the example of InkML's own specification
    (found,) = read("<trace>1125 18432,'23'43,\"7\"-8,3-5,7-3,6 2,6 8,3 6</trace>")
    expected = [[1125, 18432], [1148, 18475], [1178, 18510], [1211, 18540], [1251, 18567]]
    assert found.points[:5].tolist() == expected


def test_axes_that_grow_left_or_up_are_turned(read):
    text = '<traceFormat><channel name="X" orientation="-ve"/><channel name="Y" orientation="-ve"/></traceFormat>'
    (found,) = read(f"{text}<trace>1 2, 3 9</trace>")
    assert found.points.tolist() == [[-1, -2], [-3, -9]]


def test_angles_have_units_and_resolutions_too(read):
    angles = '<channel name="OA" units="deg"/><channel name="OE" units="rad"/>'
    channels = f"<traceFormat>{XY}{angles}</traceFormat>"
    own = resolution("OA", 10, "1/deg")
    (found,) = read(
        f'<context xml:id="c"><inkSource xml:id="s">{channels}<channelProperties>{own}</channelProperties></inkSource>'
        f"</context><trace>0 0 900 {np.pi / 3}</trace>"
    )
    np.testing.assert_allclose([found.columns["tilt_x"], found.columns["tilt_y"]], [[0], [30]], atol=1e-6)


@pytest.mark.parametrize(("unit", "each_ms"), [("s", 1000), ("ms", 1), ("us", 1e-3), ("ns", 1e-6)])
@pytest.mark.parametrize("resolved", [False, True])
@pytest.mark.parametrize("start_ms", [0, 250, STARTED_MS])
def test_clocks_of_any_unit_become_ms_since_the_first_point(read, unit, each_ms, resolved, start_ms):
    times = ", ".join(f"{i} {i} {(start_ms + 8 * i) / each_ms:.6f}" for i in range(3))
    channel = f'<channel name="T" units="{"dev" if resolved else unit}"/>'
    own = resolution("T", 1, f"1/{unit}") if resolved else ""
    (found,) = read(
        f'<definitions>{context("c", XY + channel, properties=own)}</definitions><trace contextRef="#c">{times}</trace>'
    )
    np.testing.assert_allclose(found.columns["time_ms"], [0, 8, 16], atol=1e-3)
    said = {0: {}, 250: {"start_ms": 250}}.get(start_ms, {"started": "2024-01-15T12:00:00+00:00"})
    assert {name: found.metadata[name] for name in said} == said


def test_two_pens_with_clocks_of_different_units_share_one(read):
    formats = (context(n, f'{XY}<channel name="T" units="{u}"/>') for n, u in (("a", "s"), ("b", "ms")))
    (found,) = read(
        f"<definitions>{''.join(formats)}</definitions>"
        '<trace contextRef="#a">0 0 1, 1 1 1.02</trace><trace contextRef="#b">2 2 1100, 3 3 1110</trace>'
    )
    np.testing.assert_allclose(found.columns["time_ms"], [0, 20, 100, 110])


@pytest.mark.parametrize("said", [f'time="{STARTED_MS}"', 'timeString="2024-01-15T12:00:00Z"'])
@pytest.mark.parametrize("by", ['respectTo="#t"', ""])
def test_a_timestamp_says_when_a_clock_was_zero(read, said, by):
    stamp = f'<timestamp xml:id="t" {said}/>'
    channel = f'<channel name="T" units="ms" {by}/>'
    own = "" if by else 'timestampRef="#t"'
    (found,) = read(
        f"<definitions>{stamp}{context('c', XY + channel, own=own)}</definitions>"
        '<trace contextRef="#c">0 0 500, 1 1 516</trace>'
    )
    assert found.columns["time_ms"].tolist() == [0, 16]
    assert found.metadata["started"] == "2024-01-15T12:00:00.500000+00:00"


TWO = '<trace xml:id="a">0 0, 1 0, 2 0</trace><trace xml:id="b">0 5, 1 5</trace><trace xml:id="c">0 9</trace>'


def named(label, inside, kind="traceGroup"):
    return f'<{kind}><annotation type="truth">{label}</annotation>{inside}</{kind}>'


def view(name, rest=""):
    return f'<traceView traceDataRef="#{name}" {rest}/>'


@pytest.mark.parametrize("kind", ["traceGroup", "traceView"])
def test_labelled_views_are_drawings_and_the_rest_is_one(read, kind):
    found = read(TWO + named("x", view("a") + view("b"), kind))
    assert [(d.label, list(d.lengths)) for d in found] == [("x", [3, 2]), (None, [1])]


def test_views_show_traces_of_groups_and_whole_groups_once(read):
    words = named("to", view("g"), "traceView")
    found = read(f'<traceGroup xml:id="g">{TWO}</traceGroup>{words}<traceGroup><trace>7 7</trace></traceGroup>')
    assert [(d.label, list(d.lengths)) for d in found] == [("to", [3, 2, 1]), (None, [1])]


def test_views_may_show_a_part(read):
    found = read(TWO + named("l", view("a", 'to="2"')) + named("r", view("a", 'from="2"') + view("b")) + view("c"))
    assert [(d.label, d.points[:, 0].tolist()) for d in found] == [("l", [0, 1]), ("r", [1, 2, 0, 1]), (None, [0])]
    (_, part) = read(
        f'<traceGroup xml:id="g">{TWO}</traceGroup>' + named("p", view("g", 'from="1:3" to="2:1"'), "traceView")
    )
    assert part.points.tolist() == [[2, 0], [0, 5]]


def test_a_view_of_nothing_is_refused(read):
    with pytest.raises(SourceError, match="not before it"):
        read(named("x", view("nowhere")))


def test_symbols_of_nested_groups_are_drawings_on_request(read):
    symbols = named("word", named("x", view("a")) + named("y", view("b") + view("c")))
    inside = f'<annotation type="truth">xy</annotation>{TWO}{symbols}'
    assert [(d.label, len(d.lengths)) for d in read(inside)] == [("xy", 3)]
    assert [(d.label, len(d.lengths)) for d in read(inside, groups=True)] == [("x", 1), ("y", 2)]


def test_strokes_beside_labelled_groups_are_not_lost(read):
    found = read(f"<traceGroup><trace>1 1</trace>{named('x', '<trace>2 2</trace>')}</traceGroup>")
    assert [(d.label, d.points.tolist()) for d in found] == [("x", [[2, 2]]), (None, [[1, 1]])]


def test_a_stroke_in_pieces_is_one(read):
    (found,) = read(
        '<trace xml:id="a" continuation="begin">0 0, 1 1</trace><trace xml:id="b" continuation="middle" priorRef="#a">'
        '2 2</trace><trace continuation="end" priorRef="#b">3 3</trace><trace type="penUp">5 5</trace>'
        "<trace>9 9</trace>"
    )
    assert list(found.lengths) == [4, 1]


def test_a_tip_that_does_not_touch_draws_nothing(read):
    (found,) = read(
        f'<traceFormat>{XY}<channel name="S" type="boolean"/></traceFormat><trace>0 0 T, 1 1 T, 2 2 F, 3 3 T</trace>'
    )
    assert (list(found.lengths), found.points[:, 0].tolist()) == ([2, 1], [0, 1, 3])


def test_a_note_of_office_has_what_it_recognised_as_metadata(read):
    text = "<annotationXML><emma><interpretation><literal>Hello</literal></interpretation></emma></annotationXML>"
    (found,) = read(f"<traceGroup>{text}<trace>1 1</trace></traceGroup>")
    assert (found.label, found.metadata) == (None, {"recognised": "Hello"})
