"""A line of print that has no lower case: its likeliest text under what may stand where. Knows no document."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from worker.reading.cards.base import Corners, LogProbabilities, Printed

DIGITS = string.digits
LETTERS = string.ascii_uppercase

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CapitalLine:
    """What one line says and where it stands on its card. Its repr shows nothing."""

    text: str = field(repr=False)
    log_probabilities: LogProbabilities = field(repr=False)  #: (len(text), len(alphabet)), lower case folded in
    alphabet: str = field(repr=False)
    corners: Corners = field(repr=False)  #: of the strip, in pixels of the card
    centres: Floats = field(repr=False)  #: (len(text),) share of the strip's width
    frames: LogProbabilities = field(repr=False)  #: (n, len(alphabet) + 1) of n equal parts of the strip, blank last

    @property
    def left(self) -> float:
        """X of the first character's middle, px of the card."""
        return float(self.at(float(self.centres[0]))[0])

    @property
    def right(self) -> float:
        """X of the last character's middle, px of the card."""
        return float(self.at(float(self.centres[-1]))[0])

    @property
    def middle(self) -> float:
        """Y of the line's middle at its first character, px of the card."""
        return float(self.at(float(self.centres[0]))[1])

    @property
    def height(self) -> float:
        """Of the strip, px of the card: the capitals' height times 1 + 2 margins."""
        return float(np.hypot(*(self.corners[3] - self.corners[0])))

    @property
    def width(self) -> float:
        """Of the strip, px of the card."""
        return float(np.hypot(*(self.corners[1] - self.corners[0])))

    @property
    def confidence(self) -> float:
        """Geometric mean of the likeliest characters' probabilities, 0..1."""
        return float(np.exp(self.log_probabilities.max(axis=1).mean())) if self.text else 0.0

    def at(self, share: float) -> Floats:
        """The point of the line's middle at a share of its width."""
        start, end = (self.corners[0] + self.corners[3]) / 2, (self.corners[1] + self.corners[2]) / 2
        return np.asarray(start + (end - start) * share, np.float64)

    def part(self, first: int, stop: int) -> CapitalLine:
        """The characters from `first` on, before `stop`."""
        span = slice(first, stop)
        return replace(
            self, text=self.text[span], log_probabilities=self.log_probabilities[span], centres=self.centres[span]
        )

    def own_frames(self) -> LogProbabilities:
        """The frames of its characters, to half a character's width on both sides."""
        count = len(self.frames)
        half = float(self.centres[-1] - self.centres[0]) / max(1, len(self.centres) - 1) / 2
        half = half or self.height / max(1.0, self.width) / 4  # one character only
        first, last = float(self.centres[0]) - 1.2 * half, float(self.centres[-1]) + 1.2 * half
        return self.frames[max(0, round(first * count)) : max(1, min(count, round(last * count)))]

    def with_space(self, place: int) -> CapitalLine:
        """The line with a space in front of the character at `place`, half as sure as a line without it."""
        return self.with_sign(place, " ")

    def with_sign(self, place: int, sign: str) -> CapitalLine:
        """The line with a sign in front of the character at `place`, or at its end, half as sure as without it."""
        row = np.full((1, len(self.alphabet)), np.log(0.5 / len(self.alphabet)), np.float32)
        row[0, self.alphabet.index(sign)] = np.log(0.5)
        behind = float(self.centres[place]) if place < len(self.text) else 1.0
        middle = (float(self.centres[place - 1]) + behind) / 2
        return replace(
            self,
            text=f"{self.text[:place]}{sign}{self.text[place:]}",
            log_probabilities=np.insert(self.log_probabilities, place, row, axis=0),
            centres=np.insert(self.centres, place, middle),
        )

    def without(self, place: int) -> CapitalLine:
        """The line without the character at `place`."""
        return replace(
            self,
            text=self.text[:place] + self.text[place + 1 :],
            log_probabilities=np.delete(self.log_probabilities, place, axis=0),
            centres=np.delete(self.centres, place),
        )

    def of(self, allowed: str) -> CapitalLine:
        """The likeliest text of nothing but `allowed` characters."""
        columns = _columns(self.alphabet, allowed)
        best = self.log_probabilities[:, columns].argmax(axis=1)
        text = "".join(self.alphabet[columns[place]] for place in best)
        return replace(self, text=text)

    def chance(self, text: str) -> Floats:
        """(len(text),) log probability of each character of a text of the same length."""
        columns = [self.alphabet.index(character) for character in text]
        return np.asarray(self.log_probabilities[np.arange(len(columns)), columns], np.float64)

    def pattern(self, text: str) -> list[tuple[int, ...]]:
        """The columns of a text's characters, as `lattice.spelled` asks for them."""
        return [(self.alphabet.index(character),) for character in text]

    def quad(self, margin: float) -> Corners:
        """Corners of the print itself, `margin` of the capitals' height around it cut off; px of the card."""
        share = margin / (1 + 2 * margin)
        around = 0.5 * self.height / max(1.0, float(np.hypot(*(self.corners[1] - self.corners[0])))) / (1 + 2 * margin)
        first, last = max(0.0, float(self.centres[0]) - around), min(1.0, float(self.centres[-1]) + around)
        top_left, top_right, foot_right, foot_left = (np.asarray(corner, np.float64) for corner in self.corners)
        rows = [(top_left, top_right), (foot_left, foot_right)]
        ends = [[start + (end - start) * place for place in (first, last)] for start, end in rows]
        (a, b), (d, c) = ends
        return np.asarray(
            [a + (d - a) * share, b + (c - b) * share, c + (b - c) * share, d + (a - d) * share], np.float32
        )


