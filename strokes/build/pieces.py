"""How a build is cut into pieces, of ten seconds' work at most, and what each piece's drawings depend on."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from strokes.ink.pictures import PER_IMAGE, ImageSet
from strokes.recovery.methods import Method, Options
from strokes.recovery.pointer.cell import multiplies_bfloat16, multiplies_bytes
from strokes.store.ledger import Shard

PIECE_MS = 8000.0
"""What a piece takes a core by the estimates below, which are the docs' machine's, rounded up."""
TRACED_MS, WALK_MS, STEP_MS, UNSURE_WALKS, HABITUAL_WALKS = 0.2, 0.6, 0.1, 2, 24
"""A small picture that is traced; one walk over it; a step of refinement; walks where nothing is asked for."""
LARGE_MS_A_BYTE = {"network": 0.4, "trace": 0.05}
"""A larger picture, by its deflated ink."""


def estimate_ms(pictures: ImageSet, options: Options) -> NDArray[np.float64]:
    """How long each picture (n,) will take one core, in ms: a guess that hangs on nothing but the arguments."""
    walks = options.hypotheses or (UNSURE_WALKS if options.habits is None else HABITUAL_WALKS)
    small = TRACED_MS if options.method == "trace" else WALK_MS * walks + STEP_MS * options.refine
    large = np.array([0 if fine is None else len(fine.packed) for fine in pictures.fine or ()], np.float64)
    scale = LARGE_MS_A_BYTE[options.method] * max(options.hypotheses, 1)
    return np.full(len(pictures), small) + (scale * large if len(large) else 0.0)


def cut(pictures: ImageSet, options: Options, *, most: int) -> list[range]:
    """The blocks that pictures are drawn in: in order, `most` at most, and fewer where they take long."""
    times = estimate_ms(pictures, options).tolist()
    blocks, first, spent = [], 0, 0.0
    for i, time in enumerate(times):
        if i > first and (i - first == most or spent + time > PIECE_MS):
            blocks.append(range(first, i))
            first, spent = i, 0.0
        spent += time
    return [*blocks, range(first, len(times))] if times else []


def shards_of(pictures: ImageSet, blocks: Sequence[range], settings: str) -> list[Shard]:
    """A shard a block, with the sha256 of all that it depends on."""
    keys = (sha256_of_text(f"{settings} {i} {sha256_of(pictures.part(block))}") for i, block in enumerate(blocks))
    return [Shard(i, block, key) for i, (block, key) in enumerate(zip(blocks, keys, strict=True))]


def job_of(settings: str, shards: Sequence[Shard]) -> str:
    """The sha256 of all that a dataset's drawings depend on."""
    return sha256_of_text(" ".join([settings, *(shard.key for shard in shards)]))


def settings_of(
    method: Method, options: Options, attributes: Mapping[str, object], others: Mapping[str, object]
) -> str:
    """The sha256 of all but the pictures that drawings depend on; `others` stand in no attribute."""
    known = {
        "attributes": attributes,
        "classes": method.pictures.classes,
        "scores": options.scores,
        "device": options.device.partition(":")[0],
        **others,
    }
    return sha256_of_text(json.dumps(known, sort_keys=True))


def sha256_of_text(text: str) -> str:
    """A text's sha256, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of(pictures: ImageSet) -> str:
    """A checksum of all that is known of each picture."""
    digest = hashlib.sha256()
    for name in PER_IMAGE:
        values = np.ascontiguousarray(getattr(pictures, name))
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
        digest.update(values.data)
    digest.update(repr(pictures.writers).encode() if pictures.writers is not None else b"")
    for known in (pictures.fine, pictures.metadata):
        for value in known or ():
            digest.update(repr(value).encode())
    return digest.hexdigest()


def versions() -> Mapping[str, str]:
    """The versions of what makes the bytes."""
    found = {}
    for name in ("penstrokes", "torch", "numpy", "opencv-python-headless", "h5py"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def arithmetic() -> Mapping[str, str]:
    """What must be the same wherever the same bytes are to be made: versions, and how this machine multiplies."""
    products = {"bfloat16": str(multiplies_bfloat16()), "bytes": str(multiplies_bytes())}
    return {**versions(), "machine": platform.machine(), **products}
