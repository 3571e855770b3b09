"""Pictures come in from anywhere, and whatever is wrong with them is said in one line."""

import gzip
import hashlib
import struct

import cv2
import numpy as np
import pytest
from pictures import idx_bytes
from PIL import Image

from strokes.datasets import fetch, load_images, load_thinned_mnist
from strokes.errors import ConfigError, ShapeError, SourceError
from strokes.ink.normalise import to_frame
from strokes.ink.pictures import ImageSet, make_image_set
from strokes.ink.thinning import thin


def seven(*, side: int = 28, line: int = 2) -> np.ndarray:
    """A grey seven in a square picture, ink high."""
    picture = np.zeros((side, side), np.uint8)
    corners = np.array([[0.25, 0.2], [0.75, 0.2], [0.45, 0.85]]) * side
    cv2.polylines(picture, [np.rint(corners).astype(np.int32)], False, 255, line, cv2.LINE_AA)
    return picture


@pytest.fixture
def digits() -> np.ndarray:
    return np.stack([seven(line=width) for width in (1, 2, 3)])


# Thinned MNIST


def test_the_bundled_digits_are_all_70000_with_training_digits_first():
    everything = load_thinned_mnist()
    assert len(everything) == 70_000
    assert [len(load_thinned_mnist(split)) for split in ("train", "test")] == [60_000, 10_000]
    assert (everything.split == np.repeat([0, 1], [60_000, 10_000])).all()
    assert (everything.source_index == np.r_[:60_000, :10_000]).all()
    assert everything.classes == tuple("0123456789")
    assert everything.labels[:5].tolist() == [5, 0, 4, 1, 9]  # MNIST's first five


def test_the_bundled_digits_are_thin_and_have_ink():
    test = load_thinned_mnist("test")
    assert (thin(test.images) == test.images).all()
    assert test.images.any((1, 2)).all()


def test_pictures_are_selected_with_all_that_is_known_of_them():
    chosen = load_thinned_mnist("test").of_classes(["7", "1"])
    assert set(chosen.labels.tolist()) == {1, 7}
    assert chosen.source_index[0] == 0  # MNIST's first test digit is a 7
    assert len(chosen.select([3, 2])) == 2
    assert chosen.select([3, 2]).source_index.tolist() == chosen.source_index[[3, 2]].tolist()


def test_unknown_splits_and_classes_list_the_known_ones():
    with pytest.raises(ConfigError, match="train, test, all"):
        load_thinned_mnist("validation")
    with pytest.raises(ConfigError, match="0, 1, 2"):
        load_thinned_mnist("test").of_classes(["A"])
    with pytest.raises(ConfigError, match="unknown split"):
        load_thinned_mnist().of_split("dev")


def test_an_image_set_checks_its_columns():
    with pytest.raises(ShapeError, match="labels has 3 rows"):
        make_image_set(np.zeros((2, 28, 28), bool), labels=np.zeros(3, np.int64), classes=("a",))
    with pytest.raises(ShapeError, match="outside"):
        make_image_set(np.zeros((2, 28, 28), bool), labels=np.zeros(2, np.int64))
    with pytest.raises(ShapeError, match="uint8"):
        make_image_set(np.zeros((2, 28, 28), np.uint8))


# IDX


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_finds_the_labels_beside_it(tmp_path, digits, suffix):
    pack = gzip.compress if suffix else bytes
    (tmp_path / f"my-images-idx3-ubyte{suffix}").write_bytes(pack(idx_bytes(digits)))
    (tmp_path / f"my-labels-idx1-ubyte{suffix}").write_bytes(pack(idx_bytes(np.array([7, 7, 1]))))
    found = load_images(tmp_path / f"my-images-idx3-ubyte{suffix}")
    assert (found.images == thin(digits)).all()
    assert found.labels.tolist() == [7, 7, 1]
    assert found.classes == tuple("0123456789")
    assert set(found.split) == {2}
    assert (found.frames == [1, 0, 0]).all()


def test_idx_takes_a_labels_file_or_does_without(tmp_path, digits):
    (tmp_path / "pictures").write_bytes(idx_bytes(digits))
    (tmp_path / "names").write_bytes(idx_bytes(np.array([1, 2, 3])))
    assert load_images(tmp_path / "pictures", tmp_path / "names").labels.tolist() == [1, 2, 3]
    assert load_images(tmp_path / "pictures").labels.tolist() == [-1, -1, -1]


