"""Rows of lettered digits that were found in part or from the wrong end."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from worker.reading.cards import digit_reading, payment
from worker.reading.cards.digit_strips import Pyramid

PRINTED = "5105 1051 0510 5100"


def text(read):
    return "".join(one.text for one in read.characters)


def part(row, first, last):
    """What lies between two shares of a row's length."""
    middle = row.middle + row.along * row.length * ((first + last) / 2 - 0.5)
    return replace(row, middle=middle, length=row.length * (last - first))


@pytest.mark.parametrize(("first", "last"), [(0.0, 0.5), (0.5, 1.0), (0.3, 0.7)])
def test_a_row_whose_digits_stand_at_the_strips_end_is_read_further(sheet, first, last):
    seen = part(sheet.letter(PRINTED, 60, 150), first, last)
    assert len(digit_reading.read(sheet.pyramid, seen).characters) < 11
    assert text(digit_reading.read_either_way(sheet.pyramid, seen)) == PRINTED.replace(" ", "")


def test_a_row_that_was_seen_whole_is_left_as_it_is(sheet):
    row = sheet.letter(PRINTED, 60, 150)
    read = digit_reading.read_either_way(sheet.pyramid, row)
    assert text(read) == PRINTED.replace(" ", "")
    assert read.row is row


def test_words_at_a_strips_end_are_not_followed(sheet):
    row = sheet.letter("SPECIMEN", 60, 150)
    seen = part(row, 0.2, 0.8)
    assert digit_reading.read_either_way(sheet.pyramid, seen).row.length == seen.length


def test_a_row_is_drawn_out_only_to_the_end_that_is_cut(sheet):
    row = sheet.letter(PRINTED, 60, 150)
    read = digit_reading.read_either_way(sheet.pyramid, part(row, 0.0, 0.5))
    ends = [[float(one.middle[0]) + sign * one.length / 2 for sign in (-1, 1)] for one in (row, read.row)]
    assert ends[1][0] == pytest.approx(ends[0][0])
    assert ends[1][1] > ends[0][1]


def test_a_row_that_was_told_from_its_other_end_is_turned(sheet):
    row = sheet.letter("4579 0189 2384 2824", 60, 150)
    read = digit_reading.read_either_way(sheet.pyramid, row.turned())
    assert text(read) == "4579018923842824"
    assert read.row.along[0] == 1


def test_digits_that_are_digits_upside_down_too_take_the_way_of_the_others(sheet):
    long, short = sheet.letter("4242 4242", 60, 150), sheet.letter("6089", 60, 200).turned()
    read = [digit_reading.read(sheet.pyramid, row) for row in (long, short)]
    assert [text(one) for one in read] == ["42424242", "6809"]
    assert [text(one) for one in payment._one_way(sheet.pyramid, read)] == ["42424242", "6089"]


def test_a_row_alone_and_rows_of_words_stay_as_they_were_read(sheet):
    digits, word = sheet.letter("6089", 60, 200).turned(), sheet.letter("SPECIMEN", 60, 150)
    alone = [digit_reading.read(sheet.pyramid, digits)]
    assert payment._one_way(sheet.pyramid, alone) == alone
    with_word = [*alone, digit_reading.read(sheet.pyramid, word)]
    assert payment._one_way(sheet.pyramid, with_word) == with_word
    assert payment._one_way(sheet.pyramid, []) == []


def test_a_row_that_was_told_far_too_high_is_read_smaller(sheet):
    row = sheet.letter(PRINTED, 60, 150)
    high = replace(row, height=row.length / 7)
    assert text(digit_reading.read(sheet.pyramid, high)) == PRINTED.replace(" ", "")


def test_a_smaller_picture_tells_the_same_in_px_of_the_larger(sheet):
    row = sheet.letter(PRINTED, 60, 150)
    whole = digit_reading.read(sheet.pyramid, row)
    small = cv2.resize(sheet.grey, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    read = digit_reading.read(Pyramid(small, 1.25), row)
    assert text(read) == text(whole)
    assert np.hypot(*(read.strip.point(read.characters[-1].x) - whole.strip.point(whole.characters[-1].x))) < 3
