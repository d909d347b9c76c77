"""Where rows of a card are looked for: in the whole picture, closer about what was seen, on cards cut out straight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards import digit_rows, find
from worker.reading.cards.base import Card, Colour
from worker.reading.cards.digit_rows import Floats, Row

_SIZES: Final = (416, 672, 288)  #: px of the picture's longest side
_CLOSER: Final = 576  #: px of the longest side of a part of it
_SURE: Final = 0.6  #: of a row that such a part is chosen for
_ROOM: Final = 1.3  #: times the rows' extent, the part's
_LEAST: Final = 32  #: px of its sides
_MOST: Final = 0.75  #: of the picture's longest side; a larger part shows hardly more than the picture did
_STRAIGHT: Final = 672  #: px of the longest side of a card that was cut out
_FINE: Final = 1152  #: px of the longest side of the whole picture at last, for a small card that nothing told


def of(image: Colour, cards: Callable[[], list[Card]]) -> Iterator[list[Row]]:
    """Rows of number or date in `image`, (H, W, 3), as each look sees them; px of it.

    `cards` finds the likeliest cards of the picture when everything else told no number: on a small, turned or
    slanted card short rows are told apart, and small ones seen, only where it was cut out.
    """
    finder, seen = digit_rows.finder(), list[Row]()
    for size in _SIZES:
        rows = finder.rows(image, size)
        seen += rows
        yield rows
    corner, part = _part(image, [row for row in seen if row.sureness > _SURE])
    if part is not None:
        yield [replace(row, middle=row.middle + corner) for row in finder.rows(part, _CLOSER)]
    for card in cards():
        if card.sureness > 0:
            yield [in_picture(card, row) for row in finder.rows(card.image, _STRAIGHT)]
    if max(image.shape[:2]) > max(_SIZES):
        yield finder.rows(image, min(_FINE, max(image.shape[:2])))


def in_picture(card: Card, row: Row) -> Row:
    """A row of a card that was cut out, in px of the picture that it was cut from."""
    along, down = row.along * row.length / 2, row.down * row.height / 2
    ends = np.array([row.middle - along, row.middle + along, row.middle - down, row.middle + down])
    left, right, above, below = find.to_picture(card, ends)
    length = float(np.hypot(*(right - left)))
    lying = replace(row, middle=(left + right) / 2, along=(right - left) / length, length=length)
    return replace(lying, height=abs(float((below - above) @ lying.down)))


def _part(image: Colour, rows: Sequence[Row]) -> tuple[Floats, Colour | None]:
    """The upper left corner of the part of a picture in which these rows lie, and that part; None where it is most."""
    ends = [row.middle + side * row.along * row.length / 2 for row in rows for side in (-1, 1)]
    if not ends:
        return np.zeros(2), None
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    half = np.maximum((high - low) / 2 * _ROOM, float(max(high - low)) / 4) + _LEAST / 2
    first = np.maximum((low + high) / 2 - half, 0).astype(int)
    last = np.minimum((low + high) / 2 + half, image.shape[1::-1]).astype(int)
    if max(last - first) > _MOST * max(image.shape[:2]) or min(last - first) < _LEAST:
        return np.zeros(2), None
    return first.astype(np.float64), np.ascontiguousarray(image[first[1] : last[1], first[0] : last[0]])
