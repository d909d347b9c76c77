"""Tells the fields of a Korean driver's licence from its lines of print: by patterns, places and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from core.documents import DocumentType, Field
from worker.reading.cards.base import Card, Told
from worker.reading.cards.korean import codes, common, hangul, issuers, kinds, names, resident, words
from worker.reading.cards.korean.rows import Row, as_field, part_of, parted

_TITLES = ("자동차운전면허증", "운전면허증")
_DATED = re.compile(r"[12]\d{3} ?[.,] ?\d{1,2} ?[.,] ?\d")
_DIGITS_OF_A_DAY = 5  #: at least, of a row that tells one
_POLICE = "경찰청"
_LIKE_A_TITLE = 0.7  #: share of its signs
_PERIOD = re.compile("적성|검사|갱신|기간|까지")
_CONDITION_LABELS = ("조건",)
_NEARLY_LABEL = re.compile("^ ?(?:조.|.건) ?[:;.]? ?(?=[A-J](?:$|[., ]))")  #: read with doubt, a letter behind it
_LETTERS = re.compile("^[A-J]{2,4}$")  #: of conditions, the commas between them lost
_KIND_WHOLE = re.compile("종(?:대형|보통|소형|특수|원동기)")  #: that no name has
_ABBREVIATED = re.compile(r"^[A-J](?:[^A-Z가-힣] ?[A-J])+$")  #: conditions by their letters
_HOLDER = 2.0  #: heights of a licence's number with its margins, below it, in which its holder's name stands
_MOST_ABOVE = 3  #: rows below which it is looked for
_ADDRESS = 0.25  #: of a card's height below the resident number, in which the address stands
_HALF_A_SIGN = 0.25  #: of a line's height with its margins
_BELOW = 1.7  #: times _ASIDE, that a condition may stand below the period
_NEXT, _FLUSH, _SHORT = 1.2, 0.03, 0.25  #: of its height, the next row below it; of a card, begun alike; a short row
_ASIDE, _REACH = 0.06, 0.35  #: of a card, looked at about a condition's label and right of it
_FEWEST_SIGNS = 3  #: of a condition in words that is put right: shorter ones are too much alike
_CONDITIONS = "ABCDEFGHIJ"  #: their letters
_LEAST_CONDITION = 0.3  #: of a sign's mean confidence


def tell(card: Card, rows: Sequence[Row], *, today: date) -> Told | None:
    """The fields of a licence, rows from top to bottom; None where no number like a licence's stands on it."""
    licence = number(rows)
    if licence is None:
        return None
    others = _without(rows, licence)
    fields = {"licence_number": _placed(card, licence)}
    person = common.resident_number(others, today=today)
    named: Row | None = None
    if person:
        others = _without(others, person)
        fields["resident_number"] = _placed(card, person)
        between = [row for row in others if licence.row.middle < row.middle < person.row.middle]
        between = [row for row in between if not _KIND_WHOLE.search(row.plain)]
        if name := resident.name_above(between, person):
            named = name[0]
            fields["name"] = as_field(card, *name)
    lower = person.row if person else licence.row
    below = [row for row in others if row.middle > lower.middle + lower.height * 0.4]
    plain = [row for row in below if not _is_period(row)]
    days = common.dates(plain, today=today)
    if person and (address := common.address(below, person.row, _end_of_address(below, person.row, days))):
        fields["address"] = as_field(card, address.row, address)
    issued = common.issued(days, today=today)
    if issued:
        fields["issue_date"] = _placed(card, issued)
        low = [row for row in plain if row.middle > issued.row.middle - issued.row.height * 0.5]
    else:
        low = plain
    office = issuers.find([row for row in low if row is not (issued and issued.row)], words.POLICE)
    if office:
        fields["issuer"] = as_field(card, office.row, office)
    lowest = office.row if office else issued.row if issued else None
    fields |= _the_rest(card, [row for row in others if row is not named], below, lowest)
    values = {name: field.value for name, field in fields.items()}
    return Told(
        DocumentType.DRIVER_LICENCE,
        fields,
        common.checks(values, today=today),
        resident.sureness(rows, fields, _TITLES),
    )


def number(rows: Sequence[Row]) -> common.Placed | None:
    """The licence's number; a period is none, and no date."""
    return common.licence_number(_undated(rows))


def holders_number(rows: Sequence[Row], *, today: date) -> common.Placed | None:
    """The number of the licence's holder; a period is none."""
    return common.resident_number(_undated(rows), today=today)


