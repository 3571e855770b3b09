"""IDX, the format of MNIST: big-endian magic 0x0000080D (unsigned bytes, D dimensions), D sizes, then the bytes.

See http://yann.lecun.com/exdb/mnist/. A file may be gzipped; its first bytes tell, not its name.
"""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from strokes.errors import SourceError

IMAGES_MAGIC = 0x00000803
LABELS_MAGIC = 0x00000801
GZIP_MAGIC = b"\x1f\x8b"
MAX_BYTES = 4 << 30

Place = Path | zipfile.Path
"""Where a file lies: in a folder or in an open zip."""


def read_idx_images(path: Place) -> NDArray[np.uint8]:
    """Pictures (n, h, w) of an IDX or IDX.gz file.

    Raises:
        SourceError: when the file is missing, truncated, too long or no IDX file of pictures.
    """
    return _read(path, IMAGES_MAGIC, "pictures")


def read_idx_labels(path: Place) -> NDArray[np.uint8]:
    """Labels (n,) of an IDX or IDX.gz file.

    Raises:
        SourceError: when the file is missing, truncated, too long or no IDX file of labels.
    """
    return _read(path, LABELS_MAGIC, "labels")


def is_idx(path: Path) -> bool:
    """Whether a file starts like an IDX or gzipped file, for pictures or labels."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError:
        return False
    return head[:2] == GZIP_MAGIC or head[:3] == b"\x00\x00\x08"


def _read(path: Place, magic: int, what: str) -> NDArray[np.uint8]:
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == GZIP_MAGIC
            stream.seek(0)
            if not zipped:
                return _parse(stream, path, magic, what)
            with gzip.open(stream) as inner:
                return _parse(inner, path, magic, what)  # type: ignore[arg-type]
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected an IDX file of {what} there") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path} is a broken gzip file ({error}); fetch or copy it again") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read ({error.strerror or error})") from None


def _parse(stream: IO[bytes], path: Place, magic: int, what: str) -> NDArray[np.uint8]:
    dimensions = magic & 0xFF
    header = stream.read(4 + 4 * dimensions)
    found = int.from_bytes(header[:4], "big")
    if len(header) >= 4 and found != magic:
        hint = {IMAGES_MAGIC: "; that is a file of pictures", LABELS_MAGIC: "; that is a file of labels"}.get(found, "")
        raise SourceError(f"{path} starts with 0x{found:08x}; expected 0x{magic:08x}, an IDX file of {what}{hint}")
    if len(header) < 4 + 4 * dimensions:
        raise SourceError(f"{path} ends after {len(header)} bytes, within its header; expected an IDX file of {what}")
    sizes = struct.unpack(f">{dimensions}I", header[4:])
    expected = math.prod(sizes)
    if expected > MAX_BYTES:
        raise SourceError(f"{path} announces {' x '.join(map(str, sizes))} bytes, more than 4 GiB; split the file")
    body = stream.read(expected + 1)
    if len(body) != expected:
        state = "is truncated: it holds" if len(body) < expected else "is too long: it holds more than"
        count = len(body) if len(body) < expected else expected
        raise SourceError(
            f"{path} {state} {count} bytes of {what} where its header says {' x '.join(map(str, sizes))} = {expected}; "
            "fetch or copy it again"
        )
    return np.frombuffer(bytearray(body), np.uint8).reshape(sizes)
