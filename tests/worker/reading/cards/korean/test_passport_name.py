"""Which line of a passport is the name in Hangul, and when it is looked at again."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.cards.base import Card, Printed
from worker.reading.cards.korean import looks, passport_name

CARD = Card(np.full((631, 1000, 3), 255, np.uint8), np.eye(3), 1.0)


class Closer:
    """Reads whatever it is shown as one text, and counts how often it is asked."""

    def __init__(self, printed: Printed) -> None:
        self.printed, self.asked = printed, 0

    def read_together(self, strips) -> Printed:
        assert len(strips) == len(looks.LEVELS)
        self.asked += 1
        return self.printed


def test_a_sure_name_that_its_spelling_tells_is_not_looked_at_again(row_of) -> None:
    rows = [row_of("대한민국", at=(0.1, 0.1)), row_of("홍길동", sure=0.99, at=(0.4, 0.5))]
    reader = Closer(rows[0].printed)
    found = passport_name.find(CARD, rows, reader, latin=("HONG", "GILDONG"))
    assert found is not None
    assert found[1].text == "홍길동"
    assert reader.asked == 0


def test_an_unsure_name_is_looked_at_again(row_of) -> None:
    reader = Closer(row_of("홍길동", sure=0.99).printed)
    found = passport_name.find(CARD, [row_of("흥걸통", sure=0.4)], reader, latin=("HONG", "GILDONG"))
    assert found is not None
    assert found[1].text == "홍길동"
    assert reader.asked >= 1


def test_of_two_lines_the_one_that_the_zone_spells_is_the_name(row_of) -> None:
    rows = [row_of("인국선", sure=0.7, at=(0.1, 0.2)), row_of("홍길동", sure=0.7, at=(0.4, 0.5))]
    found = passport_name.find(CARD, rows, Closer(row_of(" ").printed), latin=("HONG", "GILDONG"))
    assert found is not None
    assert found[1].text == "홍길동"


def test_more_lines_are_asked_for_only_where_none_is_sure(row_of) -> None:
    asked = []

    def more():
        asked.append(True)
        return [row_of("홍길동", sure=0.97, at=(0.4, 0.5))]

    reader = Closer(row_of(" ").printed)
    sure = passport_name.find(CARD, [row_of("홍길동", sure=0.99)], reader, latin=("HONG", "GILDONG"), more=more)
    assert sure is not None
    assert not asked
    late = passport_name.find(CARD, [row_of("PM")], reader, latin=("HONG", "GILDONG"), more=more)
    assert late is not None
    assert late[1].text == "홍길동"
    assert asked


def test_a_line_lost_in_the_second_column_is_read_on_the_level_of_one_in_the_first(row_of) -> None:
    lines = [("SEOKWON", 0.1, 0.4), ("REPUBLIC", 0.1, 0.6), ("1234567", 0.5, 0.6), ("AUTHORITY", 0.5, 0.8)]
    rows = [row_of(text, at=(left, top)) for text, left, top in lines]
    reader = Closer(row_of("서석원").printed)
    found = passport_name.find(CARD, rows, reader, latin=("SEO", "SEOKWON"))
    assert found is not None
    assert found[1].text == "서석원"
    assert (found[0].left, found[0].middle) == (0.5, pytest.approx(rows[0].middle))


def test_no_line_is_thought_lost_where_the_second_column_has_one(row_of) -> None:
    rows = [row_of("SEOKWON", at=(0.1, 0.4)), row_of("1234567", at=(0.5, 0.4))]
    reader = Closer(row_of("서석원").printed)
    assert passport_name.find(CARD, rows, reader, latin=("SEO", "SEOKWON")) is None
    assert reader.asked == 0


def test_print_that_is_clear_goes_before_a_caption_that_is_spelled_by_chance(row_of) -> None:
    rows = [row_of("이장장", sure=0.95, at=(0.5, 0.5)), row_of("이종안", sure=0.2, at=(0.1, 0.5))]
    found = passport_name.find(CARD, rows, Closer(row_of(" ").printed), latin=("I", "MARTIN"))
    assert found is not None
    assert found[1].text == "이장장"
