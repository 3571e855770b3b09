"""All that a running studio holds: the data folder's samples, the networks, the datasets, and who works where."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from strokes.errors import ConfigError, StoreError
from strokes.files import make_folder
from strokes.ink.drawing import Drawing
from strokes.studio.browsing import Filter, Library, Volume
from strokes.studio.keys import Keys, make_keys
from strokes.studio.marks import Marks
from strokes.studio.reading import Framed, Networks, frame, read, recover_job
from strokes.studio.samples import Samples
from strokes.studio.shelf import Shelf, within
from strokes.studio.training import Training
from strokes.studio.warm import warm_job
from strokes.studio.worker import Tell, Worker

T = TypeVar("T")
Action = Callable[["Studio", Mapping[str, Any], Tell], Awaitable[dict[str, Any] | bytes]]
"""Answers a message of a page; bytes stand for themselves."""
TRAINED = "trained model"
"""The setting that names the model that was trained last."""


@dataclass
class Studio:
    """A studio over a data folder.

    Reading and the disk have a thread each, recovery of single drawings and long work a process, so that none waits for
    another.
    """

    data: Path
    keys: Keys
    samples: Samples
    marks: Marks
    library: Library
    networks: Networks = field(default_factory=Networks)
    shelf: Shelf = field(default_factory=Shelf)
    worker: Worker = field(default_factory=Worker)
    hand: Worker = field(default_factory=lambda: Worker(niceness=0, patient=True))
    reading: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "studio-reading"))
    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "studio-disk"))
    loading: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "studio-loading"))
    training: Training | None = None
    _warm: bool = False
    _loading: list[Volume] = field(default_factory=list)

    @classmethod
    def over(cls, data: Path, files: tuple[Path, ...] = ()) -> Studio:
        """The studio over a data folder, which is made, with dataset files to browse.

        Raises:
            StoreError: the folder or its database can't be used.
        """
        make_folder(data)
        samples = Samples(data)
        studio = cls(data, make_keys(data), samples, Marks(data), Library(files, data))
        trained = samples.setting(TRAINED, "")
        with suppress(ConfigError, StoreError):
            studio.networks.use(within(data, trained) if trained else None)
        return studio

    async def warm_up(self) -> None:
        """Load networks and compiled code once a page is there, so that the first drawing is answered as the next."""
        if self._warm:
            return
        self._warm = True
        line = frame(Drawing((np.array([[0.4, 0.2], [0.5, 0.5], [0.4, 0.8]], np.float32),)))
        for characters in ("digits", "letters"):
            await self.read(read, line.grey, characters)
            await self.recover(line, characters)
        if self.library.given:
            volume = await self.store(self.library.volume, 0)
            await self.store(volume.find, Filter())
            self.load(volume)
        await self.worker.run(warm_job, tell=lambda _: None)

    async def read(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` returns, in the thread of reading."""
        return await asyncio.get_running_loop().run_in_executor(self.reading, work, *arguments)

    async def recover(self, framed: Framed, characters: str) -> dict[str, Any]:
        """The recovery of a drawing, in its own process."""
        found: dict[str, Any] = await self.hand.run(
            recover_job, framed, self.networks.of(characters), tell=lambda _: None
        )
        return found

    def load(self, volume: Volume) -> None:
        """Read a dataset's ink, while its drawings are already shown from the file."""
        if volume not in self._loading:
            self._loading.append(volume)
            self.loading.submit(volume.load_ink)

    async def store(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` returns, in the thread of files."""
        return await asyncio.get_running_loop().run_in_executor(self.disk, work, *arguments)

    def close(self) -> None:
        """End all work and let go of everything."""
        if self.training is not None:
            self.training.stop()
        self.worker.stop()
        self.hand.stop()
        for pool in (self.reading, self.disk, self.loading):
            pool.shutdown(cancel_futures=True)
        self.library.close()
        self.samples.close()
        self.marks.close()
        self.shelf.close()
