"""Reads a picture as a Korean card: finds it, sets it upright, asks its print which document it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

import numpy as np

from core.documents import Box, DocumentType, Failure, FailureReason, Field, Mrz, MrzFormat
from worker.reading import decode
from worker.reading.cards import find
from worker.reading.cards.base import Card, Colour, Line, Printed, Told
from worker.reading.cards.korean import driver, hangul, passport, print_lines, resident
from worker.reading.cards.korean.engine import KoreanEngine
from worker.reading.cards.korean.rows import Row, rows_of

SURE_ENOUGH: Final = 0.45  #: of a card's sureness: below it, it is no Korean document
_CERTAIN: Final = 0.9  #: from here on no other outline of a card is tried
_LONGEST: Final = 2000  #: px of a picture's longer side: a card is cut out of it 1000 px wide
_ASKED: Final = 5  #: lines that say which way is up
_MOST_LINES: Final = 40  #: read on one card; the longest are read first


@cache
def engine() -> KoreanEngine:
    """Loaded on first use, one for the process."""
    return KoreanEngine()


def read(picture: Colour, *, today: date | None = None) -> Told | None:
    """The fields of the resident card or licence in a picture, or None where it shows neither."""
    best: Told | None = None
    for card in _cards(picture):
        told = on_card(card, today=today or datetime.now(UTC).date())
        if told and (best is None or told.sureness > best.sureness):
            best = told
        if best and best.sureness >= _CERTAIN:
            break
    return best


def _cards(picture: Colour) -> list[Card]:
    """Cards found, and where they may stand on their side the picture itself turned."""
    return find.cards(picture)


def on_card(card: Card, *, today: date) -> Told | None:
    """The fields of a straight card that may stand upside down; None where it is no Korean card."""
    reader = engine()
    found = sorted(print_lines.on(card), key=lambda line: -line.strip.shape[1] / line.strip.shape[0])[:_MOST_LINES]
    if not found:
        return None
    ways = [(card, found), (find.turned(card), [_turned(line, card) for line in found])]
    if _is_upside_down(reader, found):
        ways.reverse()
    for upright, standing in ways:
        rows = rows_of(upright, standing, reader.read_lines([line.strip for line in standing]))
        if told := tell(upright, rows, today=today):
            return replace(told, engine=reader.name)
        if not _looks_korean(rows):
            break
    return None


def _looks_korean(rows: Sequence[Row]) -> bool:
    """True where enough Hangul or digits were read surely that the other way up is worth a look."""
    signs = [(sign, sure) for row in rows for sign, sure in zip(row.printed.text, row.printed.confidences, strict=True)]
    known = sum(sure > 0.5 and (sign in hangul.SYLLABLES or sign.isdigit()) for sign, sure in signs)
    return known >= 20


def _is_upside_down(reader: KoreanEngine, found: Sequence[Line]) -> bool:
    """True where the longest lines read better turned."""
    strips = [line.strip for line in found[:_ASKED]]
    upright = reader.glance(strips)
    turned = reader.glance([np.ascontiguousarray(strip[::-1, ::-1]) for strip in strips])
    return _legible(turned) > _legible(upright)


def _legible(printed: Sequence[Printed]) -> float:
    """How surely the lines were read, those with more signs telling more."""
    return sum(sum(sure**2 for sure in one.confidences) for one in printed)


def _turned(line: Line, card: Card) -> Line:
    """The line as it stands on the card turned by half."""
    height, width = card.image.shape[:2]
    corners = np.array([width - 1, height - 1], np.float32) - line.corners[[2, 3, 0, 1]]
    return Line(corners, np.ascontiguousarray(line.strip[::-1, ::-1]))


def tell(card: Card, rows: Sequence[Row], *, today: date) -> Told | None:
    """The fields, from rows that are read already. A licence carries a resident number too, so it is asked first."""
    for teller in (driver.tell, resident.tell):
        told = teller(card, rows, today=today)
        if told and told.sureness >= SURE_ENOUGH:
            return told
    return None


def tell_of(page: decode.Picture, *, today: date | None = None) -> Told:
    """As `read`, for a decoded page, boxes in its pixels; a failure where it shows no such card."""
    picture = decode.bgr(page, longest_side=_LONGEST)
    told = read(picture, today=today)
    if told is None:
        detail = "No Korean resident card or driver's licence was found. Photograph the whole front from above."
        failure = Failure(FailureReason.NO_DOCUMENT, detail)
        return Told(DocumentType.RESIDENT_CARD, {}, (), 0.0, failure=failure, engine=engine().name)
    return replace(told, fields=_scaled(told.fields, page.width / picture.shape[1]))


def beside_mrz(page: decode.Picture, mrz: Mrz | None, fields: dict[str, Field]) -> dict[str, Field]:
    """What a Korean passport prints beside its MRZ, boxes in the page's pixels; nothing for any other document."""
    if mrz is None or mrz.format is not MrzFormat.TD3 or fields["issuing_state"].value != passport.KOREA:
        return {}
    picture = decode.bgr(page, longest_side=_LONGEST)
    return passport.tell(picture, mrz, fields, engine(), scale=picture.shape[1] / page.width)


def _scaled(fields: dict[str, Field], factor: float) -> dict[str, Field]:
    """Boxes times a factor."""
    return {name: replace(value, box=_box(value.box, factor)) for name, value in fields.items()}


def _box(box: Box | None, factor: float) -> Box | None:
    if box is None:
        return None
    first, second, third, fourth = ((x * factor, y * factor) for x, y in box)
    return first, second, third, fourth
