"""Reads a payment card: find its rows of digits, read them, tell number, date and brand. Nothing else is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain, islice
from typing import Final, TypeGuard

import numpy as np

from core.documents import Check, DocumentType, Failure, FailureReason, Field, Verdict
from worker.reading import decode
from worker.reading.cards import (
    colour_planes,
    digit_averaging,
    digit_lines,
    digit_proposals,
    digit_reading,
    digit_rows,
    digit_stacks,
    find,
    payment_brands,
    payment_date,
    payment_date_rows,
    payment_looks,
    payment_number,
    payment_whereabouts,
)
from worker.reading.cards.base import Colour, Told
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import DATE, NUMBER, Row
from worker.reading.cards.digit_strips import Pyramid
from worker.reading.cards.payment_date import Month
from worker.reading.cards.payment_number import Number
from worker.reading.engines.base import Grey

COLOURED: Final = 1344  #: px of the longest side in colour; rows are found there and read in the whole grey picture
_MOST_ROWS: Final = 8  #: of one kind that are read in one look
_MOST_CARDS: Final = 2  #: that are cut out straight where no number was seen, the likeliest first
_MOST_COLOURED: Final = 3  #: rows that are read in every colour
_SURE: Final = 0.97  #: probability of every digit of a number with a right check digit, at which one look is enough
_WORTH_COLOURS: Final = 2.0  #: of the best row as it was read: eight sure digits have 3, texture hardly 2
_WORTH_AVERAGING: Final = 2.5  #: the same, of each row that is averaged
_LEAST_DIGITS: Final = 8  #: in a row before a picture counts as one of a card that could not be read


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was seen of a card. Its repr shows nothing."""

    number: Number | None = field(repr=False)  #: the likeliest, trusted or not
    month: Month | None = field(repr=False)
    rows: tuple[ReadRow, ...] = field(repr=False)  #: that numbers were looked for on, in the look that counts
    dates: tuple[ReadRow, ...] = field(repr=False)  #: and dates
    most: int  #: characters in one row


def tell_of(picture: decode.Picture) -> Told:
    """As `tell`, of a decoded picture."""
    return tell(decode.bgr(picture, longest_side=COLOURED), picture.grey)


def tell(image: Colour, grey: Grey) -> Told:
    """What a picture shows of a payment card; `failure` says why it is nothing.

    `grey` is the whole picture, (H, W) uint8; `image` the same in colour, (h, w, 3) uint8 BGR, smaller or as large.
    """
    seen = look(image, grey)
    if not _is_trusted(seen.number):
        return _nothing(seen.most, seen.number)
    return _told(seen.number, seen.month)


def look(image: Colour, grey: Grey) -> Seen:
    """Looks for a number at one size after the other, then for a date beside it; pictures as for `tell`."""
    pyramid, larger = Pyramid(grey), grey.shape[1] / image.shape[1]
    number, rows, likely, read, most, worth = None, list[Row](), list[Row](), list[ReadRow](), 0, 0.0
    cards = cache(lambda: list(islice(find.cards(image), _MOST_CARDS)))
    for seen in payment_looks.of(image, cards):
        rows = [row.scaled(larger) for row in seen]
        likely += (lying := [row for row in rows if row.kind == NUMBER])
        number, read = _number(pyramid, lying)
        most = max([most, *(len(one.characters) for one in read)])
        worth = max([worth, *(one.worth for one in read)])
        if _is_trusted(number):
            break
    is_shown = worth >= _WORTH_COLOURS and not _is_trusted(number)
    if is_shown and (told := _in_colours(image, larger, likely) or _carefully(pyramid, likely)):
        pyramid, number, read = told
    if not _is_trusted(number):
        likeliest, read = _closely(pyramid, digit_proposals.read(cards(), pyramid, larger))
        number = likeliest or number
        most = max([most, *(len(one.characters) for one in read)])
    if _is_trusted(number):
        number = _looked_at_twice(pyramid, number)
    if not _is_trusted(number):
        return Seen(number, None, tuple(read), (), most)
    careful = pyramid.read_by(digit_lines.careful())
    counts = payment_whereabouts.on_card_of(number, cards, larger)
    shown = [row for row in rows if row.kind == DATE]
    dates = payment_date_rows.read(image, careful, shown, read, number, counts=counts)
    return Seen(number, payment_date.latest(dates, counts), tuple(read), tuple(dates), most)