def broken_idx(digits: np.ndarray) -> dict[str, tuple[bytes, str]]:
    whole = idx_bytes(digits)
    return {
        "truncated": (whole[:-1], "truncated"),
        "too long": (whole + b"x", "too long"),
        "only a header": (whole[:7], "within its header"),
        "labels": (idx_bytes(np.array([1, 2])), "file of labels"),
        "truncated gzip": (gzip.compress(whole)[:-20], "broken gzip"),
        "garbled gzip": (gzip.compress(whole)[:20] + b"junk" * 9, "broken gzip"),
        "boastful": (struct.pack(">4I", 0x803, 2**31, 2**10, 2**10), "4 GiB"),
        "empty": (idx_bytes(np.zeros((0, 28, 28))), "expected some"),
        "no IDX": (b"hello, world", "nothing that can be read"),
    }


@pytest.mark.parametrize("fault", list(broken_idx(np.zeros((1, 28, 28)))))
def test_a_broken_idx_file_gives_one_clear_error(tmp_path, digits, fault):
    content, message = broken_idx(digits)[fault]
    (tmp_path / "pictures").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        load_images(tmp_path / "pictures")


def test_labels_that_disagree_in_number_or_kind_are_refused(tmp_path, digits):
    (tmp_path / "pictures").write_bytes(idx_bytes(digits))
    (tmp_path / "names").write_bytes(idx_bytes(np.array([1, 2])))
    with pytest.raises(SourceError, match="3 pictures but 2 labels"):
        load_images(tmp_path / "pictures", tmp_path / "names")
    with pytest.raises(SourceError, match="file of pictures"):
        load_images(tmp_path / "pictures", tmp_path / "pictures")
    with pytest.raises(SourceError, match="doesn't exist"):
        load_images(tmp_path / "pictures", tmp_path / "nowhere")


def test_missing_files_give_one_clear_error(tmp_path):
    for name in ("images-idx3-ubyte", "a.npz", "a.png", "folder"):
        with pytest.raises(SourceError, match="doesn't exist"):
            load_images(tmp_path / name)


# .npz


@pytest.mark.parametrize("kind", ["grey", "bool", "float", "int64"])
def test_npz_pictures_come_in_any_sensible_type(tmp_path, digits, kind):
    images = {"grey": digits, "bool": digits > 110, "float": digits / 255, "int64": digits.astype(np.int64)}[kind]
    np.savez(tmp_path / "a.npz", images=images, labels=np.array(["b", "", "a"]))
    found = load_images(tmp_path / "a.npz")
    assert (found.images == thin(digits)).all()
    assert found.classes == ("a", "b")
    assert found.labels.tolist() == [1, -1, 0]


def test_npz_labels_may_be_integers_or_missing(tmp_path, digits):
    np.savez(tmp_path / "a.npz", images=digits, labels=np.array([12, -1, 3]))
    found = load_images(tmp_path / "a.npz")
    assert found.classes == ("3", "12")
    assert found.labels.tolist() == [1, -1, 0]
    np.savez_compressed(tmp_path / "b.npz", images=digits)
    assert load_images(tmp_path / "b.npz").labels.tolist() == [-1, -1, -1]


def bad_arrays(digits: np.ndarray) -> dict[str, tuple[dict[str, np.ndarray], str]]:
    nan = digits / 255
    nan[1, 3, 3] = np.nan
    return {
        "NaN": ({"images": nan}, r"picture 1 .* NaN"),
        "objects": ({"images": np.array([{}, {}, {}])}, "object array"),
        "object labels": ({"images": digits, "labels": np.array(["a", 1, None], object)}, "object array"),
        "no images": ({"pictures": digits, "others": digits}, "holds others, pictures"),
        "five axes": ({"images": digits[None, None]}, r"expected \(n, h, w\)"),
        "none": ({"images": digits[:0]}, "shape"),
        "no scale": ({"images": (digits > 0).astype(np.float32) * 60}, "spans"),
        "beyond every scale": ({"images": digits.astype(np.int64) * 1000}, "spans"),
        "negative": ({"images": digits.astype(np.int64) - 1}, "spans"),
        "text": ({"images": digits.astype(str)}, "type"),
        "count": ({"images": digits, "labels": np.array([1, 2])}, "3 pictures but 2 labels"),
        "float labels": ({"images": digits, "labels": np.array([1.5, 2, 3])}, "float64"),
        "square labels": ({"images": digits, "labels": np.full((3, 2), 5)}, "shape"),
        "below -1": ({"images": digits, "labels": np.array([1, 2, -3])}, "from 0"),
    }


