"""One look at one card of a MyKad: its print found, turned the right way up, read and sorted into fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from worker.reading.cards import capitals, find, lines, mykad_again, mykad_fields, mykad_number, mykad_side, recogniser
from worker.reading.cards.base import Card
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_fields import Front
from worker.reading.engines.base import Grey

ENGINE: Final = mykad_again.ENGINE
_LEVEL: Final = 0.03  #: slope of print, from which a card is levelled and looked at again
_TRIED: Final = 5  #: longest lines, by which it is told which side is up
_COARSER: Final = 560  #: px of a card's longer side, at which a number is looked for that was not seen
_SURE_NUMBER: Final = 0.9  #: confidence of a number that is not read again
_LIKELIER_THAN_NOT: Final = 0.5  #: confidence from which the mean of several looks at it counts
_WORTH: Final = 0.15  #: likeness of a front, below which no second look is taken: this is another document
_COLUMN: Final = ("name", "address_line_1", "address_line_2", "postcode", "state")
_BESIDE: Final = ("nationality", "religion", "gender", "ic_number")  #: what is no part of name and address


@dataclass(frozen=True, slots=True)
class Sight:
    """One card as it was read, the right way up."""

    card: Card
    strips: tuple[Grey, ...] = field(repr=False)  #: of its longest lines
    lines: tuple[CapitalLine, ...] = field(repr=False)  #: all that said something
    cap: float  #: px of the picture, of the usual line's capitals
    front: Front


def told_by(sight: Sight) -> float:
    """How much was read, and how surely: what tells two ways to see the same card apart."""
    return sight.front.likeness + 0.1 * sum(piece.confidence for piece in sight.front.pieces.values())


def runs_out(sight: Sight) -> bool:
    """True where print of a card's front runs out of what was taken for the card, or a last line may stand below it."""
    if not sight.card.sureness:
        return False
    height, width = sight.card.image.shape[:2]
    fields = [line for piece in sight.front.pieces.values() for line in piece.lines]
    headers = [line for line in sight.lines if mykad_side.is_header(line.text)]
    quads = [line.quad(recogniser.MARGIN) for line in (*fields, *headers)]
    if "district" in sight.front.pieces and "state" not in sight.front.pieces:
        last = sight.front.pieces["district"].lines[0]
        quads.append(last.quad(recogniser.MARGIN) + np.array((0, last.height)))
    return any((quad < 0).any() or (quad > (width, height)).any() for quad in quads)


def look(card: Card) -> Sight:
    """Finds the print of one card, turns it the right way up and sorts what it says."""
    rows = lines.rows(card)
    if (
        card.sureness == 0 and card.image.shape[0] > card.image.shape[1]
    ):  # no card's edge was seen: print may run along the other side
        other = find.quarter_turned(card)
        turned_rows = lines.rows(other)
        if len(turned_rows) > len(rows):
            card, rows = other, turned_rows
    height = card.image.shape[0]
    slope = lines.slope_of(rows)
    growth = lines.growth_of(rows, slope)
    if abs(slope) + abs(growth) * height / 2 > _LEVEL:
        card = find.levelled(card, slope + growth * (height / 2 - _weighted_middle(rows, height)), growth)
        rows = lines.rows(card)
    card, rows = _upright(card, rows)
    grey = grey_of(card)
    found = _capitals(card, rows)
    front = mykad_fields.tell(_said(found), card.image.shape[1])
    if front.likeness >= _WORTH and mykad_fields.is_number_doubtful(front):
        rows, found = _with_number(card, rows, found)
        front = mykad_fields.tell(_said(found), card.image.shape[1])
    settled = found if front.likeness < _WORTH else _begun(grey, rows, _settled(grey, rows, found, front), front)
    if len(settled) != len(found) or any(line is not other for line, other in zip(settled, found, strict=True)):
        found = settled
        front = mykad_fields.tell(_said(found), card.image.shape[1])
    strips = tuple(lines.cut(grey, row).strip for row in sorted(rows, key=lambda row: -row.length)[:_TRIED])
    cap = float(np.median([row.height for row in rows])) * _scale(card) if rows else 0.0
    return Sight(card, strips, tuple(_said(found)), cap, front)


def _said(found: Sequence[CapitalLine]) -> list[CapitalLine]:
    return [line for line in found if line.text]


def _with_number(
    card: Card, rows: list[lines.Row], found: list[CapitalLine]
) -> tuple[list[lines.Row], list[CapitalLine]]:
    """Rows and lines with that of the number, where a coarser look shows it better: a chip's rim may hide it."""
    coarse = lines.rows(card, look=_COARSER)
    lines_ = _capitals(card, coarse)
    number, before = mykad_number.find(_said(lines_)), mykad_number.find(_said(found))
    if number is None or (before is not None and before.confidence >= number.confidence):
        return rows, found
    place = next(index for index, line in enumerate(lines_) if line is number.line)
    others = [
        (row, line) for row, line in zip(rows, found, strict=True) if not mykad_number.is_part_of(line, number.line)
    ]
    return [coarse[place], *(row for row, _ in others)], [number.line, *(line for _, line in others)]


