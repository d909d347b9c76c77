"""What resident cards and licences have in common: number, date, issuer, address, and the checks held against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from core.authenticity import printed as forms
from core.authenticity import rules
from core.documents import Check, Verdict
from worker.reading.cards.base import Printed
from worker.reading.cards.korean import hangul, patterns, words
from worker.reading.cards.korean.rows import Row

NUMBER_FITS = -1.1  #: mean natural-log probability of a place from which on a number or date is one
_ENDINGS = "장수사"  #: of issuers: 구청장, 시장, 군수, 도지사


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


def resident_number(rows: Sequence[Row]) -> Placed | None:
    """The row with the likeliest `YYMMDD-GNNNNNN`; a birth date that is none is put right where the print allows it."""
    found = _likeliest(rows, patterns.RESIDENT_NUMBER, fits=NUMBER_FITS, blocked=patterns.LICENCE_NUMBER)
    if found is None or rules.birth_date_of(forms.digits(found.match.signs)):
        return found
    strict = patterns.best_of(found.row.printed, patterns.RESIDENT_NUMBER_FORMS)
    return Placed(found.row, strict) if strict and strict.fit > NUMBER_FITS else found


def licence_number(rows: Sequence[Row]) -> Placed | None:
    """The row with the likeliest `11-12-345678-90` or `서울 12-345678-90`; the latter begins at its region."""
    found = _likeliest(rows, patterns.LICENCE_NUMBER, fits=NUMBER_FITS)
    regional = _likeliest(rows, patterns.LICENCE_NUMBER_OF_A_REGION, fits=NUMBER_FITS)
    if regional and (found is None or regional.match.fit > found.match.fit + 0.4):
        named = _with_region(regional)
        if named:
            return named
    return found


def _with_region(found: Placed) -> Placed | None:
    printed, match = found.row.printed, found.match
    before = [place for place in range(match.first) if printed.text[place] in hangul.SYLLABLES]
    for count in (4, 2):
        places = before[-count:]
        if len(places) == count and (known := words.snap(printed.log_probabilities[places], words.REGIONS)):
            sure = float(np.exp(-known.against)) * match.confidence
            text = f"{known.word} {match.text}"
            return Placed(
                found.row, patterns.Match(text, known.word + match.signs, sure, match.fit, places[0], match.last)
            )
    return None


def _likeliest(
    rows: Sequence[Row],
    pattern: Sequence[patterns.Slot],
    *,
    fits: float,
    blocked: Sequence[patterns.Slot] | None = None,
) -> Placed | None:
    best: Placed | None = None
    for row in rows:
        match = patterns.find(row.printed, pattern)
        if match is None or match.fit < fits or (best and match.fit <= best.match.fit):
            continue
        if blocked:
            other = patterns.find(row.printed, blocked)
            if other and other.fit > match.fit:
                continue
        best = Placed(row, match)
    return best


def dates(rows: Sequence[Row]) -> list[Placed]:
    """Rows with a date that exists, top to bottom; of a row with two, the first."""
    found = []
    for row in rows:
        match = patterns.find(row.printed, patterns.DATE)
        if match is None or match.fit < NUMBER_FITS:
            continue
        if not forms.date_digits(match.text):
            match = patterns.best_of(row.printed, patterns.DATE_FORMS)
        if match and match.fit > NUMBER_FITS and forms.date_digits(match.text):
            found.append(Placed(row, match))
    return found


def issuer(rows: Sequence[Row], known: Sequence[str]) -> Words | None:
    """The issuer on the lowest row that ends like one: known words put right, whatever stands behind them left out."""
    found = [told for row in rows if (told := _issuer_on(row, known))]
    return max(found, key=lambda told: (told.confidence > 0.02, told.row.middle), default=None)


def _issuer_on(row: Row, known: Sequence[str]) -> Words | None:
    printed = row.printed
    places = [place for place, sign in enumerate(printed.text) if sign in hangul.SYLLABLES]
    while places and not _may_end(printed, places[-1]):
        places.pop()
    if len(places) < 4:
        return None
    log_probabilities = printed.log_probabilities[places]
    text, sure = _put_right(log_probabilities, known)
    return Words(row, _with_blanks(printed, places, text), sure, places[0], places[-1])


def _may_end(printed: Printed, place: int) -> bool:
    """True where the likeliest reading is an ending of an issuer, or where it nearly is."""
    row = printed.log_probabilities[place]
    return bool(row[words.codes(_ENDINGS)].max() > row.max() - 2.5)


def _put_right(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], known: Sequence[str]) -> tuple[str, float]:
    """The issuer and how sure it is: the whole where it is known, else its province and its office, else as read."""
    if whole := words.snap(rows, known):
        return whole.word, _sureness(rows, whole)
    for count in sorted({len(province) for province in words.PROVINCES}, reverse=True):
        if count >= len(rows):
            continue
        head, tail = words.snap(rows[:count], words.PROVINCES), words.snap(rows[count:], words.OFFICES)
        if head and head.against < _unlikely(count):
            rest, sure = (tail.word, _sureness(rows[count:], tail)) if tail else _as_read(rows[count:])
            return head.word + rest, sure * _sureness(rows[:count], head)
    return _as_read(rows)


def _unlikely(count: int) -> float:
    return 1.0 + 0.9 * count


def _sureness(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]], snapped: words.Snapped) -> float:
    """Half a known word's doubt is taken by its being known."""
    return float(np.exp((rows.max(axis=1).sum() - 2 * snapped.against) / 2))


def _as_read(rows: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> tuple[str, float]:
    rows = rows[:, hangul.FIRST_SYLLABLE :]
    text = "".join(hangul.SYLLABLES[place] for place in rows.argmax(axis=1))
    return text, float(np.exp(rows.max(axis=1).sum()))


def _with_blanks(printed: Printed, places: list[int], text: str) -> str:
    """`text`, whose signs stand on `places`, with the blanks that are printed between them."""
    out = text[0]
    for sign, before, place in zip(text[1:], places, places[1:], strict=False):
        out += (" " if hangul.SPACE in printed.text[before:place] else "") + sign
    return out


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


def address(rows: Sequence[Row]) -> Words | None:
    """An address over several rows, joined by blanks, its label left out."""
    parts = [row.text.strip() for row in rows if row.plain]
    if not parts:
        return None
    for label in ("주소", "주 소"):
        if parts[0].startswith(label):
            parts[0] = parts[0][len(label) :].strip(" :.")
    sure = float(np.prod([np.mean(row.printed.confidences) for row in rows]))
    first = rows[0]
    return Words(first, " ".join(parts).strip(), sure, 0, len(first.printed.centres) - 1)
