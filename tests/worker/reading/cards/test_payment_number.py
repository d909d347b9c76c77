"""From rows of digits to a number: groups, blocks, check digits as tie-breakers and never as filters."""

from __future__ import annotations

import pytest

from worker.reading.cards import payment_number


@pytest.mark.parametrize(
    "printed",
    [
        "4242 4242 4242 4242",
        "3782 822463 10005",
        "3056 930902 5904",
        "6205 5000 0000 0000 004",
    ],
)
def test_groups_are_those_on_the_card(read_row, printed):
    number = payment_number.best_of([read_row(printed)])
    assert number.text == printed.replace(" ", "")
    assert ["".join(digit.text for digit in group) for group in number.groups] == printed.split()
    assert number.is_spaced
    assert number.is_trusted


def test_a_number_without_spaces_gets_the_usual_groups(read_row):
    number = payment_number.best_of([read_row("378282246310005")])
    assert number.layout == (4, 6, 5)
    assert not number.is_spaced
    assert number.is_trusted


def test_hyphens_between_groups_are_no_digits(read_row):
    assert payment_number.best_of([read_row("4242-4242-4242-4242")]).text == "4242424242424242"


def test_letters_before_and_behind_are_left_out(read_row):
    assert payment_number.best_of([read_row("?? 4242 4242 4242 4242 ???")]).text == "4242424242424242"


def test_a_block_of_four_rows_is_one_number(read_row):
    texts = ("5555", "5555", "5555", "4444")
    rows = [read_row(text, middle=(200.0, 100.0 + 40 * place)) for place, text in enumerate(texts)]
    number = payment_number.best_of(rows[::-1])
    assert number.text == "5555555555554444"
    assert len(number.groups) == 4
    assert number.is_trusted


def test_two_rows_of_eight_are_one_number(read_row):
    rows = [read_row("5105 1051", middle=(200.0, 100.0)), read_row("0510 5100", middle=(200.0, 140.0))]
    number = payment_number.best_of(rows)
    assert number.text == "5105105105105100"
    assert number.layout == (4, 4, 4, 4)


def test_rows_far_apart_are_no_number(read_row):
    rows = [read_row("5555", middle=(200.0, 100.0 + 140 * place)) for place in range(4)]
    assert payment_number.best_of(rows) is None


def test_a_doubtful_digit_yields_to_the_check_digit(read_row):
    number = payment_number.best_of([read_row("4242 4248 4242 4242", doubts={7: (0.6, "2")})])
    assert number.text == "4242424242424242"
    assert number.has_check_digit
    assert 0.9 < number.least < 0.99  # as sure as the check digit makes it, and no surer


def test_two_doubtful_digits_leave_a_check_digit_nothing_to_decide(read_row):
    number = payment_number.best_of([read_row("4242 4248 4242 4242", doubts={7: (0.5, "2"), 10: (0.5, "9")})])
    assert not number.is_trusted


def test_a_sure_print_that_fails_its_check_digit_is_handed_out_as_read(read_row):
    number = payment_number.best_of([read_row("4242 4242 4242 4243")])
    assert number.text == "4242424242424243"
    assert not number.has_check_digit
    assert number.is_trusted


def test_a_doubtful_print_that_fails_its_check_digit_is_not(read_row):
    doubts = {3: (0.4, "9"), 7: (0.41, "8"), 11: (0.42, "3")}
    number = payment_number.best_of([read_row("4242 4242 4242 4243", doubts=doubts, space=0.1)])
    assert number is None or not number.is_trusted or number.has_check_digit


def test_too_few_digits_are_no_number(read_row):
    assert payment_number.best_of([read_row("080 1234 5678")]) is None
    assert payment_number.best_of([]) is None


def test_nobodys_number_without_groups_is_not_trusted(read_row):
    assert not payment_number.best_of([read_row("1234567812345678")]).is_trusted


def test_repr_shows_no_digit(read_row):
    row = read_row("4242 4242 4242 4242")
    number = payment_number.best_of([row])
    assert "4242" not in repr(number)
    assert "4242" not in repr(row)


def test_a_row_read_twice_is_no_second_half(read_row):
    twice = [read_row("7920-2367"), read_row("7920-2367", height=18.0), read_row("7920 2367", middle=(210.0, 102.0))]
    assert payment_number.best_of(twice) is None