@pytest.mark.parametrize("fault", list(bad_arrays(np.zeros((3, 28, 28), np.uint8))))
def test_a_bad_npz_gives_one_clear_error(tmp_path, digits, fault):
    arrays, message = bad_arrays(digits)[fault]
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(SourceError, match=message):
        load_images(tmp_path / "a.npz")


def test_a_truncated_npz_gives_one_clear_error(tmp_path, digits):
    np.savez(tmp_path / "a.npz", images=digits)
    whole = (tmp_path / "a.npz").read_bytes()
    for length in (0, 10, 700, len(whole) - 5):
        (tmp_path / "a.npz").write_bytes(whole[:length])
        with pytest.raises(SourceError, match="no whole"):
            load_images(tmp_path / "a.npz")


# Folders and single pictures


def test_subfolders_are_classes_and_scans_are_inverted(tmp_path):
    for name, width in (("seven", 9), ("1", 5)):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "dark on light.png"), 235 - seven(side=120, line=width) // 2)
        cv2.imwrite(str(tmp_path / name / "light on dark.jpg"), seven(side=120, line=width))
    found = load_images(tmp_path)
    assert found.classes == ("1", "seven")
    assert found.labels.tolist() == [0, 0, 1, 1]
    for scan, original in ((0, 1), (2, 3)):
        assert np.logical_xor(found.images[scan], found.images[original]).sum() <= 6  # JPEG's noise moves a few


def test_a_flat_folder_and_a_single_picture_are_unlabelled(tmp_path, digits):
    cv2.imwrite(str(tmp_path / "a.png"), digits[0])
    cv2.imwrite(str(tmp_path / "b.PNG"), 255 - digits[1])
    (tmp_path / "notes.txt").write_text("not a picture, not in the way")
    found = load_images(tmp_path)
    assert (found.images == thin(digits[:2])).all()
    assert found.labels.tolist() == [-1, -1]
    assert len(load_images(tmp_path / "a.png")) == 1


def test_transparent_paper_is_white_or_the_ink_is_what_is_opaque(tmp_path):
    ink = seven(side=56, line=4)
    for name, shade in (("black", 0), ("white", 255)):
        layers = np.dstack([np.full((56, 56, 3), shade, np.uint8), ink])
        Image.fromarray(layers, "RGBA").save(tmp_path / f"{name}.png")
    found = load_images(tmp_path)
    for image in found.images:
        assert np.logical_xor(image, to_ink(ink)).sum() <= 8  # the paper's own threshold is a few grey values off


def to_ink(picture: np.ndarray) -> np.ndarray:
    return thin(to_frame(picture)[0])


def test_blank_paper_is_an_empty_picture(tmp_path):
    Image.fromarray(np.full((90, 60), 250, np.uint8)).save(tmp_path / "blank.png")
    found = load_images(tmp_path)
    assert not found.images.any()
    assert found.sizes[0] == pytest.approx([2 / 3, 1])


def test_pictures_that_cannot_be_read_give_one_clear_error(tmp_path, digits):
    with pytest.raises(SourceError, match="no PNG or JPEG"):
        load_images(tmp_path)
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(SourceError, match="whatever its name"):
        load_images(tmp_path)
    cv2.imwrite(str(tmp_path / "a.png"), np.random.default_rng(0).integers(0, 255, (90, 90)))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:2000])
    with pytest.raises(SourceError, match="broken picture"):
        load_images(tmp_path)
    with pytest.raises(SourceError, match="no IDX file"):
        load_images(tmp_path, tmp_path / "a.png")


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (10_001, 10_001)).save(tmp_path / "huge.png")
    with pytest.raises(SourceError, match="100 million"):
        load_images(tmp_path / "huge.png")


# Normalisation


