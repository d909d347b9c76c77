"""From rows of digits to a month: every way of printing it, and the later of two."""

from __future__ import annotations

import pytest

from worker.reading.cards import payment_date


@pytest.mark.parametrize(
    ("printed", "month"),
    [
        ("04/29", "04/29"),
        ("04/2029", "04/29"),
        ("04-29", "04/29"),
        ("04 / 29", "04/29"),
        ("29/04", "04/29"),
        ("2029/04", "04/29"),
        ("????? ???? 04/29", "04/29"),
        ("04/29 ??? 123", "04/29"),
        ("05/24 04/29", "04/29"),
        ("12/31 12/26", "12/31"),
        ("03/3108/33", "08/33"),
        ("03/203108/2033", "08/33"),
    ],
)
def test_month_and_year(read_row, printed, month):
    assert payment_date.latest([read_row(printed, space=1.4)]).text == month


BELOW = (200.0, 140.0)


def test_the_later_of_two_rows_is_taken(read_row):
    assert payment_date.latest([read_row("01/27"), read_row("11/26", middle=BELOW)]).text == "01/27"
    assert payment_date.latest([read_row("11/26"), read_row("01/27", middle=BELOW)]).text == "01/27"


def test_of_two_readings_of_one_place_the_surer_is_taken_though_it_is_earlier(read_row):
    rows = [read_row("04/36", doubts={3: (0.7, "2")}), read_row("04/29", middle=(203.0, 102.0))]
    assert payment_date.latest(rows).text == "04/29"
    assert payment_date.latest(rows[::-1]).text == "04/29"


def test_of_readings_of_one_place_those_are_taken_that_agree(read_row):
    rows = [read_row("11/50", middle=(214.0, 100.0)), read_row("11/34"), read_row("11/34", middle=(200.0, 110.0))]
    assert payment_date.latest(rows).text == "11/34"


def test_of_two_places_the_later_date_is_taken_though_it_is_less_sure(read_row):
    rows = [read_row("04/29"), read_row("04/36", middle=BELOW, doubts={3: (0.7, "2")})]
    assert payment_date.latest(rows).text == "04/36"


@pytest.mark.parametrize("printed", ["13/29/44", "13/99", "1234", "123/29", "04/29/31", "0429", ""])
def test_what_is_no_month_of_a_card_is_left_alone(read_row, printed):
    assert payment_date.latest([read_row(printed)]) is None


def test_a_year_of_four_digits_read_with_doubt_is_not_cut_to_its_century(read_row):
    doubts = {4: (0.7, "8"), 5: (0.65, "8")}  # after the stroke
    assert payment_date.latest([read_row("09/2028", doubts=doubts)]) is None


def test_the_box_holds_the_date_and_not_its_words(read_row):
    row = read_row("???? 04/29", space=1.4)
    (left, _), (right, _), *_ = payment_date.latest([row]).box
    assert left == pytest.approx((row.characters[4].x - 10) * 0.8, abs=1)
    assert right == pytest.approx((row.characters[-1].x + 10) * 0.8, abs=1)


def test_the_least_sure_character_is_the_dates_confidence(read_row):
    assert payment_date.latest([read_row("04/29", doubts={1: (0.7, "1")})]).probability == pytest.approx(0.7, abs=0.01)


def test_a_digit_that_makes_no_month_yields_to_the_next_likeliest(read_row):
    assert payment_date.latest([read_row("00/29", doubts={1: (0.51, "8")})]).text == "08/29"
    assert payment_date.latest([read_row("00/29")]) is None


def test_an_unsure_date_does_not_outdo_a_sure_one(read_row):
    rows = [read_row("04/29"), read_row("04/36", middle=BELOW, doubts={3: (0.4, "2")})]
    assert payment_date.latest(rows).text == "04/29"


def test_beside_a_sure_date_no_doubtful_one_counts(read_row):
    doubtful = read_row("04/36", middle=BELOW, doubts={3: (0.65, "2")})
    assert payment_date.latest([read_row("04/29"), doubtful]).text == "04/29"
    assert payment_date.latest([doubtful]).text == "04/36"


def test_a_year_beyond_all_cards_yields_to_the_next_likeliest(read_row):
    assert payment_date.latest([read_row("07/54", doubts={3: (0.51, "3")})]).text == "07/34"
    assert payment_date.latest([read_row("07/54")]) is None


def test_letters_taken_for_digits_beside_a_date_are_no_part_of_it(read_row):
    assert payment_date.latest([read_row("07-329?", doubts={5: (0.7, "?")})]).text == "07/32"


@pytest.mark.parametrize("told", ["05/33 10734", "05/3310734", "05/33 10/34"])
def test_a_stroke_taken_for_a_digit_is_one_beside_another_date(read_row, told):
    assert payment_date.latest([read_row(told)]).text == "10/34"


@pytest.mark.parametrize("told", ["05/22-07/26", "05/22 - 07/26", "05/2022-07/2026"])
def test_of_a_span_of_months_the_last_is_told(read_row, told):
    assert payment_date.latest([read_row(told)]).text == "07/26"


def test_a_stroke_is_not_made_of_a_digit_where_no_date_stands(read_row):
    assert payment_date.latest([read_row("10734")]) is None


def test_a_date_from_2020_ends_where_surely_no_digit_follows(read_row):
    assert payment_date.latest([read_row("12/20?")]).text == "12/20"
    assert payment_date.latest([read_row("12/20?", doubts={5: (0.6, "8")})]) is None


def test_of_two_likely_years_the_usual_one_is_taken(read_row):
    assert payment_date.latest([read_row("11/39", doubts={4: (0.52, "2")})]).text == "11/32"
    assert payment_date.latest([read_row("11/39")]).probability == pytest.approx(0.5, abs=0.01)


def test_a_month_that_does_not_count_is_none(read_row):
    rows = [read_row("04/29"), read_row("04/34", middle=BELOW)]
    assert payment_date.latest(rows, lambda month: month.box[0][1] < 110).text == "04/29"
    assert payment_date.latest(rows, lambda _: False) is None
