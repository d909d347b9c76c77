"""Whether a date stands on the card whose number was read: receipts, calendars and other cards show dates too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from worker.reading.cards import find
from worker.reading.cards.base import Card
from worker.reading.cards.digit_rows import Floats
from worker.reading.cards.payment_date import Month
from worker.reading.cards.payment_number import Number

_SURE: Final = 0.4  #: of a card's four corners
_NEAR: Final = 3.0  #: digits' heights about a number, within which what stands is taken for its card's


def on_card_of(number: Number, cards: Callable[[], Sequence[Card]], larger: float) -> Callable[[Month], bool]:
    """Tells of a month whether it stands on the number's card; it does where no outline of that card was seen.

    `cards` finds cards in a picture `larger` times smaller than the one that the number and the month were read in.
    """
    digits = np.array([digit.row.strip.point(digit.x) for digit in number.digits])

    def is_on_it(month: Month) -> bool:
        middle = np.array(month.box).mean(axis=0)
        if _is_near(number, digits, middle):
            return True
        its = next(
            (card for card in cards() if card.sureness > _SURE and _holds(card, digits.mean(axis=0) / larger)), None
        )
        return its is None or _holds(its, middle / larger)

    return is_on_it


def _is_near(number: Number, digits: Floats, middle: Floats) -> bool:
    row = number.digits[0].row.row
    apart = np.abs((digits - middle) @ np.column_stack((row.along, row.down)))
    return bool((apart.min(axis=0) < _NEAR * row.height).all())


def _holds(card: Card, place: Floats) -> bool:
    """True on a card, and in the little room that it was cut out with."""
    x, y = find.on_card(card, place[None])[0]
    height, width = card.image.shape[:2]
    return bool(0 < x < width and 0 < y < height)
