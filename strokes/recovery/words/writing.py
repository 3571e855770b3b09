"""Words and lines from one writer's letters: printed, or joined into one stroke with dots and bars after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strokes.recovery.words.letters import LetterBook, Stroke

FREQUENT = "etaoinshrdlcumwfgypbvkxjqz"
POWERS = np.array([12, 9, 8, 8, 7, 7, 6, 6, 6, 4, 4, 3, 3, 3, 2.4, 2.2, 2, 2, 2, 1.8, 1.2, 1, 0.5, 0.5, 0.5, 0.5])
MAIN_SHARE = 0.35
"""A letter's first stroke carries the join when it has this share of the letter's length; else its longest does."""
LIGATURE_POINTS = 9
TANGENT = 0.25
"""A stroke's direction at its end is that of a span of so many x-heights."""


@dataclass(frozen=True)
class WordHabits:
    """How a word is written.

    Attributes:
        joined: whether each letter is led on to the next.
        late: whether dots and bars wait for the word's end; else each follows its letter.
        gap: between letters, in x-heights.
        wobble: of each letter's baseline, in x-heights, standard deviation.
        unequal: of the logarithm of each letter's size.
        roundness: how far ligatures keep to the strokes' own directions; 0 for straight lines.
    """

    joined: bool
    late: bool
    gap: float
    wobble: float = 0.05
    unequal: float = 0.05
    roundness: float = 0.6


def draw_habits(random: np.random.Generator, *, joined: float = 0.6) -> WordHabits:
    """Habits at random; joined with that chance."""
    joins = bool(random.random() < joined)
    return WordHabits(
        joined=joins,
        late=bool(random.random() < (0.75 if joins else 0.08)),
        gap=float(max(random.normal(0.3, 0.16), 0.02)),
        wobble=float(abs(random.normal(0, 0.07))),
        unequal=float(abs(random.normal(0, 0.06))),
        roundness=float(max(random.uniform(-0.3, 1.2), 0)),
    )


class Writer:
    """One writer's letters, by label.

    Args:
        book: recordings.
        code: the writer.
    """

    def __init__(self, book: LetterBook, code: str) -> None:
        self.book, self.code = book, code
        rows = np.flatnonzero(book.writers == code)
        self.rows = {str(label): rows[book.labels[rows] == label] for label in np.unique(book.labels[rows])}
        self.low = "".join(letter for letter in FREQUENT if letter in self.rows)
        self.chances = POWERS[[FREQUENT.index(letter) for letter in self.low]]
        self.capitals = [label for label in self.rows if label.isupper()]
        self.digits = [label for label in self.rows if label.isdigit()]

    def spell(self, length: int, random: np.random.Generator) -> str:
        """Letters that this writer has, as often as English has them or all alike."""
        chances = self.chances ** random.choice([0.3, 1.0])
        kind = random.random()
        if kind < 0.05 and len(self.capitals) > 5:
            return "".join(random.choice(self.capitals, length))
        if kind < 0.08 and len(self.digits) > 5:
            return "".join(random.choice(self.digits, length))
        word = "".join(random.choice(list(self.low), length, p=chances / chances.sum()))
        if kind < 0.25 and self.capitals:
            word = str(random.choice(self.capitals)) + word[1:]
        return word

    def letters(self, word: str, random: np.random.Generator) -> list[list[Stroke]]:
        """A recording of each letter."""
        return [self.book.strokes(int(random.choice(self.rows[letter]))) for letter in word]


def find_writers(book: LetterBook, *, least: int = 8) -> list[Writer]:
    """The writers of at least so many different lower-case letters."""
    writers = [Writer(book, str(code)) for code in np.unique(book.writers)]
    return [writer for writer in writers if len(writer.low) >= least]


def write_word(
    word: str, letters: Sequence[list[Stroke]], habits: WordHabits, random: np.random.Generator
) -> list[Stroke]:
    """The strokes of a word in x-heights, in the pen's order; the first letter's left edge at 0.

    Args:
        word: the letters' labels.
        letters: the strokes of each, left edge and baseline at 0.
        habits: how they are put together.
        random: for sizes and places.
    """
    placed, cursor = [], 0.0
    for own in letters:
        size = float(np.exp(random.normal(0, habits.unequal)))
        offset = np.array([cursor, random.normal(0, habits.wobble)])
        placed.append([stroke * size + offset for stroke in own])
        cursor = max(float(stroke[:, 0].max()) for stroke in placed[-1])
        cursor += max(habits.gap + random.normal(0, 0.08), 0.02)
    if habits.joined:
        return _join(word, placed, habits)
    if not habits.late:
        return [stroke for own in placed for stroke in own]
    mains = [main_stroke(own) for own in placed]
    first = [own[main] for own, main in zip(placed, mains, strict=True)]
    return first + [own[k] for own, main in zip(placed, mains, strict=True) for k in range(len(own)) if k != main]


def _join(word: str, placed: list[list[Stroke]], habits: WordHabits) -> list[Stroke]:
    """Each letter's main stroke led on to the next one's; what is left over late, or breaking the line."""
    written: list[Stroke] = []
    line: list[Stroke] = []
    late: list[Stroke] = []
    for number, own in enumerate(placed):
        main = main_stroke(own)
        rest = [own[k] for k in range(len(own)) if k != main]
        if line:
            line += [ligature(line[-1], own[main], habits.roundness)]
        line += [own[main]]
        if not habits.late and rest:
            written += [np.concatenate(line), *rest]
            line = [line[-1][-1:]] if number + 1 < len(placed) else []
        else:
            late += rest
    if line:
        written.append(np.concatenate(line))
    return written + late


def main_stroke(strokes: Sequence[Stroke]) -> int:
    """Which stroke carries the join."""
    lengths = np.array([length_of(stroke) for stroke in strokes])
    return 0 if lengths[0] >= MAIN_SHARE * lengths.sum() else int(lengths.argmax())


def length_of(stroke: Stroke) -> float:
    """A stroke's length."""
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum())


def ligature(before: Stroke, after: Stroke, roundness: float) -> Stroke:
    """The points from one stroke's end to another's start: a cubic that keeps to their directions."""
    start, end = before[-1], after[0]
    apart = float(np.hypot(*(end - start)))
    leaving = _direction(before[::-1]) * -roundness * apart
    arriving = _direction(after) * roundness * apart
    straight = (end - start) * max(1 - roundness, 0)
    t = np.linspace(0, 1, LIGATURE_POINTS)[1:-1, None]
    hermite = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * (leaving + straight)
    hermite += (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * (arriving + straight)
    return np.asarray(hermite)


def _direction(stroke: Stroke) -> NDArray[np.float64]:
    """The unit vector from a stroke's start to where it is `TANGENT` away."""
    away = stroke - stroke[0]
    far = np.flatnonzero(np.hypot(*away.T) >= TANGENT)
    along = away[far[0]] if len(far) else away[-1]
    return np.asarray(along / max(float(np.hypot(*along)), 1e-9))


def write_line(words: Sequence[list[Stroke]], gaps: Sequence[float]) -> list[Stroke]:
    """Words side by side, a gap of so many x-heights before each."""
    strokes: list[Stroke] = []
    cursor = 0.0
    for word, gap in zip(words, gaps, strict=True):
        left = min(float(stroke[:, 0].min()) for stroke in word)
        moved = [stroke + np.array([cursor + gap - left, 0.0]) for stroke in word]
        strokes += moved
        cursor = max(float(stroke[:, 0].max()) for stroke in moved)
    return strokes
