"""Reads every line about a card number, for cards on which no date was seen: what finds rows overlooks some print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from worker.reading.cards import digit_reading, payment_date
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import DATE, Row
from worker.reading.cards.digit_strips import Pyramid
from worker.reading.cards.payment_number import Number

_SIZES: Final = (0.8, 0.6, 0.45)  #: times a number's height, a date's
_AWAY: Final = (0.9, 4.6)  #: of a number's heights above and below it, from where to where dates are looked for
_STEP: Final = 0.4  #: of a date's height, from line to line
_BESIDE: Final = 4.0  #: of a number's heights, that lines reach beyond its ends
_SHORTEST: Final = 20.0  #: the same, of a line about groups in a stack
_TALLEST: Final = 1.7  #: times the step from digit to digit, a digit's height
_LEAST: Final = 0.6  #: probability of a date that is one: textures show some that are less sure


def read(pyramid: Pyramid, number: Number) -> list[ReadRow]:
    """The lines on which a date stands: of several readings of one, what most of them say is to be taken."""
    read_ = (digit_reading.once(pyramid, row) for size in _SIZES for row in _rows(number, size))
    return [one for one in read_ if _shows_date(one)]


def _shows_date(read_: ReadRow) -> bool:
    return any(month.probability >= _LEAST for month in payment_date.months(read_))


def _rows(number: Number, size: float) -> Iterator[Row]:
    """Lines above and below a number, `size` times as high, and beside groups in a stack."""
    row = number.digits[0].row.row
    places = np.array([digit.row.strip.point(digit.x) for digit in number.digits])
    x, y = places @ row.along, places @ row.down
    height = min(row.height, _TALLEST * float(np.median([np.hypot(*(its - one)) for one, its in pairwise(places)])))
    length = max(float(np.ptp(x)) + 2 * _BESIDE * height, _SHORTEST * height)
    middle = row.along * (x.min() + x.max()) / 2
    is_stack = float(np.ptp(y)) > height
    near, far = (away * height for away in _AWAY)
    for down in np.arange(y.min() - far, y.max() + far, _STEP * size * height):
        if is_stack or not y.min() - near < down < y.max() + near:
            yield replace(row, middle=middle + row.down * down, length=length, height=height * size, kind=DATE)
