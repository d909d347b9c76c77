"""Reads a picture as a Korean card: finds it, sets it upright, asks its print which document it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from core.documents import Box, DocumentType, Failure, FailureReason, Field, Mrz, MrzFormat
from worker.reading import decode
from worker.reading.cards import find, lines, recogniser
from worker.reading.cards.base import Card, Colour, Line, Printed, Told
from worker.reading.cards.korean import (
    beyond,
    close_up,
    common,
    driver,
    hangul,
    issuers,
    looks,
    passport,
    patterns,
    print_lines,
    resident,
    standing,
    surer,
    words,
)
from worker.reading.cards.korean.engine import KoreanEngine, engine
from worker.reading.cards.korean.rows import Row, as_field, place_of, rows_of

SURE_ENOUGH: Final = 0.45  #: of a card's sureness: below it, it is no Korean document
CERTAIN: Final = 0.88  #: from here on no other outline of a card is tried
_UNSEEN: Final = 0.6  #: what the sureness of a card is worth whose values were all read badly
_DOUBTFUL: Final = frozenset({"serial_number", "address", "condition"})  #: fields that say little of how well
_OF_A_LICENCE: Final = close_up.ALWAYS | {"licence_type", "serial_number"}
_SURE: Final = 0.9  #: confidence of a value
_OF_A_CUT: Final = 0.8  #: what the sureness of a card is worth whose lines run out of it
_EDGE: Final = 0.02  #: of a card's width
_LONG: Final = 0.1  #: of a card's width, a line that tells so
_LONGEST: Final = 2000  #: px of a picture's longer side: a card is cut out of it 1000 px wide
_FEWEST_ASKED, _ASKED = 2, 5  #: lines that say which way is up
_CLEARLY: Final = 1.6  #: times what they say against it
_KNOWN, _LEGIBLE = 0.5, 0.6  #: of a line's signs, that are Hangul or digits, and their mean confidence
_NUMBERS: Final = (patterns.RESIDENT_NUMBER, patterns.LICENCE_NUMBER)
_CLEAR_FIT, _NOTHING, _CLEAR_OFFICE = -0.5, -99.0, 0.5  #: of a number, of none; confidence of a known issuer
_OFFICIALS, _FEWEST_BEFORE, _LONGEST_OFFICE = "장수", 3, 24  #: that offices end in; signs before them and in all
_FEWEST_TELLING: Final = 2  #: rows that only cards print, that tell where one lies
_TINY, _OF_TINY = 30, 0.1  #: px of its lines, below which a card does not fill its outline; what that costs
_OF_LACKING: Final = 0.05  #: what a value costs that every such card prints and that was not seen
_MOST_LINES: Final = 40  #: read on one card; the longest are read first


@dataclass(frozen=True, slots=True)
class Look:
    """One card the way up that it was read, its lines from top to bottom, and what they tell."""

    card: Card
    rows: list[Row] = field(repr=False)
    told: Told | None = field(repr=False)
    small: list[Row] = field(default_factory=list, repr=False)  #: lines that were looked at more closely

    @property
    def sureness(self) -> float:
        """0..1, that the card is one of those read here, seen well."""
        if self.told is None:
            return 0.0
        expected = (self.told.fields.keys() | self._always) - _DOUBTFUL
        read_ = [self.told.fields[name].confidence if name in self.told.fields else 0.0 for name in expected]
        seen = _UNSEEN + (1 - _UNSEEN) * float(np.mean(read_))
        return self.told.sureness * seen * (_OF_A_CUT if self.is_cut else 1)

    @property
    def lacks(self) -> bool:
        """True where a value was not seen that every such card prints."""
        return self.told is None or not self._always <= self.told.fields.keys()

    @property
    def _always(self) -> frozenset[str]:
        """What every such card prints."""
        is_licence = self.told is not None and self.told.document_type is DocumentType.DRIVER_LICENCE
        return _OF_A_LICENCE if is_licence else close_up.ALWAYS

    @property
    def is_doubtful(self) -> bool:
        """True where one of the values that every such card prints was not read surely."""
        fields = self.told.fields if self.told else {}
        return any(name in fields and fields[name].confidence < _SURE for name in self._always - _DOUBTFUL)

    @property
    def is_tiny(self) -> bool:
        """True where its print is too small for a card that fills its outline: the outline was seen wrongly."""
        return self.told is not None and 0 < close_up.height_of(self.card, self.told) < _TINY

    @property
    def is_at_an_edge(self) -> bool:
        """True where a line ends at the left or right edge of the card's image."""
        return any(row.left < _EDGE or row.right > 1 - _EDGE for row in [*self.rows, *self.small])

    @property
    def is_cut(self) -> bool:
        """True where a line runs out of the card: its outline was seen wrongly."""
        seen = [*self.rows, *self.small]
        long = [row for row in seen if row.right - row.left > _LONG and _is_korean(row)]
        return any(row.left < 0 or row.right > 1 for row in long)

    @property
    def worth(self) -> float:
        """Its sureness, less what speaks for another cut: of looks at a card the greatest is believed."""
        return self.sureness - _OF_TINY * self.is_tiny - _OF_LACKING * self.lacks


