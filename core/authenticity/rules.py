"""The provider `rules`: number structure, dates, and agreement with what was read. It can refute, never confirm."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from core.authenticity import printed
from core.authenticity.claims import Claim, Opinion, Outcome, Seen
from core.documents import Check, DocumentType, Verdict

SURE = 0.9  #: below it a reading may be wrong, and does not speak against a claim

LICENCE_REGIONS = frozenset({*range(11, 27), 28})
_PASSPORT = re.compile("[A-Z](?:[0-9]{8}|[0-9]{3}[A-Z][0-9]{4})|[A-Z0-9]{9}")
_CENTURY = {
    "1": 1900,
    "2": 1900,
    "3": 2000,
    "4": 2000,
    "5": 1900,
    "6": 1900,
    "7": 2000,
    "8": 2000,
    "9": 1800,
    "0": 1800,
}
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)  # of the resident number's check digit, until October 2020
_LAST_CHECKED = date(2020, 10, 1)  # numbers given since then end in six random digits

Form = Callable[[str], str]

#: Which field of the reading each value is held against, and in which form.
_COMPARED: dict[DocumentType, tuple[tuple[str, str, Form], ...]] = {
    DocumentType.RESIDENT_CARD: (
        ("name", "name", printed.name),
        ("resident_number", "resident_number", printed.digits),
        ("issue_date", "issue_date", printed.date_digits),
    ),
    DocumentType.DRIVER_LICENCE: (
        ("name", "name", printed.name),
        ("resident_number", "resident_number", lambda text: printed.digits(text)[:7]),
        ("licence_number", "licence_number", printed.licence_number),
        ("serial_number", "serial_number", printed.code),
    ),
    DocumentType.PASSPORT: (
        ("passport_number", "document_number", printed.code),
        ("birth_date", "birth_date", printed.date_digits),
        ("expiration_date", "expiry_date", printed.date_digits),
        ("issue_date", "issue_date", printed.date_digits),
    ),
}


class Rules:
    """Holds a claim against itself and against the picture."""

    name = "rules"

    def judge(self, claim: Claim, seen: Seen) -> Opinion:
        """NOT_AUTHENTIC with the checks that failed, else UNKNOWN: agreement alone proves nothing."""
        checks = (*_structure(claim), *_agreement(claim, seen))
        is_refuted = any(check.verdict is Verdict.FAIL for check in checks if check.name not in INFORMATIVE)
        return Opinion(Outcome.NOT_AUTHENTIC if is_refuted else Outcome.UNKNOWN, checks)


#: Told, but no reason to refuse: the digit means nothing on numbers given since October 2020 and on foreigners'.
INFORMATIVE = frozenset({"resident_number_check_digit"})


def birth_date_of(resident_number: str) -> date | None:
    """The birth date in a resident number of at least 7 digits; None when there is no such day."""
    try:
        year = _CENTURY[resident_number[6]] + int(resident_number[:2])
        return date(year, int(resident_number[2:4]), int(resident_number[4:6]))
    except ValueError:
        return None


def check_digit(resident_number: str, *, issued: date | None) -> Verdict:
    """Whether the last of 13 digits fits the others. A number that may be newer than October 2020 is not judged."""
    if len(resident_number) != len(_WEIGHTS) + 1:
        return Verdict.NOT_APPLICABLE
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, resident_number, strict=False))
    if (11 - total % 11) % 10 == int(resident_number[-1]):
        return Verdict.PASS
    is_old = issued is not None and issued < _LAST_CHECKED and resident_number[6] not in "5678"
    return Verdict.FAIL if is_old else Verdict.NOT_APPLICABLE


def _structure(claim: Claim) -> list[Check]:
    checks = []
    today = datetime.now(UTC).date()
    issued = _day(claim.values.get("issue_date", ""))
    born = _day(claim.values.get("birth_date", ""))
    if number := claim.values.get("resident_number"):
        born = birth_date_of(number)
        checks += [
            _check("resident_number_birth_date", born is not None and born <= today, "resident_number"),
            Check("resident_number_check_digit", check_digit(number, issued=issued), ("resident_number",)),
        ]
    if number := claim.values.get("licence_number"):
        checks.append(_check("licence_number_region", int(number[:2]) in LICENCE_REGIONS, "licence_number"))
    if number := claim.values.get("passport_number"):
        checks.append(_check("passport_number_form", _PASSPORT.fullmatch(number) is not None, "passport_number"))
    if issued is not None:
        is_possible = issued <= today and (born is None or born <= issued)
        checks.append(_check("issue_date_possible", is_possible, "issue_date"))
    expires = _day(claim.values.get("expiration_date", ""))
    if expires is not None and issued is not None:
        checks.append(_check("expiration_after_issue", issued < expires, "expiration_date"))
    return checks


def _agreement(claim: Claim, seen: Seen) -> list[Check]:
    checks = [_check("document_type_agrees", seen.document_type == claim.document_type, "document_type")]
    for claimed, read, form in _COMPARED[claim.document_type]:
        if claimed in claim.values:
            value, confidence = seen.fields.get(read, ("", 0.0))
            known = form(value) if confidence >= SURE else ""
            verdict = Verdict.PASS if form(claim.values[claimed]) == known else Verdict.FAIL
            checks.append(Check(f"{claimed}_agrees", verdict if known else Verdict.NOT_APPLICABLE, (claimed,)))
    return checks


def _day(digits: str) -> date | None:
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _check(name: str, is_right: bool, *fields: str) -> Check:  # noqa: FBT001 - the verdict in plain words
    return Check(name, Verdict.PASS if is_right else Verdict.FAIL, fields)
