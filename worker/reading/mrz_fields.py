"""From a decoded zone to what is handed out: fields with confidence and box, checks. Decides no character."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np

from core.documents import Box, Check, Field, Mrz, MrzFormat, Verdict
from worker.reading import counting, sightings
from worker.reading.mrz import parse
from worker.reading.mrz.decode import Decoded
from worker.reading.mrz.formats import Span
from worker.reading.rectify import Strip

_DOCUMENT_TYPES: Final = {"P": "passport", "V": "visa", "AC": "crew_member_certificate"}  # ICAO Doc 9303-3 to 7


READ_SURELY: Final = "read_surely"  #: name of the check that speaks about the reading instead of the print
DOUBT: Final = 0.95  #: confidence below which an unsure reading's field is named by that check


@dataclass(frozen=True, slots=True)
class Told:
    """All that a zone tells."""

    document_type: str
    fields: dict[str, Field] = field(repr=False)
    mrz: Mrz | None
    checks: tuple[Check, ...]


NOTHING: Final = Told("", {}, None, ())


@dataclass(frozen=True, slots=True)
class _Print:
    """Where the characters of a zone stand: a strip and the x of each character's middle for every line."""

    lines: tuple[tuple[Strip, tuple[float, ...]], ...] = field(repr=False)

    def box(self, span: Span) -> Box:
        """The print of a span, picture pixels."""
        strip, middles = self.lines[span.line]
        half = counting.median(np.diff(middles)) / 2
        return strip.box(middles[span.start] - half, middles[span.end - 1] + half)

    def line_boxes(self) -> tuple[Box, ...]:
        """The print of every line."""
        return tuple(self.box(Span(line, 0, len(middles))) for line, (_, middles) in enumerate(self.lines))


def told(sighting: sightings.Sighting | None, *, today: date | None) -> Told:
    """Everything that the decoded zone of a sighting says; NOTHING when it was not decoded."""
    decoded = sighting.decoded if sighting else None
    if sighting is None or decoded is None:
        return NOTHING
    parsed = parse.parse(decoded.lines, today=today)
    strips = [strip for strip, _ in sightings.lines_of(sighting)]
    printed = _Print(tuple(zip(strips, decoded.places, strict=True)))
    boxes = printed.line_boxes()
    mrz = Mrz(
        format=parsed.format,
        lines=decoded.lines,
        raw_lines=decoded.raw_lines,
        checks=parsed.checks,
        repaired=decoded.repaired,
        confidence=decoded.confidence,
        margin=decoded.margin,
        box=(boxes[0][0], boxes[0][1], boxes[-1][2], boxes[-1][3]),
        line_boxes=boxes,
    )
    fields = {name: _field(parsed, name, printed, decoded) for name in parsed.fields}
    checks = (*parsed.checks, _read_surely(fields, is_sure=decoded.is_sure))
    return Told(_document_type(parsed.format, decoded.lines[0]), fields, mrz, checks)


def _read_surely(fields: dict[str, Field], *, is_sure: bool) -> Check:
    """Fails when the lines had better be compared with the picture; names the fields in doubt."""
    if is_sure:
        return Check(READ_SURELY, Verdict.PASS)
    return Check(READ_SURELY, Verdict.FAIL, tuple(name for name, found in fields.items() if found.confidence < DOUBT))


def _field(parsed: parse.Parsed, name: str, printed: _Print, decoded: Decoded) -> Field:
    """A field is at least as sure as the whole zone, and else the product of its characters."""
    spans = parse.field_spans(parsed, name)
    value = parsed.fields[name].value
    certainties = [share for span in spans for share in decoded.certainties[span.line][span.start : span.end]]
    confidence = max(decoded.confidence, float(np.prod(certainties)))
    return Field(value, round(confidence, 4), printed.box(spans[0]) if spans and value else None)


def _document_type(layout: MrzFormat, first_line: str) -> str:
    if layout in (MrzFormat.MRV_A, MrzFormat.MRV_B):
        return "visa"
    return _DOCUMENT_TYPES.get(first_line[:2]) or _DOCUMENT_TYPES.get(first_line[0]) or "identity_card"
