"""Tells the days that a Korean passport prints: of birth and expiry, which the MRZ tells too, and of issue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np

from core.authenticity.printed import MONTHS
from core.documents import Field
from worker.reading.cards.base import Card
from worker.reading.cards.korean import looks, patterns, print_lines, words
from worker.reading.cards.korean.rows import Row, as_field, length_of, words_of

_DAY_FITS: Final = -1.3  #: mean natural-log probability of a place from which on a date is one
_SURE: Final = 0.5  #: confidence of a day that is no other one
_INFERRED: Final = 0.7  #: what a day is worth that is told by the MRZ and the style of others
_KNOWN_FITS: Final = -2.2  #: the same where the day is known and only its place is asked for
_CERTAIN: Final = 0.9  #: confidence of a day of issue that is looked at once only
_LEAST: Final = 0.02  #: and of one that is told at all
_LIKELIER: Final = 0.35  #: natural-log probability of a place, that the day fits better which the MRZ makes likely
_VALID_FOR: Final = (10, 5)  #: years from a book's day of issue to its day of expiry
_YEAR: Final = 4  #: signs at a day's end that tell its year
_YEAR_FITS: Final = -1.0  #: mean natural-log probability of its places
_ONE_LOST: Final = -0.4  #: price of one sign that was lost, spread over a day
_NEVER: Final = -99.0
_LENGTHS: Final = (1.8, 8.0)  #: of a day's line, in heights of its strip
_MOST_AGAIN: Final = 12  #: lines that are looked at again
_MOST_CLOSELY: Final = 3  #: and of them such at all heights
_MONTHS: Final = {
    name: MONTHS[name] for name in ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
}
_LETTERS: Final = patterns.slots("[ABCDEFGJLMNOPRSTUVY]" * 3)
_OLD: Final = (*patterns.slots("[0123]#"), *_LETTERS, *patterns.slots("[12]###"))
_NEW: Final = (
    *patterns.slots("[0123]#"),
    patterns.Slot("1", may_lack=True),
    *patterns.slots("#월"),
    patterns.Slot("/", may_lack=True),
    *_LETTERS,
    *patterns.slots("[12]###"),
)


@dataclass(frozen=True, slots=True)
class _Day:
    """A date on a row, as the book prints it."""

    row: Row
    text: str = field(repr=False)
    day: date = field(repr=False)
    confidence: float
    first: int
    last: int
    fit: float = 0.0  #: mean natural-log probability of a place


def tell(
    card: Card,
    rows: Sequence[Row],
    fields: dict[str, Field],
    reader: looks.Together,
    *,
    more: Callable[[], Sequence[Row]] = list,
) -> dict[str, Field]:
    """The printed days beside the `fields` of the MRZ, on rows of a card without red; `more` rows where these lack."""
    days = [day for row in rows for day in _days(row)]
    told, taken = {}, []
    for name, known in (("printed_birth_date", "birth_date"), ("printed_expiry_date", "expiry_date")):
        if known not in fields:
            continue
        if day := _known(_without_others(rows, days, fields[known].value), fields[known].value):
            told[name] = as_field(card, day.row, day)
            taken.append(day.row)
        elif days and (inferred := _in_style(fields[known], days)):
            told[name] = inferred
    issued = _issued(days, fields)
    if issued is None or issued.confidence < _CERTAIN:
        others = [row for row in (*rows, *more()) if not any(row is other for other in taken)]
        issued = _issued_closer(card, others, fields, reader, issued)
    if issued:
        told["issue_date"] = as_field(card, issued.row, issued)
    return _alike(told)


def _alike(told: dict[str, Field]) -> dict[str, Field]:
    """The days in the style of most of them: a book prints all in one, and a month of two signs is easily lost."""
    is_new = {name: "월" in one.value for name, one in told.items()}
    most = sum(is_new.values())
    if 2 * most == len(told):
        return told
    style = 2 * most > len(told)
    return {
        name: one if is_new[name] is style else replace(one, value=_restyled(one.value, is_new=style))
        for name, one in told.items()
    }


def _restyled(text: str, *, is_new: bool) -> str:
    """A printed day in the other style."""
    number, month, year = text.split(" ")
    letters = month[-3:]
    return f"{number} {_MONTHS[letters]}월/{letters} {year}" if is_new else f"{number} {letters} {year}"


def _issued_closer(
    card: Card, rows: Sequence[Row], fields: dict[str, Field], reader: looks.Together, first: _Day | None
) -> _Day | None:
    """The day of issue as the day of expiry makes it likely, and from closer looks at lines as long as a day."""
    offers = [*([first] if first else []), *_issued_on(rows, fields)]
    grey = print_lines.grey_of(card.image)
    seen: list[tuple[float, Row]] = []
    for row in _as_long(card, rows)[:_MOST_AGAIN]:
        told = _issued_on(looks.again(grey, card, row, reader, heights=looks.HEIGHTS[:1]), fields)
        offers += told
        seen.append((max((day.confidence for day in told), default=0.0), row))
    for _, row in sorted(seen, key=lambda pair: -pair[0])[:_MOST_CLOSELY]:
        if max((day.confidence for day in offers), default=0.0) > _CERTAIN:
            break
        offers += _issued_on(looks.again(grey, card, row, reader, heights=looks.HEIGHTS[1:]), fields)
    best = max(offers, key=lambda day: day.confidence, default=None)
    return best if best and best.confidence > _LEAST else None


def _as_long(card: Card, rows: Sequence[Row]) -> list[Row]:
    """Words that are as long as a day."""
    parts = [part for row in rows for part in words_of(row)]
    return [part for part in parts if _LENGTHS[0] < length_of(card, part) < _LENGTHS[1]]


def _issued_on(rows: Iterable[Row], fields: dict[str, Field]) -> list[_Day]:
    """On each row the day of issue, where it prints one: that which the day of expiry makes likely before others."""
    others = [fields[name].value for name in ("birth_date", "expiry_date") if name in fields]
    found: list[_Day] = []
    for row in rows:
        told = _issued(_days(row), fields)
        likely = max((_fit(row, iso) for iso in _expected(fields)), default=None, key=lambda pair: pair[0])
        least = max([_KNOWN_FITS, *(_fit(row, iso)[0] for iso in others), (told.fit if told else _NEVER) - _LIKELIER])
        if likely and likely[1] and likely[0] > least:
            told = replace(likely[1], confidence=max(likely[1].confidence, _INFERRED * float(np.exp(likely[0]))))
        found += [told] if told else []
    return found


def _fit(row: Row, iso: str) -> tuple[float, _Day | None]:
    """How well a row prints a day that is known."""
    day = _known([row], iso)
    return (day.fit, day) if day else (_NEVER, None)


def _expected(fields: dict[str, Field]) -> list[str]:
    """Days of issue that a book's day of expiry makes likely, ISO 8601."""
    expires = fields["expiry_date"].value if "expiry_date" in fields else ""
    return [f"{int(expires[:4]) - years}{expires[4:]}" for years in _VALID_FOR] if expires[:4].isdigit() else []


