"""From rows of digits to one card number: which rows belong together, how it is grouped, what its checks say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np

from worker.reading.cards import luhn_decoding, payment_brands
from worker.reading.cards.digit_alphabet import OTHER
from worker.reading.cards.digit_lines import Character
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import Row

SHORTEST, LONGEST = 13, 19  #: digits; those of twelve that ISO/IEC 7812-1 allows are taken for parts of longer ones
_READ: Final = 0.985  #: least probability of every digit of a number whose check digit is wrong
_MODEST: Final = 0.7  #: times the log probabilities of digits, which are somewhat too sure of themselves
_SETTLED: Final = 0.9  #: probability of a number among all with a right check digit, from which it is taken
_DOUBTFUL: Final = 0.75  #: probability below which a digit may be another
_MOST_DOUBTFUL: Final = 1  #: such digits in a number that is handed out
_SURE: Final = 0.9  #: probability of a digit that another may not be taken for
_LEAST: Final = 0.45  #: probability of every digit of a number that is handed out
_USUAL: Final = 16  #: digits; of a brand that is not known here
_UNEVEN: Final = 1.5  #: times the narrowest step between groups, the widest one: more, and a digit is missing there
_WIDER: Final = 1.1  #: times the widest step within a group, the narrowest step between groups
_LONGEST_GROUP: Final = 3  #: digits that may follow sixteen others
_SURELY_NONE: Final = 0.8  #: probability that a character is no digit, from which it is none
_FILLERS: Final = re.compile("4{7}")  #: what the fillers of a machine readable zone are taken for
_OFF: Final = 1.4  #: times the widest step of a number, a step to digits that are none of it
_SURE_ROW: Final = 0.97  #: mean probability of a row's characters, before which a longer one with doubts stands back
_LEVEL: Final = 0.6  #: row heights, by which rows on one level stand apart at most
_SHARED: Final = 0.3  #: of the shorter one's length, from which on two rows on one level are the same print
_MOST_OF_A_DATE: Final = 6  #: digits; a stroke among more is none of a date
_MOST_ROWS: Final = 7  #: of a pile; more are a table or a receipt
_ALIKE: Final = 0.7  #: ratio of the heights of two rows of one block, at least
_LEADING: Final = 3.6  #: row heights from one row of a block to the next, at most


@dataclass(frozen=True, slots=True, eq=False)
class Digit:
    """A digit and where it stands."""

    text: str = field(repr=False)
    probability: float
    log_probabilities: tuple[float, ...] = field(repr=False)  #: of 0 to 9
    x: float  #: strip px
    row: ReadRow = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A card number as printed."""

    digits: tuple[Digit, ...] = field(repr=False)
    layout: tuple[int, ...]
    is_spaced: bool  #: the gaps on the card are those of the layout

    @property
    def text(self) -> str:
        """All digits."""
        return "".join(digit.text for digit in self.digits)

    @property
    def groups(self) -> tuple[tuple[Digit, ...], ...]:
        """The digits of each printed group."""
        ends = np.cumsum((0, *self.layout))
        return tuple(self.digits[first:last] for first, last in pairwise(ends))

    @property
    def has_check_digit(self) -> bool:
        """True when the last digit is the one that the others call for."""
        return payment_brands.luhn_sum(self.text) == 0

    @property
    def least(self) -> float:
        """Probability of its least sure digit."""
        return min(digit.probability for digit in self.digits)

    @property
    def score(self) -> float:
        """For choosing among numbers of one picture: sure digits, right check digit, known brand, right gaps."""
        sure = float(np.mean([digit.probability for digit in self.digits]))
        return (
            4 * sure
            + 2 * self.has_check_digit
            + 1.0 * payment_brands.has_brands_length(self.text)
            + 0.5 * self.is_spaced
            + 0.3 * (len(self.digits) in (14, 15, 16, 19))
        )

    @property
    def _stands_free(self) -> bool:
        """True when nothing that is no digit touches it: that may be a digit which was not read."""
        first, last, row = self.digits[0], self.digits[-1], self.digits[0].row
        step = _OFF * max(other.x - one.x for one, other in pairwise(self.digits))
        return not any(
            first.x - step < one.x < first.x or last.x < one.x < last.x + step
            for one in row.characters
            if one.text == OTHER
        )

    @property
    def is_trusted(self) -> bool:
        """True when it may be handed out, with its failed checks beside it."""
        if self.least < _LEAST or sum(digit.probability < _DOUBTFUL for digit in self.digits) > _MOST_DOUBTFUL:
            return False
        is_of_one_row = len({id(digit.row) for digit in self.digits}) == 1
        if len(self.digits) == SHORTEST and not is_of_one_row:
            return False  # three groups of sixteen digits, and some of what stands about them
        if self.has_check_digit:
            # Gaps that are no card's: digits between or behind them were lost, or two dates follow one another.
            has_length = payment_brands.has_brands_length(self.text)
            if self.least < _DOUBTFUL and not _is_surely_whole(self.text):
                return False
            is_usual = len(self.digits) == _USUAL or payment_brands.has_brands_only_length(self.text)
            is_longest = len(self.digits) == LONGEST
            is_whole = (is_usual or is_longest) and is_of_one_row
            is_whole = is_whole and self.least >= _SURE and self._stands_free and not _FILLERS.search(self.text)
            return has_length and (is_whole or self.is_spaced)
        return self.least >= _READ and self.is_spaced and payment_brands.has_brands_length(self.text)


