"""What a document says: its values and its machine readable lines, for every kind we draw. Nothing is drawn here."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.documents import MrzFormat
from lab.specimens import people, states
from worker.reading.mrz import build

FORMATS: dict[str, MrzFormat] = {
    "td3": MrzFormat.TD3,
    "td1": MrzFormat.TD1,
    "td1-kgz": MrzFormat.TD1,
    "td1-kaz": MrzFormat.TD1,
    "td2": MrzFormat.TD2,
    "mrva": MrzFormat.MRV_A,
    "mrvb": MrzFormat.MRV_B,
    "french-id": MrzFormat.FRENCH_ID,
}
NO_MRZ = "no-mrz"
KINDS: tuple[str, ...] = (*FORMATS, NO_MRZ)

#: line and column, from 0, of the digit that guards the birth date; ICAO Doc 9303 parts 4 to 7
BIRTH_DATE_DIGIT = {
    MrzFormat.TD1: (1, 6),
    MrzFormat.TD2: (1, 19),
    MrzFormat.TD3: (1, 19),
    MrzFormat.MRV_A: (1, 19),
    MrzFormat.MRV_B: (1, 19),
    MrzFormat.FRENCH_ID: (1, 33),
}

_LONG_NUMBERS = {"BEL": "############", "PRT": "#########@@#", "UTO": "@###########"}
_CODES: dict[MrzFormat, tuple[str, ...]] = {
    MrzFormat.TD3: ("P", "P", "P", "P", "PD", "PO", "PS", "PC", "PM", "PN"),
    MrzFormat.TD1: ("I", "I", "ID", "ID", "C", "A", "AR", "IR"),
    MrzFormat.TD2: ("I", "I", "ID", "A", "AC"),
    MrzFormat.MRV_A: ("V", "V", "VI", "VN", "VB"),
    MrzFormat.MRV_B: ("V", "V", "VI", "VC"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """One document before it is drawn. `values` are what its visual zone prints; dates are ISO 8601, or empty."""

    kind: str
    format: MrzFormat
    state: states.State
    person: people.Person
    lines: tuple[str, ...] = field(repr=False)
    values: dict[str, str] = field(repr=False)


def issue(kind: str, rng: random.Random) -> Paper:
    """Makes up a document of `kind` (a key of FORMATS) with right check digits. Raises KeyError for another kind."""
    return _MAKERS[kind](kind, rng)


def misprinted(paper: Paper) -> Paper:
    """The same document with a wrong birth date check digit and, where there is one, a wrong last digit."""
    line, column = BIRTH_DATE_DIGIT[paper.format]
    lines = list(paper.lines)
    for place in (column, -1):
        digit = lines[line][place]
        wrong = str((int(digit) + 5) % 10) if digit.isdigit() else digit
        lines[line] = lines[line][:place] + wrong + lines[line][place:][1:]
    return replace(paper, lines=tuple(lines))


def _icao(kind: str, rng: random.Random) -> Paper:
    state = rng.choice(states.STATES)
    person = people.invent(rng, state)
    if kind.startswith("mrv"):  # a visa's bearer is a citizen of some other state
        person = people.invent(rng, rng.choice(states.STATES))
    number = people.fill_pattern(rng, state.number_pattern)
    optional = optional_2 = ""
    format_ = FORMATS[kind]
    if format_ is MrzFormat.TD3 and rng.random() < 0.5:
        optional = people.fill_pattern(
            rng, rng.choice(("##########", "#######@#", "@@#######", "##############", "######<####"))
        )
    elif format_ is MrzFormat.TD1:
        number = _perhaps_long(rng, state, number)
        if len(number) <= 9 and rng.random() < 0.4:
            optional = people.fill_pattern(
                rng, rng.choice(("#############", "##########", "######-####", "@#######")).replace("-", "<")
            )
        if rng.random() < 0.25:
            optional_2 = people.fill_pattern(rng, rng.choice(("###########", "#######", "@@####")))
    elif format_ is MrzFormat.TD2:
        number = _perhaps_long(rng, state, number) if rng.random() < 0.5 else number
        if len(number) <= 9 and rng.random() < 0.4:
            optional = people.fill_pattern(rng, rng.choice(("#######", "######", "@#####")))
    elif format_ in (MrzFormat.MRV_A, MrzFormat.MRV_B) and rng.random() < 0.6:
        optional = people.fill_pattern(rng, rng.choice(("########", "@@######", "#######")))
    code = rng.choice(_CODES[format_])
    return _paper(kind, rng, state, person, code=code, number=number, optional=optional, optional_2=optional_2)


def _perhaps_long(rng: random.Random, state: states.State, number: str) -> str:
    pattern = _LONG_NUMBERS.get(state.code) or (
        rng.choice(sorted(_LONG_NUMBERS.values())) if rng.random() < 0.06 else ""
    )
    return people.fill_pattern(rng, pattern) if pattern else number


def _kyrgyz(kind: str, rng: random.Random) -> Paper:
    state = states.BY_CODE["KGZ"]
    person = _citizen(rng, state)
    number = people.fill_pattern(rng, rng.choice(("ID#######", "ID#######", "AN#######")))
    return _paper(kind, rng, state, person, code="ID", number=number, optional=people.kyrgyz_pin(rng, person))


def _kazakh(kind: str, rng: random.Random) -> Paper:
    state = states.BY_CODE["KAZ"]
    person = _citizen(rng, state)
    number = people.fill_pattern(rng, "0########")
    return _paper(kind, rng, state, person, code="ID", number=number, optional=people.kazakh_iin(rng, person))


def _citizen(rng: random.Random, state: states.State) -> people.Person:
    while True:
        person = people.invent(rng, state)
        if person.nationality == state.mrz_code and person.sex in "MF":
            return person


def _french(kind: str, rng: random.Random) -> Paper:
    state = states.BY_CODE["FRA"]
    person = _citizen(rng, state)
    issued = people.day_between(rng, dt.date(1994, 1, 1), dt.date(2020, 12, 31))
    department = rng.choice(("75", "13", "69", "2A", "33", "59"))
    number = f"{issued:%y%m}{department}{rng.randint(0, 9)}{rng.randint(0, 99999):05d}"
    office = f"{department}{rng.randint(0, 9)}{rng.randint(1, 999):03d}"
    person = people.Person(
        person.surname, person.given_names or "QUO", person.sex, _elder(person.birth_date), person.nationality
    )
    lines = build.build(
        MrzFormat.FRENCH_ID,
        document_code="ID",
        issuing_state="FRA",
        surname=person.surname,
        given_names=person.given_names,
        document_number=number,
        nationality="FRA",
        birth_date=f"{person.birth_date:%y%m%d}",
        sex=person.sex,
        expiry_date="<<<<<<",
        optional_data=office,
    )
    values = _values(state, person, code="ID", number=number, issued=issued, expires=None)
    return Paper(kind, MrzFormat.FRENCH_ID, state, person, lines, values)


def _elder(birth: dt.date) -> dt.date:
    return birth.replace(year=min(birth.year, 1990), day=min(birth.day, 28))


def _paper(
    kind: str,
    rng: random.Random,
    state: states.State,
    person: people.Person,
    *,
    code: str,
    number: str,
    optional: str = "",
    optional_2: str = "",
) -> Paper:
    issued = people.issue_date(rng, person.birth_date)
    expires: dt.date | None = people.expiry_date(rng, issued)
    birth = f"{person.birth_date:%y%m%d}"
    if kind in ("td1", "td2", "td3") and rng.random() < 0.02:
        birth = birth[: rng.choice((2, 4))].ljust(6, "<")
    if kind == "td1" and rng.random() < 0.02:
        expires = None
    lines = build.build(
        FORMATS[kind],
        document_code=code,
        issuing_state=state.code,
        surname=person.surname,
        given_names=person.given_names,
        document_number=number,
        nationality=person.nationality.rstrip("<"),
        birth_date=birth,
        sex=person.sex if person.sex in "MF" else "<",
        expiry_date=f"{expires:%y%m%d}" if expires else "<<<<<<",
        optional_data=optional,
        optional_data_2=optional_2,
        empty_personal_number_check=rng.choice("<<0"),
        counts_long_number_filler=rng.random() < 0.3,
    )
    values = _values(state, person, code=code, number=number, issued=issued, expires=expires)
    if optional:
        values["personal_number"] = optional
    return Paper(kind, FORMATS[kind], state, person, lines, values)


def _values(
    state: states.State,
    person: people.Person,
    *,
    code: str,
    number: str,
    issued: dt.date,
    expires: dt.date | None,
) -> dict[str, str]:
    return {
        "document_code": code,
        "issuing_state": state.code,
        "document_number": number,
        "surname": person.surname,
        "given_names": person.given_names,
        "nationality": person.nationality.rstrip("<"),
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "issue_date": issued.isoformat(),
        "expiry_date": expires.isoformat() if expires else "",
    }


_MAKERS: dict[str, Callable[[str, random.Random], Paper]] = {
    **dict.fromkeys(FORMATS, _icao),
    "td1-kgz": _kyrgyz,
    "td1-kaz": _kazakh,
    "french-id": _french,
}
