"""Pictures brought to the page in a real browser: every kind and page, strokes edited, and every download."""

import json
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from studio_page import SLOW_MS, go

from strokes.studio.exports import downloads


def two_lines(folder, name: str, **how: object):
    """A picture of two strokes, side by side, in a file whose kind its name tells."""
    picture = Image.new("RGB", (200, 120), (255, 255, 255))
    ImageDraw.Draw(picture).line([(60, 20), (60, 100)], fill=0, width=6)
    ImageDraw.Draw(picture).line([(140, 20), (140, 100)], fill=0, width=6)
    picture.save(folder / name, **how)
    return folder / name


def recover(page, picture) -> None:
    go(page, "Recover")
    page.get_by_label("Picture").set_input_files(picture)
    expect(page.get_by_role("status", name="Recovery")).to_contain_text("2 strokes", timeout=SLOW_MS)


def test_a_stroke_is_edited_by_every_button_and_each_edit_is_undone(page, tmp_path):
    recover(page, two_lines(tmp_path, "two.png"))
    page.get_by_role("img", name="Overlay").focus()
    page.keyboard.press("ArrowRight")
    chosen = page.locator("[data-selected]")
    expect(chosen).to_have_text("stroke 1 of 2")
    before = downloaded(page, "json")["strokes"]
    for name, left in (("Split", 3), ("Join", 1), ("Delete", 1), ("Reverse", 2), ("Later", 2)):
        page.get_by_role("button", name=name, exact=True).click()
        expect(chosen).to_contain_text(f"of {left}")
        assert downloaded(page, "json")["strokes"] != before, name
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(chosen).to_contain_text("of 2")
        assert downloaded(page, "json")["strokes"] == before, name
    page.get_by_role("button", name="Redo", exact=True).click()
    first, second = before
    assert downloaded(page, "json")["strokes"] == [second, first]


def downloaded(page, form: str) -> dict:
    """The one drawing of a download in JSON."""
    with page.expect_download() as made:
        page.get_by_role("button", name=form, exact=True).click()
    (drawing,) = json.loads(made.value.path().read_text())["drawings"]
    return drawing


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.bmp", "a.gif", "a.pdf", "a.heic", "a.jp2"])
def test_every_kind_of_picture_is_taken(page, tmp_path, name):
    if name == "a.heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    recover(page, two_lines(tmp_path, name))
    assert name[1:] in page.get_by_label("Picture").get_attribute("accept").split(",")


BRING = """([type, content]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(content)], "two.png"));
  const place = document.querySelector("[data-drop]");
  if (type === "paste") place.dispatchEvent(new ClipboardEvent(type, {clipboardData: carried, bubbles: true}));
  else place.dispatchEvent(new DragEvent(type, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_is_dropped_and_pasted(page, tmp_path, way):
    go(page, "Recover")
    page.evaluate(BRING, [way, list(two_lines(tmp_path, "two.png").read_bytes())])
    expect(page.get_by_role("status", name="Recovery")).to_contain_text("2 strokes", timeout=SLOW_MS)


def test_what_is_no_picture_is_told_without_a_path_of_this_machine(page, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    go(page, "Recover")
    page.get_by_label("Picture").set_input_files(tmp_path / "a.png")
    says = page.get_by_role("status", name="Recovery")
    expect(says).to_contain_text("the picture is no picture", timeout=SLOW_MS)
    expect(says).not_to_contain_text("/")


def test_a_second_page_is_chosen_and_its_size_is_true(page, tmp_path):
    blank = Image.new("L", (200, 120), 255)
    ImageDraw.Draw(blank).line([(20, 60), (180, 60)], fill=0, width=6)
    recover(page, two_lines(tmp_path, "two.tif", dpi=(254, 254), save_all=True, append_images=[blank]))
    page.get_by_label("Page", exact=True).fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status", name="Recovery")).to_contain_text("1 stroke", timeout=SLOW_MS)
    expect(page.get_by_role("status", name="Recovery")).to_contain_text("20 × 12 mm")
    with page.expect_download() as made:
        page.get_by_role("button", name="svg", exact=True).click()
    width_mm = float(re.search(r'width="([\d.]+)mm"', made.value.path().read_text())[1])
    assert width_mm == pytest.approx(16 + 2, abs=1)  # a line of 160 px, 10 a mm, and a margin of 1 mm
    page.get_by_label("Height in mm").fill("0.5")
    with page.expect_download() as made:
        page.get_by_role("button", name="hpgl", exact=True).click()


TURNS = 3
"""Chromium lets a tab download ten files in a row, and then asks."""
STARTS = {
    ".h5": b"strokes",
    ".json": b"{",
    ".inkml": b"<?xml",
    ".gif": b"GIF8",
    ".apng": b"\x89PNG",
    ".webp": b"RIFF",
    ".mp4": b"\0\0\0",
    ".zip": b"PK",
}


@pytest.mark.parametrize("turn", range(TURNS))
def test_strokes_are_downloaded_in_every_format(page, tmp_path, turn):
    recover(page, two_lines(tmp_path, "two.png"))
    buttons = page.get_by_role("group", name="Download").get_by_role("button")
    assert buttons.all_inner_texts() == [download.name for download in downloads(films=True)]
    for download in downloads(films=True)[turn::TURNS]:
        with page.expect_download() as made:
            page.get_by_role("button", name=download.name, exact=True).click()
        assert made.value.suggested_filename == f"strokes{download.ending}"
        content = made.value.path().read_bytes()
        assert content, download.name
        assert content.startswith(STARTS.get(download.ending, content[:1])), download.name