def best_of(rows: Sequence[ReadRow]) -> Number | None:
    """The likeliest card number on these rows, None without any."""
    found = [number for digits in _sequences(rows) for number in _numbers(digits)]
    return max(found, key=lambda number: number.score, default=None)


def _sequences(rows: Sequence[ReadRow]) -> list[tuple[Digit, ...]]:
    """Digits of every row, and of every pile of rows that may be one number.

    A row's characters that surely are none count as doubtful digits, part it or are left out: any of it may be right.
    """
    whole = [(row, _digits(list(row.characters), row)) for row in rows]
    runs = [_longest_run(row) for row in rows]
    is_parted = any(len(run) < len(row.characters) for run, row in zip(runs, rows, strict=True))
    parts = [(row, _digits(run, row)) for run, row in zip(runs, rows, strict=True)] if is_parted else []
    alone = [digits for _, digits in (*whole, *parts) if len(digits) >= SHORTEST]
    return alone + [digits for row in rows if (digits := _cleared(row))] + _piled(whole) + _piled(parts)


def _cleared(row: ReadRow) -> tuple[Digit, ...]:
    """A row's digits without what a ground shows between its groups, where they then stand as a number's; else none."""
    kept = [one for one in row.characters if not _is_none(one)]
    digits = _digits(kept, row) if len(kept) < len(row.characters) else ()
    return digits if SHORTEST <= len(digits) <= LONGEST and _laid_out(digits).is_spaced else ()


def _piled(read: list[tuple[ReadRow, tuple[Digit, ...]]]) -> list[tuple[Digit, ...]]:
    """Digits of every pile of short rows that may be one number."""
    found = []
    short = _distinct([(row, digits) for row, digits in read if 3 <= len(digits) <= 13])
    for pile in _piles(short):
        if len(pile) > _MOST_ROWS:
            continue
        for first in range(len(pile)):
            for last in range(first + 2, len(pile) + 1):
                digits = tuple(digit for _, digits in pile[first:last] for digit in digits)
                if SHORTEST <= len(digits) <= LONGEST:
                    found.append(digits)
    return found


def _distinct(rows: list[tuple[ReadRow, tuple[Digit, ...]]]) -> list[tuple[ReadRow, tuple[Digit, ...]]]:
    """Of readings of one place the one that tells most: no digits stand twice in a number."""
    kept: list[tuple[ReadRow, tuple[Digit, ...]]] = []
    for one in sorted(rows, key=lambda one: (one[0].sureness < _SURE_ROW, -one[0].worth)):
        if not any(_is_one_place(one[0].row, other[0].row) for other in kept):
            kept.append(one)
    return kept


def _is_one_place(row: Row, other: Row) -> bool:
    shared = (row.length + other.length) / 2 - abs(float((other.middle - row.middle) @ row.along))
    return _is_level(row, other) and shared > _SHARED * min(row.length, other.length)