def _days(row: Row) -> list[_Day]:
    """The date on a row in the style of a passport, old or new; none where it prints no such day."""
    found = []
    for pattern in (_NEW, _OLD):
        match = patterns.find(row.printed, pattern)
        if match and match.fit > _DAY_FITS and (day := _day(row, match, is_new=pattern is _NEW)):
            found.append((match.fit, day))
    return [max(found, key=lambda pair: pair[0])[1]] if found else []


def _known(rows: Sequence[Row], iso: str) -> _Day | None:
    """Where a day that the MRZ tells is printed, and in which of the two styles; None where it is not seen."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return None
    letters = next(name for name, number in _MONTHS.items() if number == day.month)
    texts = (f"{day.day:02} {day.month}월/{letters} {day.year}", f"{day.day:02} {letters} {day.year}")
    best = max((_seen(row, text, day) for text in texts for row in rows), key=_fit_of, default=None)
    if best is None:
        dated = [row for row in rows if _ends_in(row, day.year)]
        best = max((_seen_in_part(row, text, day) for text in texts for row in dated), key=_fit_of, default=None)
    return best


def _fit_of(day: _Day | None) -> float:
    return day.fit if day else _NEVER


def _seen(row: Row, text: str, day: date, lost: int = -1) -> _Day | None:
    """A day that is known where a row prints its text, without the sign on one place of it."""
    signs = text.replace(" ", "")
    kept = [sign for place, sign in enumerate(signs) if place != lost]
    match = patterns.find(row.printed, tuple(patterns.Slot(sign, may_lack=sign in "월/") for sign in kept))
    if match is None or match.fit < _KNOWN_FITS:
        return None
    return _Day(row, text, day, match.confidence, match.first, match.last, match.fit + (0 if lost < 0 else _ONE_LOST))


def _seen_in_part(row: Row, text: str, day: date) -> _Day | None:
    """As `_seen`, where one sign of day or month was lost; never one of the year."""
    places = range(len(text.replace(" ", "")) - _YEAR)
    return max((_seen(row, text, day, place) for place in places), key=_fit_of)


def _ends_in(row: Row, year: int) -> bool:
    """True where a row may print a year."""
    match = patterns.find(row.printed, patterns.slots(str(year)))
    return match is not None and match.fit > _YEAR_FITS


def _without_others(rows: Sequence[Row], days: Sequence[_Day], iso: str) -> list[Row]:
    """Rows but those that print another day, surely or a past one more likely.

    A book expires on the day of the year on which it was issued.
    """
    others = [
        day.row
        for day in days
        if day.day.isoformat() != iso
        and (day.confidence > _SURE or (day.day.isoformat() < iso and day.fit > _fit(day.row, iso)[0] + _LIKELIER))
    ]
    return [row for row in rows if not any(row is other for other in others)]


def _in_style(known: Field, days: Sequence[_Day]) -> Field | None:
    """A day of the MRZ that is not seen in print, written as the book writes its other days: no box, less sure."""
    try:
        day = date.fromisoformat(known.value)
    except ValueError:
        return None
    seen = max(days, key=lambda one: one.confidence)
    letters = next(name for name, number in _MONTHS.items() if number == day.month)
    month = f"{day.month}월/{letters}" if "월" in seen.text else letters
    return Field(f"{day.day:02} {month} {day.year}", known.confidence * seen.confidence * _INFERRED, None, known.source)


def _day(row: Row, match: patterns.Match, *, is_new: bool) -> _Day | None:
    first = 6 if is_new else 2  # of the letters of the month
    letters = row.printed.log_probabilities[list(match.places[first : first + 3])]
    month = words.snap(letters, tuple(_MONTHS))
    if month is None:
        return None
    number = _MONTHS[month.word]
    digits = "".join(sign for sign in match.signs if sign.isdigit())
    try:
        day = date(int(digits[-4:]), number, int(digits[:2]))
    except ValueError:
        return None
    printed_month = f"{number}월/{month.word}" if is_new else month.word
    text = f"{day.day:02} {printed_month} {day.year}"
    return _Day(row, text, day, match.confidence, match.first, match.last, match.fit)


def _issued(days: Sequence[_Day], fields: dict[str, Field]) -> _Day | None:
    """The surest day between birth and expiry that is neither."""
    known = {fields[name].value for name in ("birth_date", "expiry_date") if name in fields}
    born, expires = (fields[name].value if name in fields else "" for name in ("birth_date", "expiry_date"))
    possible = [
        day
        for day in days
        if day.day.isoformat() not in known
        and born < day.day.isoformat()
        and str(day.day.year) < (expires or "9999")[:4]
    ]
    return max(
        possible, key=lambda day: (day.day.year >= int((expires or "0")[:4] or 0) - 11, day.confidence), default=None
    )
