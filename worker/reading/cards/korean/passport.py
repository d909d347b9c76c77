"""Tells what a Korean passport prints above its MRZ: the name in Hangul, the day of issue, dates as printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import cv2
import numpy as np

from core.authenticity.printed import MONTHS
from core.documents import Box, Field, Mrz
from worker.reading.cards.base import Card, Colour, PrintEngine
from worker.reading.cards.korean import hangul, names, patterns, print_lines, words
from worker.reading.cards.korean.rows import Row, as_field, part_of, rows_of

KOREA: Final = "KOR"

_PITCH: Final = 2.54  # mm; ICAO Doc 9303-3, 4.2: ten characters an inch
_PLACES: Final = 44
_ABOVE, _BELOW, _BESIDE = 70.0, -4.0, 8.0  #: mm around the upper line that the printed zone reaches, above and beside
_PORTRAIT: Final = 27.0  #: mm from the left of the lines, where nothing but the holder's portrait is printed
_FINEST: Final = 9.0  #: px per mm of the page that is cut out
_CAPTIONS: Final = (
    "성명", "한글성명", "이름", "성", "국적", "생년월일", "성별", "발급일", "기간만료일", "발행관청",
    "주민등록번호", "여권번호", "여권", "종류",
    "발행국", "대한민국", "견본", "외교부", "대한민국여권",
)  # fmt: skip
_NAME_CAPTION: Final = "한글성명"

_DAY_FITS: Final = -1.3  #: mean natural-log probability of a place from which on a date is one
_SURE: Final = 0.5  #: confidence of a day that is no other one
_INFERRED: Final = 0.7  #: what a day is worth that is told by the MRZ and the style of others
_KNOWN_FITS: Final = -2.2  #: the same where the day is known and only its place is asked for
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


def tell(
    picture: Colour, mrz: Mrz, fields: dict[str, Field], reader: PrintEngine, *, scale: float = 1.0
) -> dict[str, Field]:
    """Fields beside those of the MRZ; `scale` takes pixels of the MRZ's boxes to pixels of `picture`.

    The boxes of what is handed out are in the pixels that the MRZ's are in. Empty where nothing was read.
    """
    card = page_of(picture, mrz.line_boxes, scale)
    found = print_lines.on(card)
    rows = rows_of(card, found, reader.read_lines([line.strip for line in found]))
    days = [day for row in rows for day in _days(row)]
    told = {}
    for name, known in (("printed_birth_date", "birth_date"), ("printed_expiry_date", "expiry_date")):
        if known not in fields:
            continue
        if day := _known(_without_others(rows, days, fields[known].value), fields[known].value):
            told[name] = _field(card, day)
        elif days and (inferred := _in_style(fields[known], days)):
            told[name] = inferred
    if issued := _issued(days, fields):
        told["issue_date"] = _field(card, issued)
    if named := _korean_name(rows):
        told["korean_name"] = as_field(card, *named)
    return told


def page_of(picture: Colour, line_boxes: Sequence[Box], scale: float) -> Card:
    """The printed zone above the MRZ as a straight card, by the lines of the MRZ: no edge of the book is needed."""
    upper, lower = (np.array(box, np.float64) * scale for box in line_boxes[:2])
    left, right = (upper[0] + upper[3]) / 2, (upper[1] + upper[2]) / 2
    along = (right - left) / (_PITCH * _PLACES)  # px of the picture per mm of the page
    down = ((lower[0] + lower[3]) / 2 - left + (lower[1] + lower[2]) / 2 - right) / 2
    down *= np.hypot(*along) / max(1e-6, float(np.hypot(*down)))
    fine = min(_FINEST, max(4.0, 1.2 * float(np.hypot(*along))))
    wide, high = _PITCH * _PLACES - _PORTRAIT + _BESIDE, _ABOVE + _BELOW
    corner = left + along * _PORTRAIT - down * _ABOVE
    size = (round(wide * fine), round(high * fine))
    to_picture = np.column_stack([along / fine, down / fine, corner])
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if fine > float(np.hypot(*along)) else cv2.INTER_AREA)
    image = cv2.warpAffine(picture, to_picture, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    matrix = np.diag([1 / scale, 1 / scale, 1.0]) @ np.vstack([to_picture, [0, 0, 1]])
    return Card(np.asarray(image, np.uint8), matrix, 1.0)


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
    best: tuple[float, _Day] | None = None
    for text in (f"{day.day:02} {day.month}월/{letters} {day.year}", f"{day.day:02} {letters} {day.year}"):
        pattern = tuple(patterns.Slot(sign, may_lack=sign in "월/") for sign in text if sign != " ")
        for row in rows:
            match = patterns.find(row.printed, pattern)
            if match and match.fit > _KNOWN_FITS and (best is None or match.fit > best[0]):
                best = (match.fit, _Day(row, text, day, match.confidence, match.first, match.last))
    return best[1] if best else None


def _without_others(rows: Sequence[Row], days: Sequence[_Day], iso: str) -> list[Row]:
    """Rows but those that surely print another day: a book expires on the day of the year on which it was issued."""
    others = [day.row for day in days if day.day.isoformat() != iso and day.confidence > _SURE]
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
    return _Day(row, text, day, match.confidence, match.first, match.last)


def _issued(days: Sequence[_Day], fields: dict[str, Field]) -> _Day | None:
    """The surest day between birth and expiry that is neither."""
    known = {fields[name].value for name in ("birth_date", "expiry_date") if name in fields}
    born, expires = (fields[name].value if name in fields else "" for name in ("birth_date", "expiry_date"))
    possible = [
        day for day in days if day.day.isoformat() not in known and born < day.day.isoformat() < (expires or "9999")
    ]
    return max(
        possible, key=lambda day: (day.day.year >= int((expires or "0")[:4] or 0) - 11, day.confidence), default=None
    )


def _field(card: Card, day: _Day) -> Field:
    return as_field(card, day.row, day)


def _korean_name(rows: Sequence[Row]) -> tuple[Row, names.Name] | None:
    """The row of two to five syllables that is no caption, best where the caption of the name stands above it."""
    best: tuple[float, Row, names.Name] | None = None
    parts = (part for whole in rows for part in _hangul_of(whole))
    for row in parts:
        if not _is_hangul(row) or row.plain in _CAPTIONS:
            continue
        name = names.find(row.printed)
        if name is None or max(words.likeness(name.text, caption) for caption in _CAPTIONS if len(caption) > 2) > 0.6:
            continue
        weight = name.confidence + (1.0 if _stands_below_caption(row, rows) else 0.0)
        if best is None or weight > best[0]:
            best = (weight, row, name)
    return (best[1], best[2]) if best else None


def _hangul_of(row: Row) -> list[Row]:
    """The row, or its last word of Hangul where something else stands before it on its level."""
    text = row.printed.text
    start = max((place + 1 for place, sign in enumerate(text) if sign not in hangul.SYLLABLES), default=0)
    return [row] if start == 0 or "/" in text or len(text) - start < 2 else [row, part_of(row, slice(start, None))]


def _is_hangul(row: Row) -> bool:
    signs = row.plain
    return 2 <= len(signs) <= 8 and sum(sign in hangul.SYLLABLES for sign in signs) >= 0.75 * len(signs)


def _stands_below_caption(row: Row, rows: Sequence[Row]) -> bool:
    above = [
        other
        for other in rows
        if 0 < row.middle - other.middle < 2.2 * row.height and other.left < row.right and other.right > row.left - 0.02
    ]
    return any(words.likeness(other.plain[:12], _NAME_CAPTION) >= 0.75 for other in above)
