"""Fields of licences told from rows, without any picture."""

from __future__ import annotations

from datetime import date

import numpy as np

from worker.reading.cards.base import Card
from worker.reading.cards.korean import driver

CARD = Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), 1.0)
TODAY = date(2026, 6, 1)


def rows(row_of, *, first: str) -> list:
    texts = (first, "김홍인", "770508-2745322", "2003. 4. 18.", "강원지방경찰청장")
    return [row_of(text, at=(0.35, 0.2 + 0.15 * place)) for place, text in enumerate(texts)]


def test_kinds_on_the_line_of_the_number_are_told(row_of) -> None:
    told = driver.tell(CARD, rows(row_of, first="2종소형/1종구난차 14-92-433867-45"), today=TODAY)
    assert told is not None
    assert told.fields["licence_number"].value == "14-92-433867-45"
    assert told.fields["licence_type"].value == "2종소형/1종구난차"


def test_a_resident_number_is_no_licence_number(row_of) -> None:
    assert driver.tell(CARD, rows(row_of, first="운전면허증"), today=TODAY) is None


def test_a_serial_stands_right_of_the_issuer(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("RA1HQ4", at=(0.75, 0.82)), row_of("ABCDE", at=(0.02, 0.8))]
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["serial_number"].value == "RA1HQ4"


def test_a_period_is_no_licence_number(row_of) -> None:
    card = [*rows(row_of, first="운전면허증"), row_of("갱신기간 : 2024.01.01.~2024.12.31.", at=(0.35, 0.6))]
    assert driver.tell(CARD, card, today=TODAY) is None


def test_marks_beside_a_serial_are_no_part_of_it(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("6X)L8Q", at=(0.75, 0.82))]
    told = driver.tell(CARD, card, today=TODAY)
    assert told is not None
    assert told.fields["serial_number"].value == "6XL8Q"


def test_letters_of_conditions_have_commas_between_them(row_of) -> None:
    card = [*rows(row_of, first="14-92-433867-45"), row_of("조건 : A. G", at=(0.35, 0.6))]
    told = driver.tell(CARD, sorted(card, key=lambda row: row.middle), today=TODAY)
    assert told is not None
    assert told.fields["condition"].value == "A, G"
