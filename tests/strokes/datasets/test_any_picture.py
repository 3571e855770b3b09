"""Pictures in every format, folders of any depth, arrays of any scale: read alike, or refused in one line."""

import gzip
import json
import struct
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from strokes.datasets.decode import count_pages, read_pages
from strokes.datasets.given import Reading, load_images
from strokes.datasets.image_files import split_by_name
from strokes.errors import ConfigError, SourceError


def seven(side: int = 90, *, pen: int = 6) -> np.ndarray:
    """A seven, ink 255."""
    picture = np.zeros((side, side), np.uint8)
    cv2.polylines(
        picture, [np.rint(np.array([[0.25, 0.2], [0.75, 0.2], [0.45, 0.85]]) * side).astype(np.int32)], False, 255, pen
    )
    return picture


INK = seven()
PAPER = 255 - INK


def saved(path, how: str):
    """The seven, dark on light, in one of many formats."""
    grey = Image.fromarray(PAPER)
    if how == "16 bit":
        Image.fromarray(PAPER.astype(np.uint16) * 257).save(path / "a.png")
        return path / "a.png"
    if how == "12 bit in 16":
        Image.fromarray(PAPER.astype(np.uint16) * 16).save(path / "a.png")
        return path / "a.png"
    if how == "1 bit":
        grey.convert("1").save(path / "a.png")
        return path / "a.png"
    if how == "palette":
        grey.convert("RGB").quantize(8).save(path / "a.png")
        return path / "a.png"
    if how == "CMYK":
        grey.convert("RGB").convert("CMYK").save(path / "a.jpg", quality=95)
        return path / "a.jpg"
    if how == "HEIC":
        pytest.importorskip("pillow_heif").register_heif_opener()
        grey.convert("RGB").save(path / "a.heic")
        return path / "a.heic"
    if how == "pdf":
        pytest.importorskip("pypdfium2")
        grey.save(path / "a.pdf", resolution=72)
        return path / "a.pdf"
    grey.save(path / f"a.{how}")
    return path / f"a.{how}"


FORMATS = ["png", "jpg", "tif", "webp", "bmp", "gif", "ppm", "pgm", "jp2", "avif", "pdf", "HEIC"]


@pytest.mark.parametrize("how", [*FORMATS, "16 bit", "12 bit in 16", "1 bit", "palette", "CMYK"])
def test_every_format_shows_the_same_ink(tmp_path, how):
    (fine,) = load_images(saved(tmp_path, how)).fine
    small = cv2.resize(fine.mask.astype(np.float32), (90, 90), interpolation=cv2.INTER_AREA) > 0.5
    assert np.logical_xor(small, INK > 0).mean() < 0.02  # edges differ by a pixel


@pytest.mark.parametrize("how", FORMATS)
def test_a_file_is_what_its_first_bytes_say_whatever_its_name(tmp_path, how):
    named = tmp_path / "upload.png"
    named.write_bytes(saved(tmp_path, how).read_bytes())
    assert count_pages(named) == 1
    (fine,) = load_images(named).fine
    assert fine.mask.any()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_exif_says(tmp_path, orientation):
    turns = {
        2: "FLIP_LEFT_RIGHT",
        3: "ROTATE_180",
        4: "FLIP_TOP_BOTTOM",
        5: "TRANSPOSE",
        6: "ROTATE_90",
        7: "TRANSVERSE",
        8: "ROTATE_270",
    }
    picture = Image.fromarray(PAPER[:, :70])
    stored = picture if orientation == 1 else picture.transpose(Image.Transpose[turns[orientation]])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", quality=95, exif=exif)
    (page,) = read_pages(tmp_path / "a.jpg")
    assert page.pixels.shape == (90, 70)
    assert np.abs(page.pixels.astype(int) - PAPER[:, :70]).mean() < 5  # JPEG's noise


def test_pages_of_a_tiff_are_drawings_of_one_file(tmp_path):
    pages = [Image.fromarray(255 - seven(pen=pen)) for pen in (3, 6, 9)]
    pages[0].save(tmp_path / "letter.tif", save_all=True, append_images=pages[1:], dpi=(300, 300))
    known = [json.loads(text) for text in load_images(tmp_path / "letter.tif").metadata]
    assert [(about["file"], about["page"], about["dpi"]) for about in known] == [
        ("letter.tif", page, 300) for page in (1, 2, 3)
    ]
    assert count_pages(tmp_path / "letter.tif") == 3


