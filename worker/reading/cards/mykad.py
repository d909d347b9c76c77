"""Reads the front of a Malaysian identity card in a photograph, blue or red: ten fields, their checks, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from core.documents import Box, Check, DocumentType, Field, Verdict
from worker.reading import decode
from worker.reading.cards import (
    find,
    layout,
    malaysia,
    mykad_confidence,
    mykad_number,
    mykad_reasons,
    mykad_sight,
    mykad_whereabouts,
    recogniser,
)
from worker.reading.cards.base import Card, Colour, Told
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_pieces import Piece
from worker.reading.cards.mykad_sight import Sight

LEAST_LIKENESS: Final = 0.52  #: of a front; below, nothing is handed out
_SURE_ENOUGH: Final = 0.7  #: of a front, at which no other way to see the picture is tried
_WORSE: Final = 0.05  #: by which a card that shows all of its print may tell less
_LONGEST_SIDE: Final = 2000  #: px at which pictures are read: ID-1 filling the picture then has 23 px/mm
_NEEDED: Final = frozenset({"ic_number", "name", "state", "nationality"})  #: without these another way is tried
_CUT_OFF: Final = 0.15  #: by which a card tells less whose print runs out of its picture


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
    best = best_sight(picture)
    names = " ".join(one.name for one in (layout.card_looker(), layout.looker(), recogniser.engine(mykad_sight.ENGINE)))
    measured = mykad_reasons.measured(best)
    if best.front.likeness < LEAST_LIKENESS:
        failure = mykad_reasons.failure(best, measured, picture)
        return Told(DocumentType.MYKAD, {}, (), best.front.likeness, measured, failure, names)
    fields = {name: _field(best.card, name, piece) for name, piece in best.front.pieces.items() if piece.value}
    checks = _checks(fields)
    fields = _gender_by_number(fields)
    return Told(DocumentType.MYKAD, fields, checks, best.front.likeness, measured, None, names)


def best_sight(picture: Colour) -> Sight:
    """The card of `picture` that told most, and what it told; other ways to see it are tried only where one fails."""
    best: Sight | None = None
    for card in find.cards(picture):
        sight = _whole(picture, mykad_sight.look(card))
        if best is None or _rank(sight) > _rank(best):
            best = sight
        if _tells_all(best):
            break
    assert best is not None  # noqa: S101 - `find.cards` tells at least the whole picture
    return best if best.front.pieces.keys() >= _NEEDED else _nearer(picture, best)


def _whole(picture: Colour, sight: Sight) -> Sight:
    """The sight, or one with more room around the card, where print runs out of it."""
    if not mykad_sight.runs_out(sight):
        return sight
    roomier = mykad_sight.look(find.roomier(picture, sight.card))
    return roomier if mykad_sight.told_by(roomier) > mykad_sight.told_by(sight) - _WORSE else sight


def _tells_all(sight: Sight) -> bool:
    is_all = sight.front.likeness >= _SURE_ENOUGH and sight.front.pieces.keys() >= _NEEDED
    return is_all and not mykad_sight.runs_out(sight)


def _nearer(picture: Colour, sight: Sight) -> Sight:
    """The sight, or one of the place where the card must lie by what was read of it, if that tells more."""
    quad = mykad_whereabouts.of(sight)
    if quad is None:
        return sight
    return max(sight, mykad_sight.look(find.cut(picture, quad, sight.card.sureness)), key=_rank)


def _rank(sight: Sight) -> tuple[bool, float]:
    """What is handed out goes before what is not, however much that tells."""
    cut_off = _CUT_OFF if mykad_sight.runs_out(sight) else 0.0
    return sight.front.likeness >= LEAST_LIKENESS, mykad_sight.told_by(sight) - cut_off


# ------------------------------------------------------------------------------------------------- fields


def _field(card: Card, name: str, piece: Piece) -> Field:
    stated = mykad_confidence.stated(name, piece.confidence)
    return Field(piece.value, round(stated, 4), _box(card, piece.lines), "visual")


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
        _check("ic_number_date", mykad_number.is_date(number[:6]) if number else None, "ic_number"),
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
