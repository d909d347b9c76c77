"""Takes a machine readable zone apart: exact text in, fields and checks out. Repairs nothing; that is `decode`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from core.documents import Check, MrzFormat, Verdict
from worker.reading.mrz import check_digits, dates, formats, names, national, states
from worker.reading.mrz.characters import FILLER, LETTERS, are_all_known
from worker.reading.mrz.formats import Layout, Slot, Span

NAME_SLOTS = ("name", "surname", "given_names")
DOCUMENT_NUMBER = "document_number"
DOCUMENT_NUMBER_CHECK = "document_number_check_digit"
SEX_AS_SHOWN = {"M": "M", "F": "F", FILLER: "X"}  #: an unspecified sex is `X` in the visual zone; 9303-4, 4.1.1.1


class MrzSyntaxError(ValueError):
    """The text has not the shape of any machine readable zone. The message never carries the text."""


@dataclass(frozen=True, slots=True)
class ParsedField:
    """One field. `raw` is what is printed at `spans`, fillers and all; `value` is what it means."""

    value: str = field(repr=False)
    raw: str = field(repr=False)
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A machine readable zone taken apart. Dates are ISO 8601, shortened where the print knows only year or month."""

    format: MrzFormat
    lines: tuple[str, ...] = field(repr=False)
    fields: dict[str, ParsedField] = field(repr=False)
    checks: tuple[Check, ...]
    is_name_truncated: bool = False  #: the name field is full, so letters may be missing
    has_expiry: bool = True  #: False where the print says that the document does not expire, or has no such field
    has_long_number: bool = False
    date_candidates: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  #: several centuries fit

    def value(self, name: str) -> str:
        """The value of a field, empty when this layout has no such field."""
        found = self.fields.get(name)
        return found.value if found else ""

    def verdict(self, name: str) -> Verdict:
        """The verdict of a check; not applicable when the check is not made for this document."""
        return next((check.verdict for check in self.checks if check.name == name), Verdict.NOT_APPLICABLE)


def parse(lines: Sequence[str], *, today: date | None = None) -> Parsed:
    """The fields and checks of a machine readable zone of two or three lines, top to bottom.

    `today` decides centuries; without it the present day (UTC) does. Raises MrzSyntaxError when the lines have not the
    number, length or characters of a layout, or no letter to begin with; anything else that is wrong is a failed check.
    """
    text = tuple(lines)
    layout = formats.LAYOUTS[detect(text)]
    return _taken_apart(layout, text, today or datetime.now(tz=UTC).date())


def detect(lines: Sequence[str]) -> MrzFormat:
    """The layout that code and shape tell. Raises MrzSyntaxError when none does."""
    text = tuple(lines)
    _must_be_well_formed(text)
    is_visa = text[0][0] == "V"
    if len(text) == 3:
        return MrzFormat.TD1
    if len(text[0]) == formats.TD3.length:
        return MrzFormat.MRV_A if is_visa else MrzFormat.TD3
    if is_visa:
        return MrzFormat.MRV_B
    return MrzFormat.FRENCH_ID if _is_french_card(text) else MrzFormat.TD2


def field_spans(parsed: Parsed, name: str) -> tuple[Span, ...]:
    """Where a field is printed, for boxes: line, start and end of each part. Empty for a field without a place."""
    found = parsed.fields.get(name)
    return tuple(span for span in found.spans if span.end > span.start) if found else ()


def _must_be_well_formed(lines: tuple[str, ...]) -> None:
    shapes = {(layout.lines, layout.length) for layout in formats.LAYOUTS.values()}
    if len(lines) not in {count for count, _ in shapes}:
        raise MrzSyntaxError("a machine readable zone has two or three lines")
    if any((len(lines), len(line)) not in shapes for line in lines) or len({len(line) for line in lines}) > 1:
        raise MrzSyntaxError("the lines have not the length of any layout: 3 x 30, 2 x 36 or 2 x 44 characters")
    if not all(are_all_known(line) for line in lines):
        raise MrzSyntaxError("a line has a character other than A to Z, 0 to 9 and the filler")
    if lines[0][0] not in LETTERS:
        raise MrzSyntaxError("the first line does not begin with the letter of a document code")


