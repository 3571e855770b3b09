"""A dataset as a folder that can be uploaded as it is: Parquet, a card, Croissant, checksums, pictures and figures."""

from __future__ import annotations

from pathlib import Path

from strokes.errors import ConfigError
from strokes.evaluation.dataset import judge_dataset
from strokes.evaluation.report import Report
from strokes.files import atomic_folder
from strokes.formats.parquet import write_parts
from strokes.publishing.card import About, write_card
from strokes.publishing.checks import verify_published, write_checksums
from strokes.publishing.croissant import write_croissant
from strokes.publishing.shows import write_pictures_of
from strokes.store.reader import open_dataset

__all__ = ["publish", "verify_published"]

JUDGED_FOR_CARD = 2000


def publish(
    dataset: Path,
    out: Path,
    *,
    title: str = "",
    licence: str = "",
    authors: str = "",
    url: str = "",
    judged: int = JUDGED_FOR_CARD,
    overwrite: bool = False,
) -> int:
    """Make the folder `out` of a dataset file; it appears only when whole.

    Args:
        dataset: the file.
        out: the folder to make.
        title: of the dataset; by default its file's name.
        licence: by default what the file says.
        authors: who made it, for the citation.
        url: where it will lie.
        judged: how many drawings are judged by their pictures for the card's figures; 0 for none.
        overwrite: replace an earlier publication.

    Returns:
        how many drawings there are.

    Raises:
        ConfigError: the licence is unknown, or pyarrow is not installed.
        StoreError: the dataset can't be read, or `out` exists or can't be written.
    """
    with open_dataset(dataset) as stored, atomic_folder(out, overwrite=overwrite) as folder:
        known = str(stored.attributes.get("licence", ""))
        if not (licence or known):
            raise ConfigError(f"{dataset} doesn't say its licence; give it as --licence")
        about = About(
            title=title or dataset.stem,
            licence=licence or known,
            authors=authors or "strokes (penstrokes)",
            url=url,
            dataset=dataset.name,
            out=out.name,
        )
        parts = write_parts(stored, folder)
        write_pictures_of(stored, dataset, folder)
        report = _judge(dataset, judged) if "images" in stored.names and judged and len(stored) else None
        write_card(stored, parts, folder, about, report)
        write_croissant(stored, parts, folder, about)
        write_checksums(folder)
        return len(stored)


def _judge(dataset: Path, judged: int) -> Report:
    return judge_dataset(dataset, limit=judged)
