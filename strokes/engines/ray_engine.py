"""A Ray cluster's cores (https://docs.ray.io): an actor a core holds the work once. Needs ray, the extra `ray`.

An actor that dies, with its machine or alone, is replaced, and what it was at is given to another; so is what was done
and lost on its way here. Actors that find no free core wait for one: those of a machine that joins late.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Generic

from strokes.engines.protocol import Key, Lost, Work
from strokes.engines.stopping import sigterm_kept
from strokes.errors import ConfigError, EngineError

GIVEN_AHEAD = 2
"""Items that are given to an actor at a time: it need not wait for the next."""
MOST_DEATHS = 5
"""An item whose workers died so often is given up. So often in a row may workers die before their first: then no more
are asked for awhile, or where none is at work the run is given up."""
TICK_S = 1.0
CONNECT_S = 10.0
LONG_WAIT_S = 30.0
COUNT_EVERY_S = 5.0


@dataclass(frozen=True)
class RayEngine:
    """Actors of a Ray cluster.

    Attributes:
        workers: how many; 0 for one a core of the cluster, those of machines that join later, too.
        address: of the cluster; "" for the one that RAY_ADDRESS names, or else for Ray on this machine alone.

    Raises:
        ConfigError: ray is not installed.
    """

    workers: int = 0
    address: str = ""

    def __post_init__(self) -> None:
        load_ray()

    def run(self, work: Work[Any, Any], items: Iterable[tuple[Key, Any]]) -> Generator[tuple[Key, Any], None, None]:
        """See `Engine.run`.

        Raises:
            EngineError: the cluster can't be reached, or its workers can't begin.
        """
        ray = load_ray()
        with self._connected(ray):
            crew: Crew[Key] = Crew(ray, work, self.workers)
            try:
                yield from crew.work_off(iter(items))
            except ray.exceptions.RayError as error:
                raise EngineError(f"the cluster went away: {first_line(error)}") from error
            finally:
                crew.dismiss()

    @contextmanager
    def _connected(self, ray: Any) -> Iterator[None]:
        """Ray, begun here unless this process is connected already."""
        if ray.is_initialized():
            yield
            return
        address = self.address or os.environ.get("RAY_ADDRESS")
        alone = {} if address else {"num_cpus": self.workers or os.cpu_count(), "include_dashboard": False}
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        check_reachable(address or "")
        try:
            with sigterm_kept():
                ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **alone)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise EngineError(f"there is no Ray cluster at {address or 'this machine'}: {first_line(error)}") from error
        try:
            yield
        finally:
            ray.shutdown()


def load_ray() -> Any:
    """The module. Raises `ConfigError` when it is not installed."""
    try:
        import ray
    except ImportError:
        raise ConfigError("the engine ray needs Ray; install it with: pip install 'penstrokes[ray]'") from None
    return ray


def check_reachable(address: str) -> None:
    """Raise `EngineError` where nobody listens at an address, HOST:PORT: Ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise EngineError(f"there is no Ray cluster at {address}: {first_line(error)}") from None


def first_line(error: BaseException) -> str:
    """An error's message in one line, without a traceback that is part of it."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


class Hand:
    """What an actor is."""

    def __init__(self, work: Work[Any, Any]) -> None:
        self.work = work

    def prepare(self) -> None:
        """Make ready for the first item."""
        self.work.prepare()

    def do(self, item: Any) -> Any:
        """An item's result."""
        return self.work(item)


@dataclass
class Task(Generic[Key]):
    """An item on its way: its key, what it is, and how often its worker died over it."""

    key: Key
    item: Any
    deaths: int = 0


@dataclass(eq=False)
class Member(Generic[Key]):
    """An actor and what it was given, by the references to the results, oldest first."""

    actor: Any
    given: dict[Any, Task[Key]] = field(default_factory=dict)