def read(picture: Colour, *, today: date | None = None) -> Told | None:
    """The fields of the resident card or licence in a picture, or None where it shows neither."""
    looked = best_look(picture, today=today or datetime.now(UTC).date())
    return looked.told if looked else None


def best_look(picture: Colour, *, today: date) -> Look | None:
    """The card that told most, or the last that was looked at where none told anything.

    One that told something but not all is cut anew around its print before the whole picture is taken for a card.
    """
    best: Look | None = None
    for card in find.cards(picture):
        if card.sureness == 0:
            best = _cut_anew(picture, best, today=today)
            if best and best.sureness >= CERTAIN:
                return _cut_well(picture, best, today=today)
        before = best
        for way, where in standing.lying(picture, card):
            looked = _look(picture, way, where, today=today)
            if looked and (best is None or looked.worth >= best.worth):
                best = looked
            if best and best.sureness >= CERTAIN:
                return _cut_well(picture, best, today=today)
    return _cut_anew(picture, best, today=today) if best is not before else best


def _cut_well(picture: Colour, looked: Look, *, today: date) -> Look:
    """The card cut out closer where its print is tiny, and with more room where a value may have been cut off."""
    looked = (_cut_anew(picture, looked, today=today) if looked.is_tiny else looked) or looked
    if not (looked.lacks or looked.is_doubtful) or not looked.is_at_an_edge:
        return looked
    if looked.card.sureness == 0:
        return _cut_anew(picture, looked, today=today) or looked
    roomier = find.roomier(picture, looked.card)
    looks_ = [_look(picture, way, where, today=today) for way, where in standing.lying(picture, roomier)]
    return max([looked, *(one for one in looks_ if one)], key=lambda one: (not one.lacks, one.sureness))


def _cut_anew(picture: Colour, looked: Look | None, *, today: date, times: int = 2) -> Look | None:
    """The card cut out around the print that was read on it, where that tells more: its outline was seen wrongly."""
    is_wrong = looked is not None and (looked.is_tiny or looked.lacks or looked.is_cut)
    seen = [*looked.rows, *looked.small] if looked and is_wrong else []
    known = [row for row in seen if _is_telling(row)]
    about = standing.about_known if len(known) >= _FEWEST_TELLING else standing.about
    read_ = known if len(known) >= _FEWEST_TELLING else [row for row in seen if _is_korean(row)]
    if looked is None or not read_:
        return looked
    closer = _look(picture, *about(picture, looked.card, [place_of(row) for row in read_]), today=today)
    if closer is None:
        return looked
    best = max(looked, closer, key=lambda one: one.worth)
    is_cut_again = best is closer and closer.lacks and closer.is_at_an_edge and times > 1
    return _cut_anew(picture, best, today=today, times=times - 1) if is_cut_again else best


def _look(picture: Colour, card: Card, where: Sequence[lines.Row], *, today: date) -> Look | None:
    """As `look`, with the number of a licence whose red ink was taken out of the card."""
    looked = look(card, where, today=today)
    return _with_red_number(picture, looked, today=today) if looked else None


def _is_telling(row: Row) -> bool:
    """True for a title, a number of a person or licence, and an office that issues cards."""
    if resident.is_title(row):
        return True
    fits = [match.fit for form in _NUMBERS if (match := patterns.find(row.printed, form))]
    if max(fits, default=_NOTHING) > _CLEAR_FIT:
        return True
    if len(row.plain) > _LONGEST_OFFICE or not set(row.plain[_FEWEST_BEFORE:]) & set(_OFFICIALS):
        return False
    office = issuers.find([row], (*words.POLICE, *words.MAYORS))
    return office is not None and office.confidence > _CLEAR_OFFICE


def _is_korean(row: Row) -> bool:
    """True for a line of Hangul and digits, and Chinese characters in brackets: a page of other print is no card."""
    text = row.printed.text.partition("(")[0]
    known = sum(sign in hangul.SYLLABLES or sign.isdigit() for sign in text)
    is_legible = float(np.mean(row.printed.confidences)) > _LEGIBLE
    return is_legible and hangul.OTHER not in text and known > max(1.0, _KNOWN * len(text))


