"""What resident cards and licences have in common: number, date, issuer, address, and the checks held against them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from core.authenticity import printed as forms
from core.authenticity import rules
from core.documents import Check, Field, Verdict
from worker.reading.cards import find
from worker.reading.cards.base import Card, Printed
from worker.reading.cards.korean import hangul, patterns, words
from worker.reading.cards.korean.rows import Row

Place = tuple[int, int, int, int]  #: left, top, right, bottom, px of a card

_FEW = 3  #: signs, more of which no speck is taken for
_INDENTED = 0.14  #: of a card's width, by which rows of an address may begin apart: a label stands before the first
_ALIKE, _LEADING = 0.75, 3.2  #: ratio of their heights, and from the first to the last, in heights
_AS_WELL = 0.05  #: of that probability, that a number with its region may fit less
_SPACED_DATE = re.compile(r"(?=.*\. )(\d{4}) ?\. ?(\d{1,2}) ?\. ?(\d{1,2}) ?\.?")
_UNPADDED_DATE = re.compile(r"\d{4}\.([1-9]\.\d{1,2}|\d{1,2}\.[1-9])")
_NOT_PARTED = 0.3  #: confidence at most of a date that runs on, or of which something stands right behind
_STOP_LOST = 0.6  #: and of one with a stop behind its year and none behind its month
_UNPARTED = 0.6  #: of that probability, by which a date may fit less well whose parts are parted
_STOPS = re.compile(r"[ .,·'~:-]*")
_MORE_DIGITS = re.compile(r"[ .,·'-]*\d")
_BEFORE_A_NUMBER = frozenset(" :.·-" + hangul.OTHER)
_DIGIT_TOO_MANY = 0.5  #: and of one beside which stands a digit that is none of it
_NOT_BORN = 0.3  #: confidence at most of a number that tells no day on which anybody was born
_NEARLY = 0.35  #: of that probability, by which a day that may be fits less well than one that may not
_AHEAD = 10  #: years from now, in which no card was issued
NUMBER_FITS = -1.1  #: mean natural-log probability of a place from which on a number or date is one


@dataclass(frozen=True, slots=True)
class Placed:
    """A pattern found on a row."""

    row: Row
    match: patterns.Match


@dataclass(frozen=True, slots=True)
class Words:
    """A value of words on a row. Its repr shows no text."""

    row: Row
    text: str = field(repr=False)
    confidence: float
    first: int
    last: int


def resident_number(rows: Sequence[Row], *, today: date) -> Placed | None:
    """The row with the likeliest `YYMMDD-GNNNNNN`; a birth date that is none or to come is put right if it may be."""
    found = _likeliest(rows, patterns.RESIDENT_NUMBER, fits=NUMBER_FITS, blocked=patterns.LICENCE_NUMBER)
    if found is None:
        return None
    born = rules.birth_date_of(forms.digits(found.match.signs))
    if born and born <= today:
        return found
    strict = patterns.best_of(found.row.printed, patterns.resident_number_forms(today.year))
    least = found.match.fit - _NEARLY if born else NUMBER_FITS
    if strict and strict.fit > least:
        return Placed(found.row, strict)
    return Placed(found.row, replace(found.match, confidence=min(found.match.confidence, _NOT_BORN)))


def licence_number(rows: Sequence[Row]) -> Placed | None:
    """The row with the likeliest `11-12-345678-90`, or `서울 12-345678-90`, whose region is told as its number."""
    blocked = patterns.RESIDENT_NUMBER
    found = _likeliest(rows, patterns.LICENCE_NUMBER, fits=NUMBER_FITS, blocked=blocked)
    regional = _likeliest(rows, patterns.LICENCE_NUMBER_OF_A_REGION, fits=NUMBER_FITS, blocked=blocked)
    named = _with_region(regional) if regional else None
    return named if named and (found is None or named.match.fit > found.match.fit - _AS_WELL) else found


def _with_region(found: Placed) -> Placed | None:
    """The number with the region that stands right before it; None without one."""
    printed, match = found.row.printed, found.match
    before = _syllables_before(printed, match.first)
    for count in (4, 2):
        places = before[-count:]
        if len(places) == count and (known := words.snap(printed.log_probabilities[places], words.REGIONS)):
            sure = float(np.exp(-known.against)) * match.confidence
            region = forms.LICENCE_REGIONS[known.word]
            signs, text = region + match.signs, f"{region}-{match.text}"
            return Placed(found.row, patterns.Match(text, signs, sure, match.fit, places[0], match.last))
    return None


def _syllables_before(printed: Printed, first: int) -> list[int]:
    """Places of the syllables right before a place, of one that was told twice the second."""
    places: list[int] = []
    for place in range(first - 1, -1, -1):
        sign = printed.text[place]
        if sign in hangul.SYLLABLES:
            if not places or printed.text[places[0]] != sign:
                places.insert(0, place)
        elif sign not in _BEFORE_A_NUMBER:
            break
    return places


def _likeliest(
    rows: Sequence[Row],
    pattern: Sequence[patterns.Slot],
    *,
    fits: float,
    blocked: Sequence[patterns.Slot],
) -> Placed | None:
    best: Placed | None = None
    for row in rows:
        match = patterns.find(row.printed, pattern)
        if match is None or match.fit < fits or (best and match.fit <= best.match.fit):
            continue
        other = patterns.find(row.printed, blocked)
        if other and other.fit > match.fit:
            continue
        best = Placed(row, _parted_from_digits(row, match))
    return best


def _parted_from_digits(row: Row, match: patterns.Match) -> patterns.Match:
    """The number, unsure where a digit stands right before or behind it, or among it: one may have been told twice."""
    text = row.printed.text
    beside = text[max(0, match.first - 1) : match.first] + text[match.last + 1 : match.last + 2]
    within = [place for place in range(match.first, match.last) if place not in match.places and text[place].isdigit()]
    if not within and not any(sign.isdigit() for sign in beside):
        return match
    return replace(match, confidence=min(match.confidence, _DIGIT_TOO_MANY))


def issued(days: Sequence[Placed], *, today: date) -> Placed | None:
    """Of dates the lowest on the card, of those that are not to come if any is not."""

    def is_past(placed: Placed) -> bool:
        day = day_of(placed.match.text)
        return day is not None and day <= today

    return max(days, key=lambda placed: (is_past(placed), placed.row.middle), default=None)


def dates(rows: Sequence[Row], *, today: date) -> list[Placed]:
    """Rows with a date that exists, top to bottom; of a row with two, the first; of one far off, its look-alike."""
    found = []
    for row in rows:
        match = _date(row)
        if match is None or match.fit < NUMBER_FITS:
            continue
        day = day_of(match.text)
        if day is None or day.year > today.year + _AHEAD:
            strict = patterns.best_of(row.printed, patterns.date_forms(today.year + _AHEAD))
            least = NUMBER_FITS if day is None else match.fit - _NEARLY
            match = strict if strict and strict.fit > least else match
        if forms.date_digits(match.text):
            found.append(Placed(row, _doubted(row, replace(match, text=_evenly(match.text)))))
    return found


def _date(row: Row) -> patterns.Match | None:
    """The likeliest date on a row: of 11.7 the two ones are no month and day where 7 was read with doubt."""
    match = patterns.find(row.printed, patterns.DATE)
    if match is None or _is_parted(row, match):
        return match
    parted = patterns.find(row.printed, patterns.PARTED_DATE)
    least = max(NUMBER_FITS, match.fit - _UNPARTED)
    return parted if parted and day_of(parted.text) and parted.fit > least else match


def _is_parted(row: Row, match: patterns.Match) -> bool:
    """True where a stop or a blank stands between year and month and between month and day."""
    return all(
        match.places[stop] >= 0
        or hangul.SPACE in row.printed.text[match.places[stop - 1] : max(match.places[stop + 1 : stop + 3])]
        for stop in patterns.STOPS_OF_A_DATE
    )


def _doubted(row: Row, match: patterns.Match) -> patterns.Match:
    """The date, less sure and to its row's end where it may be told in part only: its parts run on, or go on."""
    if _has_lost_a_stop(match):
        match = replace(match, confidence=min(match.confidence, _STOP_LOST))
    rest = row.printed.text[match.last + 1 :]
    goes_on = _MORE_DIGITS.match(rest) is not None or (len(rest) <= _FEW and _STOPS.fullmatch(rest) is None)
    if not goes_on and (len(match.places) != len(patterns.DATE) or _is_parted(row, match)):
        return match
    last = len(row.printed.text) - 1 if goes_on else match.last
    return replace(match, confidence=min(match.confidence, _NOT_PARTED), last=last)


