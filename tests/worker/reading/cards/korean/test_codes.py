"""Code serials as two recognisers read them together, without any picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from worker.reading.cards.base import Printed
from worker.reading.cards.korean import codes, hangul

SPREAD = 1e-4  #: of a sign that is none of those told


def printed(alphabet: str, *signs: dict[str, float]) -> Printed:
    """What a recogniser says of places at which these signs are so likely."""
    table = np.full((len(signs), len(alphabet)), SPREAD, np.float32)
    for place, chances in enumerate(signs):
        for sign, chance in chances.items():
            table[place, alphabet.index(sign)] = chance
    table = np.log(table / table.sum(axis=1, keepdims=True))
    text = "".join(alphabet[place] for place in table.argmax(axis=1))
    frames = np.zeros((0, len(alphabet) + 1), np.float32)
    return Printed(text, (0.9,) * len(text), np.arange(len(text), dtype=np.float32) * 20 + 10, table, frames)


class Reader:
    """Says the same of every strip."""

    def __init__(self, alphabet: str, *signs: dict[str, float]) -> None:
        self.name, self.alphabet, self.said = "fake", alphabet, printed(alphabet, *signs)

    def read_lines(self, strips):
        return [self.said for _ in strips]

    def read_together(self, _strips):
        return self.said


@pytest.fixture
def read(row_of):
    """Reads a code of which each reader says some signs with some probability."""

    def together(korean: list[dict[str, float]], latin: list[dict[str, float]]) -> str:
        reader, other = Reader(hangul.ALPHABET, *korean), Reader(codes.SIGNS + " .-", *latin)
        row = replace(row_of("A" * len(korean)), printed=reader.said)
        code = codes.together(row, reader, other)
        return code.text if code else ""

    return together


def surely(text: str) -> list[dict[str, float]]:
    return [{sign: 1.0} for sign in text]


def test_a_sign_that_one_reader_doubts_is_told_by_the_other(read) -> None:
    doubtful = [*surely("1"), {"8": 0.6, "B": 0.4}, *surely("MA07")]
    assert read(doubtful, surely("1BMA07")) == "1BMA07"


def test_nought_and_o_are_left_to_the_reader_that_was_shown_codes(read) -> None:
    doubtful = [*surely("KT"), {"0": 0.6, "O": 0.4}, *surely("FPK")]
    assert read(doubtful, surely("KTOFPK")) == "KT0FPK"


def test_a_sign_that_one_reader_lost_is_told_by_the_other(read) -> None:
    assert read(surely("RXUC"), surely("RIXUC")) == "RIXUC"


def test_a_narrow_sign_inside_a_code_is_lost_and_not_made_up(read) -> None:
    assert read(surely("2L3LH"), surely("2IL3LH")) == "2IL3LH"
    assert read(surely("2L3LH"), [{sign: 0.5, "8": 0.4} for sign in "2LU3LH"]) == "2L3LH"


def test_readers_that_differ_in_length_make_a_code_unsure(row_of) -> None:
    reader, other = Reader(hangul.ALPHABET, *surely("2L3LH")), Reader(codes.SIGNS, *surely("2IL3LH"))
    row = replace(row_of("2L3LH"), printed=reader.said)
    assert codes.together(row, reader, other).confidence < 0.6


def test_of_a_sign_too_many_that_is_left_out_which_the_other_reader_does_not_see(read) -> None:
    many = [*surely("MDK"), {"5": 0.6, "S": 0.4}, *surely("JFV")]
    assert read(many, surely("MDK5FV")) == "MDK5FV"


def test_what_no_reader_finds_as_long_as_a_code_is_none(read) -> None:
    assert read(surely("RXUC"), surely("RXU")) == ""


def test_readers_that_differ_make_a_code_unsure(row_of) -> None:
    reader, other = Reader(hangul.ALPHABET, *surely("K12B7")), Reader(codes.SIGNS, *surely("K12R7"))
    row = replace(row_of("K12B7"), printed=reader.said)
    alike = Reader(codes.SIGNS, *surely("K12B7"))
    assert codes.together(row, reader, other).confidence < 0.6 < codes.together(row, reader, alike).confidence


@pytest.mark.parametrize("text", ["2.123L", "31.12A", "2014~5A"])
def test_dates_and_periods_are_no_code(row_of, text: str) -> None:
    assert codes.find([row_of(text)]) is None


def test_digits_alone_are_a_code_only_where_nothing_else_can_stand(row_of) -> None:
    assert codes.find([row_of("16820")]) is None
    assert codes.find_of_digits([row_of("16820")]).text == "16820"
    assert codes.find_of_digits([row_of("169-15")]) is None


@pytest.mark.parametrize(
    ("korean", "latin", "code"),
    [
        ("FTBFZ3", "FTBFZ3", "FTBFZ3"),
        ("TBFZ3", "FTBFZ3", "FTBFZ3"),
        ("TBFZ37", "TBFZ3", "TBFZ37"),
        ("TBFZ3", "TBFZ3", "TBFZ3"),
        ("KTBFX3", "TBFZ3", "TBFZ3"),
    ],
)
def test_a_sign_at_the_end_of_a_code_that_was_cut_is_told_by_a_longer_row(
    row_of, korean: str, latin: str, code: str
) -> None:
    first = codes.find([row_of("TBFZ3", sure=0.99)])
    assert first is not None
    other = Reader(codes.SIGNS + " .-", *surely(latin))
    told = codes.with_lost_end(first, [row_of(korean, sure=0.99)], other)
    assert told.text == code
