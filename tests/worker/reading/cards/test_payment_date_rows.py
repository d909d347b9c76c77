"""Dates beside a number that the finder told badly or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from worker.reading.cards import digit_reading, digit_rows, payment_date, payment_date_rows, payment_number
from worker.reading.cards.digit_rows import DATE


class Finder:
    """Sees the rows that it is told to, and remembers how often it looked."""

    def __init__(self):
        self.found, self.looks = [], 0

    def rows(self, picture, longest):
        self.looks += 1
        return self.found


@pytest.fixture
def finder(monkeypatch):
    one = Finder()
    monkeypatch.setattr(digit_rows, "finder", lambda: one)
    return one


@pytest.fixture
def lettered(sheet):
    """A sheet with a number and a date below it, and the rows of both."""
    number = sheet.letter("4242 4242 4242 4242", 60, 150)
    sheet.letter("VALID", 230, 210, size=10, thick=1)
    return sheet, number, sheet.letter("04/29", 300, 210, size=16, thick=1, kind=DATE)


def turned(sheet, row, times):
    """The row on the sheet, both turned to the left by quarters."""
    for _ in range(times):
        width = sheet.grey.shape[1]
        sheet.grey = np.ascontiguousarray(np.rot90(sheet.grey))
        (x, y), along = row.middle, row.along
        row = replace(row, middle=np.array([y, width - x]), along=np.array([along[1], -along[0]]))
    return row


def number_on(sheet, row):
    return payment_number.best_of([digit_reading.read(sheet.pyramid, row)])


def month(read):
    found = payment_date.latest(read)
    return found and found.text


@pytest.mark.parametrize("lower", [0.0, 0.2])
def test_a_date_is_read_though_its_row_was_told_too_tall_and_too_low(lettered, finder, lower):
    sheet, number, date = lettered
    seen = replace(date, height=date.height * 1.8, middle=date.middle + date.down * lower * date.height)
    read = payment_date_rows.read(sheet.colour, sheet.pyramid, [seen], [], number_on(sheet, number))
    assert month(read) == "04/29"
    assert finder.looks == 0


@pytest.mark.parametrize(("tall", "lower"), [(1.4, 0.0), (1.9, 0.0), (1.4, 0.3), (1.4, -0.3), (1.0, 0.3)])
def test_smaller_and_higher_and_lower_rows_are_tried_where_a_row_shows_no_date(
    monkeypatch, sheet, read_row, tall, lower
):
    row = sheet.letter("04/29", 300, 210, size=16, thick=1, kind=DATE)
    seen = replace(row, height=row.height * tall, middle=row.middle + row.down * lower * row.height * tall)

    def once(pyramid, at, size=1.0):
        is_right = 0.9 < at.height * size / row.height < 1.1 and abs(float((at.middle - row.middle) @ row.down)) < 3
        return read_row("04/29" if is_right else "????")

    monkeypatch.setattr(digit_reading, "once", once)
    assert month([digit_reading.read(sheet.pyramid, seen)]) is None
    assert month([payment_date_rows._date(sheet.pyramid, seen)]) == "04/29"


@pytest.mark.parametrize(("left", "foot"), [(300, 236), (300, 184), (430, 210), (150, 240)])
def test_a_second_date_is_looked_for_about_the_first(lettered, finder, left, foot):
    sheet, number, date = lettered
    sheet.letter("11/33", left, foot, size=16, thick=1)
    assert month(payment_date_rows.read(sheet.colour, sheet.pyramid, [date], [], number_on(sheet, number))) == "11/33"


@pytest.mark.parametrize(("left", "beyond", "flat"), [(330, "02/2034", 1.0), (260, "02/34", 0.7)])
def test_a_second_date_is_read_beyond_the_end_of_what_was_looked_at(sheet, finder, left, beyond, flat):
    number = number_on(sheet, sheet.letter("4242 4242 4242 4242", 60, 150))
    date = sheet.letter("04/29", 100, 210, size=12, thick=1, kind=DATE)
    sheet.letter(beyond, left, 210, size=12, thick=1)
    seen = replace(date, height=date.height * flat)
    assert month(payment_date_rows.read(sheet.colour, sheet.pyramid, [seen], [], number)) == "02/34"


@pytest.mark.parametrize(
    ("told", "months"), [("1/33", ["11/33"]), ("?1/33", ["11/33"]), ("04/29", ["04/29"]), ("??", [])]
)
def test_beside_a_date_one_that_lacks_a_digit_is_read_wider(monkeypatch, sheet, read_row, told, months):
    row = sheet.letter("04/29", 300, 210, kind=DATE)
    monkeypatch.setattr(
        digit_reading, "once", lambda pyramid, at, tall=1.0, stretch=1.0: read_row("11/33" if stretch > 1 else told)
    )
    read = payment_date_rows._read_on(sheet.pyramid, row, (-5.0, 5.0))
    assert [month.text for one in read for month in payment_date.months(one)] == months


def test_a_row_on_which_nothing_stands_is_read_no_closer(monkeypatch, sheet, read_row):
    looks = []
    monkeypatch.setattr(digit_reading, "read", lambda pyramid, row: read_row(""))
    monkeypatch.setattr(digit_reading, "once", lambda *row: looks.append(row))
    payment_date_rows._date(sheet.pyramid, sheet.letter("04/29", 300, 210, kind=DATE))
    assert looks == []


def test_half_a_date_is_read_further(lettered, finder):
    sheet, number, date = lettered
    seen = replace(date, middle=date.middle + date.along * date.length * 0.25, length=date.length * 0.5)
    read = payment_date_rows.read(sheet.colour, sheet.pyramid, [seen], [], number_on(sheet, number))
    assert month(read) == "04/29"


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_date_that_was_not_seen_is_found_among_all_lines_of_print(lettered, finder, quarters):
    sheet, row, _ = lettered
    number = number_on(sheet, turned(sheet, row, quarters))
    assert number.text == "4242424242424242"
    read = payment_date_rows.read(sheet.colour, sheet.pyramid, [], [], number)
    assert month(read) == "04/29"
    assert finder.looks == 3


def test_a_date_is_read_in_the_whole_picture_where_it_is_looked_for_in_a_smaller_one(lettered, finder):
    sheet, row, _ = lettered
    small = np.ascontiguousarray(sheet.colour[::2, ::2])
    assert month(payment_date_rows.read(small, sheet.pyramid, [], [], number_on(sheet, row))) == "04/29"


def test_rows_that_the_finder_sees_closer_are_led_back_to_the_picture(lettered, finder):
    sheet, row, date = lettered
    number = number_on(sheet, row)
    window = payment_date_rows._window(sheet.colour, number, 1.0, 15.0, (480, 352))
    place = np.linalg.solve(np.column_stack((window.along, window.down)), date.middle - window.corner)
    finder.found = [replace(date, middle=place, length=date.length * window.scale, height=date.height * window.scale)]
    (read,) = next(payment_date_rows._looks(sheet.colour, number, 1.0))
    assert read.middle == pytest.approx(date.middle)
    assert (read.length, read.height) == pytest.approx((date.length, date.height))
    assert month(payment_date_rows.read(sheet.colour, sheet.pyramid, [], [], number)) == "04/29"


def test_rows_that_stand_across_the_number_hold_no_date(lettered, finder):
    sheet, row, date = lettered
    across = replace(date, along=date.down)
    read = payment_date_rows.read(sheet.colour, sheet.pyramid, [across], [], number_on(sheet, row))
    assert all(one.row.middle is not across.middle for one in read)


def test_a_sheet_without_a_date_tells_none(sheet, finder):
    number = number_on(sheet, sheet.letter("4242 4242 4242 4242", 60, 150))
    sheet.letter("SPECIMEN", 230, 210, size=16, thick=1)
    assert month(payment_date_rows.read(sheet.colour, sheet.pyramid, [], [], number)) is None


def test_a_second_date_close_below_one_that_was_told_too_tall_is_read(sheet, finder):
    number = sheet.letter("4242 4242 4242 4242", 60, 150)
    first = sheet.letter("01/20", 300, 210, size=24, kind=DATE)
    sheet.letter("02/34", 300, 244, size=24)
    seen = [replace(first, height=first.height * 1.5)]
    read = payment_date_rows.read(sheet.colour, sheet.pyramid, seen, [], number_on(sheet, number))
    assert month(read) == "02/34"


def test_a_later_date_in_doubt_is_what_most_closer_looks_say(monkeypatch, sheet, read_row):
    sure, below = read_row("04/29"), {"middle": (200.0, 160.0)}
    doubtful = read_row("06/39", doubts={3: (0.5, "2")}, **below)
    looks = [read_row("06/30", **below), read_row("06/30", doubts={3: (0.9, "9")}, **below), read_row("??", **below)]
    monkeypatch.setattr(payment_date_rows, "_looked_about", lambda *_: iter(looks))
    found = [sure, doubtful, *payment_date_rows._doubtful(sheet.pyramid, [sure, doubtful], lambda _: True)]
    assert month(found) == "06/30"


def test_nothing_is_looked_at_once_more_where_no_later_date_was_seen(sheet, read_row):
    rows = [read_row("04/29"), read_row("04/26", middle=(200.0, 160.0), doubts={3: (0.5, "2")})]
    assert payment_date_rows._doubtful(sheet.pyramid, rows, lambda _: True) == []
    assert payment_date_rows._doubtful(sheet.pyramid, [read_row("????")], lambda _: True) == []