def _is_trusted(number: Number | None) -> TypeGuard[Number]:
    return number is not None and number.is_trusted


def _in_colours(image: Colour, larger: float, rows: Sequence[Row]) -> tuple[Pyramid, Number, list[ReadRow]] | None:
    """The number that the likeliest rows show in some colour, and in none another one; None without any."""
    likeliest = sorted(rows, key=_likelihood)[:_MOST_COLOURED]
    told = list(_told_by_colours(image, larger, likeliest)) if likeliest else []
    if len({number.text for _, number, _ in told}) != 1:
        return None
    return max(told, key=lambda one: one[1].least)


def _carefully(pyramid: Pyramid, rows: Sequence[Row]) -> tuple[Pyramid, Number, list[ReadRow]] | None:
    """The number with a right check digit that the careful engine reads on the likeliest rows; None without any."""
    careful = pyramid.read_by(digit_lines.careful())
    number, read = _number(careful, rows)
    return (careful, number, read) if _is_trusted(number) and number.has_check_digit else None


def _told_by_colours(
    image: Colour, larger: float, rows: Sequence[Row]
) -> Iterator[tuple[Pyramid, Number, list[ReadRow]]]:
    for plane in colour_planes.of(image):
        pyramid = Pyramid(plane, larger)
        number, read = _number(pyramid, rows)
        if _is_trusted(number):
            yield pyramid, number, read


def _likelihood(row: Row) -> float:
    return -row.length * row.sureness


def _number(pyramid: Pyramid, rows: Sequence[Row]) -> tuple[Number | None, list[ReadRow]]:
    chosen = sorted(rows, key=_likelihood)[:_MOST_ROWS]
    return _closely(
        pyramid, _one_way(pyramid, [digit_reading.read_either_way(pyramid, row) for row in _aligned(chosen)])
    )


def _closely(pyramid: Pyramid, read: list[ReadRow]) -> tuple[Number | None, list[ReadRow]]:
    """The number on these rows; where none is trusted, on rows drawn out, on the mean of many looks, in stacks."""
    number = payment_number.best_of(read)
    if not _is_trusted(number):
        read += [digit_reading.read(pyramid, digit_reading.drawn_out(one.row)) for one in read if _has_digits(one)]
        number = payment_number.best_of(read)
    if not _is_trusted(number):
        number = _averaged(pyramid, read) or number
    if not _is_trusted(number):
        number = _stacked(pyramid, read) or number
    return number, read


def _stacked(pyramid: Pyramid, read: Sequence[ReadRow]) -> Number | None:
    """The number that is trusted with the groups above and below these."""
    stacks = (payment_number.best_of(stack) for stack in digit_stacks.completed(pyramid, read))
    return next(filter(_is_trusted, stacks), None)


def _averaged(pyramid: Pyramid, read: Sequence[ReadRow]) -> Number | None:
    """The number that these rows show on average of many looks at each."""
    return payment_number.best_of([digit_averaging.read(pyramid, one) for one in read if one.worth >= _WORTH_AVERAGING])


def _one_way(pyramid: Pyramid, read: list[ReadRow]) -> list[ReadRow]:
    """All rows from the end from which most digits were read: 0, 6, 8 and 9 are digits upside down too."""
    if not read:
        return read
    along = sum((one.row.along * _told_by(one) for one in read), np.zeros(2))
    return [
        digit_reading.read(pyramid, one.row.turned()) if float(one.row.along @ along) < 0 < _told_by(one) else one
        for one in read
    ]


def _told_by(read: ReadRow) -> int:
    """How many more digits than other characters stand in a row: words upside down show some."""
    return max(0, sum(1 if one.is_digit else -1 for one in read.characters))