def _has_lost_a_stop(match: patterns.Match) -> bool:
    """True where a stop stands behind the year and none behind the month: it may have been read as a digit of it."""
    year, month = (match.places[stop] for stop in patterns.STOPS_OF_A_DATE)
    return len(match.places) == len(patterns.DATE) and year >= 0 > month


def _evenly(text: str) -> str:
    """A date in one style, its last stop put back where it is never left out: small ones are lost.

    It is there where blanks stand behind the others, and where a month or day of one digit has no nought before it.
    """
    spaced = _SPACED_DATE.fullmatch(text)
    if spaced:
        return "{}. {}. {}.".format(*spaced.groups())
    return f"{text}." if _UNPADDED_DATE.fullmatch(text) else text


def on_card(card: Card, told: Field) -> list[list[int]]:
    """Corners of a field, px of the card, clockwise from its top left."""
    corners: list[list[int]] = find.on_card(card, np.array(told.box)).round().astype(int).tolist()
    return corners


def issuer_places(card: Card, fields: dict[str, Field]) -> list[Place]:
    """Where an issuer is looked for that was not seen, px of the card: below the date."""
    if "issue_date" not in fields:
        return []
    (left, top), _, (right, bottom), _ = on_card(card, fields["issue_date"])
    tall = bottom - top
    return [(left - 9 * tall, bottom - tall // 3, right + 9 * tall, bottom + 4 * tall)]


def checks(values: dict[str, str], *, today: date) -> tuple[Check, ...]:
    """Tri-state verdicts over what was read; none of them hides a value."""
    out = []
    issued = day_of(values.get("issue_date", ""))
    if number := forms.digits(values.get("resident_number", "")):
        born = rules.birth_date_of(number)
        out.append(_check("resident_number_birth_date", born is not None and born <= today, "resident_number"))
        verdict = rules.check_digit(number, issued=issued)
        out.append(Check("resident_number_check_digit", verdict, ("resident_number",)))
        if issued and born:
            out.append(_check("issue_date_possible", born <= issued <= today, "issue_date"))
    elif issued:
        out.append(_check("issue_date_possible", issued <= today, "issue_date"))
    if number := forms.licence_number(values.get("licence_number", "")):
        out.append(_check("licence_number_region", int(number[:2]) in rules.LICENCE_REGIONS, "licence_number"))
    return tuple(out)


def day_of(text: str) -> date | None:
    """The day of a printed date; None when it is none."""
    digits = forms.date_digits(text)
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if digits else None


def _check(name: str, is_so: object, *fields: str) -> Check:
    return Check(name, Verdict.PASS if is_so else Verdict.FAIL, fields)


def address(rows: Sequence[Row], number: Row, last: float) -> Words | None:
    """An address over up to three rows, joined by blanks, its label left out: below the number, above `last`.

    It stands where the number stands and not at the other side. No address has a full stop.
    """
    column = _address_rows(
        [row for row in rows if row.middle < last and row.left < number.right and row.right > number.left]
    )
    if not column:
        return None
    parts = [row.text.strip() for row in column]
    for label in ("주소", "주 소"):
        if parts[0].startswith(label):
            parts[0] = parts[0][len(label) :].strip(" :.")
    sure = float(np.prod([one for row in column for one in row.printed.confidences]))
    first = column[0]
    text = " ".join(part.replace(".", ",") for part in parts).strip(" ,")
    return Words(first, text, sure, 0, len(first.printed.centres) - 1)


def _address_rows(rows: Sequence[Row]) -> list[Row]:
    """Up to three rows; a few signs are a row of an address where they stand below its first one."""
    start = next((place for place, row in enumerate(rows) if len(row.plain) > _FEW), len(rows))
    others = [row for row in rows[start + 1 :] if len(row.plain) > _FEW or _is_below(row, rows[start])]
    return [*rows[start : start + 1], *others][:3]


def _is_below(row: Row, first: Row) -> bool:
    is_alike = _ALIKE < row.height / first.height < 1 / _ALIKE and row.middle - first.middle < _LEADING * first.height
    return len(row.plain) > 1 and is_alike and abs(row.left - first.left) < _INDENTED
