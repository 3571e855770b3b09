"""Judging generated pictures: what a judge says of them, and the same of real ones beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from strokes.errors import ConfigError
from strokes.evaluation.generated_report import GeneratedReport, sheets_of
from strokes.evaluation.scores import Neighbours, Scores
from strokes.ink.pictures import GreySet
from strokes.metrics.accuracy import accuracy_of
from strokes.metrics.frechet import frechet_distance
from strokes.metrics.inception import SMALL, inception_score, small_inception_score
from strokes.metrics.precision_recall import nearest_of, precision_recall
from strokes.recognition.choose import Seen, load_judge, look
from strokes.recognition.classifier import Classifier

MOST = 10_000
"""Of more generated or test pictures, so many are judged, chosen at random."""
RARE = 1
"""The percentile of real test pictures' distances below which a picture is suspiciously near a training picture."""
Nearness = tuple[float, float, float]
"""Fréchet distance, precision, recall."""


def score_generated(
    generated: GreySet,
    *,
    real_test: GreySet,
    real_train: GreySet | None = None,
    judge: Classifier | None = None,
    seed: int = 0,
) -> GeneratedReport:
    """Judge generated pictures beside real test pictures.

    Args:
        generated: labelled by the class that each was asked for, or unlabelled.
        real_test: of these, the classes of `generated` are taken where it has some.
        real_train: what the generator learned from, for nearest neighbours; also for how near real pictures come to
            the test pictures, which otherwise is measured between two halves of these.
        judge: a classifier of grey pictures; by default the shipped one of the fewest classes that knows them all.
        seed: of all that is drawn.

    Raises:
        ConfigError: no judge knows the classes, or there are fewer than 100 pictures on a side.
    """
    judge = judge or load_judge(generated.classes or real_test.classes)
    random = np.random.default_rng(seed)
    made, test = at_most(generated, MOST, random), of_classes(real_test, generated.classes or judge.classes)
    test = at_most(test, MOST, random)
    check_counts(made, test)
    seen, seen_test = look(judge, made), look(judge, test)
    train = None if real_train is None else of_classes(real_train, generated.classes or judge.classes)
    seen_train = None if train is None else look(judge, train)
    scores = score_seen(seen, near(seen, seen_test), judge.classes, seed)
    real = score_seen(seen_test, near(*stand_ins(seen_test, seen_train, len(made), random)), judge.classes, seed)
    if train is not None and seen_train is not None:
        own, others = (find_nearest_pictures(a, b, train, seen_train) for a, b in ((made, seen), (test, seen_test)))
        scores, real = mark_memorised(scores, own, others), mark_memorised(real, others, others)
    about = {
        "generated": f"{len(made):,} pictures",
        "real": " of ".join(filter(None, [f"{len(test):,} test pictures", real_test.name])),
        "judge": f"the shipped reader of {len(judge.classes)} classes; no figure of another judge compares",
        "how near real ones are": "two halves of the test pictures" if train is None else "training to test pictures",
    }
    return GeneratedReport(
        generated.name or "generated pictures", about, scores, real, sheets_of(made, test, train, scores)
    )


def score_seen(seen: Seen, nearness: Nearness, classes: Sequence[str], seed: int) -> Scores:
    """What a judge sees in pictures, in figures."""
    return Scores(
        len(seen.asked),
        *inception_score(seen.probabilities, seed=seed),
        *small_inception_score(seen.probabilities, seed),
        *nearness,
        accuracy_of(seen.probabilities.argmax(axis=1), seen.asked, classes),
    )


def near(seen: Seen, reference: Seen) -> Nearness:
    """How near pictures are to others, by their features."""
    return (
        frechet_distance(seen.features, reference.features),
        *precision_recall(seen.features, reference.features),
    )


def stand_ins(test: Seen, train: Seen | None, count: int, random: np.random.Generator) -> tuple[Seen, Seen]:
    """Real pictures in place of `count` generated ones, and those that they are held against."""
    if train is not None:
        return train.select(random.permutation(len(train.asked))[:count]), test
    order = random.permutation(len(test.asked))
    return test.select(order[: len(order) // 2]), test.select(order[len(order) // 2 :])


def find_nearest_pictures(pictures: GreySet, seen: Seen, train: GreySet, seen_train: Seen) -> Neighbours:
    """The training pictures nearest to pictures."""
    flat = pictures.images.reshape(len(pictures), -1)
    index, apart = nearest_of(flat, train.images.reshape(len(train), -1))
    _, features = nearest_of(seen.features, seen_train.features)
    return Neighbours(index, apart / (255 * np.sqrt(flat.shape[1])), features)


def mark_memorised(scores: Scores, own: Neighbours, real: Neighbours) -> Scores:
    """The scores with their neighbours, and the shares that are nearer to one than nearly all real pictures are."""
    return replace(
        scores,
        neighbours=own,
        memorised_px=float((own.pixel_rms < np.percentile(real.pixel_rms, RARE)).mean()),
        memorised_features=float((own.features < np.percentile(real.features, RARE)).mean()),
    )


def of_classes(real: GreySet, classes: Sequence[str]) -> GreySet:
    """Real pictures of these classes; all of them where nothing is labelled."""
    return real.as_classes(classes) if (real.labels >= 0).any() else real


def at_most(pictures: GreySet, count: int, random: np.random.Generator) -> GreySet:
    """The pictures, or of more than `count` so many, in their order."""
    if len(pictures) <= count:
        return pictures
    return pictures.select(np.sort(random.permutation(len(pictures))[:count]))


def check_counts(made: GreySet, test: GreySet) -> None:
    """Raise `ConfigError` when there are too few pictures to be judged."""
    for pictures, what in ((made, "generated"), (test, "real test")):
        if len(pictures) < SMALL:
            raise ConfigError(
                f"there are {len(pictures)} {what} pictures of the classes asked for; expected at least {SMALL}"
            )
