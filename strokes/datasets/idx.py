"""IDX, the format of MNIST: big-endian magic 0x0000TTDD (type and D dimensions), D sizes, then the numbers.

See http://yann.lecun.com/exdb/mnist/. A file may be gzipped or xz-packed; its first bytes tell, not its name.
"""

from __future__ import annotations

import gzip
import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from strokes.datasets.held import read_into_room
from strokes.errors import SourceError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""What the third byte says that the numbers are."""
GZIP_MAGIC, XZ_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00"
MAX_BYTES = 4 << 30
MAX_DIMENSIONS = 4

Place = Path | zipfile.Path
"""Where a file lies: in a folder or in an open zip."""


def read_idx_images(path: Place) -> NDArray[Any]:
    """Pictures (n, h, w) of an IDX file of any type; flat ones and ones with a last dimension of 1 are shaped so.

    Raises:
        SourceError: when the file is missing, truncated, too long or no IDX file of pictures.
    """
    found = _read(path, "pictures")
    if found.ndim == 1:
        raise SourceError(f"{path} holds {len(found)} single numbers; that is a file of labels, expected pictures")
    return found


def read_idx_labels(path: Place) -> NDArray[Any]:
    """Labels (n,) of an IDX file of any type; of a table, such as QMNIST's (n, 8), the first column.

    Raises:
        SourceError: when the file is missing, truncated, too long or no IDX file of labels.
    """
    found = _read(path, "labels")
    if found.ndim > 2:
        raise SourceError(f"{path} has {found.ndim} dimensions; that is a file of pictures, expected labels")
    column = found if found.ndim == 1 else found[:, 0]
    return np.ascontiguousarray(column)


def is_idx(path: Path) -> bool:
    """Whether a file starts like an IDX or packed file, for pictures or labels."""
    try:
        with path.open("rb") as stream:
            head = stream.read(6)
    except OSError:
        return False
    return head[:2] == GZIP_MAGIC or head == XZ_MAGIC or (head[:2] == b"\0\0" and head[2:3] in map(_byte, TYPES))


def _byte(number: int) -> bytes:
    return bytes([number])


def _read(path: Place, what: str) -> NDArray[Any]:
    try:
        with path.open("rb") as stream:
            head = stream.read(6)
            stream.seek(0)
            if head[:2] == GZIP_MAGIC:
                with gzip.open(stream) as inner:
                    return _parse(inner, path, what)  # type: ignore[arg-type]
            if head == XZ_MAGIC:
                with lzma.open(stream) as unpacked:
                    return _parse(unpacked, path, what)
            return _parse(stream, path, what)
    except FileNotFoundError:
        raise SourceError(f"{path} doesn't exist; expected an IDX file of {what} there") from None
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise SourceError(f"{path} is a broken gzip file ({error}); fetch or copy it again") from None
    except OSError as error:
        raise SourceError(f"{path} can't be read ({error.strerror or error})") from None


def _parse(stream: IO[bytes], path: Place, what: str) -> NDArray[Any]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise SourceError(f"{path} ends after {len(magic)} bytes, within its header; expected an IDX file of {what}")
    dimensions = magic[3]
    if magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= dimensions <= MAX_DIMENSIONS:
        raise SourceError(f"{path} starts with 0x{magic.hex()}; expected 0x00000803 or the like, an IDX file of {what}")
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise SourceError(
            f"{path} ends after {4 + len(header)} bytes, within its header; expected an IDX file of {what}"
        )
    dtype, sizes = np.dtype(TYPES[magic[2]]), struct.unpack(f">{dimensions}I", header)
    expected = math.prod(sizes) * dtype.itemsize
    if expected > MAX_BYTES:
        raise SourceError(f"{path} announces {' x '.join(map(str, sizes))} numbers, more than 4 GiB; split the file")
    body = read_into_room(stream, expected)
    if len(body) < expected or stream.read(1):
        state = "is truncated: it holds" if len(body) < expected else "is too long: it holds more than"
        raise SourceError(
            f"{path} {state} {len(body)} bytes of {what} where its header says {' x '.join(map(str, sizes))} = "
            f"{expected}; fetch or copy it again"
        )
    return body.view(dtype).reshape(sizes).astype(dtype.newbyteorder("="), copy=False)
