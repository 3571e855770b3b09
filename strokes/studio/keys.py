"""Who may speak to the studio: the token of a launch, and keys by which its pages come back after a restart."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from strokes.errors import StoreError
from strokes.files import reason

SECRET_FILE = "studio.key"
SECRET_BYTES = 32
LASTS_S = 30 * 24 * 3600
"""So long after a page was let in may it come back."""


@dataclass(frozen=True)
class Keys:
    """The token of this launch, and what signs the keys that pages are given.

    Attributes:
        secret: of the data folder, the same at every launch.
        token: of this launch.
    """

    secret: bytes
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def admits(self, shown: str) -> bool:
        """Whether what a page shows is the token or a key of the last 30 days; compared in constant time."""
        given = shown.encode("utf-8", "replace")
        is_token = hmac.compare_digest(given, self.token.encode())
        expiry, _, _ = shown.partition(".")
        is_key = hmac.compare_digest(given, self._sign(expiry).encode())
        lasts = expiry.isascii() and expiry.isdecimal() and len(expiry) < 15 and int(expiry) > time.time()
        return is_token or (is_key and lasts)

    def give(self) -> str:
        """A key for a page that was let in."""
        return self._sign(str(int(time.time()) + LASTS_S))

    def _sign(self, expiry: str) -> str:
        text = f"{expiry}.{hmac.new(self.secret, expiry.encode('utf-8', 'replace'), hashlib.sha256).hexdigest()}"
        return text


def make_keys(data: Path) -> Keys:
    """A launch's keys; the secret lies in the data folder, for its owner's eyes only.

    Raises:
        StoreError: the folder refuses it.
    """
    path = data / SECRET_FILE
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "r+b") as file:
            secret = file.read(SECRET_BYTES)
            if len(secret) < SECRET_BYTES:
                secret = secrets.token_bytes(SECRET_BYTES)
                file.seek(0)
                file.write(secret)
    except OSError as error:
        raise StoreError(f"can't keep {path}: {reason(error)}; choose another --data") from error
    return Keys(secret)
