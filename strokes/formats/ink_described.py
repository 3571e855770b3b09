"""What annotations say of a drawing: its label, split and picture, and the rest, the project's own JSON among it."""

from __future__ import annotations

from typing import Any

from strokes.errors import SourceError
from strokes.formats.json_values import parse_object
from strokes.formats.recording import Numbers, Recording
from strokes.ink.drawing import IDENTITY_FRAME, SPLITS

LABELS = ("normalizedLabel", "label", "truth")
OWN = ("canvas", "splitTagOriginal", "metadata")


def described(
    about: dict[str, str],
    points: Numbers,
    lengths: list[int],
    *,
    columns: dict[str, Numbers],
    started: dict[str, Any],
    place: str,
    **known: Any,
) -> Recording:
    """A drawing with what its annotations say. Raises `SourceError` when they are broken."""
    own = parse_object(about["metadata"], f"{place}: metadata") if "metadata" in about else {}
    if about.get("sampleId") == str(own.get("source_index")):
        about = {name: value for name, value in about.items() if name != "sampleId"}
    own["metadata"] = started | _own(own, "metadata", dict, {}, place)
    return described_by(own, about, points, lengths, columns=columns, place=place, **known)


def described_by(
    own: dict[str, Any],
    about: dict[str, str],
    points: Numbers,
    lengths: list[int],
    *,
    columns: dict[str, Numbers],
    place: str,
    **known: Any,
) -> Recording:
    """A drawing with what the project's own JSON says, and annotations. Raises `SourceError` when they are broken."""
    label = next((about[name] for name in LABELS if about.get(name)), None)
    canvas = _canvas(about, place)
    split = about.get("splitTagOriginal", "none")
    metadata = {name: value for name, value in about.items() if name not in OWN and name and value != label}
    if split not in SPLITS:
        metadata["split"] = split
    metadata |= _own(own, "metadata", dict, {}, place)
    flagged, scores = _own(own, "flagged", bool, None, place), _own(own, "scores", dict, {}, place)
    frame = _own(own, "frame", list, IDENTITY_FRAME, place)
    if not all(_is_number(value) for value in (*scores.values(), *frame)) or len(frame) != 3:
        raise SourceError(f"{place}: a score or the frame is no number")
    if not all(name.isidentifier() for name in scores):
        raise SourceError(f"{place}: a score has a name that is none; expected letters, digits and _")
    if canvas is not None:
        known["mm"] = None
    return Recording(
        points,
        [length for length in lengths if length],
        label=label,
        canvas=canvas,
        columns=columns,
        split=split if split in SPLITS else "none",
        source_index=_own(own, "source_index", int, None, place),
        metadata=metadata,
        scores={name: float(value) for name, value in scores.items()},
        frame=(float(frame[0]), float(frame[1]), float(frame[2])),
        flagged=flagged,
        **known,
    )


def _own(record: dict[str, Any], name: str, kind: type, default: Any, place: str) -> Any:
    value = record.get(name, default)
    if value is not default and type(value) is not kind:
        raise SourceError(f"{place}: metadata has a {name} that is no {kind.__name__}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e9


def _canvas(about: dict[str, str], place: str) -> tuple[float, float] | None:
    if "canvas" not in about:
        return None
    try:
        width, height = map(float, about["canvas"].split())
    except ValueError:
        raise SourceError(f"{place} has a canvas that is no width and height: {about['canvas'][:40]!r}") from None
    return width, height
