"""Files from publishers: the first address that answers, each file checked by a sha256 that is known or was noted."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from strokes.errors import SourceError
from strokes.files import file_sha256, make_folder

TIMEOUT_S = 30
PIECE_BYTES = 1 << 16
NOTES = "sha256.json"
"""Beside downloads whose publisher tells no hash: the hash that each had when it was first fetched."""


def default_cache() -> Path:
    """The user's cache folder for downloads."""
    from platformdirs import user_cache_path

    return user_cache_path("penstrokes")


def download(urls: Sequence[str], target: Path, *, sha256: str, advice: str) -> None:
    """Bring one file from the first address that has it; leave no part of it otherwise.

    Args:
        urls: where it may be.
        target: the file to make; its folder is made.
        sha256: what its hash must be; "" for any.
        advice: what a person may do when it can't be fetched.

    Raises:
        SourceError: no address has the file, or the folder can't be written to.
    """
    failures = []
    make_folder(target.parent)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    for url in urls:
        try:
            found = _copy(url, part)
            if sha256 in ("", found):
                part.replace(target)
                return
            failures.append(f"{url} sent a file of sha256 {found}, expected {sha256}")
        except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
            failures.append(f"{url}: {getattr(error, 'reason', None) or error}")
        except OSError as error:
            raise SourceError(f"{target} can't be written ({error.strerror}); free or choose another cache") from None
        finally:
            part.unlink(missing_ok=True)
    raise SourceError(f"{target.name} can't be fetched ({'; '.join(failures)}); try again, or {advice}")


def download_noted(urls: Sequence[str], target: Path, *, advice: str) -> None:
    """Bring one file whose publisher tells no hash, unless it is there: the first hash is noted, later ones must agree.

    Raises:
        SourceError: as `download`, or the file is not the one that was noted.
    """
    notes = target.with_name(NOTES)
    known = read_notes(notes)
    if not target.is_file():
        download(urls, target, sha256=known.get(target.name, ""), advice=advice)
    found = file_sha256(target)
    if known.setdefault(target.name, found) != found:
        raise SourceError(f"{target} has the sha256 {found}, not {known[target.name]} as first fetched; delete it")
    notes.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_notes(notes: Path) -> dict[str, str]:
    """The hashes noted so far. Raises `SourceError` when they can't be read."""
    try:
        known = json.loads(notes.read_text(encoding="utf-8"))
        return {str(name): str(sha256) for name, sha256 in known.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise SourceError(f"{notes} can't be read ({error}); delete it and what lies beside it") from None


def _copy(url: str, part: Path) -> str:
    """Download `url` to `part`; return its sha256."""
    digest = hashlib.sha256()
    with urlopen(url, timeout=TIMEOUT_S) as answer, part.open("wb") as out:
        while chunk := answer.read(PIECE_BYTES):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()
