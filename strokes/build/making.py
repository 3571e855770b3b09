"""What a worker does: the bytes of one shard of its pictures, those left out that can't be drawn."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import torch

from strokes.build.artist import Artist
from strokes.build.pieces import arithmetic
from strokes.errors import EngineError, SourceError, StrokesError
from strokes.files import reason
from strokes.ink.drawing import SPLITS, DrawingSet, make_drawing_set
from strokes.ink.pictures import ImageSet
from strokes.store.ledger import Failure, MadeShard

SKIPPED = "skipped "
"""How a note on a picture that couldn't be read begins."""
UNKNOWN_PLACE = -1
REFUSALS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE})
"""What a machine says whichever picture is drawn."""


@dataclass(frozen=True)
class Piece:
    """Work for one worker.

    Attributes:
        pictures: a whole block.
        key: the shard's.
        deadly: places in the block of pictures that workers die of, and how.
        only: if not None, just try to draw the pictures at these places.
    """

    pictures: ImageSet
    key: str
    deadly: Mapping[int, str] = field(default_factory=dict)
    only: Sequence[int] | None = None


@dataclass(frozen=True)
class ShardMaker:
    """Makes shards.

    Attributes:
        artist: draws them.
        skip_bad: leave pictures out that can't be drawn, instead of raising.
        made_for: the arithmetic that the bytes depend on.
    """

    artist: Artist
    skip_bad: bool = False
    made_for: Mapping[str, str] = field(default_factory=arithmetic)

    def prepare(self) -> None:
        """Compute on one core. Raises `EngineError` where this machine would make other bytes than the first."""
        torch.set_num_threads(1)
        here = arithmetic()
        if here != self.made_for:
            differing = [f"{name} {here[name]}" for name, value in self.made_for.items() if here[name] != value]
            raise EngineError(f"a worker's machine has {', '.join(differing)}, unlike this one; use machines alike")

    def __call__(self, piece: Piece) -> MadeShard:
        """A shard of the piece's pictures.

        Raises:
            SourceError: a picture can't be drawn, though it was tried again, and bad ones aren't to be left out.
            EngineError: this machine's disk is full or fails; no picture is to blame for that.
        """
        if piece.only is not None:
            with suppress(Exception):
                self.artist.block(piece.pictures.select(piece.only))
            return MadeShard(b"", 0)
        places = [i for i in range(len(piece.pictures)) if i not in piece.deadly]
        drawings, bad = self._draw(piece.pictures, places)
        bad = {**piece.deadly, **bad}
        return MadeShard.of(drawings, piece.key, [failure_of(piece.pictures, i, bad[i]) for i in sorted(bad)])

    def _draw(self, pictures: ImageSet, places: Sequence[int]) -> tuple[DrawingSet, dict[int, str]]:
        """The drawings of the pictures at `places`, and which are not among them, and why."""
        try:
            return self._block(pictures, places), {}
        except EngineError:
            raise
        except Exception as error:
            if isinstance(error, StrokesError) and not self.skip_bad:
                raise
        bad = find_bad(self._block, pictures, places)
        if bad and not self.skip_bad:
            first = failure_of(pictures, min(bad), bad[min(bad)])
            where = first.file or f"picture {first.source_index}"
            raise SourceError(f"{where} can't be drawn ({first.reason}); --skip-bad leaves it out and lists it")
        return self._block(pictures, [i for i in places if i not in bad]), bad

    def _block(self, pictures: ImageSet, places: Sequence[int]) -> DrawingSet:
        if not places:
            return make_drawing_set([], classes=pictures.classes)
        with blaming_machine():
            return self.artist.block(pictures if len(places) == len(pictures) else pictures.select(places))


@contextmanager
def blaming_machine() -> Iterator[None]:
    """Raise `EngineError` for what the machine refuses: pictures are not left out for it."""
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        told = f"the machine {socket.gethostname()} refused a worker's write ({reason(error)})"
        raise EngineError(f"{told}; make room there") from error


def find_bad(
    draw: Callable[[ImageSet, Sequence[int]], DrawingSet], pictures: ImageSet, places: Sequence[int]
) -> dict[int, str]:
    """Which of the pictures at `places` can't be drawn, and why: halves are tried until they are single."""
    try:
        draw(pictures, places)
    except EngineError:
        raise
    except Exception as error:
        if len(places) == 1:
            return {places[0]: f"{type(error).__name__}: {error}"}
        half = len(places) // 2
        return find_bad(draw, pictures, places[:half]) | find_bad(draw, pictures, places[half:])
    return {}


def unread_of(notes: Sequence[str]) -> tuple[Failure, ...]:
    """The pictures that reading left out, of what a person should be told about it."""
    told = [note.removeprefix(SKIPPED) for note in notes if note.startswith(SKIPPED)]
    return tuple(Failure("none", UNKNOWN_PLACE, "", " ".join(text.split())) for text in told)


def failure_of(pictures: ImageSet, place: int, reason: str) -> Failure:
    """A picture that can't be drawn, in words."""
    known = {} if pictures.metadata is None else json.loads(pictures.metadata[place])
    split = SPLITS[int(pictures.split[place])]
    return Failure(split, int(pictures.source_index[place]), str(known.get("file", "")), " ".join(reason.split()))
