"""Opens a dataset, and reads drawings from it: a file, or a folder of shards."""

from __future__ import annotations

from pathlib import Path

from strokes.store.dataset_file import DatasetFile
from strokes.store.manifest import has_manifest
from strokes.store.writer import DatasetWriter

__all__ = ["DatasetFile", "DatasetWriter", "open_dataset"]


def open_dataset(path: Path | str) -> DatasetFile:
    """The dataset at `path`, checked and ready to read; a context manager.

    >>> import strokes
    >>> with strokes.open_dataset("out/mnist-strokes.h5") as stored:
    ...     print(len(stored), stored.classes[:3], stored[0].label, stored.read(range(2)).points.shape[1])
    100 ('0', '1', '2') 5 2

    Args:
        path: a file, or a folder of shards.

    Raises:
        StoreError: there is no such file, or it is truncated, damaged, too new, or no dataset of strokes.
        ConfigError: it is a folder of Parquet shards, and pyarrow is not installed.
    """
    if not has_manifest(Path(path)):
        return DatasetFile(Path(path))
    from strokes.store.dataset_folder import DatasetFolder

    return DatasetFolder(Path(path))
