"""Six places of a machine readable zone as a date: unknown parts, impossible days, the century. `today` is given."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date

from core.documents import Verdict
from worker.reading.mrz.characters import FILLER

OLDEST_HOLDER = 110  #: years; a birth date further back is not offered as a second candidate
FIRST_EXPIRY = 1980  #: the year; machine readable documents were first issued that year
FURTHEST_EXPIRY = 60  #: years from today


@dataclass(frozen=True, slots=True)
class DateReading:
    """A date as far as it is known. Every text is ISO 8601: `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, or empty."""

    value: str = field(repr=False)
    verdict: Verdict  #: whether such a day exists; not applicable where the whole date is unknown
    candidates: tuple[str, ...] = field(default=(), repr=False)  #: all centuries that are possible, when more than one


UNKNOWN = DateReading("", Verdict.NOT_APPLICABLE)
IMPOSSIBLE = DateReading("", Verdict.FAIL)


def birth(raw: str, *, today: date) -> DateReading:
    """The birth date in `raw` (`YYMMDD`): the latest that does not lie after `today`."""
    written = _written(raw)
    if isinstance(written, DateReading):
        return written
    years = [century + written[0] for century in (2000, 1900)]
    likely = [year for year in years if _first_day(year, written) <= today]
    return _chosen(written, [year for year in likely if year >= today.year - OLDEST_HOLDER] or likely[-1:])


def expiry(raw: str, *, today: date) -> DateReading:
    """The expiry date in `raw` (`YYMMDD`): of the years since 1980 the one nearest to `today`."""
    written = _written(raw)
    if isinstance(written, DateReading):
        return written
    years = [century + written[0] for century in (1900, 2000, 2100)]
    likely = [year for year in years if FIRST_EXPIRY <= year <= today.year + FURTHEST_EXPIRY]
    nearest = sorted(likely or years, key=lambda year: abs(year - today.year))
    return _chosen(written, nearest if likely else nearest[:1])


def issue_month(raw: str) -> DateReading:
    """The month in `raw` (`YYMM`) in which an old French card was issued, 1980 to 2079."""
    if not (_is_number(raw) and 1 <= int(raw[2:4]) <= 12):
        return IMPOSSIBLE
    century = 1900 if int(raw[:2]) >= FIRST_EXPIRY % 100 else 2000
    return DateReading(f"{century + int(raw[:2])}-{raw[2:4]}", Verdict.PASS)


def _written(raw: str) -> tuple[int, str, str] | DateReading:
    """The year within its century, month and day as written; a reading at once when there is no year or no such day."""
    year, month, day = raw[:2], raw[2:4], raw[4:6]
    if raw == FILLER * 6:
        return UNKNOWN
    if not all(_is_number(part) or part == FILLER * 2 for part in (year, month, day)):
        return IMPOSSIBLE
    if _is_number(month) and not 1 <= int(month) <= 12:
        return IMPOSSIBLE
    if _is_number(day) and not 1 <= int(day) <= 31:
        return IMPOSSIBLE
    return (int(year), month, day) if _is_number(year) else DateReading("", Verdict.PASS)


def _chosen(written: tuple[int, str, str], years: list[int]) -> DateReading:
    """The date in the first of `years`; the other years in which that day exists are candidates."""
    possible = [text for text in (_iso(year, written) for year in years) if text]
    if not possible:
        return IMPOSSIBLE
    return DateReading(possible[0], Verdict.PASS, tuple(possible) if len(possible) > 1 else ())


def _iso(year: int, written: tuple[int, str, str]) -> str:
    _, month, day = written
    if not _is_number(month):
        return f"{year:04}"
    if not _is_number(day):
        return f"{year:04}-{month}"
    exists = int(day) <= calendar.monthrange(year, int(month))[1]
    return f"{year:04}-{month}-{day}" if exists else ""


def _first_day(year: int, written: tuple[int, str, str]) -> date:
    _, month, day = written
    number = int(month) if _is_number(month) else 1
    last = calendar.monthrange(year, number)[1]
    return date(year, number, min(int(day), last) if _is_number(day) and _is_number(month) else 1)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
