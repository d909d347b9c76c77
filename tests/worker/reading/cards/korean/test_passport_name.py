"""Which line of a passport is the name in Hangul, and when it is looked at again."""

from __future__ import annotations

import numpy as np

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
