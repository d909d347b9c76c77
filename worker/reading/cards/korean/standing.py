"""Sets a card by its print: which side lies along x, level, and close enough. What the print says is read elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from worker.reading.cards import find, lines
from worker.reading.cards.base import Card, Colour
from worker.reading.cards.korean import print_lines

_LEVEL: Final = 0.03  #: slope of print, from which an outline is not believed
_FEWEST: Final = 4  #: lines that tell where a card is
_FEWEST_KNOWN: Final = 2  #: the same of lines that were read and are known to be a card's
_WIDTH: Final = 42  #: times the height of its capitals, that a card with some room about it is wide
_WIDTH_BY_LARGE: Final = 28  #: the same by the capitals of its title, its number and its issuer
_LONG: Final = 2.0  #: of its height, a line that tells it
_ALIKE: Final = 0.12  #: by which slopes of lines of one card differ
_SIZES: Final = 2.6  #: times the usual height, the highest of its lines
_AROUND: Final = 0.07  #: of the print's width, kept around it
_ROOM: Final = 0.2  #: the same where lines of the card may not have been read yet
_SHAPE: Final = find.WIDTH / find.HEIGHT
_ENOUGH: Final = 0.2  #: of the print that runs along one side, what is worth a look along the other


def lying(picture: Colour, card: Card) -> Iterator[tuple[Card, list[lines.Row]]]:
    """The card without red, its print along x and level, and where its lines stand. Up or down is not told.

    Where no edge of a card was seen, or seen wrongly, it is cut out around its print; and where print runs along both
    sides of such a picture, that along the other side comes second.
    """
    card = print_lines.without_red(card)
    rows = print_lines.rough(card)
    slope = lines.slope_of(rows)
    if card.sureness > 0:
        yield _levelled(*_around(picture, card, rows, slope)) if abs(slope) > _LEVEL else _levelled(card, rows)
        return
    other = find.quarter_turned(card)
    ways = sorted([(card, rows), (other, print_lines.rough(other))], key=lambda way: -_length(way[1]))
    for turned, found in ways:
        if _length(found) > _ENOUGH * _length(ways[0][1]):
            yield _levelled(*_around(picture, turned, found, lines.slope_of(found)))


def about(picture: Colour, card: Card, read: Sequence[lines.Row]) -> tuple[Card, list[lines.Row]]:
    """As `lying`, of a card of which these lines on an upright cut were read: cut anew with room about them."""
    usual = float(np.median([row.height for row in read])) if read else 0.0
    return _levelled(*_around(picture, card, list(read), lines.slope_of(read), room=_ROOM, least=_WIDTH * usual))


def about_known(picture: Colour, card: Card, read: Sequence[lines.Row]) -> tuple[Card, list[lines.Row]]:
    """As `about`, of its title, numbers and issuer, in large print: what stands about them may be of a page below."""
    usual = float(np.median([row.height for row in read])) if read else 0.0
    return _around(picture, card, list(read), lines.slope_of(read), room=_ROOM, least=_WIDTH_BY_LARGE * usual)


def _length(rows: Sequence[lines.Row]) -> float:
    return sum(row.length for row in rows if row.length > _LONG * row.height)


def _around(
    picture: Colour, card: Card, rows: list[lines.Row], slope: float, *, room: float = _AROUND, least: float = 0.0
) -> tuple[Card, list[lines.Row]]:
    """The rectangle that the print fills, which stands at `slope`, cut from all pixels of the picture.

    It is at least `least` px of the card wide; without such a width a few lines do not tell it.
    """
    told = _of_one_card(rows, slope)
    if len(told) < (_FEWEST_KNOWN if least else _FEWEST):
        return card, rows
    along = np.array([1.0, slope]) / np.hypot(1.0, slope)
    axes = np.stack([along, [-along[1], along[0]]])
    ends = np.array([end for row in told for end in (row.left, row.right)]) @ axes.T
    low, high = ends.min(axis=0), ends.max(axis=0)
    room = max(room * (high[0] - low[0]), (least - (high[0] - low[0])) / 2)
    wide, tall = high - low + 2 * room
    (left, top), (right, bottom) = (
        side + sign * (room + np.array([max(0.0, tall * _SHAPE - wide), max(0.0, wide / _SHAPE - tall)]) / 2)
        for side, sign in ((low, -1), (high, 1))
    )
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) @ axes
    close = find.cut(picture, np.asarray(find.to_picture(card, corners), np.float32), 0.0)
    plain = print_lines.without_red(close)
    return plain, print_lines.rough(plain)


def _of_one_card(rows: Sequence[lines.Row], slope: float) -> list[lines.Row]:
    """Lines that stand alike and are about as high as the others."""
    alike = [row for row in rows if row.length > _LONG * row.height and abs(row.slope - slope) < _ALIKE]
    usual = float(np.median([row.height for row in alike] or [0.0]))
    return [row for row in alike if usual / _SIZES < row.height < usual * _SIZES]


def _levelled(card: Card, rows: list[lines.Row]) -> tuple[Card, list[lines.Row]]:
    """The card with lines that meet in one point made parallel."""
    slope = lines.slope_of(rows)
    growth = lines.growth_of(rows, slope)
    height = card.image.shape[0]
    if abs(slope) + abs(growth) * height / 2 <= _LEVEL:
        return card, rows
    level = find.levelled(card, slope + growth * (height / 2 - _middle(rows)), growth)
    return level, print_lines.rough(level)


def _middle(rows: Sequence[lines.Row]) -> float:
    """Y that half of the print stands above."""
    order = sorted(rows, key=lambda row: row.middle[1])
    weights = np.cumsum([row.length for row in order])
    return order[int(np.searchsorted(weights, weights[-1] / 2))].middle[1]
