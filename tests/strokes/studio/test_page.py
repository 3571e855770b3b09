"""The page in a real browser: what a person finds by name, draws, keeps and browses, and pens beside fingers."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from studio_page import SEVEN, SLOW_MS, draw, go

from strokes.studio.samples import Samples

NAMES = {
    "Draw": {
        "img": ["Drawing", "Recovered"],
        "status": ["Reading", "Against your pen"],
        "switch": ["Characters"],
        "slider": ["Pen width"],
        "button": ["Undo", "Clear", "Play"],
    },
    "Style": {
        "img": [*(f"Example {i}" for i in range(1, 6)), "Result"],
        "textbox": ["Words"],
        "radio": ["Full set", "Text"],
        "slider": ["Randomness", "Pen width"],
        "checkbox": ["Average"],
        "combobox": ["Generator"],
        "button": ["Write"],
    },
    "Recover": {
        "img": ["Overlay"],
        "slider": ["Time"],
        "button": ["Reverse", "Split", "Join", "Earlier", "Later", "Delete", "Undo"],
    },
    "Collect": {"img": ["Sample"], "button": ["Keep", "Undo", "Skip", "Export", "Train"], "list": ["Samples"]},
    "Browse": {
        "listbox": ["Drawings"],
        "combobox": ["Class", "Split", "Score", "Flagged", "Sort by"],
        "button": ["Export marks"],
    },
}


@pytest.mark.parametrize("tab", NAMES)
def test_everything_is_found_by_its_role_and_name(page, tab):
    go(page, tab)
    for role, names in NAMES[tab].items():
        for name in names:
            expect(page.get_by_role(role, name=name, exact=True)).to_have_count(1)


def test_tabs_are_walked_by_arrow_keys(page):
    page.get_by_role("tab", name="Draw").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Style")).to_be_focused()
    expect(page.get_by_role("textbox", name="Words")).to_be_visible()


def test_a_seven_is_read_recovered_and_compared(page):
    draw(page, "Drawing", SEVEN)
    expect(page.get_by_role("status", name="Reading")).to_contain_text(re.compile(r"^7 · \d+\.\d %"))
    expect(page.get_by_role("status", name="Against your pen")).to_contain_text(
        re.compile("dtw .*strokes . of 2"), timeout=SLOW_MS
    )
    page.get_by_role("switch", name="Characters").check()
    expect(page.get_by_role("status", name="Reading")).to_contain_text(re.compile("^[A-Za-z] · "))
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("status", name="Reading")).to_have_text("")


def test_a_line_is_drawn_by_keys_alone(page):
    page.get_by_role("img", name="Drawing").focus()
    page.keyboard.press("Space")
    for _ in range(15):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_role("status", name="Reading")).to_contain_text("1 · ")


POINTERS = """(canvas, events) => {
  const box = canvas.getBoundingClientRect();
  for (const [type, pointerType, pointerId, x, y] of events)
    canvas.dispatchEvent(new PointerEvent(type, {pointerType, pointerId, isPrimary: true, bubbles: true,
      cancelable: true, clientX: box.left + x * box.width, clientY: box.top + y * box.height,
      button: type === "pointermove" ? -1 : 0}));
}"""


def sent_drawing(page, events) -> list | None:
    """The strokes that the page sends for pointer events on its canvas."""
    sent = []
    # a socket that is there can't be listened to: the page is loaded anew
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    expect(page.get_by_role("status", name="Connection")).to_have_text("on this machine only")
    page.get_by_role("img", name="Drawing").evaluate(POINTERS, events)
    page.wait_for_timeout(300)
    drawings = [json.loads(frame) for frame in sent if '"draw"' in frame]
    return drawings[-1]["strokes"] if drawings else None


def test_a_palm_draws_nothing_once_a_pen_was_seen(page):
    pen = [("pointerdown", "pen", 1, 0.2, 0.2), ("pointermove", "pen", 1, 0.4, 0.4), ("pointerup", "pen", 1, 0.4, 0.4)]
    palm = [
        ("pointerdown", "touch", 2, 0.8, 0.8),
        ("pointermove", "touch", 2, 0.9, 0.9),
        ("pointerup", "touch", 2, 0.9, 0.9),
    ]
    assert len(sent_drawing(page, pen + palm)) == 1
    assert len(sent_drawing(page, palm)) == 1  # where no pen was seen, a finger draws


def test_a_palm_that_was_first_gives_way_to_the_pen_and_a_second_finger_is_ignored(page):
    palm_first = [
        ("pointerdown", "touch", 2, 0.8, 0.8),
        ("pointerdown", "pen", 1, 0.2, 0.2),
        ("pointermove", "touch", 2, 0.7, 0.7),
        ("pointermove", "pen", 1, 0.4, 0.4),
        ("pointerup", "pen", 1, 0.4, 0.4),
    ]
    (stroke,) = sent_drawing(page, palm_first)
    assert [round(x, 1) for x, *_ in stroke] == [0.2, 0.4]


def test_a_cancelled_stroke_is_taken_back(page):
    events = [
        ("pointerdown", "touch", 1, 0.2, 0.2),
        ("pointermove", "touch", 1, 0.4, 0.4),
        ("pointercancel", "touch", 1, 0, 0),
    ]
    assert sent_drawing(page, events) is None


def test_a_pen_that_is_dragged_far_off_a_small_canvas_is_still_taken(page):
    far = [("pointerdown", "pen", 1, 0.5, 0.2), ("pointermove", "pen", 1, 30, -40), ("pointerup", "pen", 1, 0.5, 0.8)]
    (stroke,) = sent_drawing(page, far)
    assert stroke[1][:2] == [5, -4]  # as far as the server takes
    expect(page.get_by_role("status", name="Reading")).to_contain_text("%")


def test_what_is_cleared_under_the_pen_stays_cleared(page):
    go(page, "Draw")
    canvas = page.get_by_role("img", name="Drawing")
    canvas.evaluate(POINTERS, [("pointerdown", "pen", 1, 0.2, 0.2), ("pointermove", "pen", 1, 0.4, 0.4)])
    page.get_by_role("button", name="Clear").click()
    canvas.evaluate(POINTERS, [("pointermove", "pen", 1, 0.6, 0.6), ("pointerup", "pen", 1, 0.6, 0.6)])
    expect(page.get_by_role("button", name="Clear")).to_be_disabled()
    canvas.evaluate(POINTERS, [("pointerdown", "pen", 1, 0.2, 0.2), ("pointerup", "pen", 1, 0.4, 0.4)])
    expect(page.get_by_role("button", name="Clear")).to_be_enabled()


def test_a_sample_that_is_begun_while_the_last_is_being_kept_is_not_cleared(page):
    go(page, "Collect")
    expect(page.get_by_role("status", name="Asked")).not_to_contain_text("…")
    canvas = page.get_by_role("img", name="Sample")
    line = [("pointerdown", "pen", 1, 0.5, 0.2), ("pointermove", "pen", 1, 0.5, 0.8), ("pointerup", "pen", 1, 0.5, 0.8)]
    canvas.evaluate(POINTERS, line)
    page.evaluate("() => document.querySelector('[data-keep]').click()")
    canvas.evaluate(POINTERS, line)
    expect(page.get_by_role("status", name="Kept")).to_contain_text("kept")
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()  # the sample itself
    expect(page.get_by_role("list", name="Samples").get_by_role("listitem")).to_have_count(0)


@pytest.mark.parametrize("ratio", [1, 2.5])
def test_coordinates_are_right_at_any_pixel_ratio_and_after_a_resize(browser, running, ratio):
    context = browser.new_context(device_scale_factor=ratio, viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.goto(running.address)
    expect(page.get_by_role("status", name="Connection")).to_have_text("on this machine only")
    page.set_viewport_size({"width": 1300, "height": 900})
    events = [
        ("pointerdown", "pen", 1, 0.25, 0.5),
        ("pointermove", "pen", 1, 0.75, 0.5),
        ("pointerup", "pen", 1, 0.75, 0.5),
    ]
    (stroke,) = sent_drawing(page, events)
    assert np.allclose([point[:2] for point in stroke], [[0.25, 0.5], [0.75, 0.5]], atol=0.002)  # a pixel of 500
    size = page.get_by_role("img", name="Drawing").evaluate(
        "c => [c.width, Math.round(c.getBoundingClientRect().width * devicePixelRatio)]"
    )
    assert size[0] == size[1]
    context.close()


def write(page, text: str) -> str:
    """What the page says once it has written a text."""
    page.get_by_role("textbox", name="Words").fill(text)
    page.get_by_role("button", name="Write", exact=True).click()
    says = page.get_by_role("status", name="Written")
    expect(says).to_contain_text("characters by", timeout=SLOW_MS)
    return says.inner_text()


def result(page) -> np.ndarray:
    """The image "Result", (h, w) bool: where there is ink."""
    width, rows = page.get_by_role("img", name="Result", exact=True).evaluate(PIXELS)
    return np.array(rows).reshape(-1, width) < 128


PIXELS = """(image) => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, [...data.filter((_, i) => i % 4 === 0)]];
}"""


def test_a_text_is_written_in_lines_like_the_examples(page):
    go(page, "Style")
    for number in (1, 2):
        draw(page, f"Example {number}", SEVEN)
        expect(page.get_by_label(f"Label {number}")).to_have_value("7")
    assert "5 characters by cvae" in (said := write(page, "0 x0\nHaé"))
    assert "the mean of 2 latents" in said
    assert "can't be had: é" in said
    rows = result(page).any(axis=1)
    assert np.count_nonzero(np.diff(rows.astype(int)) == 1) == 2  # lines
    page.get_by_role("checkbox", name="Average").uncheck()
    expect(page.get_by_text("each character takes the next example's latent")).to_be_visible()
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.get_by_role("status", name="Written")).to_contain_text("2 latents in turn", timeout=SLOW_MS)
    page.get_by_role("button", name="Pen strokes").click()
    strokes = page.get_by_role("img", name="Result", exact=True)
    expect(strokes).to_have_count(1)
    assert strokes.evaluate("(canvas) => canvas.tagName") == "CANVAS"
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()


def test_what_is_asked_before_the_page_knows_its_choices_is_done(page):
    page.get_by_role("tab", name="Style").evaluate(
        "tab => { tab.click(); document.querySelector('[data-write]').click(); }"
    )
    expect(page.get_by_role("status", name="Written")).to_contain_text("characters by", timeout=SLOW_MS)


def test_a_full_set_draws_every_class_zero_among_them(page):
    go(page, "Style")
    page.get_by_role("radio", name="Full set").check()
    page.get_by_role("combobox", name="Generator").select_option("cvae-letters")
    assert "62 characters by cvae-letters: no example, so any hand" in write(page, "")
    assert result(page).any()


def test_samples_are_kept_taken_back_and_skipped(page, running):
    go(page, "Collect")
    page.get_by_label("Classes").fill("7,x")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Write: 7", exact=True)).to_be_visible()
    draw(page, "Sample", SEVEN)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Write: x", exact=True)).to_be_visible()
    expect(page.get_by_role("list", name="Samples").get_by_role("listitem")).to_have_count(1)
    (kept,) = (samples := Samples(running.data)).all()
    assert (kept.label, len(kept.strokes)) == ("7", 2)
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_text("Write: 7", exact=True)).to_be_visible()
    with page.expect_download() as made:
        page.get_by_role("button", name="Export", exact=True).click()
    assert made.value.suggested_filename == "samples.h5"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("list", name="Samples").get_by_role("listitem")).to_have_count(0)
    assert samples.count() == 0
    samples.close()


def test_a_hand_is_taught_and_its_network_recovers_what_is_drawn_next(browser, start, tmp_path):
    page = browser.new_page()
    page.goto(start(tmp_path / "data").address)
    go(page, "Collect")
    expect(page.get_by_text("Write: 0", exact=True)).to_be_visible()
    draw(page, "Sample", SEVEN)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Write: 1", exact=True)).to_be_visible()
    page.get_by_label("Rounds").fill("1")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    page.reload()  # training goes on without the page
    learned = "recovered by models/adapted-pen-digits-1"
    expect(page.get_by_role("status", name="Training")).to_contain_text(learned, timeout=SLOW_MS)
    go(page, "Draw")
    draw(page, "Drawing", SEVEN)
    expect(page.get_by_text("by adapted-pen-digits-1")).to_be_visible(timeout=SLOW_MS)
    page.close()


def test_a_dataset_is_sorted_looked_at_and_marked(page):
    go(page, "Browse")
    expect(page.get_by_role("status", name="Found")).to_have_text("2,000 of 2,000 drawings")
    page.get_by_role("combobox", name="Class").select_option("a")
    page.get_by_role("combobox", name="Sort by").select_option("confidence")
    expect(page.get_by_role("status", name="Found")).to_have_text("1,000 of 2,000 drawings")
    page.get_by_role("listbox", name="Drawings").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="“a”, number 1998")).to_be_visible()
    page.keyboard.press("w")
    expect(page.get_by_role("status", name="Marked")).to_have_text("0 right, 1 wrong")
    page.reload()
    go(page, "Browse")
    expect(page.get_by_role("status", name="Marked")).to_have_text("0 right, 1 wrong")  # the mark was kept
    with page.expect_download() as made:
        page.get_by_role("button", name="Export marks").click()
    assert json.loads(made.value.path().read_text())["drop"] == {"none": [1998]}


# The page's questions named are sent half a second late.
LATE = """what => {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (text) {
    if (JSON.parse(text).do === what) setTimeout(() => send.call(this, text), 500);
    else send.call(this, text);
  };
}"""


def test_keys_before_the_sorted_wall_is_there_are_about_it(page):
    go(page, "Browse")
    expect(page.get_by_role("status", name="Found")).to_have_text("2,000 of 2,000 drawings")
    page.evaluate(LATE, "find")
    page.get_by_role("combobox", name="Class").select_option("a")
    page.get_by_role("combobox", name="Sort by").select_option("confidence")
    page.get_by_role("listbox", name="Drawings").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="“a”, number 1996")).to_be_visible()


def test_a_mark_is_for_what_was_chosen_last(page):
    go(page, "Browse")
    expect(page.get_by_role("status", name="Found")).to_have_text("2,000 of 2,000 drawings")
    page.get_by_role("listbox", name="Drawings").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="“a”, number 0")).to_be_visible()
    page.evaluate(LATE, "show")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")  # while number 0 is still what is shown
    page.get_by_role("combobox", name="Selection").select_option("keep")
    with page.expect_download() as made:
        page.get_by_role("button", name="Export marks").click()
    assert json.loads(made.value.path().read_text())["keep"] == {"none": [1]}
    expect(page.get_by_role("heading", name="“b”, number 1")).to_be_visible()


def test_only_the_rows_in_sight_are_there(page):
    go(page, "Browse")
    wall = page.get_by_role("listbox", name="Drawings")
    expect(page.get_by_role("status", name="Found")).to_have_text("2,000 of 2,000 drawings")
    wall.evaluate("wall => { wall.scrollTop = wall.scrollHeight; }")
    page.wait_for_timeout(200)
    assert wall.locator("canvas").count() < 40  # some 10 rows are seen, of 167


def test_two_tabs_and_a_restart_reconnect(browser, start, tmp_path):
    running = start(tmp_path / "data")
    context = browser.new_context()
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        tab.goto(running.address)
        expect(tab.get_by_role("status", name="Connection")).to_have_text("on this machine only")
    running.process.kill()
    running.process.wait()
    for tab in tabs:
        expect(tab.get_by_role("status", name="Connection")).to_have_text("reconnecting")
    again = start(tmp_path / "data")
    assert again.origin == running.origin
    for tab in tabs:
        expect(tab.get_by_role("status", name="Connection")).to_have_text("on this machine only", timeout=SLOW_MS)
        draw(tab, "Drawing", SEVEN)
        expect(tab.get_by_role("status", name="Reading")).to_contain_text("7 · ", timeout=SLOW_MS)
    context.close()
