"""Six places as a date: unknown parts, impossible days, centuries."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import Verdict
from worker.reading.mrz import dates
from worker.reading.mrz.characters import ALPHABET

TODAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("740812", "1974-08-12"),
        ("260701", "2026-07-01"),  # born today
        ("260702", "1926-07-02"),  # tomorrow is not possible yet
        ("000229", "2000-02-29"),
        ("7408<<", "1974-08"),
        ("74<<<<", "1974"),
        ("74<<12", "1974"),
        ("<<<<<<", ""),
        ("<<0812", ""),
    ],
)
def test_birth_dates(raw: str, value: str) -> None:
    assert dates.birth(raw, today=TODAY).value == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("120415", "2012-04-15"),
        ("991231", "1999-12-31"),
        ("350229", ""),
        ("360229", "2036-02-29"),
        ("2604<<", "2026-04"),
    ],
)
def test_expiry_dates(raw: str, value: str) -> None:
    assert dates.expiry(raw, today=TODAY).value == value


def test_both_centuries_are_listed_when_both_can_be() -> None:
    assert dates.birth("200101", today=TODAY).candidates == ("2020-01-01", "1920-01-01")
    assert dates.birth("740812", today=TODAY).candidates == ()
    assert dates.expiry("801231", today=TODAY).candidates == ("1980-12-31", "2080-12-31")
    assert dates.expiry("300101", today=TODAY).candidates == ()


@pytest.mark.parametrize(
    "raw", ["741312", "740012", "740832", "740800", "750229", "7A0812", "7<0812", "74081<", "٧٤٠٨١٢"]
)
def test_days_that_do_not_exist_fail(raw: str) -> None:
    assert dates.birth(raw, today=TODAY).verdict is Verdict.FAIL
    assert dates.birth(raw, today=TODAY).value == ""


def test_29_february_of_1900_does_not_exist_but_that_of_2000_does() -> None:
    assert dates.birth("000229", today=date(2026, 1, 1)).value == "2000-02-29"
    assert dates.birth("000229", today=date(1999, 1, 1)).verdict is Verdict.FAIL


def test_wholly_unknown_date_is_not_judged() -> None:
    assert dates.expiry("<<<<<<", today=TODAY).verdict is Verdict.NOT_APPLICABLE


def test_months_of_french_cards() -> None:
    assert dates.issue_month("8806").value == "1988-06"
    assert dates.issue_month("2013").verdict is Verdict.FAIL
    assert dates.issue_month("1512").value == "2015-12"


@given(st.text(ALPHABET, min_size=6, max_size=6), st.dates(date(1950, 1, 1), date(2090, 1, 1)))
def test_any_six_characters_are_read_or_failed(raw: str, today: date) -> None:
    for read in (dates.birth(raw, today=today), dates.expiry(raw, today=today)):
        if read.verdict is Verdict.FAIL:
            assert read.value == ""
        assert read.value == "" or read.value[2:4] == raw[:2]


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_birth_is_never_after_today(born: date, today: date) -> None:
    read = dates.birth(f"{born:%y%m%d}", today=today)
    assert read.value == "" or read.value <= today.isoformat()