class Crew(Generic[Key]):
    """The actors of one run and what they do."""

    def __init__(self, ray: Any, work: Work[Any, Any], workers: int) -> None:
        self.ray = ray
        self.workers = workers
        self.hand = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Hand)
        self.held = ray.put(work)
        self.coming: dict[Any, Member[Key]] = {}
        self.members: list[Member[Key]] = []
        self.again: deque[Task[Key]] = deque()
        self.failed_starts = 0
        self.wanted = workers or self._cores()
        self.counted = self.welcomed = time.monotonic()

    def work_off(self, items: Iterator[tuple[Key, Any]]) -> Generator[tuple[Key, Any], None, None]:
        """Give items to actors and yield what they make."""
        waiting = (Task(key, item) for key, item in items)
        more = True
        while True:
            self.hire()
            more = self.feed(waiting) and more
            running = [ref for member in self.members for ref in member.given]
            if not more and not running and not self.again:
                return
            done, _ = self.ray.wait([*self.coming, *running], num_returns=1, timeout=TICK_S)
            for ref in done:
                if ref in self.coming:
                    self.welcome(ref)
                else:
                    yield from self.collect(ref)

    def hire(self) -> None:
        """Ask for as many actors as are wanted and missing."""
        now = time.monotonic()
        if now > self.counted + COUNT_EVERY_S:
            self.wanted, self.counted = max(self.wanted, self.workers or self._cores()), now
        for _ in range(self.wanted - len(self.members) - len(self.coming)):
            actor = self.hand.remote(self.held)
            self.coming[actor.prepare.remote()] = Member(actor)
        if not self.members and now > self.welcomed + LONG_WAIT_S:
            print("no worker has begun yet: the cluster has no free core, or is slow", file=sys.stderr)
            self.welcomed = now

    def feed(self, waiting: Iterator[Task[Key]]) -> bool:
        """Give every actor enough to do; whether there may be more."""
        for member in sorted(self.members, key=lambda member: len(member.given)):
            while len(member.given) < GIVEN_AHEAD:
                task = self.again.popleft() if self.again else next(waiting, None)
                if task is None:
                    return False
                member.given[member.actor.do.remote(task.item)] = task
        return True

    def welcome(self, ref: Any) -> None:
        """Count an actor in that is ready. Raises what it raised, or `EngineError` where none gets ready."""
        member = self.coming.pop(ref)
        try:
            self.get(ref)
        except self.ray.exceptions.RayError as error:
            self.dismiss_one(member)
            self.failed_starts += 1
            if self.failed_starts >= MOST_DEATHS:
                if not self.members:
                    raise EngineError(f"workers can't begin: {first_line(error)}") from error
                self.wanted, self.counted, self.failed_starts = len(self.members), time.monotonic(), 0
            return
        self.failed_starts, self.welcomed = 0, time.monotonic()
        self.members.append(member)

    def collect(self, ref: Any) -> Iterator[tuple[Key, Any]]:
        """A result that is there, or what is to be said of an item that is given up."""
        member = next(member for member in self.members if ref in member.given)
        try:
            result = self.get(ref)
        except self.ray.exceptions.RayError as error:
            yield from self.replace(member, error)
        else:
            yield member.given.pop(ref).key, result

    def get(self, ref: Any) -> Any:
        """A result; raises what the work raised."""
        try:
            return self.ray.get(ref)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause from None

    def replace(self, member: Member[Key], error: BaseException) -> Iterator[tuple[Key, Any]]:
        """Take back what an actor that died was given; the oldest item is what it was at."""
        self.members.remove(member)
        self.dismiss_one(member)
        tasks = list(member.given.values())
        tasks[0].deaths += 1
        if tasks[0].deaths >= MOST_DEATHS:
            yield tasks[0].key, Lost(f"its worker died {MOST_DEATHS} times: {first_line(error)}")
            tasks = tasks[1:]
        self.again.extend(tasks)

    def dismiss(self) -> None:
        """Let every actor go."""
        for member in [*self.members, *self.coming.values()]:
            self.dismiss_one(member)

    def dismiss_one(self, member: Member[Key]) -> None:
        """Let an actor go, wherever it is."""
        with suppress(self.ray.exceptions.RayError, ValueError, ConnectionError):
            self.ray.kill(member.actor)

    def _cores(self) -> int:
        return max(int(self.ray.cluster_resources().get("CPU", 1)), 1)
