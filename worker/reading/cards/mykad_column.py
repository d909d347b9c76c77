"""The column of a MyKad in which name and address stand: which lines are part of it, and which holds the postcode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from worker.reading.cards import capitals, lattice, malaysian_words, words
from worker.reading.cards.capitals import CapitalLine

_LEADING_ABOVE: Final = 3.2  #: of a strip's height, from one line of the column to the next, at most
_LIKE_DIGITS: Final = frozenset("OQDILZSGB")
_LIKE_A_DIGIT: Final = 0.5  #: how likely a digit stands where one of these was read, among digits
_FEW: Final = 4  #: characters; a line of no more must be read about as surely as the others
_SURE_FEW: Final = 0.85  #: of the usual line's confidence
_SURE_LINE: Final = 0.68  #: the same of longer lines: below stands a name in Chinese, a portrait, a pattern
_OUTSIDE: Final = 1.2  #: steps from character to character, from which a character stands outside of its column
_AT_EDGE: Final = 0.75  #: the same, within which one stands at the column's edge
_ALIGNED: Final = 0.05  #: of the card's width, by which lines of one column may begin earlier or later
_TOWN: Final = 0.8  #: of likeness to a town, from which what stands before it is a postcode that was read badly


@dataclass(frozen=True, slots=True)
class Column:
    """Name and address as they stand."""

    above: tuple[CapitalLine, ...] = field(repr=False)  #: the postcode's line, top to bottom
    town: CapitalLine = field(repr=False)  #: the postcode's line
    taken: int  #: characters of the town's line that the postcode and the space behind it take
    below: CapitalLine | None = field(repr=False)


def of(lines: Sequence[CapitalLine], width: float) -> Column | None:
    """The lines of name and address: those that begin where the line of the postcode begins; None without one.

    `lines` stand on a card `width` px wide.
    """
    lines = sorted(lines, key=lambda line: line.middle)
    anchors = [(line, taken) for line in lines if (taken := _postcode(line)) is not None]
    anchors = anchors or [(line, taken) for line in lines if (taken := _postcode_of_town(line)) is not None]
    if not anchors:
        return None
    anchor, taken = max(anchors, key=lambda one: one[0].middle)
    slope = _slope(anchor)
    usual = float(np.median([line.confidence for line in lines]))
    column = []
    for seen in lines:
        edge = anchor.left - (seen.middle - anchor.middle) * slope
        line = seen if seen is anchor else _within(seen, edge)
        least = _SURE_FEW if sum(map(str.isalnum, line.text)) <= _FEW else _SURE_LINE
        is_aligned = abs(line.left - edge) < _ALIGNED * width
        if line is anchor or (is_aligned and line.confidence >= least * usual):
            column.append(line)
    whole = _unbroken(column, anchor)
    place = next(index for index, line in enumerate(whole) if line is anchor)
    return Column(tuple(whole[:place]), anchor, taken, whole[place + 1] if place + 1 < len(whole) else None)


def _within(line: CapitalLine, edge: float) -> CapitalLine:
    """The line without words before its column's left edge, where another begins at that edge; px of the card."""
    if len(line.text) < 2:
        return line
    places = np.array([line.at(float(share))[0] for share in line.centres])
    step = float(np.median(np.diff(places)))
    before = int((places < edge - _OUTSIDE * step).sum())
    is_parted = " " in line.text[:before] and before < len(places) - 2
    if not is_parted or abs(places[before] - edge) > _AT_EDGE * step:
        return line
    return capitals.trimmed(line.part(before, len(line.text)))


def _slope(line: CapitalLine) -> float:
    """Of the line against the card's x axis: how far a column leans."""
    along = line.corners[1] - line.corners[0]
    return float(along[1] / along[0]) if along[0] else 0.0


def _unbroken(column: list[CapitalLine], anchor: CapitalLine) -> list[CapitalLine]:
    """The lines around the postcode's without a wide gap; a name in Chinese, which is not read, leaves one."""
    place = next(index for index, line in enumerate(column) if line is anchor)
    first, last = place, place
    while first and column[first].middle - column[first - 1].middle < _LEADING_ABOVE * max(
        column[first].height, column[first - 1].height
    ):
        first -= 1
    while last + 1 < len(column) and column[last + 1].middle - column[last].middle < 1.6 * column[last].height:
        last += 1
    return column[first : last + 1]


def _postcode(line: CapitalLine) -> int | None:
    """How many characters the postcode and the space behind it take, None where a line has none at its start."""
    if len(line.text) < 7:
        return None
    spaced = line.text[5] == " "
    tail = line.text[6:] if spaced else line.text[5:]
    letters = sum(character.isalpha() for character in tail)
    if not _are_digits(line.part(0, 5)) or letters < 2 or (not spaced and not tail[0].isalpha()):
        return None
    if any(character.isdigit() for character in tail[:3]) or not tail[0].isalpha():
        return None
    return 6 if spaced else 5


def _postcode_of_town(line: CapitalLine) -> int | None:
    """The same where a town is printed that is known, before which the frames spell any postcode well enough."""
    for taken in (6, 5):
        if capitals.nearest(line.text[taken:], malaysian_words.TOWNS_IN_ORDER, _TOWN) is None:
            continue
        code = [tuple(line.alphabet.index(digit) for digit in capitals.DIGITS)] * 5
        whole = code + line.pattern(line.text[5:])
        spelling = lattice.spelled(line.own_frames(), whole, is_whole=True)
        if spelling is not None and spelling.loss < words.PER_CHARACTER * len(whole):
            return taken
    return None


def _are_digits(part: CapitalLine) -> bool:
    """True when these characters are digits, or letters that look like some among more digits."""
    chances = np.exp(part.log_probabilities[:, : len(capitals.DIGITS)]).sum(axis=1)
    alike = np.array([character in _LIKE_DIGITS for character in part.text], np.float64)
    likely = np.maximum(chances, _LIKE_A_DIGIT * alike)
    return bool(likely.min() > 0.1 and likely.mean() > 0.6 and (chances > 0.5).sum() > len(chances) / 2)