def test_a_stroke_among_many_digits_makes_no_date(read_row):
    rows = [read_row("4000 0550"), read_row("6749/4852", middle=(200.0, 140.0))]
    assert payment_number.best_of(rows).text == "4000055067494852"


def test_a_receipt_s_column_of_prices_is_no_number(read_row):
    prices = ["4111", "1111", "1111", "1111", "2375", "3027", "1605", "2264"]
    rows = [read_row(text, middle=(200.0, 100.0 + 30 * place)) for place, text in enumerate(prices)]
    assert payment_number.best_of(rows) is None


def test_two_whole_dates_are_no_number(read_row):
    rows = [read_row("24/01/2021"), read_row("24/01/2026", middle=(460.0, 100.0))]
    assert payment_number.best_of(rows) is None


def test_a_date_with_a_hyphen_is_no_group(read_row):
    texts = ("9410", "0012", "3456")
    rows = [read_row(text, middle=(200.0, 100.0 + 40 * place)) for place, text in enumerate(texts)]
    assert payment_number.best_of([*rows, read_row("09-32", middle=(200.0, 220.0))]) is None


def test_a_surely_read_group_stands_before_a_longer_one_with_doubts(read_row):
    texts = ("5555", "5555", "5555", "4444")
    rows = [read_row(text, middle=(200.0, 100.0 + 40 * place)) for place, text in enumerate(texts)]
    junk = read_row("4600111365", middle=(200.0, 140.0), doubts={1: (0.6, "2"), 3: (0.6, "7")})
    number = payment_number.best_of([*rows, junk])
    assert number is not None
    assert number.text == "5555555555554444"


@pytest.mark.parametrize(
    "printed", ["5555 5555 5555 4444 12", "5555 5555 5555 4444 1", "12 5555 5555 5555 4444", "555555555555444412"]
)
def test_sixteen_digits_are_not_cut_out_of_a_longer_number(read_row, printed):
    number = payment_number.best_of([read_row(printed)])
    assert number.text == printed.replace(" ", "")
    assert not number.is_trusted


def test_eighteen_digits_with_all_their_checks_are_handed_out_as_eighteen(read_row):
    number = payment_number.best_of([read_row("4242 4242 4242 4242 42")])
    assert number.text == "424242424242424242"
    assert number.is_trusted


@pytest.mark.parametrize("printed", ["5555 5555 5555 4444   12", "12   5555 5555 5555 4444"])
def test_digits_that_stand_off_are_none_of_the_number(read_row, printed):
    number = payment_number.best_of([read_row(printed)])
    assert number.text == "5555555555554444"
    assert number.is_trusted


def test_doubtful_digits_behind_a_number_are_none_of_it(read_row):
    doubts = {16: (0.6, "?"), 17: (0.6, "?")}
    assert payment_number.best_of([read_row("5555 5555 5555 4444 12", doubts=doubts)]).text == "5555555555554444"


def test_one_sure_digit_of_two_behind_a_number_is_enough_to_keep_it_long(read_row):
    number = payment_number.best_of([read_row("5555 5555 5555 4444 12", doubts={16: (0.6, "?")})])
    assert number.text == "555555555555444412"
    assert not number.is_trusted


@pytest.mark.parametrize(
    ("printed", "run"),
    [("67596468???", "67596468"), ("?1?67596468???", "67596468"), ("6759?4602137", "4602137"), ("???", "")],
)
def test_the_longest_run_stands_between_what_surely_is_no_digit(read_row, printed, run):
    assert "".join(one.text for one in payment_number._longest_run(read_row(printed))) == run


def test_a_doubtful_star_among_digits_parts_no_run(read_row):
    row = read_row("6759?4602", doubts={4: (0.6, "8")})
    assert len(payment_number._longest_run(row)) == 9


def test_a_word_that_shows_digits_beside_half_a_number_is_no_part_of_it(read_row):
    rows = [read_row("5105 1051"), read_row("0510 5100 ?8?1?", middle=(200.0, 140.0))]
    number = payment_number.best_of(rows)
    assert number.text == "5105105105105100"
    assert number.is_trusted


@pytest.mark.parametrize(("size", "is_block"), [(1.0, True), (1.35, True), (1.5, False), (0.65, False)])
def test_rows_of_unequal_print_are_no_block(read_row, size, is_block):
    rows = [read_row("5105 1051"), read_row("0510 5100", middle=(200.0, 140.0), size=size)]
    assert (payment_number.best_of(rows) is not None) is is_block


