"""Reads one row of digits: cut, read at a few sizes and, where that is in doubt, from its other end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from worker.reading.cards import digit_strips
from worker.reading.cards.digit_lines import Character
from worker.reading.cards.digit_rows import Row

_SURE: Final = 0.97  #: mean probability at which no other size is tried
_OTHER_SIZES: Final = (0.78, 1.28, 0.62)  #: times the height that the finder told
_AGAIN: Final = (0.78, 0.9, 1.28, 0.62)  #: the same, of looks at what was read already
_THICK: Final = (6.5, 10.0)  #: times its height, a row's length, where a ground with a pattern was taken for print
_SIZES_OF_THICK: Final = (0.5, 0.4)  #: times that height
_FURTHER: Final = 2  #: times that a row is drawn out
_GROUP: Final = 4.5  #: row heights, of a group with its space
_CLOSE: Final = 1.1  #: steps from digit to digit, from the last one to the end of a strip that may cut others off
_WORTH: Final = 0.6  #: what an unsure character costs against a sure one


@dataclass(frozen=True, slots=True, eq=False)
class ReadRow:
    """A row and what is printed in it, left to right."""

    row: Row
    strip: digit_strips.Strip = field(repr=False)
    characters: tuple[Character, ...] = field(repr=False)

    @property
    def sureness(self) -> float:
        """Mean probability of its characters, 0 without any."""
        return float(np.mean([one.probability for one in self.characters])) if self.characters else 0.0

    @property
    def worth(self) -> float:
        """How much was surely read: long and sure beats short or unsure."""
        return sum(one.probability - _WORTH for one in self.characters if one.text != "?")

    @property
    def pitch(self) -> float:
        """Strip px from digit to digit, the median; 0 with fewer than two."""
        places = [one.x for one in self.characters]
        return float(np.median(np.diff(places))) if len(places) > 1 else 0.0


def read(pyramid: digit_strips.Pyramid, row: Row) -> ReadRow:
    """Reads a row as it is told to lie."""
    best = once(pyramid, row)
    is_thick = _THICK[0] < row.length / row.height < _THICK[1]
    if best.sureness >= _SURE and (best.worth > 0 or not is_thick):
        return best
    sizes = (*_OTHER_SIZES, *(_SIZES_OF_THICK if is_thick else ()))
    return max([best, *(once(pyramid, row, tall) for tall in sizes)], key=lambda one: one.worth)


def read_either_way(pyramid: digit_strips.Pyramid, row: Row) -> ReadRow:
    """Reads a row from the end that tells more, and further where digits stand at its very ends."""
    first = read(pyramid, row)
    if first.sureness < _SURE or first.worth <= 0:
        first = max(first, read(pyramid, row.turned()), key=lambda one: one.worth)
    return _to_its_ends(pyramid, first)


def read_whole(pyramid: digit_strips.Pyramid, row: Row) -> ReadRow:
    """Reads a row as it is told to lie, and further where digits stand at its very ends."""
    return _to_its_ends(pyramid, read(pyramid, row))


def _to_its_ends(pyramid: digit_strips.Pyramid, first: ReadRow) -> ReadRow:
    for _ in range(_FURTHER):
        before, behind = cut_ends(first)
        if not before and not behind:
            break
        further = read(pyramid, drawn_out(first.row, before=before, behind=behind))
        if further.worth <= first.worth:
            break
        first = further
    return first


def cut_ends(one: ReadRow) -> tuple[bool, bool]:
    """Whether a digit stands so close to the strip's left and right end that another may follow."""
    close, width = _CLOSE * one.pitch, one.strip.grey.shape[1]
    first, last = one.characters[:1], one.characters[-1:]
    return (
        any(character.is_digit and character.x < close for character in first),
        any(character.is_digit and character.x > width - close for character in last),
    )


def drawn_out(row: Row, *, before: bool = True, behind: bool = True) -> Row:
    """The row with room for a group more at its ends: the finder may have seen a part of it."""
    more = _GROUP * row.height
    shift = (behind - before) * more / 2
    return replace(row, length=row.length + (before + behind) * more, middle=row.middle + row.along * shift)


def at_other_sizes(pyramid: digit_strips.Pyramid, rows: Sequence[Row]) -> Iterator[list[ReadRow]]:
    """All rows read once at every other size, whether they were read surely or not: do they say the same?"""
    for tall in _AGAIN:
        yield [once(pyramid, row, tall) for row in rows]


def glance(pyramid: digit_strips.Pyramid, row: Row) -> ReadRow:
    """Reads a row once from either end and tells the better: enough to see whether digits are there."""
    return max((once(pyramid, one) for one in (row, row.turned())), key=lambda one: one.worth)


def once(pyramid: digit_strips.Pyramid, row: Row, tall: float = 1.0, stretch: float = 1.0) -> ReadRow:
    """Reads a row at one size, `tall` times the height that it tells, its print `stretch` times as wide."""
    strip = pyramid.cut(row, tall=tall)
    return ReadRow(row, strip, pyramid.reader.read(strip.grey, stretch))
