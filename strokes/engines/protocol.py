"""What an engine does, and what it is given."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)


class Work(Protocol[Item, Result]):
    """What each worker holds once, such as a network; it goes to other machines pickled."""

    def prepare(self) -> None:
        """Called once by each worker before its first item."""

    def __call__(self, item: Item, /) -> Result:
        """The result for one item: the same wherever and whenever it is called."""


@dataclass(frozen=True)
class Lost:
    """An item whose worker died each time that it was tried.

    Attributes:
        reason: how.
    """

    reason: str


class Engine(Protocol):
    """Gives items to workers, each of which does one at a time on one core."""

    def run(self, work: Work[Any, Any], items: Iterable[tuple[Key, Any]]) -> Generator[tuple[Key, Any], None, None]:
        """Each item's key and its result, in whatever order they are done, or `Lost`; items are taken as needed.

        What `work` raises is raised here. When the generator is closed, or interrupted, the workers go.
        """
