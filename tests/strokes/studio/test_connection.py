"""Messages are answered each on its own: a broken one closes nothing but itself."""

import json

import numpy as np
import pytest

from strokes.studio import limits
from strokes.studio.actions import ACTIONS
from strokes.studio.messages import MessageError, drawing_of, page_of, parse_message

STROKE = [[0.5, 0.2, 0, 0.5, 0, 0], [0.5, 0.8, 120, 0.5, 0, 0]]
BROKEN = [
    "",
    "no JSON",
    "[]",
    "7",
    '{"id": 1}',
    '{"do": "draw"}',
    '{"id": "1", "do": "draw"}',
    '{"id": true, "do": "draw"}',
    '{"id": -1, "do": "draw"}',
    '{"id": 1, "do": ["draw"]}',
    '{"id": 1, "do": "draw", "strokes": [[[NaN, 1]]]}',
    "[" * 100_000,
]
DRAWINGS = [
    None,
    {},
    [],
    [[]],
    [[[]]],
    [[0.5, 0.5]],
    [[[0.5]]],
    [[[0.5, "x"]]],
    [[[0.5, True]]],
    [[[0.5, 1e300]]],
    [[[0.5, 10**400]]],
    [[[0.5, float("nan")]]],
    [[[0.5, "0.5"]]],
    [[[0.5, 0.5], [0.5, 0.5, 1]]],
    [[[0.5, 0.5, -1]]],
    [[[0.5, 0.5, 0, 2]]],
    [[[0.5, 0.5]]] * (limits.STROKES + 1),
    [[[0.5, 0.5]] * (limits.POINTS + 1)],
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_message_is_answered_and_the_next_one_too(ask, text):
    ask.socket.send_text(text)
    assert "error" in ask.socket.receive_json()
    assert "done" in ask("datasets")


def test_bytes_and_an_oversize_message_are_answered_and_the_next_one_too(ask):
    ask.socket.send_bytes(b"\0" * 100)
    assert "bytes" in ask.socket.receive_json()["error"]
    ask.socket.send_text(json.dumps({"id": 1, "do": "x" * limits.MESSAGE_BYTES}))
    assert "long" in ask.socket.receive_json()["error"]
    assert "done" in ask("datasets")


@pytest.mark.parametrize("strokes", DRAWINGS)
def test_what_is_no_drawing_is_refused(strokes):
    with pytest.raises(MessageError):
        drawing_of({"strokes": strokes})


def test_a_drawing_keeps_its_times_pressure_and_tilt():
    drawn = drawing_of({"strokes": [[[0.1, 0.2, 5, 0.25, -30, 60]], [[0.3, 0.4, 9, 0.5, 0, 0]]]})
    assert drawn.columns["time_ms"].tolist() == [5, 9]
    assert drawn.columns["pressure"].tolist() == [0.25, 0.5]
    assert drawn.tilt.tolist() == [[-30, 60], [0, 0]]


@pytest.mark.parametrize("fault", [float("nan"), ZeroDivisionError()])
def test_what_the_studio_fails_at_is_answered_too(ask, monkeypatch, fault):
    async def fails(studio, message, tell):
        if isinstance(fault, Exception):
            raise fault
        return {"score": fault}

    monkeypatch.setitem(ACTIONS, "fail", fails)
    assert "failed" in ask("fail")["error"]
    assert "done" in ask("datasets")


@pytest.mark.parametrize("examples", [[7], [{}], [None], {}, [{"strokes": [STROKE]}] * 6])
def test_examples_that_are_none_are_refused(ask, examples):
    assert "error" in ask("write", words="a", examples=examples)


def test_an_unknown_wish_is_named(ask):
    assert "fly" in ask("fly")["error"]


def test_a_message_may_be_as_long_as_a_page_of_strokes():
    strokes = [[[0.12345, 0.12345]] * limits.PAGE_POINTS]
    message = parse_message(json.dumps({"id": 1, "do": "x", "strokes": strokes}, separators=(",", ":")))
    (kept,) = page_of(message)
    assert kept.shape == (limits.PAGE_POINTS, 2)


@pytest.mark.parametrize("characters", ["digits", "letters"])
def test_a_line_is_read_and_its_strokes_come_back_where_they_were_drawn(ask, characters):
    found = ask("draw", strokes=[STROKE], characters=characters)["done"]
    recovered = np.concatenate(found["strokes"])
    assert len(found["strokes"]) == found["drawn"] == 1
    assert abs(recovered[:, 0] - 0.5).max() < 0.05  # 1 px of the frame is 0.6 / 18 = 0.033 of this canvas
    assert found["scores"]["direction"] in (0.0, 1.0)


def test_reading_alone_tells_the_likeliest_answers_first(ask):
    answers = ask("draw", strokes=[STROKE], strokes_too=False)["done"]["reading"]
    chances = [chance for _, chance in answers]
    assert answers[0][0] == "1"
    assert chances == sorted(chances, reverse=True)
    assert len(answers) == 3


def test_a_dot_is_read_and_recovered(ask):
    found = ask("draw", strokes=[[[0.3, 0.7]]])["done"]
    assert found["scores"]["direction"] is None
