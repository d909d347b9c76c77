"""Numbers and dates looked for in a line of print: the likeliest way a pattern of places fits what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.reading.cards.base import Printed
from worker.reading.cards.korean import hangul

DIGITS = "0123456789"

_SPACE_SKIPPED = -0.3  #: natural-log price of a blank between two places of a pattern
_PLACE_SKIPPED = -4.0  #: and of a sign that the pattern does not know
_LEFT_OUT = -0.7  #: and of a separator that is not there
_NEVER = -1e9

Table = npt.NDArray[Any]  #: (places, slots)


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a pattern: which signs may stand there."""

    signs: str
    may_lack: bool = False
    stands_for: str = ""  #: what a separator is handed out as, also where it was not read between two places


@dataclass(frozen=True, slots=True)
class Match:
    """Where and how a pattern fits a line. Its repr shows no text."""

    text: str = field(repr=False)  #: as printed: the pattern's signs, with blanks where the line has them
    signs: str = field(repr=False)  #: the same without blanks
    confidence: float  #: 0..1, that every sign is right, if this is such a text at all
    fit: float  #: mean natural-log probability of a place, 0 at best: how surely this is such a text
    first: int  #: places of the line from here
    last: int  #: to here
    places: tuple[int, ...] = ()  #: of every slot, -1 for one that is not there


_SHORT = {
    "#": Slot(DIGITS),
    "-": Slot("-~·.", may_lack=True, stands_for="-"),
    ".": Slot(".,·-", may_lack=True, stands_for="."),
}


