"""Drawings as a tar file in the way of WebDataset (https://github.com/webdataset/webdataset), and back.

A drawing is three files one after the other: `KEY.png`, its picture, dark on white; `KEY.cls`, its label's number, -1
where unknown; and `KEY.json`, its strokes in order, each with its points' x and y and what else is known of them, and
all else that is known of the drawing. Numbers that nobody knows are null.
"""

from __future__ import annotations

import base64
import io
import json
import math
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from strokes.ink.drawing import POINT_COLUMNS, SPLITS, DrawingSet, IntArray
from strokes.store.manifest import Holding
from strokes.store.parquet_rows import pictures_of, read_pictures, sides_of
from strokes.store.schema import flags_of, read_scans

MEMBERS = ("png", "cls", "json")


def encode_tar(drawings: DrawingSet, holding: Holding, name: str) -> bytes:
    """The bytes of a tar file of all that is known of these drawings, whose keys begin with `name`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        known = zip(pictures_of(drawings), drawings.labels.tolist(), _records(drawings, holding), strict=True)
        for i, (png, label, record) in enumerate(known):
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            for ending, content in zip(MEMBERS, (png, str(label).encode(), text.encode()), strict=True):
                member = tarfile.TarInfo(f"{name}-{i:06}.{ending}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _records(drawings: DrawingSet, holding: Holding) -> Iterator[dict[str, Any]]:
    """What the JSON of each drawing says."""
    columns = {"x": drawings.points[:, 0], "y": drawings.points[:, 1]} | dict(drawings.point_columns)
    values = {name: numbers(column) for name, column in columns.items()}
    ends, owners = drawings.stroke_offsets.tolist(), drawings.drawing_offsets.tolist()
    scores = {name: numbers(drawings.scores[name]) for name in holding.score_names}
    known = {
        "source_index": drawings.source_index.tolist(),
        "size": drawings.sizes.tolist(),
        "frame": drawings.frames.tolist(),
        "flagged": flags_of(drawings).tolist(),
    }
    if drawings.metadata is not None:
        known["metadata"] = list(drawings.metadata)
    if drawings.fine is not None:
        known["scan"] = ["" if ink is None else base64.b64encode(ink.packed).decode() for ink in drawings.fine]
        known["scan_px"] = sides_of(drawings).tolist()
    names = (*holding.classes, None)
    for i, label in enumerate(drawings.labels.tolist()):
        strokes = [
            {name: column[ends[j] : ends[j + 1]] for name, column in values.items()}
            for j in range(owners[i], owners[i + 1])
        ]
        own = {name: column[i] for name, column in known.items()}
        yield {"label": names[label], "drawing": strokes, "scores": {n: s[i] for n, s in scores.items()}} | own


def numbers(values: Any) -> list[float | None]:
    """Numbers as JSON knows them: None for NaN."""
    told: list[float | None] = values.tolist()
    return told if np.isfinite(values).all() else [None if v is None or math.isnan(v) else v for v in told]


def decode_tar(data: bytes, holding: Holding, split: str) -> DrawingSet:
    """The drawings that `encode_tar` gave. What isn't so raises `TarError`, ValueError, LookupError or such."""
    pngs, labels, texts = members(data)
    records = [json.loads(text) for text in texts]
    strokes = [stroke for record in records for stroke in record["drawing"]]
    inks = [base64.b64decode(record["scan"], validate=True) for record in records if "scans" in holding.names]
    return DrawingSet(
        points=np.stack([_floats(v for s in strokes for v in s[axis]) for axis in ("x", "y")], axis=1),
        stroke_offsets=_ends(len(stroke["x"]) for stroke in strokes),
        drawing_offsets=_ends(len(record["drawing"]) for record in records),
        classes=holding.classes,
        labels=labels,
        sizes=_floats(v for record in records for v in record["size"]).reshape(-1, 2),
        frames=_floats(v for record in records for v in record["frame"]).reshape(-1, 3),
        split=np.full(len(records), SPLITS.index(split), np.uint8),
        source_index=np.array([record["source_index"] for record in records], np.int64),
        images=read_pictures(pngs, holding),
        scores={name: _floats(record["scores"][name] for record in records) for name in holding.score_names},
        point_columns={
            name: _floats(v for s in strokes for v in s[name]) for name in POINT_COLUMNS if name in holding.names
        },
        metadata=tuple(record["metadata"] for record in records) if "metadata" in holding.names else None,
        flagged=np.array([record["flagged"] for record in records], bool),
        fine=read_scans(
            b"".join(inks),
            _ends(map(len, inks)),
            _floats(v for record in records for v in record["scan_px"]).reshape(-1, 3),
        )
        if "scans" in holding.names
        else None,
    )


def tar_labels(data: bytes) -> IntArray:
    """(n,) the labels alone."""
    return members(data)[1]


def members(data: bytes) -> tuple[list[bytes], IntArray, list[bytes]]:
    """The pictures, labels and texts of a tar; raises `ValueError` where it holds something else."""
    found: dict[str, list[bytes]] = {ending: [] for ending in MEMBERS}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for place, member in enumerate(tar):
            key, _, ending = member.name.partition(".")
            if not member.isreg() or ending != MEMBERS[place % 3] or not key.endswith(f"-{place // 3:06}"):
                raise ValueError(f"{member.name!r} is no file that belongs here")
            found[ending].append(data[member.offset_data : member.offset_data + member.size])
    if not len(found["png"]) == len(found["cls"]) == len(found["json"]):
        raise ValueError("a drawing is cut off")
    return found["png"], np.array([int(text) for text in found["cls"]], np.int64), found["json"]


def _ends(lengths: Iterable[int]) -> IntArray:
    """Where things of these lengths begin, and the last ends."""
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, np.int64))]).astype(np.int64)


def _floats(values: Iterable[float | None]) -> Any:
    """Numbers, NaN for None."""
    return np.array([np.nan if value is None else value for value in values], np.float32)
