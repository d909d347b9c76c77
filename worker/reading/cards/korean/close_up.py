"""Closer looks at a Korean card where a value usually stands that was lost, or read badly: small print, mostly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np

from core.documents import DocumentType
from worker.reading.cards import recogniser
from worker.reading.cards.base import Card, Told
from worker.reading.cards.korean import (
    codes,
    driver,
    issuers,
    kinds,
    looks,
    print_lines,
    resident,
    stacks,
    surer,
    words,
)
from worker.reading.cards.korean.common import (
    Place,
    Placed,
    Words,
    dates,
    issuer_places,
    licence_number,
    on_card,
)
from worker.reading.cards.korean.engine import engine
from worker.reading.cards.korean.rows import Row, as_field, part_of, place_of, rows_of

ALWAYS: Final = frozenset({"name", "resident_number", "issue_date", "issuer"})  #: printed on every card
_SURE_KIND: Final = 0.6  #: confidence of one more kind of licence
SURE_NUMBER: Final = 0.9  #: confidence of a licence's number that is looked at once only
_UNSURE: Final = {
    "issuer": 0.35,
    "serial_number": 0.35,
    "name": 0.6,
}  #: confidence below which a value is looked for as if it had been lost, where a closer look has it whole
FURTHER: Final = 0.8  #: times its size, that a name is looked at: it is large print
_LIKELY_NUMBER: Final = 0.3  #: confidence of a holder's number where it was looked for: other rows have digits too
_FIRST_HALF: Final = re.compile(r"\d\d[01]\d[0-3]\d(?=[ -]*$)")  #: of a holder's number, at the end of a line
_WHOLE: Final = 2.6  #: times its length, that the number is at most
_SMALL, _CLOSEST = 34, 2.0  #: px of its height with margins, below which a value is small; times its size it is seen


def number(card: Card, rows: Sequence[Row]) -> list[Row]:
    """A row with the licence's number alone, read closer: unsure ones, and small print behind a large label."""
    known = driver.number(rows)
    if known and known.match.confidence > SURE_NUMBER:
        return []
    grey = print_lines.grey_of(card.image)
    close = [row for place in driver.number_places(card, rows) for row in near(card, place)]
    best = licence_number(close) or known
    if best is None:
        return []
    again = looks.again(grey, card, span(best), engine(), heights=surer.HEIGHTS)
    best = licence_number([span(best), *again]) or best
    return [span(best)]


def holder(card: Card, rows: Sequence[Row], *, today: date) -> list[Row]:
    """A row with a holder's number that was lost between narrow lines, or of which the second half was lost."""
    if driver.holders_number(rows, today=today):
        return []
    found = driver.holders_number([*_drawn_out(card, rows), *_squeezed_in(card, rows)], today=today)
    return [found.row] if found and found.match.confidence > _LIKELY_NUMBER else []


