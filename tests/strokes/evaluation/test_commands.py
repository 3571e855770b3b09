"""`strokes score` and `strokes classify`, from files to what is printed and written."""

import json

import numpy as np
from PIL import Image


def save(path, pictures):
    """Pictures and their labels as an .npz."""
    names = np.array([*pictures.classes, ""])[pictures.labels]
    np.savez(path, images=pictures.images, labels=names)


def save_png(path, picture, *, side: int = 28, dark: bool = True):
    """A picture as PNG of any size, dark on light or light on dark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = 255 - picture if dark else picture
    Image.fromarray(grey).resize((side, side), Image.Resampling.BICUBIC).save(path)


def test_generated_pictures_in_a_file_are_scored(run, written, others, tmp_path):
    save(tmp_path / "made.npz", written)
    save(tmp_path / "real.npz", others)
    code, out, errors = run(
        "score", "made.npz", "--real", "real.npz", "--train", "made.npz", "--json", "s.json", "--html", "s.html"
    )
    assert (code, out[0], errors) == (0, "made.npz", [])
    assert any(line.startswith("Inception Score") for line in out)
    assert json.loads((tmp_path / "s.json").read_text())["generated"]["memorised_px"] == 1  # it is its own training set
    assert (tmp_path / "s.html").exists()


def test_what_cannot_be_scored_is_said_in_one_line(run, written, tmp_path):
    save(tmp_path / "few.npz", written.select(slice(30)))
    save(tmp_path / "real.npz", written)
    code, _, (line,) = run("score", "few.npz", "--real", "real.npz")
    assert code == 1
    assert "30 generated pictures" in line
    (tmp_path / "s.json").write_text("precious")
    assert run("score", "real.npz", "--real", "real.npz", "--json", "s.json")[0] == 1
    assert (tmp_path / "s.json").read_text() == "precious"


def test_pictures_of_any_size_and_polarity_are_named(run, written, tmp_path):
    save_png(tmp_path / "small.png", written.images[0], dark=False)
    save_png(tmp_path / "scan.png", written.images[0], side=300)
    code, out, _ = run("classify", "small.png", "scan.png", "--top", 2)
    label = written.classes[written.labels[0]]
    assert code == 0
    assert [line.split(":")[0] for line in out] == ["small.png", "scan.png"]
    for line in out:
        words = line.partition(": ")[2].split(", ")
        assert len(words) == 2
        assert words[0].startswith(f"{label} ")
        assert words[0].endswith("%")


def test_a_folder_of_labelled_pictures_is_judged_too(run, written, tmp_path):
    for i in range(0, len(written), 10):
        save_png(tmp_path / "scans" / written.classes[written.labels[i]] / f"{i}.png", written.images[i], side=60)
    code, out, _ = run("classify", "scans", "--report", "r.html", "--json", "r.json")
    assert code == 0
    assert out[0].startswith("scans/0/")
    assert json.loads((tmp_path / "r.json").read_text())["accuracy"] > 0.8
    assert "data:image/png" in (tmp_path / "r.html").read_text()


def test_pictures_without_labels_are_named_but_not_judged(run, written, tmp_path):
    save_png(tmp_path / "one.png", written.images[0])
    code, out, (line,) = run("classify", "one.png", "--report", "r.html")
    assert (code, out) == (1, [])
    assert "a subfolder a class" in line
    assert not (tmp_path / "r.html").exists()


def test_letters_are_read_by_a_reader_that_knows_them(run, written, tmp_path):
    save_png(tmp_path / "one.png", written.images[0])
    code, (line,), _ = run("classify", "one.png", "--classes", "0-9,A-Z", "--top", 36)
    assert code == 0
    assert " Z " in line
