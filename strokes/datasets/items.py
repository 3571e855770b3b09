"""Pictures as they lie in their source, not decoded yet: what every kind of source is gone through as."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from strokes.files.places import Place, opened

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Item:
    """A picture in its source.

    Attributes:
        name: its file's, within what was asked for, such as `7/a.png` or `shard.tar/a`; of an array `a.npz[0]`.
        content: where its file lies, the file's bytes, or pixels (h, w) of an array.
        label: its class, "" where unknown.
        split: "train", "test" or "none".
        ink: "dark" or "light" where its source tells, else "".
        fault: why it can't be used, "" where nothing is known against it.
    """

    name: str
    content: Place | bytes | NDArray[np.uint8]
    label: str = ""
    split: str = "none"
    ink: str = ""
    fault: str = ""

    @property
    def file(self) -> str:
        """The name of its file, "" where it has none of its own."""
        return "" if isinstance(self.content, np.ndarray) else self.name

    def hash_into(self, digest: hashlib._Hash) -> None:
        """Add all that is known of it to a checksum, whatever it lies in."""
        digest.update(repr((self.name, self.label, self.split)).encode("utf-8", "surrogateescape"))
        if isinstance(self.content, np.ndarray):
            digest.update(repr(self.content.shape).encode() + np.ascontiguousarray(self.content).tobytes())
        elif isinstance(self.content, bytes):
            digest.update(hashlib.sha256(self.content).digest())
        else:
            own = hashlib.sha256()
            with opened(self.content) as stream:
                while block := stream.read(READ_BYTES):
                    own.update(block)
            digest.update(own.digest())


def content_sha256(items: Iterable[Item], *, size: int) -> Iterator[str]:
    """The sha256 of each `size` pictures in a row: of their names, labels, splits and undecoded content.

    What they lie in changes nothing: a folder's picture has the checksum of the same bytes in an archive by that name.

    Raises:
        SourceError: a file can't be read.
    """
    rest = iter(items)
    while some := next(rest, None):
        digest = hashlib.sha256()
        some.hash_into(digest)
        for item in islice(rest, size - 1):
            item.hash_into(digest)
        yield digest.hexdigest()
