"""Dates on lines about a number that nothing told of."""

from __future__ import annotations

import pytest

from worker.reading.cards import digit_reading, payment_date, payment_date_scan, payment_number


def number_on(sheet, *rows):
    return payment_number.best_of([digit_reading.read(sheet.pyramid, row) for row in rows])


@pytest.mark.parametrize(("left", "foot", "size"), [(300, 215, 16), (120, 250, 20), (330, 100, 14)])
def test_a_date_is_found_above_and_below_a_number(sheet, left, foot, size):
    number = number_on(sheet, sheet.letter("4242 4242 4242 4242", 60, 150))
    sheet.letter("04/29", left, foot, size=size, thick=1)
    assert payment_date.latest(payment_date_scan.read(sheet.pyramid, number)).text == "04/29"


def test_a_date_is_found_beside_groups_in_a_stack(sheet):
    groups = ("5555", "5532", "4178", "4444")
    rows = [sheet.letter(group, 330, 100 + 45 * place, size=24) for place, group in enumerate(groups)]
    sheet.letter("04/29", 200, 170, size=16, thick=1)
    assert payment_date.latest(payment_date_scan.read(sheet.pyramid, number_on(sheet, *rows))).text == "04/29"


def test_a_number_alone_shows_no_date(sheet):
    number = number_on(sheet, sheet.letter("4242 4242 4242 4242", 60, 150))
    assert payment_date_scan.read(sheet.pyramid, number) == []