def _is_french_card(lines: tuple[str, ...]) -> bool:
    if not lines[0].startswith("IDFRA"):
        return False
    return _passing(formats.FRENCH_ID, lines) >= _passing(formats.TD2, lines)


def _passing(layout: Layout, lines: tuple[str, ...]) -> int:
    return sum(check_digits.guards(guard.guarded_text(lines), guard.span.of(lines)) for guard in layout.guards)


def _taken_apart(layout: Layout, lines: tuple[str, ...], today: date) -> Parsed:
    fields: dict[str, ParsedField] = {}
    candidates: dict[str, tuple[str, ...]] = {}
    judged: dict[str, Verdict] = {}
    for slot in layout.slots:
        raw = slot.span.of(lines)
        if slot.name in ("birth_date", "expiry_date"):
            read = (dates.birth if slot.name == "birth_date" else dates.expiry)(raw, today=today)
            fields[slot.name] = ParsedField(read.value, raw, (slot.span,))
            judged[slot.name] = read.verdict
            if read.candidates:
                candidates[slot.name] = read.candidates
        elif slot.name == "name":
            fields.update(_name_fields(raw, slot))
        else:
            fields[slot.name] = ParsedField(_value(slot.name, raw), raw, (slot.span,))
    long_number = _long_number(layout, lines)
    if long_number:
        fields.update(long_number.fields)
    if layout.format is MrzFormat.FRENCH_ID:
        fields.update(_french_fields(layout, lines))
    return Parsed(
        format=layout.format,
        lines=lines,
        fields=fields | _personal_number(fields),
        checks=(
            *_digit_checks(layout, lines, long_number),
            *(Check(f"{name}_valid", verdict, (name,)) for name, verdict in judged.items()),
            *_code_checks(layout, fields),
            *_national_checks(layout, fields),
        ),
        is_name_truncated=any(names.is_full(slot.span.of(lines)) for slot in layout.slots if slot.name in NAME_SLOTS),
        has_expiry=judged.get("expiry_date", Verdict.NOT_APPLICABLE) is not Verdict.NOT_APPLICABLE,
        has_long_number=long_number is not None,
        date_candidates=candidates,
    )


def _value(name: str, raw: str) -> str:
    if name == "sex":
        return SEX_AS_SHOWN.get(raw, "")
    if name in ("surname", "given_names"):
        return names.spaced(raw)
    return raw.rstrip(FILLER) if name != "personal_number" else raw.strip(FILLER)


def _name_fields(raw: str, slot: Slot) -> dict[str, ParsedField]:
    read = names.read(raw, slot.span)
    offset = slot.span.start
    spans = {"surname": read.surname_span, "given_names": read.given_names_span}
    values = {"surname": read.surname, "given_names": read.given_names}
    return {
        name: ParsedField(values[name], raw[span.start - offset : span.end - offset], (span,))
        for name, span in spans.items()
    }


def _french_fields(layout: Layout, lines: tuple[str, ...]) -> dict[str, ParsedField]:
    number = layout.slot(DOCUMENT_NUMBER).span
    month = Span(number.line, number.start, number.start + 4)
    department = Span(number.line, number.start + 4, number.start + 7)
    return {
        "issue_date": ParsedField(dates.issue_month(month.of(lines)).value, month.of(lines), (month,)),
        "issuing_department": ParsedField(department.of(lines).strip(FILLER), department.of(lines), (department,)),
    }


@dataclass(frozen=True, slots=True)
class _LongNumber:
    """A document number above nine characters, with the optional data behind it. 9303-5, 4.2.2.1 note j."""

    fields: dict[str, ParsedField] = field(repr=False)
    is_right: bool