def above_holders_number(rows: Sequence[Row]) -> list[Row]:
    """Rows right below the licence's number: its holder's stands below one of them, or below the number itself."""
    if (licence := number(rows)) is None:
        return []
    row = part_of(licence.row, slice(licence.match.first, licence.match.last + 1))
    below = [
        one for one in rows if row.middle < one.middle < row.middle + _HOLDER * row.height and one.right > row.left
    ]
    return [*below, row][:_MOST_ABOVE]


def _undated(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not _is_period(row) and not _DATED.search(row.printed.text)]


def is_of_a_licence(row: Row) -> bool:
    """True for print that licences have and resident cards have not: their title, their period, the police."""
    is_title = words.likeness(row.plain, _TITLES[-1]) > _LIKE_A_TITLE
    return is_title or _PERIOD.search(row.plain) is not None or _POLICE in row.plain


def red_places(card: Card, fields: dict[str, Field]) -> list[common.Place]:
    """Where a number in red is looked for, px of the card: above its holder's, up to the right edge."""
    if "resident_number" not in fields:
        return []
    (left, top), *_, (_, bottom) = common.on_card(card, fields["resident_number"])
    tall = bottom - top
    return [(left - 3 * tall, top - 5 * tall, card.image.shape[1], top - tall // 2)]


def _is_period(row: Row) -> bool:
    """True for the line that tells from when until when a licence must be renewed."""
    return "~" in row.plain or _PERIOD.search(row.plain) is not None


def _end_of_address(rows: Sequence[Row], number: Row, days: Sequence[common.Placed]) -> float:
    """Where the first row that is none of it stands: a period, a condition, a date; of a card's height."""
    others = [*(day.row for day in days), *(row for row in rows if _is_period(row) or condition([row]))]
    return min([number.middle + _ADDRESS, *(row.middle - number.height * 0.3 for row in others)])


def _without(rows: Sequence[Row], placed: common.Placed) -> list[Row]:
    """The rows, of that with a number only what stands beside it: kinds of licence stand close to theirs."""
    beside = parted(placed.row, placed.match.first, placed.match.last)
    return sorted([*(row for row in rows if row is not placed.row), *beside], key=lambda row: row.middle)


def _the_rest(card: Card, rows: Sequence[Row], below: Sequence[Row], lowest: Row | None) -> dict[str, Field]:
    fields = {}
    if told := kinds.told(rows):
        fields["licence_type"] = as_field(card, told.row, told)
    if stated := condition(below):
        fields["condition"] = as_field(card, stated.row, stated)
    beside = _beside(rows, lowest)
    behind = [row for row in beside if lowest and row.left > lowest.right]
    if code := codes.find(beside) or codes.find_of_digits(behind):
        fields["serial_number"] = as_field(card, code.row, code)
    return fields


def _placed(card: Card, placed: common.Placed) -> Field:
    match = placed.match
    return as_field(card, placed.row, match)


def kind_places(card: Card, fields: dict[str, Field]) -> list[common.Place]:
    """Where kinds of licence are looked for, px of the card: left and right of the number, about on its level."""
    (left, top), _, (right, bottom), _ = common.on_card(card, fields["licence_number"])
    tall = bottom - top
    return [
        (0, top - 2 * tall, left, bottom + tall),
        (right + tall // 4, top - 2 * tall, card.image.shape[1], bottom + 3 * tall),
    ]


def number_places(card: Card, rows: Sequence[Row]) -> list[common.Place]:
    """Where a licence's number is looked for, px of the card: behind its label, beside which its print may be small."""
    height, width = card.image.shape[:2]
    places = []
    for row in rows:
        if label := kinds.NUMBER_LABEL.search(row.printed.text):
            end = float(row.printed.centres[label.end() - 1]) / row.line.strip.shape[1]
            start = (row.left + (row.right - row.left) * end) * width + row.height * height * _HALF_A_SIGN
            places.append(
                (round(start), round(row.top * height), round(start + _REACH * width), round(row.bottom * height))
            )
    return places


def condition_places(card: Card, rows: Sequence[Row]) -> list[common.Place]:
    """Where a condition is looked for, px of the card: about a label that was read alone, or below the period."""
    height, width = card.image.shape[:2]
    labels = [row for row in rows if row.plain.strip(":.·-") in _CONDITION_LABELS]
    return [
        (
            round((row.left - _ASIDE) * width),
            round((row.middle - (0 if below else _ASIDE)) * height),
            round((row.left + _REACH) * width),
            round((row.middle + _ASIDE * (_BELOW if below else 1)) * height),
        )
        for row, below in [(row, False) for row in labels] or [(row, True) for row in rows if _is_period(row)]
    ]


def nearly_conditions(rows: Sequence[Row]) -> list[Row]:
    """Short rows that begin where the period above them begins: a condition, its label read badly."""
    return [
        row
        for period in rows
        if _is_period(period)
        for row in rows
        if 0 < row.middle - period.middle < _NEXT * period.height
        and abs(row.left - period.left) < _FLUSH
        and row.right - row.left < _SHORT
        and row.plain.strip(":.·-") not in _CONDITION_LABELS
        and not _is_period(row)
        and sum(sign.isdigit() for sign in row.plain) < _DIGITS_OF_A_DAY
    ]


def code_places(card: Card, fields: dict[str, Field]) -> list[common.Place]:
    """Where the code serial is looked for, px of the card: right of the issuer, or of the date above it.

    First behind its last letter, where no line of it can run into the code; then from within it.
    """
    told = next((fields[name] for name in ("issuer", "issue_date") if name in fields), None)
    if told is None:
        return []
    (left, top), _, (right, bottom), _ = common.on_card(card, told)
    tall = bottom - top
    starts = (right + tall // 4, max(left + 3 * tall, right - 4 * tall))
    return [(start, top - 5 * tall, left + 24 * tall, bottom + 3 * tall) for start in starts]


def _beside(rows: Sequence[Row], office: Row | None) -> list[Row]:
    """Rows below the small photograph: right of the issuer, about on its level; without it, right and low."""
    if office is None:
        return [row for row in rows if row.middle > 0.55 and (row.left + row.right) / 2 > 0.62]
    return [
        row
        for row in rows
        if row.left > office.left + 2 * office.height
        and -4 < (row.middle - office.middle) / office.height < 2
        and row.height < 1.2 * office.height
    ]


def condition(rows: Sequence[Row]) -> common.Words | None:
    """What stands behind the word 조건."""
    for row in rows:
        nearly = _NEARLY_LABEL.match(row.printed.text)
        start = names.behind(row.printed.text, _CONDITION_LABELS) or (nearly.end() if nearly else 0)
        if start:
            return _stated(row, start)
        if row.plain.strip(":.·-") in _CONDITION_LABELS and (beside := _right_of(row, rows)):
            return _stated(beside, 0)
    return None


def _stated(row: Row, start: int) -> common.Words | None:
    """The condition that a row says from a place on; letters of conditions have commas between them."""
    text = row.printed.text[start:].replace(hangul.OTHER, "").strip(" .:-~'")
    sure = row.printed.confidences[start:]
    if not text or float(np.mean(sure)) < _LEAST_CONDITION or sum(map(str.isdigit, text)) >= _DIGITS_OF_A_DAY:
        return None
    if known := _known_condition(row, start) or _letter(row, start, text):
        return known
    if _ABBREVIATED.match(text) or _LETTERS.match(text):
        text = ", ".join(letter for letter in text if letter.isalpha())
    return common.Words(row, text, float(np.prod(sure)), start, len(row.printed.centres) - 1)


def _known_condition(row: Row, start: int) -> common.Words | None:
    """One of those that licences know in words, all of it in Hangul and without blanks."""
    places = [place for place in range(start, len(row.printed.text)) if row.printed.text[place] not in " .:-~'·"]
    if not places or not all(row.printed.text[place] in hangul.SYLLABLES for place in places):
        return None
    table = row.printed.log_probabilities[places]
    if len(places) < _FEWEST_SIGNS or not (known := words.snap(table, words.CONDITIONS)):
        return None
    sure = float(np.exp((table.max(axis=1).sum() - 2 * known.against) / 2))
    return common.Words(row, known.word, sure, places[0], places[-1])


def _letter(row: Row, start: int, text: str) -> common.Words | None:
    """The likeliest letter of conditions where one sign stands alone: no digit does, however alike."""
    if len(text) > 1 or text in hangul.SYLLABLES:
        return None
    place = row.printed.text.index(text, start)
    table = row.printed.log_probabilities[place, words.codes(_CONDITIONS)]
    return common.Words(row, _CONDITIONS[int(table.argmax())], float(np.exp(table.max())), place, place)


def _right_of(label: Row, rows: Sequence[Row]) -> Row | None:
    """The nearest row on the level of a label, to its right."""
    level = [
        row for row in rows if row.left > label.right - 0.01 and abs(row.middle - label.middle) < label.height * 0.5
    ]
    return min((row for row in level if row.left - label.right < 0.2), key=lambda row: row.left, default=None)
