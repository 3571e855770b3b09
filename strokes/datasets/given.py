"""Pictures that the user gives: files and folders of pictures, arrays, CSV, IDX and shards, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from strokes.datasets.decode import Page, read_pages
from strokes.datasets.emnist import emnist_files
from strokes.datasets.given_pictures import GivenPicture, frame_given
from strokes.datasets.image_files import find_pictures, is_picture, split_by_name
from strokes.datasets.items import Item
from strokes.datasets.orientation import check_orientation
from strokes.datasets.shards import is_shard, shard_of
from strokes.datasets.stacks import is_stack, mnist_files, names_beside, read_stacks
from strokes.datasets.writers import check_writers, writer_teller
from strokes.errors import ConfigError, SourceError
from strokes.files.places import Place, Remote, on_this_machine, place_of
from strokes.ink.paper.polarity import check_ink
from strokes.ink.pictures import ImageSet

ACCEPTED = (
    "expected a picture or a folder of them (PNG, JPEG, TIFF, WebP, BMP, GIF, PPM, JPEG 2000, AVIF, HEIC, PDF), "
    "IDX or IDX.gz, an .npz or .npy with `images`, CSV, EMNIST's .mat, Parquet, or tar shards"
)


@dataclass(frozen=True)
class Reading:
    """How pictures are to be read.

    Attributes:
        ink: "dark", "light", or "auto" to decide by the pictures.
        orientation: "upright", "transposed", or "auto", which turns EMNIST's own files.
        dpi: pixels an inch, instead of what the files say; 0 to believe them.
        test_share: so large a share of the pictures, chosen by their names, is in split "test", the others in "train";
            0 leaves them in the split that their folders tell, or none.
        skip_bad: leave broken files out, and say which, instead of stopping at the first.
        writers: what tells who wrote each picture, as `strokes.datasets.writers.writer_teller` takes it, or "".
    """

    ink: str = "auto"
    orientation: str = "auto"
    dpi: float = 0.0
    test_share: float = 0.0
    skip_bad: bool = False
    writers: str = ""

    def __post_init__(self) -> None:
        check_ink(self.ink)
        check_writers(self.writers)
        check_orientation(self.orientation)
        if not 0 <= self.test_share < 1:
            raise ConfigError(f"the share of test pictures is {self.test_share}; expected 0 up to 1")
        if not 0 <= self.dpi <= 20000:
            raise ConfigError(f"the resolution is {self.dpi} dpi; expected up to 20,000, or 0 for what the files say")


@dataclass(frozen=True)
class Given:
    """What lies at a path or URL: pictures that are read when they are asked for.

    Attributes:
        name: of the whole.
        sources: of pictures, one after the other.
        reading: how they are read.
        count: how many files or pictures there are, None where only reading tells.
        notes: what a person should be told; more is added while pictures are read.
    """

    name: str
    sources: tuple[Iterable[Item], ...] = ()
    reading: Reading = field(default_factory=Reading)
    count: int | None = None
    notes: list[str] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        """Every picture as it lies there, each in its split.

        Raises:
            SourceError: a source is broken, and broken ones aren't to be skipped.
        """
        for source in self.sources:
            try:
                for item in source:
                    yield replace(item, split=self._split(item))
            except SourceError as error:
                self._skip(error)

    def __iter__(self) -> Iterator[GivenPicture]:
        """Every picture, read.

        Raises:
            SourceError: one is broken, and broken ones aren't to be skipped.
        """
        writer_of = writer_teller(self.reading.writers)
        for item in tqdm(self.items(), "pictures", self.count, unit="", disable=True if self.count == 1 else None):
            try:
                if item.fault:
                    raise SourceError(item.fault)
                writer = writer_of(item)
                for page in self._pages(item):
                    ink = item.ink if item.ink and self.reading.ink == "auto" else self.reading.ink
                    yield GivenPicture(page, ink, item.file, item.label, item.split, writer)
            except SourceError as error:
                self._skip(error)

    def _pages(self, item: Item) -> Iterator[Page]:
        if isinstance(item.content, np.ndarray):
            return iter([Page(item.content, dpi=self.reading.dpi)])
        pages = self._read_pages(item.name, item.content)
        if self.reading.orientation != "transposed":
            return pages
        return (replace(page, pixels=np.ascontiguousarray(page.pixels.swapaxes(0, 1))) for page in pages)

    def _read_pages(self, name: str, content: Place | bytes) -> Iterator[Page]:
        dpi = self.reading.dpi
        if isinstance(content, Path):
            return read_pages(content, dpi=dpi)
        if isinstance(content, Remote):
            return read_pages(content.url, dpi=dpi, content=content.read_bytes())
        return read_pages(name, dpi=dpi, content=content)

    def _split(self, item: Item) -> str:
        share = self.reading.test_share
        return item.split if item.split != "none" or not share else split_by_name(item.name, share)

    def _skip(self, error: SourceError) -> None:
        if not self.reading.skip_bad:
            raise error
        self.notes.append(f"skipped {error}")


def find_given(path: Path | str, labels: Path | str | None = None, reading: Reading | None = None) -> Given:
    """What lies at a path or URL; see `load_images`.

    Raises:
        SourceError: nothing that can be read is there.
    """
    reading, place = reading or Reading(), place_of(path)
    if not place.exists():
        raise SourceError(f"{place} doesn't exist; {ACCEPTED}")
    known = is_picture((place.name,)) or is_shard(place.name)
    if not known and (place.is_file() if isinstance(place, Remote) else is_stack(place)):
        return find_stacks(place, labels, reading)
    if labels is not None:
        raise SourceError(
            f"{place} is no IDX file or array, so {labels} can't label it; a folder's classes are folders"
        )
    if place.is_dir():
        return find_in_folder(place, reading)
    if is_picture((place.name,)):
        return Given(place.name, ([Item(place.name, place)],), reading, count=1)
    if is_shard(place.name):
        return Given(place.name, (shard_of(place, place.name, orientation=reading.orientation),), reading)
    raise SourceError(f"{place} is nothing that can be read; {ACCEPTED}")


def find_stacks(place: Place, labels: Path | str | None, reading: Reading) -> Given:
    """The arrays of a file, read."""
    with ExitStack() as copies:
        beside = () if labels is not None else names_beside(place.name)
        path = copies.enter_context(on_this_machine(place, beside))
        told = None if labels is None else copies.enter_context(on_this_machine(place_of(labels)))
        if not path.is_dir() and not is_stack(path):
            raise SourceError(f"{place} is nothing that can be read; {ACCEPTED}")
        stacks = read_stacks(path, told, orientation=reading.orientation)
    return Given(place.name, stacks, reading, count=sum(len(stack) for stack in stacks))


def find_in_folder(folder: Place, reading: Reading) -> Given:
    """What lies in a folder: EMNIST's files, or else pictures, or else shards."""
    if isinstance(folder, Path):
        with emnist_files(folder) as held:
            if held or mnist_files(folder):
                return find_stacks(folder, None, reading)
    found = find_pictures(folder)
    if found.count:
        return Given(folder.name, (found,), reading, count=found.count, notes=list(found.notes))
    shards = [(found.place_of(parts), "/".join(parts)) for parts in found.shards]
    sources = tuple(shard_of(place, name, orientation=reading.orientation) for place, name in shards)
    return Given(folder.name, sources, reading)


def load_images(path: Path | str, labels: Path | str | None = None, reading: Reading | None = None) -> ImageSet:
    """The pictures at `path`, their paper taken away, thinned in the network's frame.

    Args:
        path: a picture or a folder of pictures; an `.npz` or `.npy`; CSV; an IDX file, packed or not; a file, folder
            or zip of EMNIST; Parquet; a tar; a folder of `.npz`, Parquet or tar shards; or a URL of any of these.
        labels: the file of an IDX file's or array's labels; when not given, the one that lies beside it.
        reading: how they are read.

    A 28×28 picture is taken as it is; others are normalised as MNIST was (`strokes.ink.normalise`), and their own ink
    is kept in a file. Pictures are read one by one and kept in files: memory doesn't grow with their pixels.

    Raises:
        SourceError: when something is missing, broken, or not what it claims to be, or nothing is left.
    """
    given = find_given(path, labels, reading)
    pictures = frame_given(given, str(path), name=given.name)
    if not len(pictures):
        raise SourceError(f"{path} holds no picture that can be read; {'; '.join(given.notes) or ACCEPTED}")
    return replace(pictures, notes=tuple(given.notes))