def _long_number(layout: Layout, lines: tuple[str, ...]) -> _LongNumber | None:
    if not layout.takes_long_numbers or layout.guard(DOCUMENT_NUMBER_CHECK).span.of(lines) != FILLER:
        return None
    head = layout.slot(DOCUMENT_NUMBER).span
    optional = layout.slot("optional_data_1" if layout.format is MrzFormat.TD1 else "optional_data")
    text = optional.span.of(lines)
    used = text.find(FILLER) if FILLER in text else len(text)
    if used < 2 or FILLER in head.of(lines):
        return None
    start = optional.span.start
    tail = Span(optional.span.line, start, start + used - 1)
    behind = Span(optional.span.line, min(start + used + 1, optional.span.end), optional.span.end)
    number, printed = head.of(lines) + tail.of(lines), text[used - 1]
    # Two computations are in use: over the number alone, and with the filler between its parts counted.
    counted = head.of(lines) + FILLER + tail.of(lines)
    is_right = check_digits.guards(number, printed) or check_digits.guards(counted, printed)
    return _LongNumber(
        {
            DOCUMENT_NUMBER: ParsedField(number, number, (head, tail)),
            optional.name: ParsedField(behind.of(lines).rstrip(FILLER), behind.of(lines), (behind,)),
        },
        is_right,
    )


def _personal_number(fields: dict[str, ParsedField]) -> dict[str, ParsedField]:
    """The personal number that some states keep in the first optional data of a card."""
    optional = fields.get("optional_data_1")
    number = national.personal_number(fields["issuing_state"].value, optional.raw) if optional else ""
    if not optional or not number:
        return {}
    span = optional.spans[0]
    start = span.start + optional.raw.index(number)
    return {"personal_number": ParsedField(number, number, (Span(span.line, start, start + len(number)),))}


def _digit_checks(layout: Layout, lines: tuple[str, ...], long_number: _LongNumber | None) -> list[Check]:
    made = []
    for guard in layout.guards:
        guarded, printed = guard.guarded_text(lines), guard.span.of(lines)
        is_right = check_digits.guards(guarded, printed)
        if guard.may_be_filler and printed == FILLER:
            is_right = not guarded.strip(FILLER)
        if long_number and guard.name == DOCUMENT_NUMBER_CHECK:
            is_right = long_number.is_right
        made.append(Check(guard.name, _pass_if(is_right), guard.fields))
    return made


def _code_checks(layout: Layout, fields: dict[str, ParsedField]) -> list[Check]:
    code, state, sex = fields["document_code"], fields["issuing_state"], fields["sex"]
    made = [
        Check("document_code_known", _pass_if(code.raw[0] in layout.document_letters), ("document_code",)),
        Check("issuing_state_known", _pass_if(states.is_known(state.value)), ("issuing_state",)),
        Check("sex_valid", _pass_if(sex.raw in formats.SEXES), ("sex",)),
    ]
    if "nationality" in fields:
        nationality = fields["nationality"].value  # left blank by some cards
        verdict = _pass_if(states.is_known(nationality)) if nationality else Verdict.NOT_APPLICABLE
        made.append(Check("nationality_known", verdict, ("nationality",)))
    return made


def _national_checks(layout: Layout, fields: dict[str, ParsedField]) -> tuple[Check, ...]:
    state = fields["issuing_state"].value
    personal = (fields | _personal_number(fields)).get("personal_number")
    printed = {
        "birth_date": fields["birth_date"].raw,
        "sex": fields["sex"].raw,
        DOCUMENT_NUMBER: fields[DOCUMENT_NUMBER].raw.strip(FILLER),
        "personal_number": personal.raw.strip(FILLER) if personal else "",
    }
    return national.checks(state, layout.format, printed)


def _pass_if(is_right: bool) -> Verdict:  # noqa: FBT001 - its only argument
    return Verdict.PASS if is_right else Verdict.FAIL
