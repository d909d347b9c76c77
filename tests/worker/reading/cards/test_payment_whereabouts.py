"""Dates on the card of a number, and beside it."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.cards import digit_reading, payment_number, payment_whereabouts
from worker.reading.cards.base import Card
from worker.reading.cards.payment_date import Month

OUTLINE = (40.0, 60.0, 520.0, 360.0)  #: left, top, right, bottom


def card(sureness):
    left, top, right, bottom = OUTLINE
    width, height = int(right - left), int(bottom - top)
    to_picture = np.array([[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]])
    return Card(np.zeros((height, width, 3), np.uint8), to_picture, sureness)


def month_at(x, y):
    return Month(4, 29, 0.99, ((x - 20, y - 5), (x + 20, y - 5), (x + 20, y + 5), (x - 20, y + 5)))


@pytest.fixture
def number(sheet):
    return payment_number.best_of([digit_reading.read(sheet.pyramid, sheet.letter("4242 4242 4242 4242", 60, 150))])


def test_on_the_card_and_off_it(number):
    is_on_it = payment_whereabouts.on_card_of(number, lambda: [card(0.8)], 1.0)
    assert is_on_it(month_at(300, 330))
    assert not is_on_it(month_at(300, 390))
    assert not is_on_it(month_at(590, 330))


def test_in_a_picture_that_cards_are_found_in_at_half_its_size(number):
    half = card(0.8)
    half = Card(half.image, half.to_picture * np.array([[0.5], [0.5], [1.0]]), half.sureness)
    is_on_it = payment_whereabouts.on_card_of(number, lambda: [half], 2.0)
    assert is_on_it(month_at(300, 330))
    assert not is_on_it(month_at(300, 390))


@pytest.mark.parametrize("cards", [[], [card(0.3)]])
def test_where_no_outline_was_surely_seen_all_count(number, cards):
    assert payment_whereabouts.on_card_of(number, lambda: cards, 1.0)(month_at(300, 390))


def test_another_card_tells_nothing(number):
    beside = card(0.9)
    beside = Card(beside.image, beside.to_picture + np.array([[0, 0, 600.0], [0, 0, 0], [0, 0, 0]]), 0.9)
    assert payment_whereabouts.on_card_of(number, lambda: [beside], 1.0)(month_at(300, 390))


def test_close_to_the_number_no_card_is_looked_for(number):
    def none():
        raise AssertionError

    assert payment_whereabouts.on_card_of(number, none, 1.0)(month_at(300, 200))
