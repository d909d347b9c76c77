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

_GAP: Final = 1.3  #: times the usual step from sign to sign, between print of a page and that of a card
_MARGIN: Final = 0.015  #: of a card's image, that a card has free of print inside its edges
_WELL: Final = 0.03  #: of it, within the edges, where print is the card's own
_CLOSE: Final = 0.02  #: of it, within the upper or lower edge, where no line of a card has its middle

Places = npt.NDArray[np.intp]


def left_out(card: Card, rows: Sequence[Row]) -> list[Row]:
    """The rows without what stands beyond the edges of the card, where those were seen.

    A line that runs through an edge without a gap stays as it is: there the edge was seen wrongly.
    """
    if card.sureness == 0:
        return list(rows)
    return [part for row in rows if not _is_of_a_page(row) and (part := _inside(row)) is not None]


def _is_of_a_page(row: Row) -> bool:
    """True above or below the card, or on its edge, where the line runs on beside it."""
    is_beyond = not find.EDGE + _CLOSE < row.middle < 1 - find.EDGE - _CLOSE
    return is_beyond and (row.left < 0 or row.right > 1)


def _inside(row: Row) -> Row | None:
    """The signs of a row that stand between the card's left and right edge; None where none does."""
    places = np.array([place for place, sign in enumerate(row.printed.text) if sign != hangul.SPACE], np.intp)
    x = row.left + row.printed.centres[places] * (row.right - row.left) / row.line.strip.shape[1]
    is_inside = (x > find.EDGE) & (x < 1 - find.EDGE)
    if is_inside.all():
        return row
    if not ((x > find.EDGE + _WELL) & (x < 1 - find.EDGE - _WELL)).any():
        return None
    first, last = (int(place) for place in np.flatnonzero(is_inside)[[0, -1]])
    usual = float(np.median(np.diff(x)))
    start, stop = 0, len(row.printed.text)
    if first and x[first] - x[first - 1] > _GAP * usual and x[first] > find.EDGE + _MARGIN:
        start = int(places[first])
    if last + 1 < len(x) and x[last + 1] - x[last] > _GAP * usual and x[last] < 1 - find.EDGE - _MARGIN:
        stop = int(places[last]) + 1
    return row if (start, stop) == (0, len(row.printed.text)) else part_of(row, slice(start, stop))
