"""What is built is what is parsed, for every layout; and a wrong character never passes its digit unseen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents import MrzFormat, Verdict
from worker.reading.mrz import build, formats, parse, states
from worker.reading.mrz.characters import ALPHABET, DIGITS, LETTERS, VALUES

TODAY = date(2026, 1, 1)
ALPHANUMERIC = DIGITS + LETTERS

name_parts = st.lists(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=3).map(" ".join)
birth_dates = st.dates(date(1930, 1, 1), date(2015, 12, 31))
expiry_dates = st.dates(date(2005, 1, 1), date(2050, 12, 31))
LONGEST = {MrzFormat.TD1: 30, MrzFormat.TD2: 31, MrzFormat.TD3: 39, MrzFormat.MRV_A: 39, MrzFormat.MRV_B: 31}
OPTIONAL = {MrzFormat.TD1: 15, MrzFormat.TD2: 7, MrzFormat.TD3: 14, MrzFormat.MRV_A: 16, MrzFormat.MRV_B: 8}


@st.composite
def values(draw: st.DrawFn, kind: MrzFormat) -> dict[str, Any]:
    """Values that fit the layout `kind`; names are short enough not to be cut."""
    is_french = kind is MrzFormat.FRENCH_ID
    first = {MrzFormat.TD3: "P", MrzFormat.MRV_A: "V", MrzFormat.MRV_B: "V"}.get(kind, "I")
    code = "ID" if is_french else first + draw(st.sampled_from(["", *LETTERS]))
    surname, given_names = draw(name_parts), draw(st.one_of(st.just(""), name_parts))
    if is_french:
        surname, given_names = surname[:24].strip(), (given_names or "A")[:13].strip()
    elif len(surname) + len(given_names) + 2 >= LONGEST[kind]:
        surname, given_names = surname[:12].strip(), given_names[:12].strip()
    longest = 13 if kind is MrzFormat.TD1 else 12 if kind is MrzFormat.TD2 else 9
    number = draw(st.text(ALPHANUMERIC, min_size=1, max_size=longest))
    if is_french:
        number = f"{draw(st.dates(date(1988, 1, 1), date(2021, 1, 1))):%y%m}" + draw(
            st.from_regex(r"[0-9]{8}", fullmatch=True)
        )
    room = 6 if is_french else OPTIONAL[kind] - max(len(number) - 7, 0) * (len(number) > 9)
    return {
        "document_code": code,
        "issuing_state": "FRA" if is_french else draw(st.sampled_from(sorted(states.KNOWN))),
        "surname": surname,
        "given_names": given_names,
        "document_number": number,
        "nationality": "" if is_french else draw(st.sampled_from(sorted(states.KNOWN))),
        "birth_date": f"{draw(birth_dates):%y%m%d}",
        "sex": draw(st.sampled_from("MF<")),
        "expiry_date": "" if is_french else f"{draw(expiry_dates):%y%m%d}",
        "optional_data": draw(st.text(ALPHANUMERIC, max_size=max(room, 0))),
        "optional_data_2": draw(st.text(ALPHANUMERIC, max_size=11)) if kind is MrzFormat.TD1 else "",
        "counts_long_number_filler": draw(st.booleans()),
        "empty_personal_number_check": draw(st.sampled_from("0<")),
    }


KINDS = pytest.mark.parametrize("kind", list(MrzFormat))


@KINDS
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_built_is_what_is_parsed(kind: MrzFormat, data: st.DataObject) -> None:
    given_values = data.draw(values(kind))
    zone = build.build(kind, **given_values)
    parsed = parse.parse(zone, today=TODAY)
    assert parsed.format is kind
    for name in ("document_code", "issuing_state", "document_number", "given_names", "surname"):
        assert parsed.value(name) == given_values[name], name
    assert parsed.fields["birth_date"].raw == given_values["birth_date"]
    assert parsed.value("birth_date")[2:].replace("-", "") == given_values["birth_date"]
    assert parsed.fields["sex"].raw == given_values["sex"]
    if kind is not MrzFormat.FRENCH_ID:
        assert parsed.value("nationality") == given_values["nationality"]
        assert parsed.value("expiry_date")[2:].replace("-", "") == given_values["expiry_date"]
    optional = {
        MrzFormat.TD1: "optional_data_1",
        MrzFormat.TD3: "personal_number",
        MrzFormat.FRENCH_ID: "issuing_office",
    }.get(kind, "optional_data")
    assert parsed.value(optional) == given_values["optional_data"]
    assert parsed.value("optional_data_2") == given_values["optional_data_2"]
    failed = [check.name for check in parsed.checks if check.verdict is Verdict.FAIL]
    assert not [name for name in failed if name.endswith(("check_digit", "_valid", "_known")) and "iin" not in name]


@KINDS
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_wrong_character_fails_the_digits_that_guard_it(kind: MrzFormat, data: st.DataObject) -> None:
    given_values = data.draw(values(kind)) | {
        "document_number": "880692310285" if kind is MrzFormat.FRENCH_ID else "A1"
    }
    zone = build.build(kind, **given_values)
    guard = data.draw(st.sampled_from(formats.LAYOUTS[kind].guards))
    span = data.draw(st.sampled_from(guard.guarded))
    at = data.draw(st.integers(span.start, span.end - 1))
    other = data.draw(st.sampled_from(ALPHABET))
    line = zone[span.line]
    if (VALUES[line[at]] - VALUES[other]) % 10 == 0 or (span.line, at) in ((0, 0), (0, 14)):
        return
    if kind is MrzFormat.FRENCH_ID and span.line == 0 and at < 5:
        return  # no longer IDFRA: another layout
    wrong = [*zone]
    wrong[span.line] = line[:at] + other + line[at + 1 :]
    parsed = parse.parse(wrong, today=TODAY)
    if parsed.format is kind:
        assert parsed.verdict(guard.name) is Verdict.FAIL
