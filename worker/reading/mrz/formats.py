"""The layouts of machine readable zones as data: fields, characters allowed, spans guarded. Parsing is in `parse`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from core.documents import MrzFormat
from worker.reading.mrz.characters import DIGITS, FILLER, LETTERS

ALPHANUMERIC = DIGITS + LETTERS
LETTERS_OR_FILLER = LETTERS + FILLER
DIGITS_OR_FILLER = DIGITS + FILLER
ANY = ALPHANUMERIC + FILLER
SEXES = "MF" + FILLER
#: Year, month and day in two places each; unknown parts are fillers. 9303-3, 4.8.
DATE = (DIGITS_OR_FILLER, DIGITS_OR_FILLER, "01" + FILLER, DIGITS_OR_FILLER, "0123" + FILLER, DIGITS_OR_FILLER)


@dataclass(frozen=True, slots=True)
class Span:
    """The places `start` to `end` (exclusive) of line `line`, all from 0."""

    line: int
    start: int
    end: int

    def of(self, lines: tuple[str, ...]) -> str:
        """The text that stands there."""
        return lines[self.line][self.start : self.end]


@dataclass(frozen=True, slots=True)
class Slot:
    """One field: where it stands and, place by place, which characters it may hold."""

    name: str
    span: Span
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """One check digit: where it stands and the spans it is computed over, in order."""

    name: str
    span: Span
    guarded: tuple[Span, ...]
    fields: tuple[str, ...]
    may_be_filler: bool = False  #: a filler is right here when everything guarded is filler too

    def guarded_text(self, lines: tuple[str, ...]) -> str:
        """The text that the digit is computed over."""
        return "".join(span.of(lines) for span in self.guarded)


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of machine readable zone. Slots and guards together cover every place exactly once."""

    format: MrzFormat
    lines: int
    length: int
    slots: tuple[Slot, ...]
    guards: tuple[Guard, ...]
    document_letters: str  #: the usual first letters of the document code
    source: str
    composite: str = "composite_check_digit"

    def slot(self, name: str) -> Slot:
        """The field of that name. Raises KeyError when this layout has none."""
        for slot in self.slots:
            if slot.name == name:
                return slot
        raise KeyError(name)

    def guard(self, name: str) -> Guard:
        """The check digit of that name. Raises KeyError when this layout has none."""
        for guard in self.guards:
            if guard.name == name:
                return guard
        raise KeyError(name)

    @property
    def has_composite(self) -> bool:
        """True when one digit guards several fields together."""
        return any(guard.name == self.composite for guard in self.guards)

    @property
    def takes_long_numbers(self) -> bool:
        """True when a document number above nine characters runs on into the optional data."""
        return self.format in (MrzFormat.TD1, MrzFormat.TD2)


def _slot(name: str, line: int, start: int, end: int, allowed: str | tuple[str, ...]) -> Slot:
    places = (allowed,) * (end - start) if isinstance(allowed, str) else allowed
    return Slot(name, Span(line, start, end), places)


def _guard(
    field: str,
    line: int,
    place: int,
    *guarded: tuple[int, int, int],
    fields: tuple[str, ...] = (),
    filler: bool = False,
) -> Guard:
    spans = tuple(Span(*span) for span in guarded)
    return Guard(f"{field}_check_digit", Span(line, place, place + 1), spans, fields or (field,), filler)


def _code(letters: str = LETTERS) -> tuple[str, str]:
    return letters, ANY


def _name(length: int) -> tuple[str, ...]:
    return (LETTERS,) + (LETTERS_OR_FILLER,) * (length - 1)


_NOT_V = LETTERS.replace("V", "")

TD1 = Layout(
    MrzFormat.TD1,
    3,
    30,
    slots=(
        _slot("document_code", 0, 0, 2, _code(_NOT_V)),
        _slot("issuing_state", 0, 2, 5, LETTERS_OR_FILLER),
        _slot("document_number", 0, 5, 14, ANY),
        _slot("optional_data_1", 0, 15, 30, ANY),
        _slot("birth_date", 1, 0, 6, DATE),
        _slot("sex", 1, 7, 8, SEXES),
        _slot("expiry_date", 1, 8, 14, DATE),
        _slot("nationality", 1, 15, 18, LETTERS_OR_FILLER),
        _slot("optional_data_2", 1, 18, 29, ANY),
        _slot("name", 2, 0, 30, _name(30)),
    ),
    guards=(
        _guard("document_number", 0, 14, (0, 5, 14)),
        _guard("birth_date", 1, 6, (1, 0, 6)),
        _guard("expiry_date", 1, 14, (1, 8, 14)),
        _guard(
            "composite",
            1,
            29,
            (0, 5, 30),
            (1, 0, 7),
            (1, 8, 15),
            (1, 18, 29),
            fields=("document_number", "optional_data_1", "birth_date", "expiry_date", "optional_data_2"),
        ),
    ),
    document_letters="ACI",
    source="ICAO Doc 9303-5, 4.2.2 and 4.2.4",
)