def look(card: Card, where: Sequence[lines.Row], *, today: date) -> Look | None:
    """Reads a straight card that may stand upside down, its lines known; None where nothing is printed on it."""
    reader = engine()
    found = sorted(print_lines.cut(card, where), key=_slenderness, reverse=True)[:_MOST_LINES]
    if not found:
        return None
    turned = [_turned(line, card) for line in found]
    as_it_is, the_other = _glances(reader, found, turned)
    ways = [(card, found, as_it_is), (find.turned(card), turned, the_other)]
    if _legible(the_other) > _legible(as_it_is):
        ways.reverse()
    looked: Look | None = None
    for upright, strips, glanced in ways:
        seen = rows_of(upright, strips, reader.read_lines([line.strip for line in strips], glanced))
        rows = beyond.left_out(upright, seen)
        rows += close_up.number(upright, rows)
        rows += close_up.holder(upright, rows, today=today)
        if told := tell(upright, rows, today=today):
            return _surely(upright, rows, told, today=today)
        looked = looked or Look(upright, rows, None)
        if not _looks_korean(rows):
            break
    return looked


def _surely(card: Card, rows: Sequence[Row], told: Told, *, today: date) -> Look:
    """What rows of an upright card told, with what is told by closer looks."""
    told, small = close_up.settled(card, rows, told, today=today)
    told = surer.told(card, [*rows, *small], told, engine(), recogniser.engine("latin"), today=today)
    return Look(card, list(rows), replace(told, engine=engine().name), small)


def _with_red_number(picture: Colour, looked: Look, *, today: date) -> Look:
    """The card with its licence number in red ink: where it was not read, or read from what is left of it."""
    looked = _as_a_licence(picture, looked, today=today)
    told = looked.told
    if told is None or told.document_type is not DocumentType.DRIVER_LICENCE:
        return looked
    number = told.fields["licence_number"]
    return looked if number.confidence > close_up.SURE_NUMBER else _with_redder(picture, looked, told, number)


def _as_a_licence(picture: Colour, looked: Look, *, today: date) -> Look:
    """A card without a licence number of which other print says that it is a licence, with its number in red ink."""
    told = looked.told
    if told is None or told.document_type is not DocumentType.RESIDENT_CARD:
        return looked
    if not any(driver.is_of_a_licence(row) for row in looked.rows):
        return looked
    inked = _inked(picture, looked.card)
    places = driver.red_places(looked.card, told.fields)
    close = [row for place in places for row in close_up.near(inked, place, close_up.FURTHER)]
    if (inked_number := driver.number(close)) is None:
        return looked
    rows = sorted([*looked.rows, close_up.span(inked_number)], key=lambda row: row.middle)
    again = tell(looked.card, rows, today=today)
    return _surely(looked.card, rows, again, today=today) if again else looked


def _with_redder(picture: Colour, looked: Look, told: Told, known: Field) -> Look:
    """The card with its licence number as it is read in green light, where that is surer."""
    corners = np.array(common.on_card(looked.card, known), np.float32)
    green = np.ascontiguousarray(_inked(picture, looked.card).image[..., 1])
    seen = [driver.number([row]) for row in looks.at(green, looked.card, corners, engine(), heights=surer.HEIGHTS)]
    best = max((one for one in seen if one), key=lambda one: one.match.confidence, default=None)
    if best is None or best.match.confidence < known.confidence + surer.SURER:
        return looked
    return replace(
        looked, told=replace(told, fields=told.fields | {"licence_number": as_field(looked.card, best.row, best.match)})
    )


def _inked(picture: Colour, card: Card) -> Card:
    """The card in green light, in which red ink is dark."""
    card = find.again(picture, card)
    return replace(card, image=np.ascontiguousarray(card.image[..., [1, 1, 1]]))


def _slenderness(line: Line) -> float:
    height, width = line.strip.shape
    return float(width / height)


def _looks_korean(rows: Sequence[Row]) -> bool:
    """True where enough Hangul or digits were read surely that the other way up is worth a look."""
    signs = [(sign, sure) for row in rows for sign, sure in zip(row.printed.text, row.printed.confidences, strict=True)]
    known = sum(sure > 0.5 and (sign in hangul.SYLLABLES or sign.isdigit()) for sign, sure in signs)
    return known >= 20


def _glances(
    reader: KoreanEngine, found: Sequence[Line], turned: Sequence[Line]
) -> tuple[list[Printed], list[Printed]]:
    """What the longest lines say as they stand and turned; no more of them are asked than it takes to tell."""
    as_they_are: list[Printed] = []
    the_others: list[Printed] = []
    for line, other in zip(found[:_ASKED], turned[:_ASKED], strict=True):
        as_they_are += reader.glance([line.strip])
        the_others += reader.glance([other.strip])
        weaker, stronger = sorted([_legible(as_they_are), _legible(the_others)])
        if len(the_others) >= _FEWEST_ASKED and stronger > _CLEARLY * weaker:
            break
    return as_they_are, the_others


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
