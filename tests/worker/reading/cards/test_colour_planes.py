"""Digits that differ from their ground in colour and hardly in grey."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.reading.cards import colour_planes, payment

PRINTED = "5105 1051 0510 5100"
GROUND, GOLD, RED = (206, 160, 160), (70, 176, 186), (110, 110, 232)  # BGR


def _card(ink):
    """A card on a dark table, its number in `ink`."""
    image = np.full((420, 660, 3), 50, np.uint8)
    cv2.rectangle(image, (30, 30), (630, 390), GROUND, cv2.FILLED)
    cv2.putText(image, PRINTED, (90, 250), cv2.FONT_HERSHEY_DUPLEX, 1.35, ink, 2, cv2.LINE_AA)
    return image


def _contrast(plane):
    inked = plane[225:250, 95:560]
    return float(np.percentile(inked, 98)) - float(np.percentile(inked, 2))


@pytest.mark.parametrize("ink", [GOLD, RED])
def test_print_stands_out_in_some_colour_that_hardly_does_in_grey(ink):
    image = _card(ink)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    assert max(map(_contrast, colour_planes.of(image))) > 3 * _contrast(grey)


def test_a_picture_of_one_colour_is_even():
    for plane in colour_planes.of(np.full((20, 30, 3), 128, np.uint8)):
        assert plane.shape == (20, 30)
        assert np.ptp(plane) == 0


@pytest.mark.parametrize("ink", [GOLD, RED])
def test_a_number_of_the_grounds_own_grey_is_read_and_boxed_where_it_stands(ink):
    image = _card(ink)
    seen = payment.look(image, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
    assert seen.number.text == PRINTED.replace(" ", "")
    assert seen.number.is_trusted
    first = seen.number.digits[0]
    assert np.hypot(*(first.row.strip.point(first.x) - (103, 238))) < 12
