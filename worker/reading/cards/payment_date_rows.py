"""Looks for dates about a card number that was read: where they were seen, closer, and on every line of print."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from worker.reading.cards import colour_planes, digit_reading, digit_rows, lines, payment_date
from worker.reading.cards.base import Card, Colour
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import DATE, Floats, Row
from worker.reading.cards.digit_strips import Pyramid
from worker.reading.cards.payment_date import Month
from worker.reading.cards.payment_number import Number

_MOST_ROWS: Final = 8  #: that are read in one look
_LEVEL: Final = 0.7  #: cosine between a date and the number, at least
_MONTH: Final = 3.0  #: row heights, of two digits with a stroke
_SURE: Final = 0.9  #: probability of a date, below which another look is taken
_CLOSER: Final = (15.0, 23.0, 10.0)  #: px of the number's height when dates are looked for about it
_WINDOW: Final = (480, 352)  #: px, width and height, of that closer look
_PRINT: Final = 26.0  #: px of the number's height when every line of print is looked at
_PRINT_WINDOW: Final = (800, 576)
_ABOVE: Final = 0.42  #: of a window, that lies above the number
_TALL: Final = (1.0, 0.72, 0.52)  #: times the height that the finder told, which is often too much for small print
_BETTER: Final = 0.02  #: by which such print is worth more when it is read less tall
_ASIDE: Final = (0.0, 0.3, -0.3)  #: of the height that was told, by which a row may lie lower
_BESIDE: Final = np.arange(-2.7, 2.8, 0.3)  #: heights of a date, by which another one may stand lower
_LEVEL_WITH: Final = 0.7  #: the same, of one that stands on one line with it
_NEAR: Final = ((-11.0, -1.0), (-5.0, 5.0), (1.0, 11.0))  #: the same, from where to where along it others may stand
_FAR: Final = ((-16.0, -5.5), (5.5, 16.0))  #: and on its own line too; short pieces, for beyond a card it may be bright
_FLAT: Final = 0.21  #: times its width, a date's height at least: small print is read well in too low a strip
_ONWARDS: Final = 6.0  #: the same, by which such a piece is then read further where print goes on beyond its end
_SHORT: Final = re.compile(r"(?<!\d)\d[/-](20)?\d\d(?!\d)")  #: a date that lacks a digit
_STRETCH: Final = 1.3
_ROOM: Final = 0.4  #: the same, from a date to the ends of such a piece
_MARGIN: Final = 1.2  #: the same, beside a date that is looked at once more
_NUDGED: Final = (-0.3, -0.15, 0.0, 0.15, 0.3)  #: the same, by which it is then taken to stand lower
_SIZES: Final = (1.0, 0.85)  #: times its height, at which it is then read


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """A part of the picture about a number, turned until the number lies level."""

    image: Colour
    along: Floats  #: (2,) px of the picture for one px to the right
    down: Floats
    corner: Floats
    scale: float  #: px of the window per px of the picture

    def in_picture(self, row: Row) -> Row:
        """A row of the window, lying level there, in px of the picture."""
        middle = np.column_stack((self.along, self.down)) @ row.middle + self.corner
        along = self.along / np.hypot(*self.along)
        return Row(middle, along, row.length / self.scale, row.height / self.scale, row.kind, row.sureness)


def read(
    image: Colour,
    pyramid: Pyramid,
    seen: Sequence[Row],
    others: Sequence[ReadRow],
    number: Number,
    *,
    counts: Callable[[Month], bool] = lambda _: True,
) -> list[ReadRow]:
    """Rows that may hold dates, read; more is looked at until one date that counts is sure.

    `seen` are rows that look like dates, `others` rows that were read already; px of the whole picture.
    """
    larger = pyramid.width / image.shape[1]
    along = number.digits[0].row.row.along
    level = [replace(row, along=along) for row in seen if abs(float(row.along @ along)) > _LEVEL]
    rows = _likeliest(level)
    found = [*others, *(_date(pyramid, row) for row in rows)]
    looks = _looks(image, number, larger)
    while not _is_sure(payment_date.latest(found, counts)) and (more := next(looks, None)) is not None:
        found += [_date(pyramid, row) for row in more]
        rows += more
    colours = colour_planes.of(image)
    while not _is_sure(payment_date.latest(found, counts)) and (plane := next(colours, None)) is not None:
        found += [_date(Pyramid(plane, larger, pyramid.reader), row) for row in _likeliest(rows)]
    found += _beside(pyramid, payment_date.latest(found, counts))
    return found + _doubtful(pyramid, found, counts)


def _doubtful(pyramid: Pyramid, found: Sequence[ReadRow], counts: Callable[[Month], bool]) -> list[ReadRow]:
    """All closer looks at what may be a later date than the one that was read best: what most of them say counts."""
    best = payment_date.latest(found, counts)
    if best is None:
        return []
    told = [month for row in found for month in payment_date.months(row)]
    later = [month for month in told if (month.year, month.month) > (best.year, best.month) and counts(month)]
    apart = [month for month in later if not payment_date.is_one_place(month, best)]
    if not apart:
        return []
    row = _row_of(max(apart, key=lambda month: month.probability), _MARGIN)
    return list(_looked_about(pyramid, row, _SIZES, _NUDGED))


def _beside(pyramid: Pyramid, month: Month | None) -> list[ReadRow]:
    """What stands about a date: many cards tell from when they are good above or beside until when."""
    if month is None:
        return []
    others = _others(pyramid, month, 1.0)
    if not others:  # one so close below that a strip as high as the date was told shows both
        row = _row_of(month, 0.0)
        worth = {tall: digit_reading.once(pyramid, row, tall).worth for tall in _TALL}
        tall = max(_TALL, key=lambda tall: worth[tall])
        others = _others(pyramid, month, tall) if worth[tall] - worth[1.0] > _BETTER else []
    return [max(_looked_about(pyramid, _row_of(other, _MARGIN), _SIZES, _NUDGED), key=_sureness) for other in others]


def _others(pyramid: Pyramid, month: Month, tall: float) -> list[Month]:
    """The months on lines about one, their print `tall` times as high as its box."""
    row = _row_of(month, 0.0)
    read_ = [
        one
        for heights in _BESIDE
        for span in (_NEAR + _FAR if abs(heights) < _LEVEL_WITH else _NEAR)
        for one in _read_on(pyramid, row.lowered(heights), span, tall)
    ]
    others = [other for one in read_ for other in payment_date.months(one) if _is_whole(one, other)]
    return [other for other in others if not payment_date.is_one_place(other, month)]


def _read_on(pyramid: Pyramid, row: Row, span: tuple[float, float], tall: float = 1.0) -> list[ReadRow]:
    """The piece of a row's line from so many units to so many, and what follows where digits are cut off out there.

    Its print is `tall` times as high as the row. Read wider too where a month shows one digit: two narrow ones may
    have been taken for it.
    """
    first = digit_reading.once(pyramid, _piece(row, span), tall)
    before, behind = digit_reading.cut_ends(first)
    read_ = [first]
    if _SHORT.search("".join(one.text for one in first.characters)):
        read_.append(digit_reading.once(pyramid, first.row, tall, _STRETCH))
    if not span[0] < 0 < span[1] and (before if span[1] < 0 else behind):
        more = _ONWARDS if span[0] > 0 else -_ONWARDS
        read_.append(digit_reading.once(pyramid, _piece(row, (span[0] + more, span[1] + more)), tall))
    return read_


def _is_whole(read_: ReadRow, month: Month) -> bool:
    """True where the strip goes on at both ends of a date: a year of four digits is not cut to two."""
    strip, room = read_.strip, _ROOM * read_.row.height
    left, right = (float((np.array(month.box[end]) - strip.corner) @ strip.along) for end in (0, 1))
    return left > room and right < strip.grey.shape[1] * strip.step - room


def _piece(row: Row, span: tuple[float, float]) -> Row:
    """What lies from so many heights of a date's middle to so many; more where its row is too low for its width."""
    first, last = (one * max(row.height, _FLAT * row.length) for one in span)
    return replace(row, middle=row.middle + row.along * (first + last) / 2, length=last - first)


