"""Leaves out print beyond a card's edges: a page that the card lies on has lines too, on a level with the card's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from worker.reading.cards import find
from worker.reading.cards.base import Card
from worker.reading.cards.korean import hangul
from worker.reading.cards.korean.rows import Row, part_of

_GAP: Final = 1.1  #: heights of a row with its margins, from the last sign of a page to the first of a card
_WELL: Final = 0.03  #: of a card's image, within the edges, where print is the card's own
_CLOSE: Final = 0.02  #: of it, within the upper or lower edge, where no line of a card has its middle
_SURE: Final = 0.85  #: of a card's outline, beyond which no line is the card's

Places = npt.NDArray[np.intp]
Shares = npt.NDArray[np.float64]


class _Part(NamedTuple):
    """Signs of a row side by side."""

    first: int  #: places of the row from here
    last: int  #: to here
    is_own: bool  #: one of them stands well within the card
    is_inside: bool  #: all of them stand within its edges


def left_out(card: Card, rows: Sequence[Row]) -> list[Row]:
    """The rows without what stands beyond the edges of the card, where those were seen.

    Where a line runs through the left or right edge without a gap, both were seen wrongly and every line stays whole.
    """
    if card.sureness == 0:
        return list(rows)
    own = [row for row in rows if not _is_of_a_page(row, is_sure=card.sureness > _SURE)]
    parts = [_parts(card, row) for row in own]
    if any(part.is_own and not part.is_inside for each in parts for part in each):
        return own
    kept = ([part for part in each if part.is_own or part.is_inside] for each in parts)
    return [_only(row, each) for row, each in zip(own, kept, strict=True) if each]


def _is_of_a_page(row: Row, *, is_sure: bool) -> bool:
    """True across both edges, above or below the card, or on its edge where the line runs on beside it."""
    if row.left < find.EDGE - _WELL and row.right > 1 - find.EDGE + _WELL:
        return True
    if is_sure and not find.EDGE - _CLOSE < row.middle < 1 - find.EDGE + _CLOSE:
        return True
    is_beyond = not find.EDGE + _CLOSE < row.middle < 1 - find.EDGE - _CLOSE
    return is_beyond and (row.left < 0 or row.right > 1)


def _parts(card: Card, row: Row) -> list[_Part]:
    """The signs of a row, parted where a gap is as wide as that from a page's print to a card's."""
    places = np.array([place for place, sign in enumerate(row.printed.text) if sign != hangul.SPACE], np.intp)
    x = row.left + row.printed.centres[places] * (row.right - row.left) / row.line.strip.shape[1]
    height, width = card.image.shape[:2]
    ends = np.flatnonzero(np.diff(x) > _GAP * row.height * height / width) + 1
    return [_part(some, at) for some, at in zip(np.split(places, ends), np.split(x, ends), strict=True)]


def _part(places: Places, x: Shares) -> _Part:
    away = np.minimum(x, 1 - x) - find.EDGE
    return _Part(int(places[0]), int(places[-1]), bool((away > _WELL).any()), bool((away > 0).all()))


def _only(row: Row, parts: Sequence[_Part]) -> Row:
    """What stands on a row from the first to the last of these parts of it."""
    first, last = parts[0].first, parts[-1].last
    if not row.printed.text[:first].strip() and not row.printed.text[last + 1 :].strip():
        return row
    return part_of(row, slice(first, last + 1))
