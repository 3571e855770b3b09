"""A build's pieces on an engine: given out, taken in, and the pictures found that workers die of."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from strokes.build.making import Piece, ShardMaker
from strokes.engines import Engine, Lost
from strokes.engines.progress import WorkProgress
from strokes.errors import EngineError
from strokes.ink.pictures import ImageSet
from strokes.store.ledger import MadeShard, Shard


@dataclass(frozen=True)
class Spread:
    """A build's work and who does it.

    Attributes:
        pictures: all that were selected.
        maker: makes the shards.
        engine: where.
        total: how many pictures the build draws, counted with those that are drawn already.
    """

    pictures: ImageSet
    maker: ShardMaker
    engine: Engine
    total: int

    def shards(self, missing: Sequence[Shard]) -> Generator[tuple[Shard, MadeShard], None, None]:
        """The shards that are missing, in whatever order they are done.

        Raises:
            EngineError: workers die of a picture, and bad ones aren't to be left out; or of a shard, and of none alone.
        """
        done = self.total - sum(len(shard.pictures) for shard in missing)
        with WorkProgress(self.total, done=done) as progress:
            pieces = ((shard, self._piece(shard)) for shard in missing)
            lost = yield from self._run(pieces, progress)
            if lost:
                careful = [(shard, self._without_deadly(shard, reason)) for shard, reason in lost]
                for shard, reason in (yield from self._run(careful, progress)):
                    raise given_up(shard, reason, "though of none of them alone; give workers more memory")

    def _piece(self, shard: Shard) -> Piece:
        return Piece(self.pictures.part(shard.pictures), shard.key)

    def _run(
        self, pieces: Iterable[tuple[Shard, Piece]], progress: WorkProgress
    ) -> Generator[tuple[Shard, MadeShard], None, list[tuple[Shard, str]]]:
        """What is made of pieces; returns the shards that no worker survived, and how they died."""
        lost = []
        for shard, made in self.engine.run(self.maker, pieces):
            if not isinstance(made, Lost):
                progress.update(len(shard.pictures), len(made.failed))
                yield shard, made
            elif self.maker.skip_bad:
                lost.append((shard, made.reason))
            else:
                advice = "give workers more memory, or --skip-bad to find the picture, leave it out and list it"
                raise given_up(shard, made.reason, advice)
        return lost

    def _without_deadly(self, shard: Shard, reason: str) -> Piece:
        """A shard's piece without the pictures that workers die of, found by halves."""
        piece = self._piece(shard)
        deadly: dict[int, str] = {}
        trying: list[Sequence[int]] = halves(range(len(piece.pictures)))
        while trying:
            tries: list[tuple[Sequence[int], Any]] = [(places, replace(piece, only=places)) for places in trying]
            found = [places for places, made in self.engine.run(self.maker, tries) if isinstance(made, Lost)]
            deadly |= {places[0]: reason for places in found if len(places) == 1}
            trying = [half for places in found if len(places) > 1 for half in halves(places)]
        return replace(piece, deadly=deadly)


def given_up(shard: Shard, reason: str, advice: str) -> EngineError:
    """What is to be raised for a shard that no worker survived."""
    return EngineError(f"pictures {shard.pictures[0]} to {shard.pictures[-1]}: {reason}; {advice}")


def halves(places: Sequence[int]) -> list[Sequence[int]]:
    """Two halves, those that are empty left out."""
    middle = len(places) // 2
    return [half for half in (places[:middle], places[middle:]) if len(half)]
