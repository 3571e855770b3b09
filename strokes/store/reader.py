"""Opens a dataset, and reads drawings from it: a file, or a folder of shards, here or by URL."""

from __future__ import annotations

from strokes.files.places import Place, place_of
from strokes.store.dataset_file import DatasetFile
from strokes.store.manifest import check_is_file, has_manifest
from strokes.store.writer import DatasetWriter

__all__ = ["DatasetFile", "DatasetWriter", "open_dataset"]


def open_dataset(path: Place | str) -> DatasetFile:
    """The dataset at `path`, checked and ready to read; a context manager.

    >>> import strokes
    >>> with strokes.open_dataset("out/mnist-strokes.h5") as stored:
    ...     print(len(stored), stored.classes[:3], stored[0].label, stored.read(range(2)).points.shape[1])
    100 ('0', '1', '2') 5 2

    Args:
        path: a file, or a folder of shards, or the URL of such a folder.

    Raises:
        StoreError: there is no such file, or it is truncated, damaged, too new, or no dataset of strokes.
        ConfigError: it is a folder of Parquet shards, and pyarrow is not installed.
        SourceError: the URL's kind is unknown, or needs a package that isn't installed.
    """
    place = place_of(path)
    if not has_manifest(place):
        return DatasetFile(check_is_file(place))
    from strokes.store.dataset_folder import DatasetFolder

    return DatasetFolder(place)