_SECOND_LINE = (  # shared by parts 4, 6 and 7
    _slot("document_number", 1, 0, 9, ANY),
    _slot("nationality", 1, 10, 13, LETTERS_OR_FILLER),
    _slot("birth_date", 1, 13, 19, DATE),
    _slot("sex", 1, 20, 21, SEXES),
    _slot("expiry_date", 1, 21, 27, DATE),
)
_SECOND_LINE_GUARDS = (
    _guard("document_number", 1, 9, (1, 0, 9)),
    _guard("birth_date", 1, 19, (1, 13, 19)),
    _guard("expiry_date", 1, 27, (1, 21, 27)),
)


def _first_line(length: int, letters: str) -> tuple[Slot, ...]:
    return (
        _slot("document_code", 0, 0, 2, _code(letters)),
        _slot("issuing_state", 0, 2, 5, LETTERS_OR_FILLER),
        _slot("name", 0, 5, length, _name(length - 5)),
    )


TD2 = Layout(
    MrzFormat.TD2,
    2,
    36,
    slots=(*_first_line(36, _NOT_V), *_SECOND_LINE, _slot("optional_data", 1, 28, 35, ANY)),
    guards=(
        *_SECOND_LINE_GUARDS,
        _guard(
            "composite",
            1,
            35,
            (1, 0, 10),
            (1, 13, 20),
            (1, 21, 35),
            fields=("document_number", "birth_date", "expiry_date", "optional_data"),
        ),
    ),
    document_letters="ACI",
    source="ICAO Doc 9303-6, 4.2.2 and 4.2.4",
)

TD3 = Layout(
    MrzFormat.TD3,
    2,
    44,
    slots=(*_first_line(44, _NOT_V), *_SECOND_LINE, _slot("personal_number", 1, 28, 42, ANY)),
    guards=(
        *_SECOND_LINE_GUARDS,
        _guard("personal_number", 1, 42, (1, 28, 42), filler=True),
        _guard(
            "composite",
            1,
            43,
            (1, 0, 10),
            (1, 13, 20),
            (1, 21, 43),
            fields=("document_number", "birth_date", "expiry_date", "personal_number"),
        ),
    ),
    document_letters="P",
    source="ICAO Doc 9303-4, 4.2.2 and 4.2.4",
)

MRV_A = Layout(
    MrzFormat.MRV_A,
    2,
    44,
    slots=(*_first_line(44, "V"), *_SECOND_LINE, _slot("optional_data", 1, 28, 44, ANY)),
    guards=_SECOND_LINE_GUARDS,
    document_letters="V",
    source="ICAO Doc 9303-7, 4.2.2",
)

MRV_B = Layout(
    MrzFormat.MRV_B,
    2,
    36,
    slots=(*_first_line(36, "V"), *_SECOND_LINE, _slot("optional_data", 1, 28, 36, ANY)),
    guards=_SECOND_LINE_GUARDS,
    document_letters="V",
    source="ICAO Doc 9303-7, 5.2.2",
)

FRENCH_ID = Layout(
    MrzFormat.FRENCH_ID,
    2,
    36,
    slots=(
        _slot("document_code", 0, 0, 2, ("I", "D")),
        _slot("issuing_state", 0, 2, 5, ("F", "R", "A")),
        _slot("surname", 0, 5, 30, _name(25)),
        _slot("issuing_office", 0, 30, 36, ANY),
        # year and month of issue, department, serial
        _slot("document_number", 1, 0, 12, (DIGITS, DIGITS, "01", DIGITS, *(ALPHANUMERIC,) * 3, *(DIGITS,) * 5)),
        _slot("given_names", 1, 13, 27, _name(14)),
        _slot("birth_date", 1, 27, 33, DATE),
        _slot("sex", 1, 34, 35, SEXES),
    ),
    guards=(
        _guard("document_number", 1, 12, (1, 0, 12)),
        _guard("birth_date", 1, 33, (1, 27, 33)),
        _guard(
            "composite",
            1,
            35,
            (0, 0, 36),
            (1, 0, 35),
            fields=("document_code", "issuing_state", "surname", "document_number", "given_names", "birth_date", "sex"),
        ),
    ),
    document_letters="I",
    source="French national identity card of 1988 to 2021, decree 55-1397 as issued; national, not in Doc 9303",
)

LAYOUTS: dict[MrzFormat, Layout] = {layout.format: layout for layout in (TD1, TD2, TD3, MRV_A, MRV_B, FRENCH_ID)}


def allowed_characters(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """For every line and place the characters that may stand there; a check digit's place holds digits and `<`."""
    rows = [[DIGITS_OR_FILLER] * layout.length for _ in range(layout.lines)]
    for slot in layout.slots:
        rows[slot.span.line][slot.span.start : slot.span.end] = slot.allowed
    return tuple(tuple(row) for row in rows)


def places(layout: Layout) -> list[tuple[int, int]]:
    """Every (line, column) that a slot or a guard claims, in no order; a test holds it to be each place once."""
    spans = chain((slot.span for slot in layout.slots), (guard.span for guard in layout.guards))
    return [(span.line, column) for span in spans for column in range(span.start, span.end)]
