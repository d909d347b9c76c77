"""Leaves out print beyond a card's edges: a page that the card lies on has lines too, on a level with the card's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.reading.cards import find
from worker.reading.cards.base import Card
from worker.reading.cards.korean import hangul
from worker.reading.cards.korean.rows import Row, part_of

_GAP: Final = 1.1  #: heights of a row with its margins, from the last sign of a page to the first of a card
_MARGIN: Final = 0.015  #: of a card's image, that a card has free of print inside its edges
_WELL: Final = 0.03  #: of it, within the edges, where print is the card's own
_CLOSE: Final = 0.02  #: of it, within the upper or lower edge, where no line of a card has its middle
_SURE: Final = 0.85  #: of a card's outline, beyond which no line is the card's

Places = npt.NDArray[np.intp]
Shares = npt.NDArray[np.float64]


def left_out(card: Card, rows: Sequence[Row]) -> list[Row]:
    """The rows without what stands beyond the edges of the card, where those were seen.

    Where a line runs through the left or right edge without a gap, both were seen wrongly and every line stays whole.
    """
    if card.sureness == 0:
        return list(rows)
    own = [row for row in rows if not _is_of_a_page(row, is_sure=card.sureness > _SURE)]
    if any(_runs_through(card, row) for row in own):
        return own
    return [part for row in own if (part := _inside(card, row)) is not None]


def _is_of_a_page(row: Row, *, is_sure: bool) -> bool:
    """True above or below the card, or on its edge where the line runs on beside it."""
    if is_sure and not find.EDGE - _CLOSE < row.middle < 1 - find.EDGE + _CLOSE:
        return True
    is_beyond = not find.EDGE + _CLOSE < row.middle < 1 - find.EDGE - _CLOSE
    return is_beyond and (row.left < 0 or row.right > 1)


def _signs(row: Row) -> tuple[Places, Shares]:
    """The places of a row that are no blanks, and where on the card they stand."""
    places = np.array([place for place, sign in enumerate(row.printed.text) if sign != hangul.SPACE], np.intp)
    x = row.left + row.printed.centres[places] * (row.right - row.left) / row.line.strip.shape[1]
    return places, np.asarray(x, np.float64)


def _gap(card: Card, row: Row) -> float:
    height, width = card.image.shape[:2]
    return float(_GAP * row.height * height / width)


def _runs_through(card: Card, row: Row) -> bool:
    """True where signs stand on both sides of an edge without a gap, and well within the card too."""
    _, x = _signs(row)
    near = np.diff(x) < _gap(card, row)
    is_within = bool(((x > find.EDGE + _WELL) & (x < 1 - find.EDGE - _WELL)).sum() > 1)
    left, right = ((x[:-1] < edge) & (x[1:] >= edge) for edge in (find.EDGE, 1 - find.EDGE))
    return is_within and bool((near & (left | right)).any())


def _inside(card: Card, row: Row) -> Row | None:
    """The signs of a row that stand between the card's left and right edge; None where none does."""
    places, x = _signs(row)
    is_inside = (x > find.EDGE) & (x < 1 - find.EDGE)
    if is_inside.all():
        return row
    if not ((x > find.EDGE + _WELL) & (x < 1 - find.EDGE - _WELL)).any():
        return None
    first, last = (int(place) for place in np.flatnonzero(is_inside)[[0, -1]])
    gap, start, stop = _gap(card, row), 0, len(row.printed.text)
    if first and x[first] - x[first - 1] > gap and x[first] > find.EDGE + _MARGIN:
        start = int(places[first])
    if last + 1 < len(x) and x[last + 1] - x[last] > gap and x[last] < 1 - find.EDGE - _MARGIN:
        stop = int(places[last]) + 1
    return row if (start, stop) == (0, len(row.printed.text)) else part_of(row, slice(start, stop))