def _squeezed_in(card: Card, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows close below those right below a licence's number."""
    for row in driver.above_holders_number(rows):
        place = place_of(row)
        _, below = stacks.above_and_below(card, place, place, lambda one: len(one.plain) > 1, engine())
        yield from below[:1]


def _drawn_out(card: Card, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows that end with the first half of a number, read on from there: print above may hide where it goes on."""
    grey = print_lines.grey_of(card.image)
    for row in rows:
        if half := _FIRST_HALF.search(row.printed.text):
            first = part_of(row, slice(*half.span()))
            longer = replace(first, right=first.left + _WHOLE * (first.right - first.left))
            yield from looks.again(grey, card, longer, engine(), heights=surer.HEIGHTS)


def span(placed: Placed) -> Row:
    """What stands on a row up to the end of its number: a region may stand before it."""
    return part_of(placed.row, slice(0, placed.match.last + 1))


def near(card: Card, place: Place, closer: float = print_lines.CLOSER) -> list[Row]:
    """Lines of a place of a card, looked at `closer` times as large as it was cut out."""
    found = print_lines.near(card, place, closer)
    return rows_of(card, found, engine().read_lines([line.strip for line in found]))


def settled(card: Card, rows: Sequence[Row], told: Told, *, today: date) -> tuple[Told, list[Row]]:
    """What was told with the small print that was lost, or read badly, where it usually stands, and its lines."""
    seen: list[Row] = []
    small = closeness(card, told)
    told = _with_day(card, told, today=today)
    for name, tell_, places in _wanted(card, rows, told):
        known = told.fields[name].confidence if name in told.fields else 0.0
        is_lost = name not in told.fields or known < _UNSURE.get(name, 0.0)
        closer = FURTHER if name == "name" else small
        for place in places if is_lost else ():
            close = near(card, place, closer)
            seen += close
            if (value := tell_(close)) and value.confidence > known:
                told = replace(told, fields=told.fields | {name: as_field(card, value.row, value)})
                break
    if told.document_type is DocumentType.DRIVER_LICENCE and "licence_type" in told.fields:
        told = _with_more_kinds(card, [*rows, *seen], told)
    if told.document_type is DocumentType.DRIVER_LICENCE and "condition" not in told.fields:
        seen += _nearly_conditions(card, [*rows, *seen])
        if stated := driver.condition(seen):
            told = replace(told, fields=told.fields | {"condition": as_field(card, stated.row, stated)})
    return told, seen


def _with_day(card: Card, told: Told, *, today: date) -> Told:
    """What was told with the day of issue right above the issuer, lost between narrow lines."""
    if "issue_date" in told.fields or "issuer" not in told.fields:
        return told
    issuer = place_of(looks.unread(card, np.array(on_card(card, told.fields["issuer"]), np.float32)))
    above, _ = stacks.above_and_below(card, issuer, issuer, lambda row: bool(dates([row], today=today)), engine())
    days = dates(above[-1:], today=today)
    if not days:
        return told
    return replace(told, fields=told.fields | {"issue_date": as_field(card, days[0].row, days[0].match)})


def _with_more_kinds(card: Card, rows: Sequence[Row], told: Told) -> Told:
    """What was told with kinds of licence close above and below the others, lost between narrow lines."""
    known = kinds.places(rows)
    if not known:
        return told
    above, below = stacks.above_and_below(card, known[0], known[-1], _is_kind, engine())
    stated = kinds.told([*above, *rows, *below]) if above or below else None
    if stated is None:
        return told
    return replace(told, fields=told.fields | {"licence_type": as_field(card, stated.row, stated)})


def _is_kind(row: Row) -> bool:
    """True for a row that surely tells a kind of licence and nothing else."""
    kind = kinds.told([row])
    return kind is not None and kind.confidence > _SURE_KIND and len(row.plain) <= len(kind.text) + 1


def _nearly_conditions(card: Card, rows: Sequence[Row]) -> list[Row]:
    """Rows that may be a condition, read again."""
    grey = print_lines.grey_of(card.image)
    return [again for row in driver.nearly_conditions(rows)[:1] for again in looks.again(grey, card, row, engine())]


def closeness(card: Card, told: Told) -> float:
    """How many times as large small print is looked at: larger on a card that fills a part of its outline only."""
    return _CLOSEST if height_of(card, told) < _SMALL else print_lines.CLOSER


def height_of(card: Card, told: Told) -> float:
    """Usual height, px of the card, of the lines of what every card prints, with their margins; 0 without any."""
    seen = (one for name, one in told.fields.items() if name in ALWAYS and one.box)
    corners = (np.array(on_card(card, one)) for one in seen)
    tall = [float(np.hypot(*(corner[3] - corner[0]))) for corner in corners]
    return float(np.median(tall or [0.0]))


def _wanted(
    card: Card, rows: Sequence[Row], told: Told
) -> list[tuple[str, Callable[[Sequence[Row]], Words | None], list[Place]]]:
    """Fields, who tells each from rows, and where on the card those may stand."""
    is_licence = told.document_type is DocumentType.DRIVER_LICENCE
    known = words.POLICE if is_licence else words.MAYORS
    issuer = ("issuer", lambda close: issuers.find(close, known), issuer_places(card, told.fields))
    named = ("name", resident.name_of, resident.name_places(card, told.fields))
    if not is_licence:
        return [named, issuer]
    return [
        named,
        issuer,
        ("licence_type", kinds.told, driver.kind_places(card, told.fields)),
        ("serial_number", _code, driver.code_places(card, told.fields)),
        ("condition", driver.condition, driver.condition_places(card, rows)),
    ]


def _code(close: Sequence[Row]) -> Words | None:
    return codes.find_together(close, engine(), recogniser.engine("latin"))
