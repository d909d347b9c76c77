"""Rules can refute a claim; agreement alone proves nothing."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from core.authenticity import printed
from core.authenticity.claims import Claim, Outcome, Seen
from core.authenticity.rules import Rules, birth_date_of, check_digit
from core.documents import DocumentType, Verdict

RESIDENT = {"name": "홍길동", "resident_number": "9001011234568", "issue_date": "20150320"}
SEEN = Seen(
    "resident_card",
    {
        "name": ("홍길동(洪吉童)", 0.95),
        "resident_number": ("900101-1234568", 0.99),
        "issue_date": ("2015. 3. 20.", 0.98),
    },
)


def judge(document_type=DocumentType.RESIDENT_CARD, seen=SEEN, **values):
    return Rules().judge(Claim(uuid4(), document_type, values), seen)


def failed(opinion):
    return {check.name for check in opinion.checks if check.verdict is Verdict.FAIL}


def test_agreement_is_not_knowledge():
    assert judge(**RESIDENT).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"name": "홍길순"}, "name_agrees"),
        ({"resident_number": "9001011234569"}, "resident_number_agrees"),
        ({"issue_date": "20150321"}, "issue_date_agrees"),
        ({"issue_date": "29990101"}, "issue_date_possible"),
        ({"issue_date": "19890101"}, "issue_date_possible"),
        ({"resident_number": "9002301234568"}, "resident_number_birth_date"),
        ({"resident_number": "9001013234568"}, "resident_number_birth_date"),
    ],
)
def test_what_contradicts_the_picture_or_itself_is_refuted(change, check):
    opinion = judge(**{**RESIDENT, **change})
    assert opinion.outcome is Outcome.NOT_AUTHENTIC
    assert check in failed(opinion)


def test_unsure_reading_does_not_speak_against_a_claim():
    unsure = Seen("resident_card", {"name": ("홍길순", 0.5)})
    assert judge(seen=unsure, **RESIDENT).outcome is Outcome.UNKNOWN


def test_licence_with_a_region_in_words_agrees_with_its_digits():
    seen = Seen(
        "driver_licence",
        {
            "licence_number": ("서울 12-345678-90", 0.99),
            "resident_number": ("900101-1234568", 0.99),
            "name": ("홍길동", 0.99),
        },
    )
    values = {"name": "홍길동", "resident_number": "9001011", "licence_number": "111234567890"}
    assert judge(DocumentType.DRIVER_LICENCE, seen, **values).outcome is Outcome.UNKNOWN
    wrong = {**values, "licence_number": "271234567890"}
    assert "licence_number_region" in failed(judge(DocumentType.DRIVER_LICENCE, seen, **wrong))


def test_passport_agrees_with_its_mrz():
    seen = Seen(
        "passport",
        {
            "document_number": ("M123A4567", 1.0),
            "birth_date": ("1990-01-01", 1.0),
            "expiry_date": ("2033-01-01", 1.0),
            "issue_date": ("02 1월/JAN 2023", 0.95),
        },
    )
    values = {
        "name": "HONG GILDONG",
        "passport_number": "M123A4567",
        "birth_date": "19900101",
        "expiration_date": "20330101",
        "issue_date": "20230102",
    }
    assert judge(DocumentType.PASSPORT, seen, **values).outcome is Outcome.UNKNOWN
    assert "birth_date_agrees" in failed(judge(DocumentType.PASSPORT, seen, **{**values, "birth_date": "19900102"}))
    backwards = {**values, "expiration_date": "20220101"}
    assert "expiration_after_issue" in failed(judge(DocumentType.PASSPORT, seen, **backwards))


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("9001011", date(1990, 1, 1)),
        ("2001013", date(2020, 1, 1)),  # born since 2020: the century is in the seventh digit, not in the year
        ("9912319", date(1899, 12, 31)),
        ("0002294", date(2000, 2, 29)),
        ("9002292", None),
        ("9013011", None),
    ],
)
def test_birth_date_comes_with_its_century(number, born):
    assert birth_date_of(number) == born


def test_check_digit_is_a_verdict_of_three_values():
    # 9x2 + 0 + 0 + 1x5 + 0 + 1x7 + 1x8 + 2x9 + 3x2 + 4x3 + 5x4 + 6x5 = 124; 11 - 124 mod 11 = 8
    assert check_digit("9001011234568", issued=None) is Verdict.PASS
    assert check_digit("9001011234567", issued=date(2015, 3, 20)) is Verdict.FAIL
    assert check_digit("9001011234567", issued=date(2021, 3, 20)) is Verdict.NOT_APPLICABLE
    assert check_digit("9001015234567", issued=date(2015, 3, 20)) is Verdict.NOT_APPLICABLE
    assert check_digit("9001011", issued=None) is Verdict.NOT_APPLICABLE


def test_wrong_check_digit_alone_refutes_nothing():
    seen = Seen("resident_card", {})
    assert judge(seen=seen, **{**RESIDENT, "resident_number": "9001011234567"}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015. 3. 20.", "20150320"),
        ("2015.03.20", "20150320"),
        ("2015-03-20", "20150320"),
        ("20150320", "20150320"),
        ("2015년 3월 20일", "20150320"),
        ("17 1월/JAN 2024", "20240117"),
        ("17 JAN 2024", "20240117"),
        ("07 FEV/FEB 2024", "20240207"),
        ("2015. 13. 1.", ""),
        ("90-01-01", ""),
        ("", ""),
    ],
)
def test_printed_dates_become_digits(text, expected):
    assert printed.date_digits(text) == expected
