"""The 7-3-1 digit, against the worked examples of ICAO Doc 9303-3, 4.9."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.reading.mrz import check_digits
from worker.reading.mrz.characters import ALPHABET, VALUES


@pytest.mark.parametrize(
    ("text", "digit"),
    [
        ("520727", "3"),
        ("AB2134<<<", "5"),
        ("HA672242<6YTO5802254M9601086<<<<<<<<<<<<<<0", "8"),
        ("L898902C3", "6"),
        ("ZE184226B<<<<<", "1"),
        ("D23145890", "7"),
        ("", "0"),
        ("<<<<<<", "0"),
    ],
)
def test_digit_of_published_examples(text: str, digit: str) -> None:
    if len(text) == 43:  # the composite of the example leaves out nationality and sex
        text = text[:10] + text[13:20] + text[21:]
    assert check_digits.digit(text) == digit


def test_filler_and_letters_guard_nothing() -> None:
    assert not check_digits.guards("<<<<<<", "<")
    assert not check_digits.guards("", "A")


@given(st.text(ALPHABET, min_size=1, max_size=60), st.data())
def test_one_wrong_character_shows_unless_its_value_is_the_same_mod_10(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET))
    wrong = text[:at] + other + text[at + 1 :]
    same_value = VALUES[text[at]] % 10 == VALUES[other] % 10
    assert (check_digits.digit(text) == check_digits.digit(wrong)) == same_value
