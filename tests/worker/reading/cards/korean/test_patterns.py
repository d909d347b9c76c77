"""Numbers and dates found in lines whose reading is known."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.cards.base import Printed
from worker.reading.cards.korean import hangul, names, patterns


def said(text: str, sure: float = 0.97) -> Printed:
    """A line as an engine would tell it, every sign this sure."""
    rows = np.full((len(text), len(hangul.ALPHABET)), -9.0, np.float32)
    for place, sign in enumerate(text):
        rows[place, hangul.ALPHABET.index(sign)] = np.log(sure)
    return Printed(text, (sure,) * len(text), np.arange(len(text), dtype=np.float32) * 10 + 5, rows)


@pytest.mark.parametrize(
    ("line", "pattern", "value"),
    [
        ("주민번호 651230-1074331", patterns.RESIDENT_NUMBER, "651230-1074331"),
        ("6512301074331 A", patterns.RESIDENT_NUMBER, "651230-1074331"),
        ("면허번호:11-12-345678-90", patterns.LICENCE_NUMBER, "11-12-345678-90"),
        ("2015. 3. 20.", patterns.DATE, "2015. 3. 20."),
        ("1995.0422.", patterns.DATE, "1995.04.22."),
        ("발급 2013.12.27", patterns.DATE, "2013.12.27"),
    ],
)
def test_a_number_is_found_in_its_line_with_lost_separators_put_back(
    line: str, pattern: tuple[patterns.Slot, ...], value: str
) -> None:
    match = patterns.find(said(line), pattern)
    assert match is not None
    assert match.text == value


def test_a_line_too_short_for_a_pattern_gives_nothing() -> None:
    assert patterns.find(said("홍길동"), patterns.DATE) is None


def test_words_fit_a_number_badly() -> None:
    match = patterns.find(said("서울특별시금천구청장귀하전부"), patterns.RESIDENT_NUMBER)
    assert match is not None
    assert match.fit < -4


def test_a_sign_that_is_no_digit_is_read_as_the_likeliest_digit_and_lowers_the_confidence() -> None:
    printed = said("651230-10743E1")
    printed.log_probabilities[12, hangul.ALPHABET.index("3")] = -2.0
    match = patterns.find(printed, patterns.RESIDENT_NUMBER)
    assert match is not None
    assert match.text == "651230-1074331"
    assert match.confidence < 0.2


@pytest.mark.parametrize("line", ["성명 홍길동", f"홍길동({hangul.OTHER * 3})", "이름: 홍 길 동", "홍길동"])
def test_a_name_stands_behind_its_label_and_before_its_brackets(line: str) -> None:
    name = names.find(said(line))
    assert name is not None
    assert name.text == "홍길동"


def test_a_number_is_no_name() -> None:
    assert names.find(said("2015. 3. 20.")) is None


@pytest.mark.parametrize("line", ["성영 김견본", "정명 김견본", "이룸 김견본", "어름/김견본", "성명: 김견본"])
def test_a_label_with_one_doubtful_syllable_is_no_part_of_the_name(line: str) -> None:
    name = names.find(said(line))
    assert name is not None
    assert name.text == "김견본"


@pytest.mark.parametrize("line", ["성견본", "이견본", "남궁견본", "견본명"])
def test_a_name_that_begins_or_ends_as_a_label_does_stays_whole(line: str) -> None:
    name = names.find(said(line))
    assert name is not None
    assert name.text == line


@pytest.mark.parametrize(
    ("line", "name"), [("선명 홍길동", "홍길동"), ("성멍 : 홍동", "홍동"), ("선벌홍길동", "홍길동")]
)
def test_a_label_that_was_misread_is_no_part_of_a_name_where_lines_are_labelled(line: str, name: str) -> None:
    printed = said(line)
    printed.log_probabilities[0, hangul.ALPHABET.index("성")] = -2.0
    printed.log_probabilities[1, hangul.ALPHABET.index("명")] = -3.0
    told = names.find(printed, is_labelled=True)
    assert told is not None
    assert told.text == name


def test_a_name_without_a_label_stays_whole_where_lines_are_labelled() -> None:
    told = names.find(said("남궁길동"), is_labelled=True)
    assert told is not None
    assert told.text == "남궁길동"


@pytest.mark.parametrize(("line", "count"), [("5나신", 3), ("나신", 2), ("5 나신", 2), (":나신", 2), ("5나신호", 3)])
def test_a_digit_right_before_two_syllables_of_a_name_is_a_misread_third(row_of, line: str, count: int) -> None:
    name = names.find(row_of(line).printed)
    assert name is not None
    assert len(name.text) == count
    assert (name.confidence < 0.5) == (line == "5나신")


def test_a_syllable_of_names_stands_before_one_that_looks_alike() -> None:
    printed = said("남모증")
    printed.log_probabilities[2, hangul.ALPHABET.index("중")] = printed.log_probabilities[2].max() - 1
    name = names.find(printed)
    assert name is not None
    assert name.text == "남모중"
