"""Beginnings, lengths and check digits of card numbers."""

from __future__ import annotations

import random

import pytest

from lab.specimens import payments
from worker.reading.cards import payment_brands


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242424242424242", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("378282246310005", "amex"),
        ("30569309025904", "diners"),
        ("6011111111111117", "discover"),
        ("3530111333300000", "jcb"),
        ("6205500000000000004", "unionpay"),
        ("6759649826438453", "maestro"),
        ("2200000000000004", "mir"),
        ("9400000000000000", "local"),
        ("0000000000000000", None),
    ],
)
def test_brand_follows_from_the_beginning(number: str, brand: str | None) -> None:
    found = payment_brands.brand_of(number)
    assert (found.name if found else None) == brand


def test_a_brand_knows_its_lengths() -> None:
    assert payment_brands.has_brands_length("4242424242424242")
    assert not payment_brands.has_brands_length("424242424242424")
    assert not payment_brands.has_brands_length("3782822463100050")


def test_check_digit_of_published_test_numbers() -> None:
    for number in ("4242424242424242", "378282246310005", "30569309025904", "6205500000000000004"):
        assert payment_brands.luhn_sum(number) == 0
        for place in range(len(number)):
            wrong = str((int(number[place]) + 1) % 10)
            assert payment_brands.luhn_sum(number[:place] + wrong + number[place + 1 :]) != 0


def test_drawn_numbers_pass_and_misprinted_ones_fail() -> None:
    for seed in range(300):
        card = payments.issue(random.Random(seed))
        assert payment_brands.luhn_sum(card.number) == 0
        assert payment_brands.has_brands_length(card.number)
        assert tuple(map(len, card.groups)) in payment_brands.LAYOUTS[len(card.number)]
        assert payment_brands.luhn_sum(payments.issue(random.Random(seed), wrong_digits=True).number) != 0


def test_layouts_have_as_many_digits_as_they_say() -> None:
    for length, layouts in payment_brands.LAYOUTS.items():
        assert {sum(layout) for layout in layouts} == {length}
        assert max(map(len, layouts)) <= 5