def _is_level(row: Row, other: Row) -> bool:
    return abs(float((other.middle - row.middle) @ row.down)) < _LEVEL * max(row.height, other.height)


def _piles(rows: list[tuple[ReadRow, tuple[Digit, ...]]]) -> list[list[tuple[ReadRow, tuple[Digit, ...]]]]:
    """Rows that stand below one another, top to bottom; rows side by side count as one after the other."""
    piles = []
    left = list(rows)
    while left:
        seed = left.pop(0)
        base = seed[0].row
        pile = [seed]
        grown = True
        while grown:
            grown = False
            for one in list(left):
                if any(_are_neighbours(one[0], other[0]) for other in pile):
                    pile.append(one)
                    left.remove(one)
                    grown = True
        if len(pile) > 1:
            piles.append(_in_order(pile, base))
    return piles


def _in_order(pile: list[tuple[ReadRow, tuple[Digit, ...]]], base: Row) -> list[tuple[ReadRow, tuple[Digit, ...]]]:
    """Line by line, each from left to right. Rows over one another are no line, whatever heights they are told."""
    lines: list[list[tuple[ReadRow, tuple[Digit, ...]]]] = []
    for one in sorted(pile, key=lambda one: float(one[0].row.middle @ base.down)):
        if lines and all(_is_beside(one[0].row, other[0].row) for other in lines[-1]):
            lines[-1].append(one)
        else:
            lines.append([one])
    return [one for line in lines for one in sorted(line, key=lambda one: float(one[0].row.middle @ base.along))]


def _is_beside(row: Row, other: Row) -> bool:
    """True where a row follows another on its level."""
    return _is_level(row, other) and not _is_one_place(row, other)


def _are_neighbours(one: ReadRow, other: ReadRow) -> bool:
    row, its = one.row, other.row
    height = (row.height + its.height) / 2
    step = its.middle - row.middle
    aside, below = abs(float(step @ row.along)), abs(float(step @ row.down))
    size = one.pitch * one.strip.step / max(1e-6, other.pitch * other.strip.step)  # heights are told less well
    alike = float(row.along @ its.along) > 0.9 and _ALIKE < size < 1 / _ALIKE
    overlap = aside < (row.length + its.length) / 2 + 4 * height
    return alike and below < _LEADING * height and overlap


def _longest_run(row: ReadRow) -> list[Character]:
    """The most characters of a row between two that surely are no digits: words beside a number show some."""
    runs: list[list[Character]] = [[]]
    for one in row.characters:
        if _is_none(one):
            runs.append([])
        else:
            runs[-1].append(one)
    return max(runs, key=len)


def _is_none(one: Character) -> bool:
    return one.text == OTHER and one.probability > _SURELY_NONE


def _digits(kept: list[Character], row: ReadRow) -> tuple[Digit, ...]:
    """The digits among these characters, without what stands before and behind them; a star is a doubtful digit."""
    while kept and not kept[0].is_digit:
        kept.pop(0)
    while kept and not kept[-1].is_digit:
        kept.pop()
    count = sum(one.is_digit for one in kept)
    if any(one.text == "-" for one in kept) and count <= _MOST_OF_A_DATE:
        return ()
    if strokes := sum(one.text == "/" and one.probability > 0.5 for one in kept):
        if strokes > 1 or count <= _MOST_OF_A_DATE:
            return ()
        kept = [one for one in kept if one.text != "/"]
    return tuple(_digit(one, row) for one in kept if one.text != "-")


def _digit(character: Character, row: ReadRow) -> Digit:
    logs = character.log_probabilities[:10]
    best = int(logs.argmax())
    chances = tuple(float(value) for value in logs)
    return Digit(str(best), float(np.exp(logs[best])), chances, character.x, row)


def _numbers(digits: tuple[Digit, ...]) -> list[Number]:
    """The number as read, without a doubtful end, and repaired where its check digit tells how."""
    found = []
    for variant in _variants(digits):
        number = _laid_out(variant)
        found += [number, _settled(number)]
    return found


