"""Judging pictures with one frozen network a set of classes, and reading them: `strokes score`, `strokes classify`.

`score_pictures` takes generated pictures from anywhere; `judge_reader` any reader of pictures.
"""

from __future__ import annotations

from strokes.scoring.accuracy import Accuracy, accuracy_of
from strokes.scoring.frechet import frechet_distance
from strokes.scoring.generated import score_pictures
from strokes.scoring.inception import inception_score, small_inception_score
from strokes.scoring.judge import Seen, load_judge, look
from strokes.scoring.neighbours import nearest, precision_recall
from strokes.scoring.reading import (
    ClassifierReader,
    GeneratorReader,
    Named,
    Reader,
    Redrawer,
    classify,
    find_reader,
    judge_reader,
    name_pictures,
)
from strokes.scoring.reading_report import ReadingReport, Redrawing
from strokes.scoring.report import ScoreReport
from strokes.scoring.scores import Neighbours, Scores
from strokes.scoring.sources import read_made, read_pictures, read_real

__all__ = [
    "Accuracy",
    "ClassifierReader",
    "GeneratorReader",
    "Named",
    "Neighbours",
    "Reader",
    "ReadingReport",
    "Redrawer",
    "Redrawing",
    "ScoreReport",
    "Scores",
    "Seen",
    "accuracy_of",
    "classify",
    "find_reader",
    "frechet_distance",
    "inception_score",
    "judge_reader",
    "load_judge",
    "look",
    "name_pictures",
    "nearest",
    "precision_recall",
    "read_made",
    "read_pictures",
    "read_real",
    "score_pictures",
    "small_inception_score",
]