def test_a_resolution_that_differs_by_axis_makes_square_pixels(tmp_path):
    Image.fromarray(PAPER[::2]).save(tmp_path / "fax.tif", dpi=(200, 100))
    (page,) = read_pages(tmp_path / "fax.tif")
    assert page.pixels.shape == (90, 90)
    assert page.dpi == 200


def test_a_resolution_cannot_blow_a_picture_up_beyond_what_fits(tmp_path):
    Image.fromarray(np.full((200, 600), 255, np.uint8)).save(tmp_path / "bomb.tif", dpi=(20, 20000))
    with pytest.raises(SourceError, match="million"):
        list(read_pages(tmp_path / "bomb.tif"))


def test_a_folder_of_any_depth_with_splits_above_its_classes(tmp_path):
    for name in ("train/A/deep/er/1.png", "train/B/1.png", "test/A/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PAPER).save(tmp_path / name)
    (tmp_path / "train" / "notes.txt").write_text("nothing")
    found = load_images(tmp_path)
    assert [(found.classes[label], split) for label, split in zip(found.labels, found.split, strict=True)] == [
        ("A", 1),
        ("A", 0),
        ("B", 0),
    ]
    assert [json.loads(text)["file"] for text in found.metadata] == [
        "test/A/1.png",
        "train/A/deep/er/1.png",
        "train/B/1.png",
    ]
    assert len(found.notes) == 1
    assert "1 .txt" in found.notes[0]
    assert "train/notes.txt" in found.notes[0]


def test_a_broken_file_stops_the_reading_or_is_skipped_by_name(tmp_path):
    Image.fromarray(PAPER).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:120])
    with pytest.raises(SourceError, match=r"b\.png"):
        load_images(tmp_path)
    found = load_images(tmp_path, reading=Reading(skip_bad=True))
    assert len(found) == 1
    assert "b.png" in found.notes[0]


def test_own_pictures_are_split_by_their_names(tmp_path):
    for i in range(40):
        Image.fromarray(PAPER).save(tmp_path / f"{i}.png")
    found = load_images(tmp_path, reading=Reading(test_share=0.25))
    names = [json.loads(text)["file"] for text in found.metadata]
    assert found.split.tolist() == [{"train": 0, "test": 1}[split_by_name(name, 0.25)] for name in names]
    assert 0 < found.split.sum() < 20
    with pytest.raises(ConfigError, match="share"):
        Reading(test_share=1.0)


SMALL = np.stack([seven(28, pen=2), seven(28, pen=3), np.roll(seven(28, pen=2), 2, 1)])


@pytest.mark.parametrize(
    "values",
    [
        (SMALL > 110).astype(np.uint8),
        SMALL / 255,
        SMALL.astype(np.float32),
        np.rint(SMALL / 255 * 16).astype(np.float64),
        SMALL.astype(np.uint16) * 257,
        SMALL.astype(np.uint16) * 16,
        SMALL[..., None],
        SMALL.reshape(3, -1),
        255 - SMALL,
    ],
    ids=["mask", "shares", "whole floats", "0 to 16", "16 bit", "12 bit", "channel", "flat", "ink dark"],
)
def test_arrays_of_any_scale_and_shape_are_the_same_pictures(tmp_path, values):
    np.savez(tmp_path / "a.npz", images=values)
    expected = tmp_path / "b.npz"
    np.savez(expected, images=SMALL)
    assert np.logical_xor(load_images(tmp_path / "a.npz").images, load_images(expected).images).sum() <= 3


