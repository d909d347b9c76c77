"""Looks again at values of a Korean card that are unsure, where they stand: at other heights, by a second reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple, Protocol

import numpy as np

from core.documents import DocumentType, Field
from worker.reading.cards.base import Card, PrintEngine, Told
from worker.reading.cards.korean import codes, common, issuers, looks, names, print_lines, words
from worker.reading.cards.korean.rows import Row, Span, as_field
from worker.reading.engines.base import Grey

HEIGHTS: Final = (1.0, 0.85, 1.15)  #: of its print, at which a value is looked at again
_SURE: Final = 0.9  #: confidence of a value that is looked at once only
SURER: Final = 0.05  #: of confidence, by which a closer look must be surer: of several the best is so by chance
_BEHIND: Final = 0.4  #: of its height, looked at behind a value too: a stop that was lost is none of it
_AT_AN_END: Final = 0.4  #: of a row's height with its margins, looked at before and behind a code that may be cut
_CODE: Final = "serial_number"
_DATE: Final = "issue_date"
_MAY_HAVE_LOST_A_STOP: Final = re.compile(r"[\d.]+\d")  #: a date; one with blanks in it has its stop


Teller = Callable[[Row], Span | None]


class Reader(PrintEngine, looks.Together, Protocol):
    """A recogniser of lines, alone and from several cuts."""


class _Sight(NamedTuple):
    """Where and by whom is looked: a card, its image in grey, a recogniser."""

    card: Card
    grey: Grey
    reader: Reader


class _Seen(NamedTuple):
    """A value on a row."""

    row: Row
    value: Span


def told(card: Card, rows: Sequence[Row], first: Told, reader: Reader, other: PrintEngine, *, today: date) -> Told:
    """What was told `first` from rows of an upright card, with what closer looks tell more surely.

    `other` reads Latin print: it looks at the code serial beside `reader`.
    """
    fields = dict(first.fields)
    sight = _Sight(card, print_lines.grey_of(card.image), reader)
    tellers = _tellers(first.document_type, today)
    for name, tell in tellers.items():
        if name in fields and fields[name].confidence < _SURE:
            fields[name] = _surest(card, fields[name], _again(sight, fields[name], tell))
    if _DATE in fields and _MAY_HAVE_LOST_A_STOP.fullmatch(fields[_DATE].value):
        fields[_DATE] = _stopped(fields[_DATE], _again(sight, fields[_DATE], tellers[_DATE]))
    if code := _code(sight, rows, fields, other):
        fields[_CODE] = as_field(card, code.row, code)
    return replace(first, fields=fields)


def _tellers(kind: DocumentType, today: date) -> dict[str, Teller]:
    """For each field that is looked at again, who tells it from a row with nothing else on it."""
    known = words.POLICE if kind is DocumentType.DRIVER_LICENCE else words.MAYORS
    return {
        "name": lambda row: names.find(row.printed),
        "resident_number": lambda row: _match(common.resident_number([row], today=today)),
        _DATE: lambda row: _match(next(iter(common.dates([row], today=today)), None)),
        "issuer": lambda row: issuers.find([row], known),
    }


def _match(placed: common.Placed | None) -> Span | None:
    return placed.match if placed else None


def _again(sight: _Sight, known: Field, tell: Teller) -> Iterator[_Seen]:
    """What closer looks tell where a value stands, and a little behind it."""
    corners = np.array(common.on_card(sight.card, known), np.float32)
    corners[1:3] += (corners[1:3] - corners[[0, 3]]) * _BEHIND * np.ptp(corners[:, 1]) / np.ptp(corners[:, 0])
    rows = looks.at(sight.grey, sight.card, corners, sight.reader, heights=HEIGHTS)
    return (_Seen(row, value) for row in rows if (value := tell(row)))


def _surest(card: Card, known: Field, seen: Iterable[_Seen]) -> Field:
    """The value as it is read most surely; nothing more is looked at behind one that is sure."""
    for row, value in seen:
        if value.confidence > known.confidence + SURER and not _has_lost_a_digit(value.text, known.value):
            known = as_field(card, row, value)
        if known.confidence > _SURE:
            break
    return known


def _has_lost_a_digit(text: str, known: str) -> bool:
    """True for a date that lacks one digit of another: a narrow one is easily lost, and none is made up."""
    few, many = ("".join(sign for sign in one if sign.isdigit()) for one in (text, known))
    return any(many[:place] + many[place + 1 :] == few for place in range(len(many)))


def _stopped(known: Field, seen: Iterable[_Seen]) -> Field:
    """The date with a stop at its end where one look sees it: so small, at a line's end, it is lost, seldom made up."""
    stopped = f"{known.value}."
    return replace(known, value=stopped) if any(one.value.text == stopped for one in seen) else known


def _code(sight: _Sight, rows: Sequence[Row], fields: dict[str, Field], other: PrintEngine) -> common.Words | None:
    """The code serial on the row that told it, as both recognisers read it."""
    card, reader = sight.card, sight.reader
    alone = (codes.find([row]) or codes.find_of_digits([row]) for row in rows if _CODE in fields)
    first = next((code for code in alone if code and as_field(card, code.row, code) == fields[_CODE]), None)
    code = codes.together(first.row, reader, other) if first else None
    return code and codes.with_lost_end(code, _drawn_out(sight, code.row), other)


def _drawn_out(sight: _Sight, row: Row) -> Iterator[Row]:
    """The row read again with a sign's room more at both its ends."""
    room = _AT_AN_END * row.height * sight.card.image.shape[0] / sight.card.image.shape[1]
    longer = replace(row, left=row.left - room, right=row.right + room)
    yield from looks.again(sight.grey, sight.card, longer, sight.reader, heights=(1.0,))
