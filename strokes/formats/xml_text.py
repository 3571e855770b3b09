"""Text for XML files."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def xml_text(value: str) -> str:
    """Text escaped for XML, in elements and attributes; what XML can't hold becomes U+FFFD."""
    return escape(FORBIDDEN.sub("\ufffd", value), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def exact(value: np.floating) -> str:
    """The shortest decimal text, never with an exponent, that reads back as the same number."""
    return np.format_float_positional(value, unique=True, trim="-")


def exact_rows(points: NDArray[np.float32]) -> list[str]:
    """Each row's numbers, exact, with a space between them."""
    return [" ".join(exact(value) for value in row) for row in points]