def test_uneven_gaps_between_groups_are_no_cards(read_row):
    number = payment_number.best_of([read_row("4242 4242   4242 4242")])
    assert number.text == "4242424242424242"
    assert not number.is_spaced


def test_an_uneven_gap_leaves_no_number_whose_check_digit_fails(read_row):
    assert payment_number.best_of([read_row("4242 4242 4242 4243")]).is_trusted
    assert not payment_number.best_of([read_row("4242 4242   4242 4243")]).is_trusted


def test_eight_digits_over_eight_without_spaces_are_one_number(read_row):
    number = payment_number.best_of([read_row("51051051"), read_row("05105100", middle=(200.0, 140.0))])
    assert number.text == "5105105105105100"
    assert number.layout == (4, 4, 4, 4)
    assert number.is_spaced


def test_rows_with_unlike_counts_of_digits_are_not_spaced_by_standing_below_one_another(read_row):
    number = payment_number.best_of([read_row("510510510510"), read_row("5100", middle=(200.0, 140.0))])
    assert not number.is_spaced


def test_nineteen_sure_digits_on_one_row_need_no_spaces(read_row):
    number = payment_number.best_of([read_row("6205500000000000004")])
    assert not number.is_spaced
    assert number.is_trusted


def test_nineteen_digits_without_spaces_and_with_a_doubt_are_not_trusted(read_row):
    assert not payment_number.best_of([read_row("6205500000000000004", doubts={7: (0.85, "8")})]).is_trusted


def test_a_doubtful_last_group_is_not_cut_off_where_numbers_differ_in_length(read_row):
    doubts = dict.fromkeys((16, 17), (0.8, "?"))
    union_pay = "6219 6921 8603 0548 79"
    assert payment_number.best_of([read_row(union_pay, doubts=doubts)]).text != "6219692186030548"


def test_print_beside_one_group_of_a_block_is_no_group_of_it(read_row):
    texts = ["5555 3017", "5567", "8901"]  # the second one stands far to the right
    rows = [read_row(text, middle=(200.0, 100.0 + 40 * place), space=4.0) for place, text in enumerate(texts)]
    assert not payment_number.best_of(rows).is_trusted


def test_groups_in_rows_of_their_own_on_one_level_are_a_number(read_row):
    texts = ["5105 1051", "0510", "5100"]
    rows = [read_row(text, middle=(200.0 + 110 * place, 100.0)) for place, text in enumerate(texts)]
    assert payment_number.best_of(rows).is_trusted


def test_nineteen_digits_without_spaces_on_two_rows_are_not_trusted(read_row):
    rows = [read_row("62055000000"), read_row("00000004", middle=(200.0, 140.0))]
    assert not payment_number.best_of(rows).is_trusted


def test_digits_that_something_unread_touches_are_not_handed_out_as_a_number_of_their_own(read_row):
    assert payment_number.best_of([read_row("5505668120075646")]).is_trusted
    assert not payment_number.best_of([read_row("??5505668120075646")]).is_trusted


def test_a_short_number_that_a_longer_one_may_have_left_is_not_put_together_of_rows(read_row):
    rows = [read_row(text, middle=(200.0, 100.0 + 40 * place)) for place, text in enumerate(("4242", "4285", "43874"))]
    assert not payment_number.best_of(rows).is_trusted


def test_rows_told_far_too_tall_keep_their_order(read_row):
    texts, tall = ("4589", "8893", "9395", "8308"), (20.0, 20.0, 20.0, 44.0)
    rows = [
        read_row(text, middle=(200.0, 100.0 + 30 * place), height=height)
        for place, (text, height) in enumerate(zip(texts, tall, strict=True))
    ]
    assert payment_number.best_of(rows).text == "".join(texts)


def test_what_a_ground_shows_between_groups_is_left_out(read_row):
    assert payment_number.best_of([read_row("4242 4242?4242 4242")]).text == "4242424242424242"
    assert payment_number.best_of([read_row("4242 4242?4242 4242")]).is_trusted


def test_a_character_within_a_group_is_not_left_out(read_row):
    number = payment_number.best_of([read_row("4242 4?242 4242 4242")])
    assert number is None or number.text != "4242424242424242" or not number.is_trusted
