"""What a dataset teaches: a small sequence classifier learns from its strokes and reads what real pens wrote.

Everything is fixed, so that datasets can be compared: a bidirectional LSTM of 64 units, its mean over time; 36 points a
drawing at equal steps, scaled to its box; 12 epochs of 128, Adam at 4e-3 on one cycle, seed 0. The figure hangs on the
seed by several points, and on any small change of what is learned from: other seeds tell how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from strokes.errors import ConfigError
from strokes.evaluation.drawings_report import DrawingsReport
from strokes.ink.drawing import DrawingSet, FloatArray
from strokes.ink.recordings import PenSet
from strokes.ink.resampling import resample_path
from strokes.store.reader import open_dataset
from strokes.training.batches import EpochOrder
from strokes.training.loop import run_epochs
from strokes.training.protocol import Progress, StepResult
from strokes.training.schedule import descend, pace_at

TAUGHT_POINTS = 36
LSTM_UNITS = 64
EPOCHS = 12
BATCH_SIZE = 128
LEARNING_RATE = 4e-3
TEACH_SEED = 0


class SequenceReader(nn.Module):
    """Sequences (batch, 36, 5) of x, y, Δx, Δy, pen-up → logits (batch, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, LSTM_UNITS, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * LSTM_UNITS, classes)

    def forward(self, sequences: Tensor) -> Tensor:
        """Logits (batch, classes)."""
        logits: Tensor = self.head(self.lstm(sequences)[0].mean(dim=1))
        return logits


def judge_teaching(
    path: Path, pens: PenSet, *, per_writer: int = 20, limit: int | None = None, seed: int = TEACH_SEED
) -> DrawingsReport:
    """How well a reader that learned from a dataset's strokes reads real pens of held-out writers.

    Beside it the same reader, learned from the same pens' other writers.

    Args:
        path: a dataset file; its labelled drawings of the split "train", or of all when that is empty.
        pens: real pens in the frame, labelled.
        per_writer: at most so many drawings of a writer are read; 0 for all.
        limit: at most so many drawings, and as many pens, are learned from: the file's first, and pens of all writers
            alike.
        seed: of the readers' weights, and of the order in which they learn.

    Raises:
        StoreError: the file can't be read.
        ConfigError: nothing to learn from or to read, or no class in common.
    """
    own, names = training_drawings(path, limit)
    truth = pens.select(np.flatnonzero(np.isin(np.array([name or "" for name in pens.names]), names)))
    held_out = truth.held_out
    asked = truth.select(np.flatnonzero(held_out))
    asked = asked.capped(per_writer) if per_writer else asked
    others = first_shuffled(truth.select(np.flatnonzero(~held_out)), limit)
    if not len(asked) or not len(others):
        raise ConfigError(
            f"the pens hold {len(asked)} drawings of held-out writers and {len(others)} of others, of the classes in "
            f"{path.name}; expected some of both"
        )
    classes = sorted(set(names))
    answers = np.array([classes.index(name) for name in asked.names if name is not None])
    questions = sequences_of(asked.drawings)
    real_names = [name for name in others.names if name is not None]
    scores = {
        "teach": read_with(questions, sequences_of(own), names, classes, seed=seed) == answers,
        "teach_pens": read_with(questions, sequences_of(others.drawings), real_names, classes, seed=seed) == answers,
    }
    return DrawingsReport(
        title=f"what {path.name} teaches",
        about={
            "learned from": f"{len(own):,} of its drawings; teach_pens: {len(others):,} of real pens",
            "read": f"{len(asked):,} drawings of {len(set(asked.writers)):,} held-out writers",
        },
        scores={name: right.astype(np.float32) for name, right in scores.items()},
        labels=[name or "" for name in asked.names],
        writers=asked.writers,
    )


def training_drawings(path: Path, limit: int | None) -> tuple[DrawingSet, list[str]]:
    """The drawings of a dataset file to learn from, and their labels. Raises `ConfigError` when there is none."""
    with open_dataset(path) as stored:
        chosen = stored.indices("train")
        chosen = chosen if len(chosen) else stored.indices("all")
        labels = stored.column("labels")
        strokes = np.diff(stored.column("drawing_offsets"))
        chosen = chosen[(labels[chosen] >= 0) & (strokes[chosen] > 0)][:limit]
        if not len(chosen):
            raise ConfigError(f"{path} holds no labelled drawing to learn from")
        return stored.read(chosen), [stored.classes[label] for label in labels[chosen].tolist()]


def first_shuffled(pens: PenSet, limit: int | None) -> PenSet:
    """At most so many pens, of all writers alike."""
    return pens.select(np.sort(np.random.default_rng(TEACH_SEED).permutation(len(pens))[:limit]))


def sequences_of(drawings: DrawingSet) -> FloatArray:
    """Drawings as (n, 36, 5): x and y in the drawing's box (-1…1 both), Δx, Δy, and 1 at a stroke's end."""
    paths = np.stack([resample_path(list(drawing.strokes), TAUGHT_POINTS) for drawing in drawings])
    xy = paths[..., :2]
    low, high = xy.min(axis=1, keepdims=True), xy.max(axis=1, keepdims=True)
    xy = 2 * (xy - (low + high) / 2) / np.maximum(high - low, 1e-6)
    steps = np.diff(xy, axis=1, prepend=xy[:, :1])
    return np.concatenate([xy, steps, 1 - paths[..., 2:]], axis=2).astype(np.float32)


def read_with(
    questions: FloatArray, lessons: FloatArray, names: Sequence[str], classes: Sequence[str], *, seed: int
) -> NDArray[np.int64]:
    """What a reader that learned `lessons` of the classes `names` reads in `questions`; indices into `classes`."""
    place = {name: i for i, name in enumerate(classes)}
    reader = train_reader(lessons, np.array([place[name] for name in names], np.int64), classes=len(classes), seed=seed)
    with torch.no_grad():
        answers: NDArray[np.int64] = reader(torch.from_numpy(questions)).argmax(dim=1).numpy()
    return answers


def train_reader(
    lessons: FloatArray, labels: NDArray[np.int64], *, classes: int, seed: int = TEACH_SEED
) -> SequenceReader:
    """A reader that learned sequences (n, 36, 5) of labels (n,)."""
    trainer = SequenceTrainer(lessons, labels, classes=classes, seed=seed)
    run_epochs(trainer)
    return trainer.network.eval()


class SequenceTrainer:
    """A reader in training, on sequences (n, 36, 5) of labels (n,)."""

    def __init__(self, lessons: FloatArray, labels: NDArray[np.int64], *, classes: int, seed: int) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.network = SequenceReader(classes)
        self.optimiser = torch.optim.Adam(self.network.parameters(), LEARNING_RATE)
        self.order = EpochOrder(len(labels), torch.Generator().manual_seed(seed), batch_size=BATCH_SIZE)
        self.inputs, self.targets = torch.from_numpy(lessons), torch.from_numpy(labels)
        self.epochs, self.batch_size = EPOCHS, BATCH_SIZE
        self.progress = Progress(steps_an_epoch=-(-len(labels) // BATCH_SIZE))

    def step(self, step: int) -> StepResult:
        """Step `step`."""
        rows = self.order.at(step % self.progress.steps_an_epoch)
        loss = functional.cross_entropy(self.network(self.inputs[rows]), self.targets[rows])
        pace = pace_at(LEARNING_RATE, "one-cycle", step, EPOCHS * self.progress.steps_an_epoch)
        descend(self.optimiser, loss, pace=pace)
        return StepResult({"cross-entropy": loss.item()})
