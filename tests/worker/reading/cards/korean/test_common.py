"""Checks over what Korean cards say."""

from __future__ import annotations

from datetime import date

import pytest

from core.documents import Verdict
from worker.reading.cards.korean import common

TODAY = date(2026, 1, 1)


def verdicts(**values: str) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in common.checks(values, today=TODAY)}


@pytest.mark.parametrize(
    ("number", "issued", "verdict"),
    [
        ("640704-2475583", "2006. 6. 16.", Verdict.PASS),
        ("640704-2475584", "2006. 6. 16.", Verdict.FAIL),
        ("640704-2475584", "2021. 6. 16.", Verdict.NOT_APPLICABLE),
        ("640704-6475585", "2006. 6. 16.", Verdict.NOT_APPLICABLE),
    ],
)
def test_the_check_digit_is_judged_only_where_it_means_something(number: str, issued: str, verdict: Verdict) -> None:
    told = verdicts(resident_number=number, issue_date=issued)["resident_number_check_digit"]
    assert told is verdict


def test_a_region_that_was_never_given_fails() -> None:
    assert verdicts(licence_number="27-12-345678-90")["licence_number_region"] is Verdict.FAIL
    assert verdicts(licence_number="서울 12-345678-90")["licence_number_region"] is Verdict.PASS


def test_a_card_issued_tomorrow_fails() -> None:
    assert verdicts(issue_date="2026. 1. 2.")["issue_date_possible"] is Verdict.FAIL
