"""Rows where any print was found on a card, for pictures in which the row finder saw no digits: slower, less choosy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.reading.cards import digit_reading, find, lines
from worker.reading.cards.base import Card
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import NUMBER, Row
from worker.reading.cards.digit_strips import Pyramid

_LEAST_DIGITS, _LEAST_SURE = 4, 0.6
_SHORTEST: Final = 1.6  #: of a row's height, its length


def read(cards: Sequence[Card], pyramid: Pyramid, larger: float) -> list[ReadRow]:
    """Rows of digits anywhere on these cards, cut from a picture `larger` times smaller than the whole one."""
    found = []
    for card in cards:
        for standing in (card, find.quarter_turned(card)):
            rows = [row.scaled(larger) for row in _rows(standing)]
            read_ = [digit_reading.glance(pyramid, row) for row in rows]
            found += [digit_reading.read_whole(pyramid, one.row) for one in read_ if _has_digits(one)]
    return found


def _has_digits(read_: ReadRow) -> bool:
    sure = [one for one in read_.characters if one.is_digit and one.probability > _LEAST_SURE]
    return len(sure) >= _LEAST_DIGITS


def _rows(card: Card) -> list[Row]:
    """Every line of print on a card, in px of the picture that it was cut from."""
    told = []
    for line in lines.rows(card):
        ends = np.array([line.left, line.right], np.float64)
        up = ends.mean(axis=0) - np.array([0.0, line.height])
        left, right, above = find.to_picture(card, np.vstack([ends, up]))
        middle, length = (left + right) / 2, float(np.hypot(*(right - left)))
        height = float(np.hypot(*(middle - above)))
        if length > _SHORTEST * height > 0:
            told.append(Row(middle, (right - left) / length, length, height, NUMBER, 0.5))
    return told
