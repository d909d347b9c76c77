"""Tells the fields of a Korean driver's licence from its lines of print: by patterns, places and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np

from core.documents import DocumentType, Field
from worker.reading.cards import lines, recogniser
from worker.reading.cards.base import Card, Told
from worker.reading.cards.korean import codes, common, hangul, issuers, names, resident, words
from worker.reading.cards.korean.rows import Row, as_field, part_of, parted

_TITLES = ("자동차운전면허증", "운전면허증")
_DATED = re.compile(r"[12]\d{3} ?[.,] ?\d{1,2} ?[.,] ?\d")
_DIGITS_OF_A_DAY = 5  #: at least, of a row that tells one
_SHARED, _LEVEL = 0.5, 0.7  #: of the shorter one, and of a capital's height: two rows that are one print
_LIKELY_KIND = 0.3  #: confidence of kinds that are believed before shorter ones in their place
_POLICE = "경찰청"
_LIKE_A_TITLE = 0.7  #: share of its signs
_PERIOD = re.compile("적성|검사|갱신|기간|까지")
_CONDITION_LABELS = ("조건",)
_NEARLY_LABEL = re.compile("^ ?(?:조.|.건) ?[:;.]? ?(?=[A-J](?:$|[., ]))")  #: read with doubt, a letter behind it
_LETTERS = re.compile("^[A-J]{2,4}$")  #: of conditions, the commas between them lost
_KIND_LIKE = re.compile("[0-9]?종|보통|대형|소형|특수|원동기|견인|구난")
_KIND_WHOLE = re.compile("종(?:대형|보통|소형|특수|원동기)")  #: that no name has
_NUMBER_LABEL = re.compile("면+ ?허+ ?번+ ?호*|허+ ?번+ ?호+")  #: kinds of licence stand before it
_NUMBER = re.compile(r"\d[\d -]{6,}\d(?= |$)")  #: and behind it
_ABBREVIATED = re.compile(r"^[A-J](?:[^A-Z가-힣] ?[A-J])+$")  #: conditions by their letters
_LOST_KIND = 0.4  #: what the confidence of kinds is worth where one more was not made out
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
    if kinds := licence_kinds(rows):
        fields["licence_type"] = as_field(card, kinds.row, kinds)
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
        if label := _NUMBER_LABEL.search(row.printed.text):
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


def place_of_kinds(rows: Sequence[Row]) -> list[lines.Row]:
    """Where each row of kinds of licence stands on its card, top to bottom, the number beside them left out."""
    return sorted((span(one) for one in _kinds(rows)), key=lambda row: row.middle[1])


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


def licence_kinds(rows: Sequence[Row]) -> common.Words | None:
    """All kinds of licence on the card, joined by `/`; those on several rows from top to bottom."""
    found = _kinds(rows)
    if not found:
        return None
    first = found[0]
    text, sure = "/".join(one.text for one in found), float(np.prod([one.confidence for one in found]))
    sure *= _LOST_KIND ** sum(_is_another_kind(row, found) for row in rows)
    return common.Words(first.row, text, sure, first.first, first.last)


def _is_another_kind(row: Row, found: Sequence[common.Words]) -> bool:
    """True for a row that looks like a kind of licence, but like none that is known, where none of `found` stands."""
    if not _KIND_LIKE.search(row.plain) or _kinds_on(row):
        return False
    whole = common.Words(row, row.plain, 0.0, 0, len(row.printed.centres) - 1)
    return not any(_is_in_place_of(whole, one) for one in found)


def _kinds(rows: Sequence[Row]) -> list[common.Words]:
    """What each row tells of kinds; of rows that are cut from the same print only the one that tells it best."""
    found = [kinds for row in rows if (kinds := _kinds_on(row))]
    kept: list[common.Words] = []
    for one in sorted(found, key=_tells_best, reverse=True):
        if not any(_is_same_print(one, other) for other in kept):
            kept.append(one)
    return [one for one in found if any(one is other for other in kept)]


def _kinds_on(row: Row) -> common.Words | None:
    if not _KIND_LIKE.search(row.plain):
        return None
    said = _parts(row)
    parts = [known for part in said if (known := _kind(row, part))]
    if not parts:
        return None
    text = "/".join(word for word, _, _, _ in parts)
    sure = float(np.prod([sure for _, sure, _, _ in parts])) * _LOST_KIND ** _lost_kinds(row, said)
    return common.Words(row, text, sure, parts[0][2], parts[-1][3])


def _tells_best(kinds: common.Words) -> tuple[bool, int, float]:
    return kinds.confidence > _LIKELY_KIND, len(kinds.text), kinds.confidence


def _is_same_print(kinds: common.Words, other: common.Words) -> bool:
    """True for the same kinds, or a part of them, or others in the same place: no kind stands on a licence twice."""
    return kinds.text in other.text or other.text in kinds.text or _is_in_place_of(kinds, other)


def _is_in_place_of(kinds: common.Words, other: common.Words) -> bool:
    first, second = span(kinds), span(other)
    shared = min(first.right[0], second.right[0]) - max(first.left[0], second.left[0])
    away = abs(first.middle[1] - second.middle[1])
    return shared > _SHARED * min(first.length, second.length) and away < _LEVEL * min(first.height, second.height)


def span(words_: common.Words) -> lines.Row:
    """Where words stand on their card, px."""
    centres = words_.row.printed.centres
    height, width = words_.row.line.strip.shape
    tall = height / (1 + 2 * recogniser.MARGIN)
    upper, lower = (
        words_.row.line.corners.astype(np.float64)[[0, 1]],
        words_.row.line.corners.astype(np.float64)[[3, 2]],
    )
    ends = []
    for place, beyond in ((words_.first, -tall / 2), (words_.last, tall / 2)):
        share = float(np.clip((centres[place] + beyond) / width, 0, 1))
        x, y = ((upper[0] + lower[0]) * (1 - share) + (upper[1] + lower[1]) * share) / 2
        ends.append((float(x), float(y)))
    return lines.Row(ends[0], ends[1], float(np.hypot(*(lower[0] - upper[0]))) / (1 + 2 * recogniser.MARGIN))


def _parts(row: Row) -> list[list[int]]:
    """Places of the words of a row, parted at `/`, `,`, the number's label and before a digit followed by 종."""
    parts: list[list[int]] = [[]]
    text = row.printed.text
    for other in (_NUMBER_LABEL, _NUMBER):
        text = other.sub(lambda found: "/" * len(found[0]), text)
    for place, sign in enumerate(text):
        if sign in "/,·." or (sign in "12" and "종" in text[place + 1 : place + 3] and parts[-1]):
            parts.append([])
        if sign not in "/,·. -" + hangul.OTHER:
            parts[-1].append(place)
    return [part for part in parts if len(part) > 1]


def _lost_kinds(row: Row, parts: Sequence[Sequence[int]]) -> int:
    """How many parts of a row look like a kind of licence, but like none that is known."""
    like = [part for part in parts if _KIND_LIKE.search("".join(row.printed.text[place] for place in part))]
    return sum(_kind(row, part) is None for part in like)


def _kind(row: Row, places: Sequence[int]) -> tuple[str, float, int, int] | None:
    known = words.nearest(row.printed.log_probabilities[list(places)], words.LICENCE_KINDS)
    if known is None:
        return None
    sure = float(np.exp((row.printed.log_probabilities[list(places)].max(axis=1).sum() - 2 * known.against) / 2))
    return known.word, sure, places[0], places[-1]


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
