"""Rows of characters as the digits engine tells them, without any picture, and sheets on which digits are lettered."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.reading.cards import digit_alphabet, digit_strips
from worker.reading.cards.digit_lines import Character
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import NUMBER, Row
from worker.reading.cards.digit_strips import Pyramid

PITCH = 20.0


class Sheet:
    """Light paper that is lettered in the face inside OpenCV."""

    def __init__(self):
        self.grey = np.full((400, 640), 220, np.uint8)

    @property
    def pyramid(self):
        return Pyramid(self.grey)

    @property
    def colour(self):
        return np.asarray(cv2.cvtColor(self.grey, cv2.COLOR_GRAY2BGR), np.uint8)

    def letter(self, text, left, foot, size=28, thick=2, kind=NUMBER):
        """Letters a text about `size` px high; the row on which its ink stands."""
        before = self.grey.copy()
        cv2.putText(self.grey, text, (left, foot), cv2.FONT_HERSHEY_DUPLEX, size / 21, 30, thick, cv2.LINE_AA)
        ys, xs = np.nonzero(before > self.grey)
        wide, high = float(np.ptp(xs)) + 1, float(np.ptp(ys)) + 1
        middle = np.array([xs.min() + wide / 2, ys.min() + high / 2])
        return Row(middle, np.array([1.0, 0.0]), wide, high, kind, 0.9)


@pytest.fixture
def sheet():
    """A sheet of its own for every test."""
    return Sheet()


def character(text, x, probability=0.999, second="?"):
    """One character whose second best is known."""
    chances = np.full(len(digit_alphabet.ALPHABET), 1e-4)
    chances[digit_alphabet.ALPHABET.index(second)] = max(min(1 - probability, 0.95 * probability), 1e-4)
    chances += (1 - min(1.0, chances.sum() + probability)) / len(chances)
    chances[digit_alphabet.ALPHABET.index(text)] = probability
    logs = np.log(chances / chances.sum()).astype(np.float32)
    return Character(text, float(np.exp(logs.max())), logs, x, 12.0)


@pytest.fixture
def read_row():
    """Makes a row of a text, spaces being gaps; `doubts` are {place: (probability, second best)} of characters.

    Digits stand `size` times as wide apart as usual.
    """

    def make(text, *, middle=(200.0, 100.0), height=20.0, doubts=None, space=1.0, size=1.0):
        found, x = [], PITCH
        for one in text:
            if one != " ":
                probability, second = (doubts or {}).get(len(found), (0.999, "?"))
                found.append(character(one, x, probability, second))
            x += PITCH * (space if one == " " else 1.0)
        row = Row(np.array(middle), np.array([1.0, 0.0]), x * 0.8, height, NUMBER, 0.9)
        strip = digit_strips.Strip(
            np.zeros((40, int(x)), np.uint8), np.array([0.0, middle[1] - 16]), row.along, 0.8 * size
        )
        return ReadRow(row, strip, tuple(found))

    return make