@cache
def _codes(signs: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([hangul.ALPHABET.index(sign) for sign in signs], np.int64)


def slots(form: str) -> tuple[Slot, ...]:
    """A pattern from text: `#` any digit, `-` and `.` their kind of separator, `[19]` a choice, others themselves."""
    out: list[Slot] = []
    rest = form
    while rest:
        if rest[0] == "[":
            signs, rest = rest[1:].split("]", 1)
            out.append(Slot(signs))
            continue
        out.append(_SHORT.get(rest[0]) or Slot(rest[0]))
        rest = rest[1:]
    return tuple(out)


def find(printed: Printed, pattern: Sequence[Slot]) -> Match | None:
    """The best fit of a pattern anywhere in a line; None where the line has too few places."""
    places = len(printed.centres)
    if places < sum(not slot.may_lack for slot in pattern):
        return None
    best, choice = _per_slot(printed, pattern)
    skips = [_SPACE_SKIPPED if sign == hangul.SPACE else _PLACE_SKIPPED for sign in printed.text]
    passed = np.concatenate([[0.0], np.cumsum(skips)])
    score, taken = np.zeros(places + 1), np.zeros((places + 1, len(pattern)), np.int8)
    ended = np.zeros((places + 1, len(pattern)), np.int64)  # where the slot was decided, before signs were skipped
    for column, slot in enumerate(pattern):
        here = np.concatenate([[_NEVER], score[:-1] + best[:, column]])
        lacking = score + (_LEFT_OUT if slot.may_lack else _NEVER)
        taken[:, column] = here >= lacking
        decided = np.maximum(here, lacking)
        reached = np.maximum.accumulate(decided - passed)
        is_new = np.concatenate([[True], reached[1:] > reached[:-1]])
        ended[:, column] = np.maximum.accumulate(np.where(is_new, np.arange(places + 1), 0))
        score = reached + passed
    end = int(score.argmax())
    if score[end] <= _NEVER / 2:
        return None
    rows = _traced(taken, ended, end)
    kept = [(row, column) for column, row in enumerate(rows) if row >= 0]
    sure = float(np.prod([np.exp(min(0.0, float(best[place]))) for place in kept]))
    text = _text(printed, pattern, rows, choice)
    fit = float(score[end]) / len(kept)
    return Match(text, text.replace(" ", ""), sure, fit, kept[0][0], kept[-1][0], rows)


def _traced(taken: Table, ended: Table, end: int) -> tuple[int, ...]:
    """The place that each slot stands on, -1 for one that is lacking."""
    rows: list[int] = []
    for column in range(taken.shape[1] - 1, -1, -1):
        end = int(ended[end, column])
        rows.append(end - 1 if taken[end, column] else -1)
        end -= int(taken[end, column])
    return tuple(reversed(rows))


def _per_slot(printed: Printed, pattern: Sequence[Slot]) -> tuple[Table, Table]:
    """(places, slots) log probability of the likeliest sign that a slot allows, and which it is."""
    columns, choices = [], []
    known: dict[str, tuple[Table, Table]] = {}
    for slot in pattern:
        if slot.signs not in known:
            codes = _codes(slot.signs)
            part = printed.log_probabilities[:, codes]
            known[slot.signs] = (part.max(axis=1), codes[part.argmax(axis=1)])
        columns.append(known[slot.signs][0])
        choices.append(known[slot.signs][1])
    return np.stack(columns, axis=1), np.stack(choices, axis=1)


def _text(printed: Printed, pattern: Sequence[Slot], rows: tuple[int, ...], choice: Table) -> str:
    """What the slots say, with the line's blanks; a separator that was lost between two places is put back."""
    text, last = "", max(0, next(row for row in rows if row >= 0))
    for column, (slot, row) in enumerate(zip(pattern, rows, strict=True)):
        if row < 0:
            text += slot.stands_for if column < len(pattern) - 1 else ""
            continue
        text += " " if hangul.SPACE in printed.text[last:row] else ""
        text += _sign(slot, hangul.ALPHABET[int(choice[row, column])])
        last = row
    return text


def _sign(slot: Slot, read: str) -> str:
    """What a slot hands out: a separator as it is meant, but a hyphen between the parts of a date stays one."""
    return slot.stands_for if slot.stands_for and read != "-" else read


def best_of(printed: Printed, patterns: Sequence[Sequence[Slot]]) -> Match | None:
    """The pattern with the highest fit, longer ones first where they fit alike."""
    found = [match for pattern in patterns if (match := find(printed, pattern))]
    return max(found, key=lambda match: match.fit + 0.02 * len(match.signs), default=None)


RESIDENT_NUMBER = slots("######-#######")


@cache
def resident_number_forms(year: int) -> tuple[tuple[Slot, ...], ...]:
    """A day of birth that exists up to the end of `year`'s decade; for numbers whose likeliest digits have none."""
    decades = DIGITS[: year % 100 // 10 + 1]
    centuries = (("#", "[1256]"), (f"[{decades}]", "[3478]"))
    days = product(centuries, ("0[123456789]", "1[012]"), ("[012]#", "3[01]"))
    return tuple(slots(f"{ten}#{month}{day}-{sex}######") for (ten, sex), month, day in days)


LICENCE_NUMBER = slots("[12]#-##-######-##")  #: of regions 11 to 28
LICENCE_NUMBER_OF_A_REGION = slots("##-######-##")

_YEAR = slots("[12]###.")
_ONE_OR_TWO = (Slot(DIGITS, may_lack=True), Slot(DIGITS))
DATE = (*_YEAR, *_ONE_OR_TWO, *slots("."), *_ONE_OR_TWO, *slots("."))
STOPS_OF_A_DATE = (4, 7)  #: places of the stops within one
_STOP_OR_BLANK = Slot(".,·- ", stands_for=".")
PARTED_DATE = (*_YEAR[:-1], _STOP_OR_BLANK, *_ONE_OR_TWO, _STOP_OR_BLANK, *_ONE_OR_TWO, *slots("."))
_MONTHS = ("[123456789]", "0[123456789]", "1[012]")
_DAYS = ("[123456789]", "[012]#", "3[01]")


@cache
def date_forms(year: int) -> tuple[tuple[Slot, ...], ...]:
    """Days that exist, up to the end of `year`'s decade."""
    years = ("19##", f"20[{DIGITS[: year % 100 // 10 + 1]}]#")
    return tuple(slots(f"{first}.{month}.{day}.") for first, month, day in product(years, _MONTHS, _DAYS))