def _variants(digits: tuple[Digit, ...]) -> list[tuple[Digit, ...]]:
    """All digits, and where that is no usual length those without what may not belong to them at either end."""
    ends = [(0, 0)]
    if len(digits) not in (14, 15, 16, 19):
        more = len(digits) - _USUAL
        ends += [(1, 0), (0, 1), (1, 1), (0, 2), (2, 0), (0, max(more, 0)), (max(more, 0), 0)]
    cuts = [(first, len(digits) - last) for first, last in dict.fromkeys(ends)]
    return [
        digits[first:last]
        for first, last in cuts
        if SHORTEST <= last - first <= LONGEST and _stands_alone(digits, first, last)
    ]


def _stands_alone(digits: tuple[Digit, ...], first: int, last: int) -> bool:
    """True when what stands beside these digits is doubtful or stands off: else they are a part of a longer number.

    Where numbers that begin so differ in length, what may be a last group has to be very doubtful.
    """
    sure = _SURE if _is_surely_whole("".join(digit.text for digit in digits[first:last])) else _LEAST
    steps = [(other.x - one.x) * one.row.strip.step for one, other in pairwise(digits[first:last])]
    for edge, beside in ((first, digits[:first]), (last, digits[last:])):
        if not beside or len(beside) > _LONGEST_GROUP or all(digit.probability < sure for digit in beside):
            continue
        one, other = digits[edge - 1], digits[edge]
        if one.row is other.row and (other.x - one.x) * one.row.strip.step < _OFF * max(steps):
            return False
    return True


def _laid_out(digits: tuple[Digit, ...]) -> Number:
    layouts = payment_brands.LAYOUTS[len(digits)]
    fitting = next((layout for layout in layouts if _fits(digits, layout)), None)
    return Number(digits, fitting or layouts[0], fitting is not None)


def _fits(digits: tuple[Digit, ...], layout: tuple[int, ...]) -> bool:
    """True when steps between groups are alike and wider than any step within one; a new row is a step of its own."""
    between: list[float] = []
    within: list[float] = []
    ends = set(np.cumsum(layout).tolist())
    for place, (one, other) in enumerate(pairwise(digits), start=1):
        if one.row is not other.row:
            if place not in ends:
                return False
            continue
        (between if place in ends else within).append((other.x - one.x) * one.row.strip.step)
    if _is_stacked(digits):
        return True
    if len(_levels(digits)) > 1:
        return False
    is_even = not between or max(between) < _UNEVEN * min(between)
    return is_even and (not between or not within or min(between) > _WIDER * max(within))


def _is_surely_whole(text: str) -> bool:
    return len(text) == LONGEST or payment_brands.has_brands_only_length(text)


def _is_stacked(digits: tuple[Digit, ...]) -> bool:
    """True when the digits stand on two rows or more, as many on each or a printed group on each."""
    counts = tuple(Counter(id(digit.row) for digit in digits).values())
    levels = _levels(digits)
    is_even = len(set(counts)) == len(set(levels)) == 1
    return len(counts) > 1 and (is_even or counts in payment_brands.STACKED)


def _levels(digits: tuple[Digit, ...]) -> tuple[int, ...]:
    """How many digits stand on one level, then on the next: rows side by side are on one."""
    counts = [1]
    for one, other in pairwise(digits):
        row, step = one.row.row, other.row.row.middle - one.row.row.middle
        if abs(float(step @ row.down)) < _LEVEL * max(row.height, other.row.row.height):
            counts[-1] += 1
        else:
            counts.append(1)
    return tuple(counts)


def _settled(number: Number) -> Number:
    """The likeliest number whose check digit is right, where spaces and odds leave little doubt; else as it was.

    Its digits are then at least as sure as it is among all numbers with a right check digit.
    """
    if not number.is_spaced:
        return number
    chances = _MODEST * np.array([digit.log_probabilities for digit in number.digits])
    text, posterior = luhn_decoding.likeliest(chances)
    changed = [place for place, digit in enumerate(number.digits) if digit.text != text[place]]
    if posterior < _SETTLED or len(changed) > 1:
        return number
    if changed and not (_is_surely_whole(text) or _is_stacked(number.digits)):
        return number  # the check digit speaks of whole numbers alone, and this may be a part of a longer one
    digits = (
        replace(digit, text=told, probability=max(float(np.exp(digit.log_probabilities[int(told)])), posterior))
        for digit, told in zip(number.digits, text, strict=True)
    )
    return replace(number, digits=tuple(digits))
