"""Groups of digits one below the other: from one that was read, the others are looked for above and below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards import digit_reading
from worker.reading.cards.digit_alphabet import OTHER
from worker.reading.cards.digit_lines import Character
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import Row
from worker.reading.cards.digit_strips import Pyramid

_GROUP: Final = 4  #: digits
_LEAST: Final = 3  #: of the last group of nineteen
_LIKELY, _SURE = 0.5, 0.85  #: probability of every digit of a group, and of all but one
_SEEDS: Final = 2  #: groups that are started from
_LOW, _HIGH = 1.1, 1.7  #: times the step from digit to digit, a digit's height
_STEPS: Final = np.arange(1.1, 3.7, 0.17)  #: row heights from one group to the next
_SETTLING: Final = 4  #: steps that are tried from the first on at which a group is read
_MOST: Final = 4  #: groups to either side of the first


def completed(pyramid: Pyramid, read: Sequence[ReadRow]) -> list[list[ReadRow]]:
    """For the surest groups among rows that were read: each with what stands above and below it, top to bottom.

    Those with nothing beside them come first. Each from either side, where it reads as a group from both: 0, 6, 8 and
    9 are digits upside down too.
    """
    groups = sorted((one for one in read if _is_group(one)), key=lambda one: (len(one.characters), -one.worth))
    groups = groups[:_SEEDS]
    over = [digit_reading.read(pyramid, _drawn_in(one).turned()) for one in groups]
    return [_stack(pyramid, one) for one in (*groups, *filter(_is_group, over))]


def _is_group(one: ReadRow, least: int = _GROUP) -> bool:
    group = _group(one)
    are_digits = all(character.is_digit and character.probability > _LIKELY for character in group)
    doubtful = sum(character.probability < _SURE for character in group)
    return are_digits and doubtful <= 1 and least <= len(group) <= _GROUP


def _group(one: ReadRow) -> list[Character]:
    """A row's characters without the stars at its ends: a ground may show some."""
    places = [place for place, character in enumerate(one.characters) if character.text != OTHER]
    return list(one.characters[places[0] : places[-1] + 1]) if places else []


def _drawn_in(one: ReadRow) -> Row:
    """The row without what stands beside its digits, as high as digits of that width may be."""
    group = _group(one)
    first, last = (one.strip.point(group[place].x) for place in (0, -1))
    pitch = one.pitch * one.strip.step
    height = float(np.clip(one.strip.print_height, _LOW * pitch, _HIGH * pitch))
    return replace(one.row, middle=(first + last) / 2, length=float(np.hypot(*(last - first))) + pitch, height=height)


def _stack(pyramid: Pyramid, seed: ReadRow) -> list[ReadRow]:
    first = _drawn_in(seed)
    above, again = _onwards(pyramid, first, -1.0), digit_reading.read(pyramid, first)
    return [*reversed(above), again if _is_group(again) else seed, *_onwards(pyramid, first, 1.0)]


def _onwards(pyramid: Pyramid, row: Row, sign: float) -> list[ReadRow]:
    """Groups that follow a row, downwards where `sign` is 1."""
    found: list[ReadRow] = []
    while len(found) < _MOST and (group := _next(pyramid, row, sign)) is not None:
        found.append(group)
        row = group.row
    return found


def _next(pyramid: Pyramid, row: Row, sign: float) -> ReadRow | None:
    """The nearest group, read where most of it is told."""
    best, left = None, _SETTLING
    for step in _STEPS:
        one = digit_reading.once(pyramid, row.lowered(sign * step))
        if _is_group(one, _LEAST) and (best is None or one.worth > best.worth):
            best = one
        left -= best is not None
        if not left:
            break
    return best
