"""Reads the rows of a stack one after the other: lines close above and below one that was read, found by their ink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from worker.reading.cards import lines
from worker.reading.cards.base import Card, PrintEngine
from worker.reading.cards.korean import print_lines
from worker.reading.cards.korean.rows import Row, rows_of
from worker.reading.engines.base import Grey

_STEP: Final = 1.45  #: heights of capitals, from the middle of a row to that of the next
_TOWARDS: Final = 0.8  #: of it, that the next row's ink may reach to this one
_AWAY: Final = 1.05  #: and to the one after
_MOST: Final = 3  #: rows above, and below
_DRAWN_OUT: Final = 6  #: times that a row longer than the one beside it is followed further


class _Stack(NamedTuple):
    """Where rows are looked for, by whom they are read, and what says that one belongs here."""

    card: Card
    grey: Grey
    reader: PrintEngine
    tells: Callable[[Row], bool]


def above_and_below(
    card: Card, first: lines.Row, last: lines.Row, tells: Callable[[Row], bool], reader: PrintEngine
) -> tuple[list[Row], list[Row]]:
    """Rows above `first` and below `last`, top to bottom, as long as each `tells` what a row of the stack must tell."""
    stack = _Stack(card, print_lines.grey_of(card.image), reader, tells)
    return _onwards(stack, first, -1)[::-1], _onwards(stack, last, 1)


def _onwards(stack: _Stack, row: lines.Row, sign: int) -> list[Row]:
    found: list[Row] = []
    while len(found) < _MOST and (beside := _next(stack.grey, row, sign)):
        line = lines.cut(stack.grey, beside)
        read = rows_of(stack.card, [line], stack.reader.read_lines([line.strip]))
        if not read or not stack.tells(read[0]):
            break
        found.append(read[0])
        row = beside
    return found


def _next(grey: Grey, row: lines.Row, sign: int) -> lines.Row | None:
    """The row right above or below, measured by its ink; None where that would be beyond the card."""
    (x0, y0), (x1, y1) = row.left, row.right
    down = sign * _STEP * row.height
    told = lines.Row((x0, y0 + down), (x1, y1 + down), row.height)
    if not row.height < told.middle[1] < grey.shape[0] - row.height:
        return None
    towards, away = _TOWARDS * row.height, _AWAY * row.height
    return print_lines.followed(grey, told, (towards, away) if sign > 0 else (away, towards), _DRAWN_OUT)