@pytest.mark.parametrize(
    "values", [SMALL // 4, SMALL.astype(np.int64) * 1000, SMALL / 1000], ids=["63", "255000", "0.255"]
)
def test_a_scale_that_cannot_be_told_is_refused(tmp_path, values):
    np.savez(tmp_path / "a.npz", images=values)
    with pytest.raises(SourceError, match=r"no scale that can be told|65535 at most"):
        load_images(tmp_path / "a.npz")


def test_keras_arrays_are_split_and_one_hot_labels_are_read(tmp_path):
    hot = np.eye(10)[[7, 1, 7]]
    np.savez(tmp_path / "a.npz", x_train=SMALL, y_train=hot, x_test=SMALL[:1], y_test=hot[:1])
    found = load_images(tmp_path / "a.npz")
    assert found.labels.tolist() == [7, 1, 7, 7]
    assert found.split.tolist() == [0, 0, 0, 1]


def test_labels_lie_beside_an_npy(tmp_path):
    np.save(tmp_path / "x_own.npy", SMALL)
    np.save(tmp_path / "y_own.npy", np.array([3, 4, 5]))
    assert load_images(tmp_path / "x_own.npy").labels.tolist() == [3, 4, 5]


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("labels", [True, False])
def test_csv_with_or_without_names_and_labels(tmp_path, names, labels):
    rows = [",".join(map(str, [*([i] if labels else []), *picture.ravel()])) for i, picture in enumerate(SMALL)]
    head = [",".join([*(["label"] if labels else []), *(f"pixel{i}" for i in range(784))])] if names else []
    (tmp_path / "a.csv").write_text("\n".join([*head, *rows]) + "\n")
    found = load_images(tmp_path / "a.csv")
    assert len(found) == 3
    assert found.labels.tolist() == ([0, 1, 2] if labels else [-1, -1, -1])


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_plain_tiff_that_lies_on_its_side_is_turned(tmp_path, orientation):
    turns = {5: "TRANSPOSE", 6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = Image.fromarray(PAPER[:, :70]).transpose(Image.Transpose[turns[orientation]])
    lying.save(tmp_path / "a.tif", exif=exif, dpi=(300, 300))
    (page,) = read_pages(tmp_path / "a.tif")
    assert (page.pixels == PAPER[:, :70]).all()
    assert page.dpi == 300


@pytest.mark.parametrize(("paper", "ink"), [(0, 1), (1, 0), (1, 4), (15, 0), (0, 16)])
def test_a_file_of_two_low_values_is_a_mask(tmp_path, paper, ink):
    Image.fromarray(np.where(INK > 0, ink, paper).astype(np.uint8)).save(tmp_path / "a.png")
    (fine,) = load_images(tmp_path / "a.png").fine
    assert np.logical_xor(fine.mask, INK > 0).mean() < 0.02  # edges differ by a pixel


@pytest.mark.parametrize("shape", [(2, 90, 80, 4), (2, 3, 90, 80)])
def test_coloured_arrays_are_read_in_either_order(tmp_path, shape):
    grey = np.stack([PAPER[:, :80]] * 2)
    clear = np.stack([grey * 0, grey * 0, grey * 0, 255 - grey], -1)  # black ink, transparent paper
    np.savez(tmp_path / "a.npz", images=clear if shape[-1] == 4 else np.stack([grey] * 3, 1))
    fine = load_images(tmp_path / "a.npz").fine
    assert [np.logical_xor(one.mask, INK[:, :80] > 0).mean() < 0.02 for one in fine] == [True, True]


def test_one_coloured_picture_is_one_picture(tmp_path):
    np.save(tmp_path / "a.npy", np.stack([PAPER] * 3, -1))
    assert len(load_images(tmp_path / "a.npy")) == 1


@pytest.mark.parametrize("labels", [np.array([[7], [1]]), np.array([7.0, 1.0]), np.array([7, 1], np.uint8)])
def test_labels_are_whole_numbers_however_they_are_kept(tmp_path, labels):
    np.savez(tmp_path / "a.npz", images=np.stack([INK, INK]), labels=labels)
    found = load_images(tmp_path / "a.npz")
    assert [found.classes[label] for label in found.labels] == ["7", "1"]


def test_validation_pictures_are_a_class_of_no_split(tmp_path):
    for name in ("train/A/1.png", "val/A/1.png", "test/B/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PAPER).save(tmp_path / name)
    Image.fromarray(PAPER).save(tmp_path / "loose.png")
    np.savez(tmp_path / "a.npz", x_train=[INK], x_val=[INK] * 2, x_test=[INK], y_train=[1], y_val=[2, 2], y_test=[3])
    found = load_images(tmp_path)
    assert found.classes == ("A", "B")
    assert found.split.tolist() == [2, 1, 0, 2]  # the loose one, test, train, validation
    assert load_images(tmp_path / "a.npz").split.tolist() == [0, 1, 2, 2]


def test_linked_folders_are_classes_too(tmp_path):
    (tmp_path / "elsewhere" / "round").mkdir(parents=True)
    Image.fromarray(PAPER).save(tmp_path / "elsewhere" / "1.png")
    (tmp_path / "elsewhere" / "round" / "again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "A").symlink_to(tmp_path / "elsewhere")
    found = load_images(tmp_path / "all")
    assert [json.loads(text)["file"] for text in found.metadata] == ["A/1.png"]


LETTER = np.zeros((28, 28), np.uint8)
LETTER[4:22, 9:12] = LETTER[19:22, 9:20] = 255  # an L
PIXELS = LETTER.ravel()
NAMES = [f"pixel{i}" for i in range(784)]


@pytest.mark.parametrize(
    "lines",
    [
        [["id", "label", *NAMES], [1, 3, *PIXELS], [2, 4, *PIXELS]],
        [[*NAMES, "class"], [*PIXELS, 3], [*PIXELS, 4]],
        [[*PIXELS, 3], [*PIXELS, 4]],
        [[3, *(PIXELS / 255)], [4, *(PIXELS / 255)]],
        [[3, *PIXELS], [4, *PIXELS]],
    ],
    ids=["numbered", "label last", "label last, unnamed", "shares, unnamed", "plain"],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_label_is_found_in_every_kind_of_csv(tmp_path, lines, mark):
    (tmp_path / "digits.csv").write_text("\n".join(mark.join(map(str, line)) for line in lines))
    found = load_images(tmp_path / "digits.csv")
    assert [found.classes[label] for label in found.labels] == ["3", "4"]
    assert found.images[0].any(axis=1)[19:22].any()  # the L's foot is where it was


def test_a_column_of_numbers_is_no_label(tmp_path):
    rows = [["ImageId", *NAMES], [1, *PIXELS], [2, *PIXELS]]
    (tmp_path / "test.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert (load_images(tmp_path / "test.csv").labels == -1).all()


@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_packed_csv_is_read_as_plain_csv_is(tmp_path, packing):
    text = "\n".join(",".join(map(str, [label, *PIXELS])) for label in (3, 4)).encode()
    if packing == "gz":
        (tmp_path / "digits.csv.gz").write_bytes(gzip.compress(text))
    else:
        with zipfile.ZipFile(tmp_path / "digits.zip", "w") as archive:
            archive.writestr("digits.csv", text)
    found = load_images(next(tmp_path.iterdir()))
    assert [found.classes[label] for label in found.labels] == ["3", "4"]


@pytest.mark.parametrize("name", ["emnist-letters.mat", "mine.mat"])
def test_emnist_as_matlab_files_is_upright_and_labelled_by_its_mapping(tmp_path, name):
    half = {"images": np.stack([LETTER.T.ravel()] * 2), "labels": np.array([[12.0], [1.0]])}
    mapping = np.array([[i, 64 + i, 96 + i] for i in range(1, 27)])
    savemat(tmp_path / name, {"dataset": {"train": half, "test": half, "mapping": mapping}})
    found = load_images(tmp_path / name)
    assert [found.classes[label] for label in found.labels] == ["L", "A", "L", "A"]
    assert found.split.tolist() == [0, 0, 1, 1]
    rows, columns = np.nonzero(found.images[0])
    assert np.ptp(columns[rows == rows.max()]) > 6  # the foot lies below
    (tmp_path / "other.mat").write_bytes(b"MATLAB 5.0 MAT-file, broken")
    with pytest.raises(SourceError, match="MATLAB"):
        load_images(tmp_path / "other.mat")


def test_a_folder_of_mnist_s_files_is_read_split_by_split(tmp_path):
    for split, label in (("train", 3), ("t10k", 4)):
        head = struct.pack(">4I", 0x803, 1, 28, 28)
        (tmp_path / f"{split}-images-idx3-ubyte").write_bytes(head + LETTER.tobytes())
        (tmp_path / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, 1) + bytes([label]))
    found = load_images(tmp_path)
    assert (found.labels.tolist(), found.split.tolist()) == ([3, 4], [0, 1])


def test_picture_files_that_are_stored_transposed_are_turned_when_told(tmp_path):
    for name, stored in (("upright", PAPER), ("turned", PAPER.T)):
        (tmp_path / name).mkdir()
        Image.fromarray(stored).save(tmp_path / name / "a.png")
    expected = load_images(tmp_path / "upright")
    found = load_images(tmp_path / "turned", reading=Reading(orientation="transposed"))
    assert (found.images == expected.images).all()
    assert (load_images(tmp_path / "turned").images != expected.images).any()
