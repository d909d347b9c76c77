"""The likeliest number under its check digit, held against every number there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.reading.cards import luhn_decoding, payment_brands

_CHANCES = st.lists(st.lists(st.floats(-9, 0), min_size=10, max_size=10), min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(_CHANCES)
def test_it_is_the_likeliest_of_all_with_a_right_check_digit(chances):
    every = itertools.product("0123456789", repeat=len(chances))
    right = [text for text in map("".join, every) if payment_brands.luhn_sum(text) == 0]
    shares = [np.exp(sum(row[int(digit)] for row, digit in zip(chances, text, strict=True))) for text in right]
    text, share = luhn_decoding.likeliest(np.array(chances))
    assert text in right
    assert share == pytest.approx(max(shares) / sum(shares))
    assert shares[right.index(text)] == pytest.approx(max(shares))