def fold(printed: Printed, alphabet: str, corners: Corners, width: int) -> CapitalLine:
    """The line with every lower-case letter counted as its capital. `width` is that of the strip."""
    folded, matrix = _folding(alphabet)
    chances = np.exp(printed.log_probabilities) @ matrix
    rows = np.log(np.maximum(chances, 1e-9)).astype(np.float32)
    text = "".join(folded[place] for place in rows.argmax(axis=1)) if len(rows) else ""
    blank = np.exp(printed.frames[:, -1:])
    frames = np.log(np.maximum(np.hstack([np.exp(printed.frames[:, :-1]) @ matrix, blank]), 1e-9)).astype(np.float32)
    return CapitalLine(text, rows, folded, corners, np.asarray(printed.centres / max(1, width), np.float64), frames)


@cache
def _folding(alphabet: str) -> tuple[str, npt.NDArray[np.float32]]:
    folded = "".join(dict.fromkeys(alphabet.upper()))
    matrix = np.zeros((len(alphabet), len(folded)), np.float32)
    for place, character in enumerate(alphabet):
        matrix[place, folded.index(character.upper())] = 1
    return folded, matrix


@cache
def _columns(alphabet: str, allowed: str) -> list[int]:
    return [alphabet.index(character) for character in allowed]


def trimmed(line: CapitalLine) -> CapitalLine:
    """The line without the spaces at both ends."""
    start = len(line.text) - len(line.text.lstrip())
    return line.part(start, max(start, len(line.text.rstrip())))


def distance(first: str, second: str) -> int:
    """How many characters must be changed, left out or put in to make one text the other."""
    costs = list(range(len(second) + 1))
    for row, one in enumerate(first, 1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(second, 1):
            before, costs[column] = (
                costs[column],
                min(costs[column] + 1, costs[column - 1] + 1, before + (one != other)),
            )
    return costs[-1]


def likeness(text: str, word: str, least: float = 0.0) -> float:
    """1 for the same text, 0 for nothing in common; spaces do not count. Below `least` 0 may be told as well."""
    one, other = text.replace(" ", ""), word.replace(" ", "")
    longest = max(len(one), len(other), 1)
    if least and 1 - _strangers(one, other) / longest < least:  # many times quicker than to align them
        return 0.0
    return 1 - distance(one, other) / longest


def _strangers(first: str, second: str) -> int:
    """How many characters of one text the other lacks, wherever they stand: no fewer must be changed."""
    lacking = 0
    for character in first:
        if character in second:
            second = second.replace(character, "", 1)
        else:
            lacking += 1
    return max(lacking, len(second))


def nearest(text: str, words: Sequence[str], least: float) -> str | None:
    """The word most like `text`, or None where none is at least so like it."""
    best = max(words, key=lambda word: likeness(text, word, least))
    return best if likeness(text, best, least) >= least else None
