"""Reads the front of a Malaysian identity card in a photograph, blue or red: ten fields, their checks, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from core.documents import Box, Check, DocumentType, Failure, FailureReason, Field, Verdict
from worker.reading import decode
from worker.reading.cards import capitals, find, layout, lines, malaysia, mykad_fields, recogniser
from worker.reading.cards.base import Card, Colour, Told
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_fields import Front, Piece
from worker.reading.engines.base import Grey

LEAST_LIKENESS: Final = 0.52  #: of a front; below, nothing is handed out
_SURE_ENOUGH: Final = 0.7  #: of a front, at which no other way to see the picture is tried
_LONGEST_SIDE: Final = 2000  #: px at which pictures are read: ID-1 filling the picture then has 23 px/mm
_LEVEL: Final = 0.03  #: slope of print, from which a card is levelled and looked at again
_NEEDED: Final = frozenset({"ic_number", "name", "state"})  #: without these another way is tried
_TRIED: Final = 5  #: longest lines, by which it is told which side is up
_LEAST_CAP: Final = 4.5  #: px of the picture, of capitals that can be read
_LEAST_SHARPNESS: Final = 0.16  #: steepest slope in a line against its contrast
_MOST_GLARE: Final = 0.05  #: of the card
_ENGINE: Final = "latin"


@dataclass(frozen=True, slots=True)
class _Sight:
    """One card as it was read."""

    card: Card
    strips: tuple[Grey, ...]
    cap: float  #: px of the picture, of the usual line's capitals
    front: Front


def tell_of(picture: decode.Picture) -> Told:
    """Reads a decoded picture; boxes are in its pixels."""
    colours = decode.bgr(picture, longest_side=_LONGEST_SIDE)
    told, factor = read(colours), picture.width / colours.shape[1]
    fields = {name: replace(value, box=_enlarged(value.box, factor)) for name, value in told.fields.items()}
    failure = told.failure and replace(told.failure, box=_enlarged(told.failure.box, factor))
    return replace(told, fields=fields, failure=failure)


def _enlarged(box: Box | None, factor: float) -> Box | None:
    if box is None:
        return None
    first, second, third, fourth = ((round(x * factor, 1), round(y * factor, 1)) for x, y in box)
    return first, second, third, fourth


def read(picture: Colour) -> Told:
    """Reads the likeliest card of `picture`, (H, W, 3) uint8 BGR. Boxes are in its pixels."""
    engine = recogniser.engine(_ENGINE)
    best: _Sight | None = None
    for card in find.cards(picture):
        sight = _read(card)
        if best is None or _told(sight) > _told(best):
            best = sight
        if best.front.likeness >= _SURE_ENOUGH and best.front.pieces.keys() >= _NEEDED:
            break
    assert best is not None  # noqa: S101 - `find.cards` tells at least the whole picture
    names = f"{layout.looker().name} {engine.name}"
    measured = _measured(best)
    if best.front.likeness < LEAST_LIKENESS:
        failure = _failure(best, measured, picture)
        return Told(DocumentType.MYKAD, {}, (), best.front.likeness, measured, failure, names)
    fields = {name: _field(best.card, piece) for name, piece in best.front.pieces.items() if piece.value}
    checks = _checks(fields)
    fields = _gender_by_number(fields)
    return Told(DocumentType.MYKAD, fields, checks, best.front.likeness, measured, None, names)


def _told(sight: _Sight) -> float:
    """How much was read: what tells two ways to see the same card apart."""
    return sight.front.likeness + 0.1 * len(sight.front.pieces)


def _read(card: Card) -> _Sight:
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
    found = [line for line in _capitals(card, rows) if line.text]
    front = mykad_fields.tell(found, card.image.shape[1])
    grey = _grey(card)
    strips = tuple(lines.cut(grey, row).strip for row in sorted(rows, key=lambda row: -row.length)[:_TRIED])
    cap = float(np.median([row.height for row in rows])) * _scale(card) if rows else 0.0
    return _Sight(card, strips, cap, front)


def _weighted_middle(rows: Sequence[lines.Row], height: int) -> float:
    """Y that half of the print stands above."""
    order = sorted(rows, key=lambda row: row.middle[1])
    weights = np.cumsum([row.length for row in order])
    return order[int(np.searchsorted(weights, weights[-1] / 2))].middle[1] if order else height / 2


def _upright(card: Card, rows: Sequence[lines.Row]) -> tuple[Card, list[lines.Row]]:
    """The card and its rows with the side up on which the longest lines read more surely."""
    longest = sorted(rows, key=lambda row: -row.length)[:_TRIED]
    grey, engine = _grey(card), recogniser.engine(_ENGINE)
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
    grey, engine = _grey(card), recogniser.engine(_ENGINE)
    cut = [lines.cut(grey, row) for row in rows]
    read_ = engine.read_lines([line.strip for line in cut])
    return [
        capitals.fold(printed, engine.alphabet, line.corners, line.strip.shape[1])
        for line, printed in zip(cut, read_, strict=True)
    ]


def _grey(card: Card) -> Grey:
    return np.asarray(cv2.cvtColor(card.image, cv2.COLOR_BGR2GRAY), np.uint8)


def _scale(card: Card) -> float:
    """Px of the picture per px of the card, in its middle."""
    height, width = card.image.shape[:2]
    middle = np.array([(width / 2, height / 2), (width / 2 + 1, height / 2), (width / 2, height / 2 + 1)])
    origin, right, below = find.to_picture(card, middle)
    return float(np.sqrt(np.hypot(*(right - origin)) * np.hypot(*(below - origin))))


# ------------------------------------------------------------------------------------------------- fields


def _field(card: Card, piece: Piece) -> Field:
    return Field(piece.value, round(min(1.0, piece.confidence), 4), _box(card, piece.lines), "visual")


def _box(card: Card, found: Sequence[CapitalLine]) -> Box | None:
    """Around the print of these lines, in pixels of the picture."""
    if not found:
        return None
    quads = np.concatenate([line.quad(recogniser.MARGIN) for line in found]).astype(np.float64)
    if len(found) > 1:
        low, high = quads.min(axis=0), quads.max(axis=0)
        quads = np.array([(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])])
    first, second, third, fourth = ((round(float(x), 1), round(float(y), 1)) for x, y in find.to_picture(card, quads))
    return first, second, third, fourth


def _checks(fields: dict[str, Field]) -> tuple[Check, ...]:
    """Rules held against the print; none of them changes it."""
    number = fields["ic_number"].value if "ic_number" in fields else ""
    gender = fields["gender"].value if "gender" in fields else ""
    postcode = fields["postcode"].value if "postcode" in fields else ""
    state = malaysia.SPELLINGS.get(fields["state"].value, "") if "state" in fields else ""
    return (
        _check("ic_number_date", mykad_fields.is_date(number[:6]) if number else None, "ic_number"),
        _check(
            "ic_number_birth_place",
            number[7:9] not in malaysia.UNASSIGNED_BIRTH_CODES if number else None,
            "ic_number",
        ),
        _check("ic_number_gender", _gender(number) == gender if number and gender else None, "ic_number", "gender"),
        _check(
            "postcode_state",
            malaysia.is_postcode_of(postcode, state) if postcode and state else None,
            "postcode",
            "state",
        ),
    )


def _check(name: str, holds: bool | None, *fields: str) -> Check:  # noqa: FBT001 - the outcome of a rule
    verdict = Verdict.NOT_APPLICABLE if holds is None else Verdict.PASS if holds else Verdict.FAIL
    return Check(name, verdict, fields)


def _gender(number: str) -> str:
    return "LELAKI" if int(number[-1]) % 2 else "PEREMPUAN"


def _gender_by_number(fields: dict[str, Field]) -> dict[str, Field]:
    """Fills in a gender that was not read: the last digit of the number is odd for men. It never overrules print."""
    if "gender" in fields or "ic_number" not in fields:
        return fields
    number = fields["ic_number"]
    return fields | {"gender": Field(_gender(number.value), round(number.confidence * 0.9, 4), None, "visual")}


# ------------------------------------------------------------------------------------------------- reasons


def _measured(sight: _Sight) -> dict[str, float]:
    grey = _grey(sight.card)
    slopes, contrasts = [0.0], [1.0]
    for strip in sight.strips:
        low, high = np.percentile(strip, (4, 90))
        contrasts.append(float(high - low))
        slopes.append(float(np.percentile(np.abs(cv2.Sobel(strip, cv2.CV_16S, 1, 0, ksize=3)), 97)) / 4)
    usual = float(np.median(contrasts[1:])) if len(contrasts) > 1 else 1.0
    return {
        "card_likeness": round(sight.front.likeness, 3),
        "px_per_capital": round(sight.cap, 1),
        "print_sharpness": round(min(1.0, float(np.median(slopes[1:])) / max(usual, 1.0)), 3) if sight.strips else 0.0,
        "card_glare": round(float((grey > 250).mean()), 3),
    }


def _failure(sight: _Sight, measured: dict[str, float], picture: Colour) -> Failure:
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * np.array(sight.card.image.shape[1::-1])
    quad = find.to_picture(sight.card, corners)
    first, second, third, fourth = ((round(float(x), 1), round(float(y), 1)) for x, y in quad)
    if len(sight.strips) < 3 or (sight.card.sureness == 0 and sight.front.likeness < 0.05):
        reason = FailureReason.NO_DOCUMENT
        detail = "No MyKad was seen. Lay its front flat, fill the picture with it and photograph it from above."
        return Failure(reason, detail, measured)
    if sight.cap < _LEAST_CAP:
        reason, detail = FailureReason.TOO_SMALL, "The print is too small in the picture. Go closer or send it larger."
    elif measured["card_glare"] > _MOST_GLARE:
        reason, detail = FailureReason.GLARE, "Light is reflected from the card. Tilt it or move the lamp."
    elif measured["print_sharpness"] < _LEAST_SHARPNESS:
        reason, detail = FailureReason.BLURRED, "The print is blurred. Hold still, tap to focus, and try again."
    elif sight.card.sureness and _runs_out(quad, picture):
        reason, detail = FailureReason.CUT_OFF, "The card runs out of the picture. Get all of it into it."
    elif sight.front.likeness < 0.1:
        reason = FailureReason.NO_DOCUMENT
        detail = "What was seen is no front of a MyKad. Photograph the side with the number, name and address."
    else:
        reason = FailureReason.UNREADABLE
        detail = "The card was found and could not be read surely. Try again in even light, without anything on it."
    return Failure(reason, detail, measured, (first, second, third, fourth))


def _runs_out(quad: capitals.Floats, picture: Colour) -> bool:
    height, width = picture.shape[:2]
    room = 0.02 * max(height, width)
    return bool((quad < -room).any() or (quad[:, 0] > width + room).any() or (quad[:, 1] > height + room).any())
