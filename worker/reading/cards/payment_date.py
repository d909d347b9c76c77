"""From rows of digits to the month until which a card is good: every way of printing it, and the later of two."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from core.documents import Box
from worker.reading.cards.digit_lines import Character
from worker.reading.cards.digit_reading import ReadRow

_PRINTED: Final = re.compile(
    r"(?<![\d/-])(?P<first>\d{4}|[\d?]{2}) ?[/-] ?(?P<second>\d{4}|[\d?]{2})(?!\d)(?! ?[/-] ?\d)"
)
#: Two dates, the space between them lost; the stroke of the second may be taken for the digit that is most like it.
_TWO: Final = re.compile(r"(?<!\d)\d\d[/-](\d\d(?=\d\d[/7-]\d\d(?!\d))|\d{4}(?=\d\d[/7-]\d{4}(?!\d)))")
#: From a month until another one.
_SPAN: Final = re.compile(r"(?<=\d\d/\d\d)-(?=\d\d/\d\d)|(?<=\d\d/20\d\d)-(?=\d\d/20\d\d)")
_STROKE: Final = re.compile(
    r"(?<![\d/-])\d\d7\d\d(\d\d)?(?![\d/-])"
)  #: a date beside another, its stroke taken for a digit
_CENTURY: Final = "20"
_FIRST_YEAR, _LAST_YEAR = 8, 46  #: of this century; cards are good for at most twenty years
_USUAL_YEARS: Final = range(16, 38)  #: nearly all that are still shown
_UNUSUAL: Final = 0.5  #: times its probability, what a date of another year is taken for
_WIDE: Final = 1.7  #: times the usual step, a step that is a space
_SURE: Final = 0.8  #: probability below which a digit may be a letter beside the date
_WELL: Final = 0.45  #: the same of a date that is told: of 8 less sure than 0.7 none was right
_BELIEVED: Final = 0.7  #: times the probability of the surest date, at which a later one is taken for it
_APART: Final = 0.8  #: times a date's height, from which on another one stands below it
_LEAST: Final = 0.3  #: probability of the least sure digit


@dataclass(frozen=True, slots=True)
class Month:
    """A month and year as printed on a card."""

    month: int  #: 1..12
    year: int  #: of this century
    probability: float  #: of its least sure character
    box: Box = field(repr=False)

    @property
    def text(self) -> str:
        """MM/YY."""
        return f"{self.month:02d}/{self.year:02d}"


def latest(rows: Sequence[ReadRow], counts: Callable[[Month], bool] = lambda _: True) -> Month | None:
    """The latest month on these rows that was read well enough, None without any; of those that count.

    Of several readings of one place those count that are surest together; beside a sure date no doubtful one counts,
    for patterns are taken for dates too.
    """
    places: list[list[Month]] = []
    told = [month for row in rows for month in months(row) if counts(month)]
    for month in sorted(told, key=lambda month: -month.probability):
        for place in places:
            if is_one_place(month, place[0]):
                place.append(month)
                break
        else:
            places.append([month])
    sure = [month for place in places if (month := _agreed(place)).probability >= _WELL]
    least = _BELIEVED * max((month.probability for month in sure), default=0.0)
    believed = [month for month in sure if month.probability >= least]
    return max(believed, key=lambda month: (month.year, month.month), default=None)


def _agreed(readings: Sequence[Month]) -> Month:
    """Of readings of one place, the surest first, the first of those that say what most say surely."""
    sureness = defaultdict[str, float](float)
    for month in readings:
        sureness[month.text] += month.probability**2
    return max(readings, key=lambda month: sureness[month.text])


def is_one_place(month: Month, other: Month) -> bool:
    """True where one is read where the other is, or a little beside it."""
    box, its = np.array(month.box), np.array(other.box)
    along = (box[1] - box[0]) / float(np.hypot(*(box[1] - box[0])))
    wide, high = (max(float(np.hypot(*(one[end] - one[0]))) for one in (box, its)) for end in (1, 3))
    step = box.mean(axis=0) - its.mean(axis=0)
    return abs(float(step @ along)) < wide / 2 and abs(float(along[0] * step[1] - along[1] * step[0])) < _APART * high


def months(row: ReadRow) -> list[Month]:
    """Every month printed in a row: the likeliest that is one, whatever single digits were taken for."""
    text, places = _spaced(row)
    found = []
    for match in _PRINTED.finditer(text):
        numbers = [
            [row.characters[place] for place in places[match.start(part) : match.end(part)] if place is not None]
            for part in ("first", "second")
        ]
        month, year, probability = max(_readings(*numbers), key=lambda told: told[2], default=(0, 0, 0.0))
        if probability < _LEAST or (
            year == int(_CENTURY) and _may_be_digit(row, places[match.end() : match.end() + 1])
        ):
            continue  # what follows at once is the rest of the year
        first, last = numbers[0][0], numbers[1][-1]
        half = max(row.pitch, last.width, 1.0) * 0.5
        found.append(Month(month, year, probability, row.strip.box(first.x - half, last.x + half)))
    return found


def _may_be_digit(row: ReadRow, places: Sequence[int | None]) -> bool:
    """False too where there is none, or a space."""
    beside = [row.characters[place] for place in places if place is not None]
    return any(one.is_digit or one.probability < _SURE for one in beside)


def _readings(first: list[Character], second: list[Character]) -> Iterator[tuple[int, int, float]]:
    """Month, year and the probability of the least sure digit, for every month that may be printed there."""
    for month_of, year_of in ((first, second), (second, first)):
        if len(month_of) != 2 or (month_of is second and len(first) == 2 and _likeliest(first) <= 12):
            continue  # two digits that may be a month stand first: so it is printed nearly everywhere
        centuries = _CENTURY if len(year_of) == 4 else ""
        years = [
            (year, _least(f"{centuries}{year:02d}", year_of) * (1.0 if year in _USUAL_YEARS else _UNUSUAL))
            for year in range(_FIRST_YEAR, _LAST_YEAR + 1)
        ]
        months_ = [(month, _least(f"{month:02d}", month_of)) for month in range(1, 13)]
        year, year_sure = max(years, key=lambda one: one[1])
        month, month_sure = max(months_, key=lambda one: one[1])
        yield month, year, min(year_sure, month_sure)


def _likeliest(digits: list[Character]) -> int:
    return int("".join(str(int(one.log_probabilities[:10].argmax())) for one in digits))


def _least(text: str, characters: list[Character]) -> float:
    """The probability of the least sure of `text`'s digits at these places."""
    return min(float(np.exp(one.log_probabilities[int(digit)])) for digit, one in zip(text, characters, strict=True))


def _spaced(row: ReadRow) -> tuple[str, list[int | None]]:
    """The row's text with its spaces, and for each character of it the place in `row.characters`.

    A digit that is not sure is no digit: letters beside a date are taken for some.
    """
    if not row.characters:
        return "", []
    steps = np.diff([one.x for one in row.characters])
    usual = float(np.median(steps)) if len(steps) else 1.0
    text, spaced = "", list[int | None]()
    for place, one in enumerate(row.characters):
        if place and steps[place - 1] > _WIDE * usual:
            text += " "
            spaced.append(None)
        text += "?" if one.is_digit and one.probability < _SURE else one.text
        spaced.append(place)
    text = _SPAN.sub(" ", text)
    if two := _TWO.search(text):
        text = f"{text[: two.end()]} {text[two.end() :]}"
        spaced.insert(two.end(), None)
    if _PRINTED.search(text):
        text = _STROKE.sub(lambda date: f"{date[0][:2]}/{date[0][3:]}", text)
    return text, spaced