def test_other_sizes_become_20_px_of_ink_centred_by_mass():
    picture = np.zeros((300, 500), np.uint8)
    picture[60:260, 320:470] = cv2.resize(seven(line=3), (150, 200))
    grey, _ = to_frame(picture)
    rows, columns = np.flatnonzero((grey > 110).any(1)), np.flatnonzero((grey > 110).any(0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    ys, xs = np.mgrid[:28, :28] + 0.5
    assert [np.average(xs, weights=grey), np.average(ys, weights=grey)] == pytest.approx([14, 14], abs=0.1)


@pytest.mark.parametrize("line", [1, 4, 30])
def test_lines_survive_shrinking_and_the_frame_maps_them_back(line):
    picture = np.zeros((700, 1100), np.uint8)
    corners = np.array([[650, 80], [980, 90], [800, 600]], np.int32)
    cv2.polylines(picture, [corners], False, 255, line)
    grey, (scale, x0, y0) = to_frame(picture)
    rows, columns = np.nonzero(thin(grey))
    xy = (np.stack([columns, rows], 1) + 0.5) / 28 * scale + (x0, y0)
    assert len(xy) > 25  # a seven of 18 px has some 30 pixels
    distance_px = cv2.distanceTransform((picture == 0).astype(np.uint8), cv2.DIST_L2, 5)
    spots = np.rint(xy * 1100 - 0.5).astype(int)
    frame_px = scale * 1100 / 28
    assert distance_px[spots[:, 1], spots[:, 0]].max() < 1.5 * frame_px  # a corner may be cut by a pixel


def test_a_batch_of_other_sizes_knows_its_aspect(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.stack([np.pad(seven(), ((0, 0), (14, 14)))] * 2))
    found = load_images(tmp_path / "a.npz")
    assert found.sizes == pytest.approx(np.array([[1, 0.5]] * 2))
    assert found.images.any((1, 2)).all()


def test_a_speck_and_a_blank_picture_are_no_trouble():
    speck = np.zeros((50, 40), np.uint8)
    speck[49, 39] = 255
    grey, (scale, x0, y0) = to_frame(speck)
    assert grey.any()
    assert (0.5 * scale + x0, 0.5 * scale + y0) == pytest.approx((39.5 / 50, 49.5 / 50))
    assert not to_frame(np.zeros((50, 40), np.uint8))[0].any()


# Fetching: mirrors are folders here, nothing goes over a network


@pytest.fixture
def mirror(tmp_path, monkeypatch, digits):
    """A folder that holds a small MNIST, known by its hashes, as the second mirror of two."""
    folder, known = tmp_path / "mirror", {}
    folder.mkdir()
    for (split, kind), file in fetch.MNIST_FILES.items():
        raw = idx_bytes(digits if kind == "images" else np.array([7, 7, 7]))
        zipped = gzip.compress(raw, mtime=0)
        (folder / f"{file.name}.gz").write_bytes(zipped)
        hashes = (hashlib.sha256(content).hexdigest() for content in (raw, zipped))
        known[split, kind] = fetch.MnistFile(file.name, *hashes)
    monkeypatch.setattr(fetch, "MNIST_FILES", known)
    monkeypatch.setattr(fetch, "MIRRORS", ((tmp_path / "down").as_uri() + "/", folder.as_uri() + "/"))
    return folder


def test_mnist_is_fetched_once_from_the_first_mirror_that_answers(tmp_path, mirror, digits):
    cache = tmp_path / "cache"
    folder = fetch.fetch_mnist(cache=cache)
    for file in mirror.iterdir():
        file.unlink()
    assert fetch.fetch_mnist(cache=cache) == folder
    images, labels = fetch.load_grey_mnist("test", path=folder)
    assert (images == digits).all()
    assert labels.tolist() == [7, 7, 7]


def test_a_given_folder_may_hold_raw_files_and_must_hold_all_four(tmp_path, mirror):
    for file in mirror.iterdir():
        (mirror / file.name.removesuffix(".gz")).write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    assert fetch.fetch_mnist(mirror) == mirror
    (mirror / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(SourceError, match="holds no t10k-labels"):
        fetch.fetch_mnist(mirror)


def test_a_file_of_another_hash_is_refused_and_nothing_is_left(tmp_path, mirror):
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8bevil")
    with pytest.raises(SourceError, match="sent a file of sha256"):
        fetch.fetch_mnist(cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
    with pytest.raises(SourceError, match="isn't MNIST's"):
        fetch.fetch_mnist(mirror)


def test_unreachable_mirrors_give_one_error_that_names_them(tmp_path, mirror, monkeypatch):
    monkeypatch.setattr(fetch, "MIRRORS", ((tmp_path / "down").as_uri() + "/",))
    with pytest.raises(SourceError, match=r"down/.*give a folder"):
        fetch.fetch_mnist(cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_sets_know_their_licence():
    mnist: ImageSet = load_thinned_mnist("test")
    assert mnist.licence == "CC BY-SA 3.0"
    assert mnist.url.startswith("http")


@pytest.mark.parametrize("length", [100, 150, 200, 250])
def test_a_straight_line_one_pixel_wide_stays_in_the_frame_however_long(length):
    for place in range(100, 104):
        picture = np.zeros((300, 300), np.uint8)
        picture[20 : 20 + length, place] = picture[20 + length // 2, 60 : 60 + length // 2] = 255
        ink = thin(to_frame(picture)[0])
        assert ink.any(axis=1).sum() >= 17  # of 20 px, of which thinning takes the ends
        assert ink.any(axis=0).sum() >= 8
