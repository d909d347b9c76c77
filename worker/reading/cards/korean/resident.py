"""Tells the fields of a Korean resident registration card from its lines of print: by patterns, places and labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.documents import DocumentType, Field
from worker.reading.cards.base import Card, Told
from worker.reading.cards.korean import common, hangul, issuers, names, words
from worker.reading.cards.korean.rows import Row, as_field

_TITLE = "주민등록증"
_TOP = 0.25  #: of a card's height, where its title stands, set wide and so in pieces
_SURE, _ALL_READ = 0.6, 0.9  #: confidence of every field by which a card is sure without its title, and how sure
_ADDRESS = 0.35  #: of a card's height below the number, in which its address stands where no date was read
_LIKE_ONE = 0.01  #: confidence of a number below which other print may be taken for one where no title stands
_NAME_ABOVE = 2.2  #: times the height of the number with its margins, how far above it a name stands
_FLUSH = 0.4  #: of that height, by which a name without a label may begin before the number
_NUMBER_LABELS = ("주민등록번호", "주민번호", "번호")


def tell(card: Card, rows: Sequence[Row], *, today: date) -> Told | None:
    """The fields of a resident card, rows from top to bottom; None where no number like a resident's stands on it."""
    number = common.resident_number(rows, today=today)
    if number is None or (number.match.confidence < _LIKE_ONE and not any(is_title(row) for row in rows)):
        return None
    fields = {"resident_number": _placed(card, number)}
    above = [row for row in rows if row.middle < number.row.middle - number.row.height * 0.4]
    below = [row for row in rows if row.middle > number.row.middle + number.row.height * 0.4]
    if name := name_above(above, number):
        fields["name"] = as_field(card, name[0], name[1])
    issued = common.issued(common.dates(below, today=today), today=today)
    if issued:
        fields["issue_date"] = _placed(card, issued)
    office_rows = [row for row in below if issued is None or row.middle > issued.row.middle + issued.row.height * 0.3]
    if office := issuers.find(office_rows, words.MAYORS):
        fields["issuer"] = as_field(card, office.row, office)
    last = issued.row.middle - issued.row.height * 0.5 if issued else number.row.middle + _ADDRESS
    if address := common.address(below, number.row, last):
        fields["address"] = as_field(card, address.row, address)
    values = {name: field.value for name, field in fields.items()}
    return Told(
        DocumentType.RESIDENT_CARD, fields, common.checks(values, today=today), sureness(rows, fields, (_TITLE,))
    )


def _placed(card: Card, placed: common.Placed) -> Field:
    match = placed.match
    return as_field(card, placed.row, match)


def name_above(rows: Sequence[Row], number: common.Placed) -> tuple[Row, names.Name] | None:
    """The nearest row above the number that holds a name and stands over it; both have a label, or none has."""
    is_labelled = sum(sign in hangul.SYLLABLES for sign in number.row.printed.text[: number.match.first]) > 1
    for row in sorted(rows, key=lambda row: -row.middle):
        over = min(row.right, number.row.right) - max(row.left, number.row.left)
        if over > 0 and not is_title(row) and (name := names.find(row.printed, is_labelled=is_labelled)):
            return row, name
    return None


def name_places(card: Card, fields: dict[str, Field]) -> list[common.Place]:
    """Where a name is looked for that was not seen, px of the card: right above the number, behind a label or not."""
    if "resident_number" not in fields:
        return []
    (left, top), _, (right, bottom), _ = common.on_card(card, fields["resident_number"])
    tall = bottom - top
    starts = (left - round(_FLUSH * tall), left - 3 * tall)
    return [(start, round(top - _NAME_ABOVE * tall), right + tall, top + tall // 3) for start in starts]


def name_of(rows: Sequence[Row]) -> common.Words | None:
    """The name on the lowest of these rows that holds one."""
    for row in sorted(rows, key=lambda row: -row.middle):
        if not is_title(row) and (name := names.find(row.printed)):
            return common.Words(row, name.text, name.confidence, name.first, name.last)
    return None


def is_title(row: Row) -> bool:
    """True for the print that says what card it is."""
    return max(words.likeness(row.plain, title) for title in words.TITLES) > 0.7


def sureness(rows: Sequence[Row], fields: dict[str, Field], titles: Sequence[str]) -> float:
    """0..1: half by the title, half by how much of what such a card says was read; all of it surely read is enough."""
    top = "".join(row.plain for row in sorted(rows, key=lambda row: row.left) if row.middle < _TOP)
    said = [*(row.plain for row in rows), top]
    title = max((words.likeness(text, title) for text in said for title in titles), default=0.0)
    expected = ("name", "resident_number", "issue_date", "issuer")
    told = 0.5 * title + 0.5 * sum(name in fields for name in expected) / len(expected)
    is_read = all(name in fields and fields[name].confidence > _SURE for name in expected)
    return max(told, _ALL_READ) if is_read else told
