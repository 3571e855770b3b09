"""Recorders' clocks: seconds, milli-, micro- or nanoseconds since the first point, 1970 or any other moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from strokes.formats.recording import Numbers

MS_A_UNIT = {
    "h": 3.6e6, "min": 6e4, "s": 1e3, "sec": 1e3, "seconds": 1e3, "ms": 1.0, "msec": 1.0, "milliseconds": 1.0,
    "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "usec": 1e-3, "microseconds": 1e-3, "ns": 1e-6, "nanoseconds": 1e-6,
}  # fmt: skip
FIRST_MS, LAST_MS = 315532800e3, 4102444800e3
"""1980 and 2100: a clock that shows a time between them counts from 1970."""
FINEST_STEP_MS, COARSEST_STEP_MS = 0.25, 1000.0
"""Between two points of a stroke pens take 1 to 100 ms; a typical step beyond these is of another unit."""


def since_first(times: Numbers, lengths: Sequence[int], unit: str | None = None) -> tuple[Numbers, dict[str, Any]]:
    """Times in ms since the first of them that is known, and what is known of the start, as metadata.

    Args:
        times: (p,) in `unit`, NaN where unknown.
        lengths: points of each stroke.
        unit: a key of `MS_A_UNIT`; else told from the times: a clock that counts from 1970 by its size, any other by
            the typical step within strokes.

    Returns:
        (p,) ms, and `started` (UTC, ISO 8601) for a clock that counts from 1970, `start_ms` for one that started
        elsewhere than at 0.
    """
    known = times[~np.isnan(times)]
    if not len(known):
        return times, {}
    first = float(known[0])
    factor = MS_A_UNIT[unit] if unit in MS_A_UNIT else _told_from(times, first, lengths)
    start_ms = first * factor
    about: dict[str, Any] = {}
    if FIRST_MS <= start_ms <= LAST_MS:
        about["started"] = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start_ms)).isoformat()
    elif start_ms:
        about["start_ms"] = round(start_ms, 6)
    return (times - first) * factor, about


def ms_of_date(text: str) -> float:
    """A date and time of ISO 8601 (UTC where it doesn't say) in ms since 1970; NaN where it is none."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e3
    except (ValueError, OverflowError):
        return math.nan


def _told_from(times: Numbers, first: float, lengths: Sequence[int]) -> float:
    for unit in ("ms", "s", "us", "ns"):
        if FIRST_MS <= first * MS_A_UNIT[unit] <= LAST_MS and _steps_fit(times, lengths, MS_A_UNIT[unit]):
            return MS_A_UNIT[unit]
    step = typical_step(times, lengths)
    if step is None or FINEST_STEP_MS <= step < COARSEST_STEP_MS:
        return MS_A_UNIT["ms"]
    if step < FINEST_STEP_MS:
        return MS_A_UNIT["s"]
    return MS_A_UNIT["us" if step < COARSEST_STEP_MS * 1000 else "ns"]


def _steps_fit(times: Numbers, lengths: Sequence[int], factor: float) -> bool:
    """Whether the typical step is one that a pen takes, where there is one."""
    step = typical_step(times, lengths)
    return step is None or step * factor < COARSEST_STEP_MS


def typical_step(times: Numbers, lengths: Sequence[int]) -> float | None:
    """The median of the steps above 0 between two points of the same stroke; None when there is none."""
    steps = np.diff(times)
    lifted = np.cumsum(lengths)[:-1] - 1
    steps[lifted[(lifted >= 0) & (lifted < len(steps))]] = 0
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else None
