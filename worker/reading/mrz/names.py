"""The name field taken apart into primary and secondary identifier. ICAO Doc 9303-3, 4.6."""

from __future__ import annotations

from dataclasses import dataclass, field

from worker.reading.mrz.characters import FILLER
from worker.reading.mrz.formats import Span


@dataclass(frozen=True, slots=True)
class NameReading:
    """Both identifiers, parts apart by one blank, and where each stands. `is_truncated`: no place was left, a maybe."""

    surname: str = field(repr=False)
    given_names: str = field(repr=False)
    surname_span: Span
    given_names_span: Span
    is_truncated: bool


def read(text: str, span: Span) -> NameReading:
    """The name in `text`, which stands at `span`. Without `<<` all of it is the primary identifier."""
    used = text.rstrip(FILLER)
    parting = used.find(FILLER * 2)
    end = span.start + len(used)
    if parting < 0:
        surname = Span(span.line, span.start, end)
        given = Span(span.line, end, end)
    else:
        surname = Span(span.line, span.start, span.start + parting)
        given = Span(span.line, span.start + parting + 2, end)
    return NameReading(
        spaced(used if parting < 0 else used[:parting]),
        "" if parting < 0 else spaced(used[parting:]),
        surname,
        given,
        is_truncated=is_full(text),
    )


def spaced(text: str) -> str:
    """`text` with every run of fillers as one blank, none at the ends."""
    return " ".join(part for part in text.split(FILLER) if part)


def is_full(text: str) -> bool:
    """True when the last place holds a character: the sign of a cut name, 9303-4, 4.2.3."""
    return bool(text) and text[-1] != FILLER
