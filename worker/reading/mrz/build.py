"""Writes a machine readable zone with right check digits from values; the inverse of `parse`. Draws nothing."""

from __future__ import annotations

import re

from core.documents import MrzFormat
from worker.reading.mrz import check_digits, formats
from worker.reading.mrz.characters import FILLER, are_all_known

_PARTED = re.compile(r"[\s\-,<]+")
_DROPPED = re.compile(r"['`.\u2019]")
_NUMBER_PLACES = 9


def build(
    mrz_format: MrzFormat,
    *,
    document_code: str,
    issuing_state: str,
    surname: str,
    given_names: str,
    document_number: str,
    nationality: str,
    birth_date: str,
    sex: str,
    expiry_date: str,
    optional_data: str = "",
    optional_data_2: str = "",
    empty_personal_number_check: str = FILLER,
    counts_long_number_filler: bool = False,
) -> tuple[str, ...]:
    """The lines of a machine readable zone, check digits computed, names truncated as 9303-3, 4.6 allows.

    Dates are `YYMMDD`, unknown parts `<<`; `expiry_date` `<<<<<<` means none. `sex` is `M`, `F` or `<`. Names are
    letters A to Z; blanks, hyphens and commas part them, apostrophes and full stops are dropped. `optional_data` is the
    personal number of a TD3, the first optional data of a TD1 and the six-place issuing office of a French card (whose
    nationality and expiry date are not printed). A TD1 or TD2 number above nine characters runs on into the optional
    data; `counts_long_number_filler` takes the variant of its digit that counts the `<` between the parts.
    Raises ValueError, never with a value in its message, when a value does not fit.
    """
    layout = formats.LAYOUTS[mrz_format]
    values = {
        "document_code": document_code,
        "issuing_state": issuing_state,
        "nationality": nationality,
        "birth_date": birth_date,
        "sex": sex or FILLER,
        "expiry_date": expiry_date,
        "document_number": document_number,
        "optional_data": optional_data,
        "optional_data_1": optional_data,
        "personal_number": optional_data,
        "issuing_office": optional_data,
        "optional_data_2": optional_data_2,
        "surname": _identifier(surname),
        "given_names": _identifier(given_names),
    }
    rows = [[FILLER] * layout.length for _ in range(layout.lines)]
    is_long = layout.takes_long_numbers and len(document_number) > _NUMBER_PLACES
    if is_long:
        name = "optional_data_1" if mrz_format is MrzFormat.TD1 else "optional_data"
        values["document_number"] = document_number[:_NUMBER_PLACES]
        values[name] = _overflow(document_number, optional_data, counts_filler=counts_long_number_filler)
    for slot in layout.slots:
        _write(rows, slot, _value(slot, values))
    for guard in layout.guards:
        if is_long and guard.name == "document_number_check_digit":
            continue
        guarded = guard.guarded_text(_joined(rows))
        is_blank = guard.may_be_filler and not guarded.strip(FILLER)
        character = empty_personal_number_check if is_blank else check_digits.digit(guarded)
        rows[guard.span.line][guard.span.start] = character
    return _joined(rows)


def name_field(surname: str, given_names: str, length: int) -> str:
    """Both identifiers in at most `length` places. Cut names end on a letter, which is the sign of the cut.

    9303-4, 4.2.3: the secondary identifier gives way first and keeps at least its first letter.
    """
    primary, secondary = _identifier(surname), _identifier(given_names)
    if not secondary:
        return _cut(primary, length)
    if len(primary) + 2 + len(secondary) <= length:
        return f"{primary}{FILLER * 2}{secondary}"
    kept = primary[: length - 3].rstrip(FILLER)
    return f"{kept}{FILLER * 2}{_cut(secondary, length - len(kept) - 2)}"


def _cut(identifier: str, length: int) -> str:
    if len(identifier) <= length:
        return identifier
    cut = identifier[:length]
    if cut[-1] != FILLER:
        return cut
    # The cut fell between two parts: one letter less before it leaves room for the first letter behind it.
    before, behind = identifier[: length - 1], identifier[length]
    if len(before) < 2 or before[-2] == FILLER:
        return before
    return f"{before[:-1]}{FILLER}{behind}"


def _identifier(name: str) -> str:
    return _PARTED.sub(FILLER, _DROPPED.sub("", name.strip().upper())).strip(FILLER)


def _value(slot: formats.Slot, values: dict[str, str]) -> str:
    length = slot.span.end - slot.span.start
    if slot.name == "name":
        return name_field(values["surname"], values["given_names"], length)
    if slot.name in ("surname", "given_names"):
        return _cut(values[slot.name], length)
    return values[slot.name]


def _overflow(number: str, optional_data: str, *, counts_filler: bool) -> str:
    head, rest = number[:_NUMBER_PLACES], number[_NUMBER_PLACES:]
    digit = check_digits.digit(f"{head}{FILLER if counts_filler else ''}{rest}")
    return f"{rest}{digit}{FILLER}{optional_data}".rstrip(FILLER)


def _write(rows: list[list[str]], slot: formats.Slot, value: str) -> None:
    length = slot.span.end - slot.span.start
    text = value.ljust(length, FILLER)
    if len(text) > length:
        raise ValueError(f"{slot.name} has more than {length} characters")
    if not are_all_known(text):
        raise ValueError(f"{slot.name} has a character that no machine readable zone holds")
    if any(character not in allowed for character, allowed in zip(text, slot.allowed, strict=True)):
        raise ValueError(f"{slot.name} has a character that may not stand there")
    rows[slot.span.line][slot.span.start : slot.span.end] = text


def _joined(rows: list[list[str]]) -> tuple[str, ...]:
    return tuple("".join(row) for row in rows)
