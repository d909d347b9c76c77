"""Groups of digits one below the other, found from one of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from worker.reading.cards import digit_reading, digit_stacks, payment_number

GROUPS = ("5555", "5532", "4178", "4444")


def texts(stack):
    return ["".join(one.text for one in read.characters) for read in stack]


def stacked(sheet, groups, leading=45):
    return [sheet.letter(group, 200, 100 + leading * place, size=24) for place, group in enumerate(groups)]


@pytest.mark.parametrize("place", range(4))
def test_from_one_group_of_four_the_others_are_found(sheet, place):
    seen = digit_reading.read(sheet.pyramid, stacked(sheet, GROUPS)[place])
    stack, *_ = digit_stacks.completed(sheet.pyramid, [seen])
    assert texts(stack) == list(GROUPS)
    assert payment_number.best_of(stack).text == "".join(GROUPS)


@pytest.mark.parametrize("leading", [40, 60, 80])
def test_groups_may_stand_close_or_far(sheet, leading):
    seen = digit_reading.read(sheet.pyramid, stacked(sheet, GROUPS, leading)[1])
    assert texts(digit_stacks.completed(sheet.pyramid, [seen])[0]) == list(GROUPS)


def test_a_row_told_too_tall_and_too_long_is_drawn_in(sheet):
    row = stacked(sheet, GROUPS)[2]
    seen = digit_reading.read(sheet.pyramid, replace(row, height=row.height * 1.3, length=row.length * 1.4))
    assert texts(digit_stacks.completed(sheet.pyramid, [seen])[0]) == list(GROUPS)


def test_a_stack_that_stands_on_its_head_is_read_in_its_own_order(sheet):
    row = stacked(sheet, GROUPS)[1]
    sheet.grey = np.ascontiguousarray(sheet.grey[::-1, ::-1])
    corner = np.array(sheet.grey.shape[::-1], np.float64)
    seen = digit_reading.read(sheet.pyramid, replace(row, middle=corner - row.middle).turned())
    assert texts(digit_stacks.completed(sheet.pyramid, [seen])[0]) == list(GROUPS)


def test_the_last_group_of_nineteen_has_three_digits(sheet):
    groups = ("6205", "5178", "3142", "5731", "204")
    seen = digit_reading.read(sheet.pyramid, stacked(sheet, groups)[0])
    assert texts(digit_stacks.completed(sheet.pyramid, [seen])[0]) == list(groups)


def test_a_group_beside_nothing_stays_alone(sheet):
    seen = digit_reading.read(sheet.pyramid, sheet.letter("5532", 200, 200, size=24))
    assert texts(digit_stacks.completed(sheet.pyramid, [seen])[0]) == ["5532"]


@pytest.mark.parametrize(
    ("printed", "doubts"),
    [
        ("55321", {}),
        ("553", {}),
        ("55?2", {}),
        ("5532", {0: (0.4, "6")}),
        ("5532", {0: (0.7, "6"), 3: (0.7, "7")}),
    ],
)
def test_what_is_no_sure_group_of_four_starts_no_stack(sheet, read_row, printed, doubts):
    assert digit_stacks.completed(sheet.pyramid, [read_row(printed, doubts=doubts)]) == []


def test_only_the_two_surest_groups_are_started_from(sheet):
    read = [digit_reading.read(sheet.pyramid, row) for row in stacked(sheet, GROUPS)]
    assert len(digit_stacks.completed(sheet.pyramid, read)) == 2


def test_a_stack_on_its_head_whose_group_reads_both_ways_is_read_from_either(sheet):
    groups = ("4788", "9168", "0695", "8614")
    row = stacked(sheet, groups)[2]
    sheet.grey = np.ascontiguousarray(sheet.grey[::-1, ::-1])
    corner = np.array(sheet.grey.shape[::-1], np.float64)
    seen = digit_reading.read(sheet.pyramid, replace(row, middle=corner - row.middle))
    assert list(groups) in [texts(stack) for stack in digit_stacks.completed(sheet.pyramid, [seen])]


def test_a_row_told_far_too_tall_skips_no_group(sheet):
    row = stacked(sheet, GROUPS, 34)[2]
    seen = digit_reading.read(sheet.pyramid, replace(row, height=row.height * 1.6))
    assert texts(digit_stacks.completed(sheet.pyramid, [seen])[0]) == list(GROUPS)


def test_what_a_ground_shows_beside_a_group_is_none_of_it(sheet):
    rows = stacked(sheet, GROUPS)
    sheet.letter("A", 150, 145, size=24)
    sheet.letter("K", 300, 145, size=24)
    seen = digit_reading.read(sheet.pyramid, replace(rows[1], length=rows[1].length * 2.6))
    assert texts([seen]) == ["?5532?"]
    stack, *_ = digit_stacks.completed(sheet.pyramid, [seen])
    assert payment_number.best_of(stack).text == "".join(GROUPS)
