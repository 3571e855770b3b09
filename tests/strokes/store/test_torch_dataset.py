"""The torch dataset: drawings and labels of a split, made as torchvision's sets are, read by several workers."""

import pickle
import shutil

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import strokes
from strokes.build import build_dataset
from strokes.datasets.bundled import load_thinned_mnist
from strokes.errors import ConfigError, StoreError
from strokes.ink.drawing import SPLITS, DrawingSet
from strokes.recovery.methods import Options
from strokes.store.reader import DatasetFile, open_dataset
from strokes.store.torch_dataset import READ_AHEAD, pad_drawings


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """150 digits of each split, traced."""
    path = tmp_path_factory.mktemp("store") / "digits.h5"
    build_dataset(load_thinned_mnist().select(np.arange(59_850, 60_150)), path, options=Options(method="trace"))
    return path


@pytest.fixture(scope="module")
def whole(written) -> DrawingSet:
    with open_dataset(written) as stored:
        return stored.read()


def test_the_torch_dataset_gives_drawings_and_labels_of_its_split(written, whole):
    digits = strokes.StrokeDataset(written, split="test", transform=lambda d: len(d.strokes), target_transform=str)
    expected = whole.select(np.flatnonzero(whole.split == 1))
    assert len(digits) == len(expected)
    assert digits.classes == list("0123456789")
    assert digits.class_to_idx["1"] == 1
    assert np.array_equal(digits.targets, expected.labels)
    assert [digits[i] for i in range(len(digits))] == [
        (len(d.strokes), str(label)) for d, label in zip(expected, expected.labels, strict=True)
    ]


@pytest.mark.parametrize(("train", "split"), [(True, "train"), (False, "test")])
def test_the_torch_dataset_is_made_as_torchvision_s_are(written, whole, train, split):
    digits = strokes.StrokeDataset(written.parent, train=train)
    expected = whole.select(np.flatnonzero(whole.split == SPLITS.index(split)))
    assert (digits.root, digits.train, digits.split, digits.path) == (written.parent, train, split, written)
    assert len(digits.data) == len(digits.targets) == len(digits) == len(expected)
    assert np.array_equal(digits.data.points, expected.points)
    assert np.array_equal(digits.data.labels, digits.targets)
    copy = pickle.loads(pickle.dumps(digits))
    assert "data" not in vars(copy)
    assert copy[0][1] == digits[0][1]


def test_a_torch_dataset_that_can_t_be_meant_is_refused(written, tmp_path):
    with pytest.raises(ConfigError, match="give one of the two"):
        strokes.StrokeDataset(written, split="test", train=True)
    with pytest.raises(StoreError, match="unknown split 'dev'"):
        strokes.StrokeDataset(written, "dev")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="it holds none"):
        strokes.StrokeDataset(tmp_path / "empty")
    for name in ("a.h5", "b.h5"):
        shutil.copy(written, tmp_path / "empty" / name)
    with pytest.raises(StoreError, match=r"it holds a\.h5, b\.h5"):
        strokes.StrokeDataset(tmp_path / "empty")


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_workers_open_the_file_for_themselves_and_batches_are_padded(written, whole):
    digits = strokes.StrokeDataset(written)
    digits[0]
    batches = list(DataLoader(digits, batch_size=32, num_workers=4, collate_fn=pad_drawings))
    labels = torch.cat([labels for *_, labels in batches])
    assert labels.tolist() == whole.labels.tolist()
    points, lengths, _ = batches[0]
    assert points.shape == (32, lengths.max(), 3)
    first = torch.cat([torch.from_numpy(stroke) for stroke in whole[1].strokes])
    assert torch.equal(points[1, : lengths[1], :2], first)
    assert points[1, :, 2].sum() == len(whole[1].strokes)
    assert not points[1, lengths[1] :].any()


def test_a_loader_needs_no_collate_function(written):
    for digits in (strokes.StrokeDataset(written), strokes.StrokeDataset(written, in_memory=True)):
        padded = pad_drawings([digits[i] for i in range(32)])
        first = next(iter(DataLoader(digits, batch_size=32)))
        assert all(map(torch.equal, first, padded))


def test_a_loader_pads_what_a_transform_leaves_a_drawing_and_batches_what_it_makes(written):
    counted = strokes.StrokeDataset(written, transform=lambda d: len(d.strokes), target_transform=str)
    counts, labels = next(iter(DataLoader(counted, batch_size=4)))
    assert (counts.shape, len(labels), type(labels[0])) == ((4,), 4, str)
    whole = strokes.StrokeDataset(written, transform=lambda d: d)
    (points, lengths), labels = next(iter(DataLoader(whole, batch_size=4)))
    assert points.shape == (4, lengths.max(), 3)
    assert labels.shape == (4,)


@pytest.mark.parametrize("in_memory", [False, True])
def test_items_are_the_same_in_every_order_alone_and_together(written, whole, in_memory):
    digits = strokes.StrokeDataset(written, split="test", in_memory=in_memory)
    expected = list(whole.select(np.flatnonzero(whole.split == 1)))
    assert [drawing for drawing, _ in digits] == expected
    order = np.random.default_rng(0).permutation(len(digits)).tolist()
    assert [digits[i].drawing for i in order] == [expected[i] for i in order]
    assert [sample.drawing for sample in digits.__getitems__(order)] == [expected[i] for i in order]
    assert digits[-1].drawing == expected[-1]
    with pytest.raises(IndexError):
        digits[len(digits)]


def test_in_order_the_file_is_read_ahead_and_in_memory_not_at_all(written, monkeypatch):
    asked = []
    stored, held = strokes.StrokeDataset(written), strokes.StrokeDataset(written, in_memory=True)
    read = DatasetFile.drawings
    monkeypatch.setattr(DatasetFile, "drawings", lambda file, which: asked.append(len(which)) or read(file, which))
    assert len(list(stored)) == len(list(held)) == 300
    assert asked == [1, READ_AHEAD, 300 - 1 - READ_AHEAD]


def test_datasets_print_what_is_in_them(written):
    shown = repr(strokes.StrokeDataset(written, train=True, in_memory=True))
    assert (
        shown == f"StrokeDataset({str(written)!r}: 150 drawings, split train, classes 0 1 2 3 4 5 6 7 8 9, in memory)"
    )
    with open_dataset(written) as stored:
        assert repr(stored).startswith(f"DatasetFile({str(written)!r}: 300 drawings, classes 0 1 2 3")
    assert repr(stored).endswith("closed)")
