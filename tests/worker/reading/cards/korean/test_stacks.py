"""Rows of a stack, drawn here in digits, read one after the other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.reading.cards import lines
from worker.reading.cards.base import Card
from worker.reading.cards.korean import stacks
from worker.reading.cards.korean.engine import engine

ROWS = ("173842", "2946", "508173")
TALL, STEP = 22, 27  #: px of a digit, and from one row to the next


@pytest.fixture
def card() -> Card:
    image = np.full((631, 1000, 3), 225, np.uint8)
    for place, text in enumerate(ROWS):
        cv2.putText(image, text, (100, 200 + place * STEP), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (40, 40, 40), 2)
    return Card(image, np.eye(3), 1.0)


def row(place: int) -> lines.Row:
    middle = 200.0 + place * STEP - TALL / 2
    return lines.Row((100.0, middle), (170.0, middle), TALL * 0.82)


def test_rows_below_are_read_to_their_ends_whatever_the_length_of_the_one_above(card) -> None:
    above, below = stacks.above_and_below(card, row(0), row(0), lambda _: True, engine())
    assert [one.plain for one in below[:2]] == list(ROWS[1:])
    assert all(one.plain not in ROWS for one in above)


def test_rows_above_are_told_from_top_to_bottom(card) -> None:
    above, below = stacks.above_and_below(card, row(2), row(2), lambda one: one.plain in ROWS, engine())
    assert [one.plain for one in above] == list(ROWS[:2])
    assert below == []


def test_the_first_row_that_tells_nothing_ends_the_stack(card) -> None:
    assert stacks.above_and_below(card, row(0), row(0), lambda one: one.plain == ROWS[2], engine()) == ([], [])
