"""The number of a MyKad among the lines of a card: six, two and four digits, with hyphens or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Final

import numpy as np

from worker.reading.cards import capitals, lattice, malaysia
from worker.reading.cards.capitals import CapitalLine

_DIGITS: Final = tuple(range(10))  #: their columns in the alphabet
_PLACES: Final = 14  #: of a number with its hyphens
_ALL_DIGITS: Final = 12
_LEAST_DIGITS: Final = 7  #: that a line shows where it is looked at for the number
_LEAST_LEFT: Final = 5  #: of them, that a strip shows which was cut through the number
_HYPHENED: Final = 1.0  #: of log probability, that a number with its hyphens is likelier than one without
_WHOLE_LOSS: Final = 1.0  #: the most that a number costs which stands on its strip as a whole
_ROOM: Final = 0.5  #: of a strip's height, from its end to the middle of a digit that it shows whole
_MOST_LOSS: Final = 9.0  #: of log probability, by which what a line says may be likelier than a number
_NEXT: Final = 1.7  #: of the number's pitch, within which a digit beside it belongs to it
_LIKELY_DIGIT: Final = -0.9  #: mean log probability of a number's digits
_UNDER_RULES: Final = 3.5  #: of log probability, that a valid number may be less likely than what was read


@dataclass(frozen=True, slots=True)
class Number:
    """The number as it is handed out."""

    value: str = field(repr=False)  #: `YYMMDD-BB-NNNN`
    confidence: float
    line: CapitalLine  #: that it stands on
    printed: CapitalLine  #: the part of the line that is the number


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A line read as a number: what it costs, its digits' chances and its first and last character."""

    loss: float
    cost: float
    line: CapitalLine
    rows: capitals.Floats = field(repr=False)  #: (12, 10)
    printed: CapitalLine


def find(lines: Sequence[CapitalLine]) -> Number | None:
    """The likeliest number among all lines."""
    spelt = [one for line in lines for one in _spelt(line)]
    if not spelt:
        return None
    best = min(spelt, key=lambda one: one.cost)
    if float(best.rows.max(axis=1).mean()) < _LIKELY_DIGIT:
        return None
    text, chance = _under_rules(best.rows)
    confidence = float(np.exp(chance - best.loss))
    return Number(f"{text[:6]}-{text[6:8]}-{text[8:]}", confidence, best.line, best.printed)


def loss(line: CapitalLine) -> float:
    """Log probability that the line costs as a number; infinite where it is none."""
    return min((one.loss for one in _spelt(line)), default=float("inf"))


def lacking(line: CapitalLine) -> float:
    """How far a number may reach beyond the strip that shows a part of it, px of the card; 0 where nothing lacks."""
    count = int((_digits(line) > 0.5).sum())
    if not _LEAST_LEFT <= count <= _PLACES or count < len(line.text) / 2:
        return 0.0
    pitch = float(np.median(np.diff(line.centres))) * line.width
    if count < _ALL_DIGITS or loss(line) > _WHOLE_LOSS:
        return pitch * (_PLACES + 1 - count)
    first, last = (share * line.width / line.height for share in (line.centres[0], 1 - line.centres[-1]))
    return pitch if min(first, last) < _ROOM else 0.0


def is_better(longer: CapitalLine, line: CapitalLine) -> bool:
    """True when a longer strip of a line shows a number at least as well."""
    return loss(longer) < max(loss(line), _WHOLE_LOSS)


def is_part_of(line: CapitalLine, number: CapitalLine) -> bool:
    """True for a line of hardly anything but digits that stands where the number does: a piece of it."""
    if not line.text or abs(line.middle - number.middle) > number.height / 2:
        return False
    is_aside = line.left > number.right or line.right < number.left
    return not is_aside and bool((_digits(line) > 0.5).sum() * 2 > len(line.text))


def _digits(line: CapitalLine) -> capitals.Floats:
    """How likely each character is a digit."""
    return np.asarray(np.exp(line.log_probabilities[:, : len(_DIGITS)]).sum(axis=1), np.float64)


def _spelt(line: CapitalLine) -> Iterator[_Spelt]:
    """The number that a line may be, with hyphens and without, if it is none of more digits."""
    digits = _digits(line)
    if (digits > 0.12).sum() < _LEAST_DIGITS:
        return
    marks = tuple(line.alphabet.index(mark) for mark in "-. ,:'/" if mark in line.alphabet)
    for middle in ((marks,), ()):
        pattern = (*(_DIGITS,) * 6, *middle, _DIGITS, _DIGITS, *middle, *(_DIGITS,) * 4)
        found = lattice.spelled(line.frames, pattern)
        if found is None or found.loss > _MOST_LOSS:
            continue
        spans = [span for span, allowed in zip(found.spans, pattern, strict=True) if allowed is _DIGITS]
        rows = np.array([row for row, allowed in zip(found.rows, pattern, strict=True) if allowed is _DIGITS])
        middles = np.array([(start + stop) / 2 for start, stop in spans]) / len(line.frames)
        pitch = float(middles[-1] - middles[0]) / (11 + 2 * len(middle))
        beside = (line.centres > middles[-1] + 0.5 * pitch) & (line.centres < middles[-1] + _NEXT * pitch)
        beside |= (line.centres < middles[0] - 0.5 * pitch) & (line.centres > middles[0] - _NEXT * pitch)
        if (digits[beside] > 0.5).any():
            continue
        inside = np.flatnonzero((line.centres > middles[0] - pitch / 2) & (line.centres < middles[-1] + pitch / 2))
        printed = line.part(int(inside[0]), int(inside[-1]) + 1) if len(inside) else line
        cost = found.loss - float(rows.max(axis=1).sum()) - _HYPHENED * len(middle)
        yield _Spelt(found.loss, cost, line, rows, printed)


def _under_rules(rows: capitals.Floats) -> tuple[str, float]:
    """The digits as read, or the likeliest that are a date and an assigned code where those are nearly as likely.

    Returns them with the sum of their log probabilities.
    """
    raw = "".join(str(place) for place in rows.argmax(axis=1))
    if is_date(raw[:6]) and raw[6:8] not in malaysia.UNASSIGNED_BIRTH_CODES:
        return raw, float(rows.max(axis=1).sum())
    tops = [np.argsort(-row)[:3] for row in rows[:8]]
    head, head_chance = _best(rows[:6], [top.tolist() for top in tops[:6]], is_date)
    code, code_chance = _best(
        rows[6:8], [top.tolist() for top in tops[6:8]], lambda pair: pair not in malaysia.UNASSIGNED_BIRTH_CODES
    )
    loss = float(rows[:8].max(axis=1).sum()) - head_chance - code_chance
    if head and code and loss < _UNDER_RULES:
        return head + code + raw[8:], head_chance + code_chance + float(rows[8:].max(axis=1).sum())
    return raw, float(rows.max(axis=1).sum())


def _best(rows: capitals.Floats, tops: list[list[int]], is_allowed: Callable[[str], bool]) -> tuple[str, float]:
    """The likeliest choice of one digit a place that is allowed, and its log probability; empty where none is."""
    best, chance = "", -1e9
    for choice in product(*tops):
        total = float(sum(rows[place, digit] for place, digit in enumerate(choice)))
        if total > chance and is_allowed("".join(map(str, choice))):
            best, chance = "".join(map(str, choice)), total
    return best, chance


def is_date(six: str) -> bool:
    """True when YYMMDD is a day of some century."""
    for century in ("19", "20"):
        try:
            date(int(century + six[:2]), int(six[2:4]), int(six[4:6]))
        except ValueError:
            continue
        return True
    return False