def _looked_at_twice(pyramid: Pyramid, number: Number) -> Number | None:
    """A number, and where a doubt is left what its rows say at other sizes and to both engines.

    None where that is another one.

    Hardly any card has a wrong check digit: a digit that was read surely at one size may be another at the next. And
    of two digits read wrongly one in ten makes the check digit right.
    """
    if number.has_check_digit and number.least >= _SURE:
        return number
    rows = [read.row for read in dict.fromkeys(digit.row for digit in number.digits)]
    careful = pyramid.read_by(digit_lines.careful())
    looks = (digit_reading.at_other_sizes(one, rows) for one in (pyramid, careful))
    others = [payment_number.best_of(read) for read in chain(*looks)]
    sure = [other for other in others if _is_trusted(other) and len(other.digits) == len(number.digits)]
    right = [one for one in (number, *sure) if one.has_check_digit]
    if right:
        times = Counter(one.text for one in right)
        return max(right, key=lambda one: (times[one.text], one.least))
    return number if all(other.text == number.text for other in sure) else None


def _has_digits(read: ReadRow) -> bool:
    return sum(one.is_digit for one in read.characters) >= payment_brands.LEAST_GROUP


def _aligned(rows: Sequence[Row]) -> list[Row]:
    """Short rows take the direction of the longest: all of a number stands the same way."""
    if not rows:
        return []
    longest = max(rows, key=lambda row: row.length)
    return [
        replace(row, along=longest.along * np.sign(float(row.along @ longest.along)))
        if row.length < 6 * row.height and abs(float(row.along @ longest.along)) > 0.85
        else row
        for row in rows
    ]


def _told(number: Number, month: Month | None) -> Told:
    fields = {"card_number": Field(number.text, round(number.least, 4), None, "visual")}
    for place, group in enumerate(number.groups, start=1):
        strip, half = group[0].row.strip, max(group[0].row.pitch, 4.0) * 0.48
        box = strip.box(group[0].x - half, group[-1].x + half)
        least = min(digit.probability for digit in group)
        fields[f"number_group_{place}"] = Field("".join(digit.text for digit in group), round(least, 4), box, "visual")
    if month is not None:
        fields["valid_thru"] = Field(month.text, round(month.probability, 4), month.box, "visual")
    brand = payment_brands.brand_of(number.text)
    if brand is not None:
        fields["brand"] = Field(brand.name, round(number.least, 4), None, "visual")
    return Told(
        DocumentType.PAYMENT_CARD,
        fields,
        _checks(number, month),
        sureness=0.99 if number.has_check_digit else round(number.least, 3),
        quality={"digit_height": round(number.digits[0].row.row.height, 1)},
        engine=_engine(),
    )


def _checks(number: Number, month: Month | None) -> tuple[Check, ...]:
    def verdict(*, passes: bool) -> Verdict:
        return Verdict.PASS if passes else Verdict.FAIL

    return (
        Check("card_number_check_digit", verdict(passes=number.has_check_digit), ("card_number",)),
        Check(
            "card_number_range",
            verdict(passes=payment_brands.has_brands_length(number.text)),
            ("card_number",),
        ),
        Check("valid_thru_read", Verdict.NOT_APPLICABLE if month is None else Verdict.PASS, ("valid_thru",)),
    )


def _nothing(most: int, number: Number | None) -> Told:
    if number is not None or most >= _LEAST_DIGITS:
        reason = FailureReason.UNREADABLE
        detail = "Digits were seen and could not be read surely. Try again in even light, the card flat and filling it."
    else:
        reason = FailureReason.NO_DOCUMENT
        detail = "No payment card was seen. Photograph the side with the number, from above, filling the picture."
    return Told(DocumentType.PAYMENT_CARD, {}, (), sureness=0.0, failure=Failure(reason, detail), engine=_engine())


def _engine() -> str:
    return "+".join(one.name for one in (digit_rows.finder(), digit_lines.engine(), digit_lines.careful()))