def _settled(grey: Grey, rows: Sequence[lines.Row], found: Sequence[CapitalLine], front: Front) -> list[CapitalLine]:
    """The lines, those below the number that may be name or address read again where they leave doubt."""
    number = front.pieces.get("ic_number")
    top = number.lines[0].middle if number is not None else 0.0
    others = [id(line.corners) for name in _BESIDE if name in front.pieces for line in front.pieces[name].lines]

    def again(row: lines.Row, line: CapitalLine) -> CapitalLine:
        if number is not None and line.corners is number.lines[0].corners:
            return _surer_number(grey, row, line)
        is_column = line.text and line.middle > top and id(line.corners) not in others
        return mykad_again.settled(grey, row, line) if is_column else line

    return [again(row, line) for row, line in zip(rows, found, strict=True)]


def _surer_number(grey: Grey, row: lines.Row, line: CapitalLine) -> CapitalLine:
    """The number's line, or the mean of several strips of it, where a digit is in doubt."""
    before = mykad_number.find([line])
    if before is None or before.confidence >= _SURE_NUMBER:
        return line
    several = mykad_again.together(grey, row, line)
    after = mykad_number.find([several])
    return several if after is not None and after.confidence > _LIKELIER_THAN_NOT else line


def _begun(grey: Grey, rows: Sequence[lines.Row], found: list[CapitalLine], front: Front) -> list[CapitalLine]:
    """The lines, with the first character of those of name and address that begin later than their neighbours."""
    column = [line for name in _COLUMN if name in front.pieces for line in front.pieces[name].lines if line.text]
    slope = lines.slope_of(rows)
    begun = list(found)
    for place, edge in mykad_again.late(column, slope).items():
        part = column[place]
        at = next((index for index, line in enumerate(found) if line.corners is part.corners), None)
        whole = None if at is None else mykad_again.begun(grey, rows[at], part, edge)
        if at is None or whole is None:
            continue
        before = found[at].part(
            0, int((found[at].centres < part.centres[0] - mykad_again.step(part) / part.width / 2).sum())
        )
        begun[at] = whole
        begun += [capitals.trimmed(before)] if before.text.strip() else []
    return begun


def _weighted_middle(rows: Sequence[lines.Row], height: int) -> float:
    """Y that half of the print stands above."""
    order = sorted(rows, key=lambda row: row.middle[1])
    weights = np.cumsum([row.length for row in order])
    return order[int(np.searchsorted(weights, weights[-1] / 2))].middle[1] if order else height / 2


def _upright(card: Card, rows: Sequence[lines.Row]) -> tuple[Card, list[lines.Row]]:
    """The card and its rows with the side up on which the longest lines read more surely."""
    longest = sorted(rows, key=lambda row: -row.length)[:_TRIED]
    grey, engine = grey_of(card), recogniser.engine(ENGINE)
    strips = [lines.cut(grey, row).strip for row in longest]
    upright = sum(_sureness(printed.confidences) for printed in engine.read_lines(strips))
    over = sum(
        _sureness(printed.confidences)
        for printed in engine.read_lines([np.ascontiguousarray(strip[::-1, ::-1]) for strip in strips])
    )
    if upright >= over:
        return card, list(rows)
    height, width = card.image.shape[:2]
    return find.turned(card), [_turned(row, width, height) for row in reversed(rows)]


def _sureness(confidences: Sequence[float]) -> float:
    """More characters that are read surely weigh more; upside down they are few or unsure."""
    return float(np.sum(np.square(confidences))) - 0.5 * float(np.sum(np.asarray(confidences) < 0.5))


def _turned(row: lines.Row, width: int, height: int) -> lines.Row:
    (x0, y0), (x1, y1) = row.left, row.right
    return lines.Row((width - 1 - x1, height - 1 - y1), (width - 1 - x0, height - 1 - y0), row.height)


def _capitals(card: Card, rows: Sequence[lines.Row]) -> list[CapitalLine]:
    grey, engine = grey_of(card), recogniser.engine(ENGINE)
    cut = [lines.cut(grey, row) for row in rows]
    read_ = engine.read_lines([line.strip for line in cut])
    found = [
        capitals.fold(printed, engine.alphabet, line.corners, line.strip.shape[1])
        for line, printed in zip(cut, read_, strict=True)
    ]
    return [_whole(grey, row, line) for row, line in zip(rows, found, strict=True)]


def _whole(grey: Grey, row: lines.Row, line: CapitalLine) -> CapitalLine:
    """The line, or a longer one where its strip was cut through the card's number."""
    lacking = mykad_number.lacking(line)
    if not lacking:
        return line
    longer, engine = lines.cut(grey, lines.longer(row, lacking)), recogniser.engine(ENGINE)
    printed = engine.read_lines([longer.strip])[0]
    whole = capitals.fold(printed, engine.alphabet, longer.corners, longer.strip.shape[1])
    return whole if mykad_number.is_better(whole, line) else line


def grey_of(card: Card) -> Grey:
    """The card without its colours."""
    return np.asarray(cv2.cvtColor(card.image, cv2.COLOR_BGR2GRAY), np.uint8)


def _scale(card: Card) -> float:
    """Px of the picture per px of the card, in its middle."""
    height, width = card.image.shape[:2]
    middle = np.array([(width / 2, height / 2), (width / 2 + 1, height / 2), (width / 2, height / 2 + 1)])
    origin, right, below = find.to_picture(card, middle)
    return float(np.sqrt(np.hypot(*(right - origin)) * np.hypot(*(below - origin))))