def _row_of(month: Month, more: float) -> Row:
    """The row that a date stands on, `more` of its heights longer at both ends."""
    left, right, _, foot = np.array(month.box)
    height, width = float(np.hypot(*(foot - left))), float(np.hypot(*(right - left)))
    return Row((right + foot) / 2, (right - left) / width, width + 2 * more * height, height, DATE, 0.5)


def _is_sure(month: Month | None) -> bool:
    return month is not None and month.probability >= _SURE


def _looks(image: Colour, number: Number, larger: float) -> Iterator[list[Row]]:
    """Rows about the number that may hold dates, one look after the other."""
    for height in _CLOSER:
        window = _window(image, number, larger, height, _WINDOW)
        rows = digit_rows.finder().rows(window.image, max(_WINDOW))
        dates = [row for row in rows if row.kind == DATE and abs(row.along[0]) > _LEVEL]
        yield _likeliest([window.in_picture(row) for row in dates])
    window = _window(image, number, larger, _PRINT, _PRINT_WINDOW)
    print_ = lines.rows(Card(window.image, np.eye(3), 1.0))
    yield [window.in_picture(_row(line)) for line in print_ if line.length > line.height]


def _likeliest(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -row.sureness)[:_MOST_ROWS]


def _row(line: lines.Row) -> Row:
    return Row(np.asarray(line.middle, np.float64), np.array([1.0, 0.0]), line.length, line.height, DATE, 0.5)


def _window(image: Colour, number: Number, larger: float, height: float, size: tuple[int, int]) -> _Window:
    """The part of `image` in which the number's digits are `height` px high."""
    base = number.digits[0].row.row
    scale = height / base.height
    along, down = base.along / scale, base.down / scale
    middle = np.mean([digit.row.row.middle for digit in number.digits], axis=0)
    corner = middle - along * size[0] / 2 - down * size[1] * _ABOVE
    part = cv2.warpAffine(
        image,
        np.column_stack((along, down, corner)) / larger,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return _Window(np.asarray(part, np.uint8), along, down, corner, scale)


def _date(pyramid: Pyramid, row: Row) -> ReadRow:
    """Reads a row; where it shows no sure date also further along, smaller, higher and lower."""
    first = digit_reading.read(pyramid, row)
    if _sureness(first) >= _SURE or not first.characters:
        return first
    longer = replace(row, length=row.length + _MONTH * row.height)
    best = max([first, *_looked_about(pyramid, longer, _TALL, _ASIDE)], key=_sureness)
    cut = [_row_of(month, _MONTH) for month in payment_date.months(best) if not _is_whole(best, month)]
    return max([best, *(one for row in cut for one in _looked_about(pyramid, row, _SIZES, _NUDGED))], key=_sureness)


def _looked_about(pyramid: Pyramid, row: Row, sizes: Sequence[float], lower: Sequence[float]) -> Iterator[ReadRow]:
    """A row read at some sizes, times its height, and some of its heights lower."""
    for tall in sizes:
        for heights in lower:
            yield digit_reading.once(pyramid, row.lowered(heights), tall)


def _sureness(read_: ReadRow) -> float:
    """The probability of its surest date, halved where the strip may cut one of its years short."""
    months = payment_date.months(read_)
    return max((month.probability * (1.0 if _is_whole(read_, month) else 0.5) for month in months), default=0.0)
