"""Pictures that the user gives: files and folders of pictures, arrays, CSV and IDX, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from strokes.datasets.decode import SUFFIXES, Page, read_pages
from strokes.datasets.emnist import emnist_files
from strokes.datasets.given_pictures import GivenPicture, frame_given, stack_ink
from strokes.datasets.image_files import PictureFile, find_pictures, split_by_name
from strokes.datasets.orientation import check_orientation
from strokes.datasets.stacks import Stack, is_stack, mnist_files, read_stacks
from strokes.errors import ConfigError, SourceError
from strokes.ink.paper.polarity import check_ink
from strokes.ink.pictures import ImageSet

ACCEPTED = (
    "expected a picture or a folder of them (PNG, JPEG, TIFF, WebP, BMP, GIF, PPM, JPEG 2000, AVIF, HEIC, PDF), "
    "IDX or IDX.gz, an .npz or .npy with `images`, CSV, or EMNIST's .mat"
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
    """

    ink: str = "auto"
    orientation: str = "auto"
    dpi: float = 0.0
    test_share: float = 0.0
    skip_bad: bool = False

    def __post_init__(self) -> None:
        check_ink(self.ink)
        check_orientation(self.orientation)
        if not 0 <= self.test_share < 1:
            raise ConfigError(f"the share of test pictures is {self.test_share}; expected 0 up to 1")
        if not 0 <= self.dpi <= 20000:
            raise ConfigError(f"the resolution is {self.dpi} dpi; expected up to 20,000, or 0 for what the files say")


@dataclass(frozen=True)
class Given:
    """What lies at a path: pictures that are read when they are asked for.

    Attributes:
        name: of the whole.
        files: picture files, where it is made of such.
        stacks: arrays of pictures, where it is made of such.
        reading: how they are read.
        notes: what a person should be told; more is added while pictures are read.
    """

    name: str
    files: tuple[PictureFile, ...] = ()
    stacks: tuple[Stack, ...] = ()
    reading: Reading = field(default_factory=Reading)
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[GivenPicture]:
        """Every picture.

        Raises:
            SourceError: one is broken, and broken ones aren't to be skipped.
        """
        bar = tqdm(self.files, desc="pictures", unit="", disable=None if len(self.files) > 1 else True)
        for file in bar:
            yield from self._pages(file)
        for stack in self.stacks:
            yield from self._layers(stack)

    def _pages(self, file: PictureFile) -> Iterator[GivenPicture]:
        try:
            for page in read_pages(file.path, dpi=self.reading.dpi):
                yield GivenPicture(page, self.reading.ink, file.name, file.label, self._split(file.name, file.split))
        except SourceError as error:
            if not self.reading.skip_bad:
                raise
            self.notes.append(f"skipped {error}")

    def _layers(self, stack: Stack) -> Iterator[GivenPicture]:
        ink = stack_ink(stack.images) if self.reading.ink == "auto" else self.reading.ink
        for i, pixels in enumerate(stack.images):
            name = f"{stack.name}[{i}]"
            label = stack.labels[i] if stack.labels else ""
            page = Page(pixels, dpi=self.reading.dpi)
            yield GivenPicture(page, ink, label=label, split=self._split(name, stack.split))

    def _split(self, name: str, told: str) -> str:
        return told if told != "none" or not self.reading.test_share else split_by_name(name, self.reading.test_share)


def find_given(path: Path, labels: Path | None = None, reading: Reading | None = None) -> Given:
    """What lies at `path`; see `load_images`.

    Raises:
        SourceError: nothing that can be read is there.
    """
    reading = reading or Reading()
    if not path.exists():
        raise SourceError(f"{path} doesn't exist; {ACCEPTED}")
    if is_stack(path):
        return Given(path.name, stacks=read_stacks(path, labels, orientation=reading.orientation), reading=reading)
    if labels is not None:
        raise SourceError(f"{path} is no IDX file or array, so {labels} can't label it; a folder's classes are folders")
    if path.is_dir():
        with emnist_files(path) as held:
            if held or mnist_files(path):
                stacks = read_stacks(path, None, orientation=reading.orientation)
                return Given(path.name, stacks=stacks, reading=reading)
        found = find_pictures(path)
        return Given(path.name, files=found.pictures, reading=reading, notes=list(found.notes))
    if path.suffix.lower() in SUFFIXES:
        return Given(path.name, files=(PictureFile(path, path.name),), reading=reading)
    raise SourceError(f"{path} is nothing that can be read; {ACCEPTED}")


def load_images(path: Path, labels: Path | None = None, reading: Reading | None = None) -> ImageSet:
    """The pictures at `path`, their paper taken away, thinned in the network's frame.

    Args:
        path: a picture or a folder of pictures; an `.npz` or `.npy`; CSV; an IDX file, packed or not; a file, folder
            or zip of EMNIST.
        labels: the file of an IDX file's or array's labels; when not given, the one that lies beside it.
        reading: how they are read.

    A 28×28 picture is taken as it is; others are normalised as MNIST was (`strokes.ink.normalise`), and their own ink
    is kept in a file. Pictures are read one by one: memory doesn't grow with their pixels.

    Raises:
        SourceError: when something is missing, broken, or not what it claims to be, or nothing is left.
    """
    given = find_given(path, labels, reading)
    pictures = frame_given(given, path, name=path.name)
    if not len(pictures):
        raise SourceError(f"{path} holds no picture that can be read; {'; '.join(given.notes) or ACCEPTED}")
    return replace(pictures, notes=tuple(given.notes))
