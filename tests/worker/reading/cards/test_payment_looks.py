"""Where rows of a payment card are looked for, and in which order."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.reading.cards import digit_rows, find, payment_looks
from worker.reading.cards.base import Card
from worker.reading.cards.digit_rows import NUMBER, Row

ROW = Row(np.array([60.0, 40.0]), np.array([1.0, 0.0]), 50.0, 10.0, NUMBER, 0.3)
IMAGE = np.zeros((300, 400, 3), np.uint8)


class Finder:
    """Sees one row wherever it looks, and remembers what it looked at."""

    def __init__(self):
        self.looks, self.sizes = [], []

    def rows(self, picture, longest):
        self.looks.append(picture.shape)
        self.sizes.append(longest)
        return [ROW]


@pytest.fixture
def finder(monkeypatch):
    one = Finder()
    monkeypatch.setattr(digit_rows, "finder", lambda: one)
    return one


def card(quad, sureness=0.8):
    corners = np.array([(0, 0), (120, 0), (120, 80), (0, 80)], np.float32)
    to_picture = cv2.getPerspectiveTransform(corners, np.array(quad, np.float32))
    return Card(np.zeros((80, 120, 3), np.uint8), to_picture, sureness)


def test_cards_are_cut_out_only_after_all_looks_at_the_whole_picture(finder):
    looked = payment_looks.of(IMAGE, pytest.fail)
    assert [next(looked) for _ in range(3)] == [[ROW]] * 3
    assert set(finder.looks) == {IMAGE.shape}


def test_rows_on_a_card_that_was_cut_out_are_told_where_they_lie_in_the_picture(finder):
    standing = card([(300, 20), (300, 260), (140, 260), (140, 20)])  # a quarter turned, twice as large
    *_, (row,) = payment_looks.of(IMAGE, lambda: [standing, find.whole(IMAGE)])
    assert row.middle == pytest.approx((220, 140))
    assert row.along == pytest.approx((0, 1))
    assert (row.length, row.height) == pytest.approx((100, 20))
    assert finder.looks[-1] == standing.image.shape


@pytest.mark.parametrize(("side", "finest"), [(600, 672), (1000, 1000), (1344, 1152)])
def test_a_large_picture_is_looked_at_finely_at_last(finder, side, finest):
    for _ in payment_looks.of(np.zeros((400, side, 3), np.uint8), list):
        pass
    assert max(finder.sizes) == finest
    assert finder.sizes[-1] == finest or side < 672


def test_a_row_leans_and_shrinks_as_its_card_does():
    slanted = card([(10, 10), (130, 30), (120, 100), (20, 90)])
    row = payment_looks.in_picture(slanted, ROW)
    ends = find.to_picture(slanted, np.array([(35.0, 40.0), (85.0, 40.0)]))
    assert row.middle == pytest.approx(ends.mean(axis=0))
    assert row.along * row.length == pytest.approx(ends[1] - ends[0])
    assert 8 < row.height < 10
