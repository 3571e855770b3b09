"""Files of many pictures alike: IDX, `.npz`, `.npy`, CSV, and EMNIST in a folder, a zip or a `.mat`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets import npz
from strokes.datasets.az_csv import FILE as A_Z_FILE
from strokes.datasets.az_csv import LETTER_COUNT, check_size, csv_member, read_az
from strokes.datasets.csv_pictures import read_csv
from strokes.datasets.decode import MAX_PIXELS
from strokes.datasets.emnist import choose_part, part_of_name, read_emnist
from strokes.datasets.emnist_mat import read_mat
from strokes.datasets.held import one_by_one
from strokes.datasets.idx import is_idx, read_idx_images, read_idx_labels
from strokes.datasets.items import Item
from strokes.datasets.labels_of import label_names
from strokes.datasets.npz import one_column, read_arrays, read_labels, to_grey
from strokes.datasets.orientation import put_upright
from strokes.datasets.zips import is_zip, open_zip
from strokes.errors import SourceError
from strokes.ink.paper.polarity import darkness_of_ink

ARRAYS = (".npz", ".npy", ".csv", ".tsv", ".mat")
SPLITS = ("train", "test")
LOOKED_AT = 200
"""So many pictures of an array are asked whether their ink is dark."""
LETTER_NAME = re.compile(r"letter|alphabet|(?<![a-z])a[-_ ]?z(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Stack:
    """Pictures of one size.

    Attributes:
        images: (n, h, w) uint8, ink as dark or light as it is.
        labels: each one's class, "" where unknown; None when nothing is known.
        split: "train", "test" or "none".
        name: the file's.
    """

    images: NDArray[np.uint8]
    labels: Sequence[str] | None
    split: str = "none"
    name: str = ""

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[Item]:
        ink = ink_of_most(self.images)
        for i, pixels in enumerate(one_by_one(self.images)):
            yield Item(f"{self.name}[{i}]", pixels, self.labels[i] if self.labels else "", self.split, ink)


def ink_of_most(images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> str:
    """Whether the ink of most of an array's pictures (n, h, w) is "dark" or "light"."""
    chosen = images[:: max(len(images) // LOOKED_AT, 1)]
    told = [darkness_of_ink(np.ascontiguousarray(image)) for image in one_by_one(chosen) if np.ptp(image)]
    return "dark" if told and float(np.median(told)) > 0 else "light"


def is_stack(path: Path) -> bool:
    """Whether a file holds many pictures alike."""
    return path.is_file() and (path.suffix.lower() in ARRAYS or is_idx(path) or is_zip(path))


def read_stacks(path: Path, labels: Path | None = None, *, orientation: str = "auto") -> tuple[Stack, ...]:
    """The pictures at `path`, split by split.

    Args:
        path: IDX, `.npz`, `.npy` or CSV, or a folder or zip of EMNIST's files or of Kaggle's A-Z.
        labels: the file of their labels, for IDX and arrays; when not given, the one that lies beside them.
        orientation: see `strokes.datasets.orientation.put_upright`.

    Raises:
        SourceError: when something is missing, broken, or not what it claims to be.
        ConfigError: EMNIST's parts are several.
    """
    if is_table(path):
        refuse_labels(path, labels)
        return (csv_stack(path, orientation),)
    if path.is_file() and is_idx(path):
        return (idx_stack(path, labels, orientation),)
    if path.suffix.lower() in (".npz", ".npy"):
        return array_stacks(path, labels, orientation)
    refuse_labels(path, labels)
    if path.suffix.lower() == ".mat":
        return tuple(Stack(*found, name=f"{path.name}/{found[2]}") for found in read_mat(path, orientation=orientation))
    if path.is_dir() and mnist_files(path):
        return tuple(
            replace(idx_stack(file, None, orientation), split=split) for file, split in mnist_files(path).items()
        )
    if path.is_dir() or not holds_csv(path):
        part = choose_part(path)
        return tuple(emnist_stack(path, part, split) for split in SPLITS)
    return (zipped_csv(path, orientation),)


def refuse_labels(path: Path, labels: Path | None) -> None:
    """Raise `SourceError` where labels are given for a file that has its own."""
    if labels is not None:
        raise SourceError(f"{path} has labels of its own, or none, so {labels} can't label it; leave it out")


def is_table(path: Path) -> bool:
    """Whether a file is CSV by its name, gzipped or not, and no zip of that name."""
    return path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv")) and not is_zip(path)


def mnist_files(folder: Path) -> dict[Path, str]:
    """The IDX files of pictures in a folder by MNIST's naming, training before test, and their splits."""
    found: dict[Path, str] = {}
    for split, start in (("train", "train"), ("test", "t10k"), ("test", "test")):
        for file in sorted(folder.glob(f"*{start}*images*")):
            if file.is_file() and is_idx(file):
                found.setdefault(file, split)
    return found


def holds_csv(path: Path) -> bool:
    """Whether a zip holds a CSV file, as Kaggle's A-Z does."""
    with open_zip(path) as archive:
        return any(name.lower().endswith(".csv") for name in archive.namelist())


def emnist_stack(path: Path, part: str, split: str) -> Stack:
    """One split of a part of EMNIST."""
    grey = read_emnist(path, part, split)
    return Stack(grey.images, [grey.classes[label] for label in grey.labels.tolist()], split, f"{path.name}/{split}")


def idx_stack(path: Path, labels: Path | None, orientation: str) -> Stack:
    """The pictures of an IDX file, and its labels."""
    images = checked(to_grey(read_idx_images(path), path), path)
    file = labels if labels is not None else labels_beside(path)
    numbers = None if file is None else read_idx_labels(file) if is_idx(file) else read_labels(file)
    return stacked(path, images, numbers, orientation)


def array_stacks(path: Path, labels: Path | None, orientation: str) -> tuple[Stack, ...]:
    """The pictures of an `.npz` or `.npy`."""
    given = None if labels is None else read_idx_labels(labels) if is_idx(labels) else read_labels(labels)
    found = read_arrays(path)
    if given is not None and len(found) > 1:
        raise SourceError(f"{path} holds a train and a test split, so {labels} can't label both; leave it out")
    return tuple(
        stacked(path, checked(one.images, path), one.labels if given is None else given, orientation, one.split)
        for one in found
    )


def zipped_csv(path: Path, orientation: str) -> Stack:
    """The pictures of the CSV file in a zip."""
    with open_zip(path) as archive:
        member = csv_member(archive, path)
        check_size(member.file_size, path)
        if Path(member.filename).name == A_Z_FILE:
            return az_stack(path)
        content = archive.read(member)
    return csv_stack(path.parent / Path(member.filename).name, orientation, content)


def csv_stack(path: Path, orientation: str, content: bytes | None = None) -> Stack:
    """The pictures of a CSV file; 0 to 25 are Kaggle's letters where its name, or no header and a 10, say so."""
    if path.name == A_Z_FILE and content is None:
        return az_stack(path)
    table = read_csv(path, content)
    labels = None if table.labels is None else one_column(table.labels)
    stack = stacked(path, checked(table.images, path), labels, orientation)
    if (table.named and not LETTER_NAME.search(path.name)) or labels is None or not len(labels):
        return stack
    if "emnist" in path.name.lower() or labels.dtype.kind != "i" or not 0 <= int(labels.max()) < LETTER_COUNT:
        return stack
    if int(labels.max()) < 10 and not LETTER_NAME.search(path.name):
        return stack
    return Stack(stack.images, [chr(ord("A") + int(label)) for label in labels], stack.split, stack.name)


def az_stack(path: Path) -> Stack:
    """Kaggle's A-Z, as CSV or zipped."""
    images, letters = read_az(path)
    return Stack(images, [chr(ord("A") + letter) for letter in letters.tolist()], name=path.name)


def stacked(
    path: Path, images: NDArray[np.uint8], labels: NDArray[Any] | None, orientation: str, split: str = "none"
) -> Stack:
    """Pictures, upright, with their labels as strings.

    Raises:
        SourceError: there are not as many labels as pictures, or they are no labels.
    """
    images, labels = put_upright(path, images, labels, orientation=orientation)
    if split == "none":
        split = next((one for one in SPLITS if part_of_name(path.name) and f"-{one}-" in path.name), split)
    names = None if labels is None else label_names(labels, path)
    if names is not None and len(names) != len(images):
        raise SourceError(f"{path}: {len(images)} pictures but {len(names)} labels; expected one label a picture")
    return Stack(images, names, split, path.name)


def checked(images: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """Pictures that aren't too large. Raises `SourceError`."""
    _, height, width = images.shape
    if height * width > MAX_PIXELS:
        raise SourceError(f"{path} holds pictures of {width} x {height} pixels; expected at most 100 million")
    return images


def labels_beside(path: Path) -> Path | None:
    """The labels file that belongs to a pictures file by MNIST's or QMNIST's naming, packed or not, if it is there."""
    candidates = [path.with_name(name) for name in names_of_labels(path.name)]
    return next((c for c in candidates if c.is_file()), None)


def names_beside(name: str) -> tuple[str, ...]:
    """What the labels may be called that lie beside a file of pictures of any kind."""
    return (*names_of_labels(name), *npz.names_of_labels(name))


def names_of_labels(name: str) -> list[str]:
    """What the labels of a pictures file may be called."""
    plain = name.removesuffix(".gz").removesuffix(".xz").replace("images", "labels")
    names = (plain.replace("idx3", "idx1"), plain.replace("idx3", "idx2").replace("ubyte", "int"))
    return [label + packed for label in names for packed in ("", ".gz", ".xz") if label + packed != name]
