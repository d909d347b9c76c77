"""Drawn payment cards against their own truth."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from lab.specimens import draw, numerals, payment, payment_desk, payments, relief, sheet


@pytest.mark.parametrize("level", ["clean", "phone", "hard", "turned", "harder"])
def test_every_level_tells_number_and_boxes(level: str) -> None:
    for seed in range(3):
        specimen = draw.specimen(draw.PAYMENT_CARD, level, seed)
        groups = specimen.values["groups"].split()
        assert "".join(groups) == specimen.values["number"]
        assert len(specimen.line_boxes) == len(groups) + bool(specimen.values["valid_thru"])
        for box in specimen.line_boxes:
            for x, y in box:
                assert -1 <= x <= specimen.width + 1
                assert -1 <= y <= specimen.height + 1


def test_same_arguments_give_same_bytes() -> None:
    assert draw.specimen(draw.PAYMENT_CARD, "clean", 3) == draw.specimen(draw.PAYMENT_CARD, "clean", 3)


def test_repr_shows_no_number() -> None:
    specimen = draw.specimen(draw.PAYMENT_CARD, "clean", 1)
    assert specimen.values["number"] not in repr(specimen)
    assert specimen.values["number"][:4] not in repr(payments.issue(random.Random(1)))


def test_boxes_hold_the_print() -> None:
    """Where digits stand, the card's face changes more than in a strip above them."""
    busier = 0
    for seed in range(12):
        drawn = payment.draw(random.Random(seed), np.random.default_rng(seed), scale=8.0)
        grey = cv2.cvtColor(drawn.page.pixels, cv2.COLOR_BGR2GRAY).astype(np.float32)
        slope = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0))
        (left, top), (right, _), (_, base), _ = drawn.page.line_boxes[0]
        inside = slope[int(top) : int(base), int(left) : int(right)].mean()
        busier += bool(inside > 1.3 * np.median(slope))
    assert busier >= 10


def test_wide_variety() -> None:
    cards = [payments.issue(random.Random(seed)) for seed in range(400)]
    assert {tuple(map(len, card.groups)) for card in cards} == {
        (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3),
    }  # fmt: skip
    assert len({card.brand for card in cards}) >= 9
    assert any(card.valid_from for card in cards)


@pytest.mark.parametrize("face", numerals.FACES)
def test_every_face_tells_its_digits_apart(face: str) -> None:
    glyphs = numerals.cut(face, 1.0)
    drawn = [numerals.trimmed(numerals.set_line(digit, glyphs, height=40)).ink for digit in "0123456789"]
    for place, first in enumerate(drawn):
        for second in drawn[place + 1 :]:
            width = min(first.shape[1], second.shape[1])
            a, b = (one[:, :width].astype(np.float32) for one in (first, second))
            assert np.minimum(a, b).sum() / np.maximum(a, b).sum() < 0.93


def test_unknown_face_is_refused() -> None:
    with pytest.raises(KeyError):
        numerals.cut("comic", 1.0)


def test_raised_ink_has_light_and_shade_on_an_even_card() -> None:
    line = numerals.set_line("8", numerals.cut("farrington", 1.0), height=40)
    ground = np.full((*line.ink.shape, 3), 120, np.float32)
    press = relief.Press(None, 0.0, 1.0, 0.8, 0.05)
    lifted = relief.raise_ink(ground, line.ink.astype(np.float32) / 255, press, 40, np.random.default_rng(0))
    assert lifted.max() > 150
    assert lifted.min() < 90


@pytest.mark.parametrize("level", [0, 40, 78, 82, 110, 124, 126, 180, 255])
def test_ink_can_be_told_from_what_lies_below_it(level: int) -> None:
    page = sheet.Sheet(np.full((540, 856, 3), level, np.uint8), 10.0)
    desk = payment_desk.Desk(page, np.random.default_rng(level), None, (0, 0, 0), 0.0)
    for _ in range(60):
        ink = payment_desk.ink_for(desk, (10.0, 10.0, 30.0, 14.0))
        assert abs(float(np.array(ink) @ (0.114, 0.587, 0.299)) - level) > 55


def test_hangul_reaches_further_than_letters() -> None:
    assert payment_desk.reach("견본은행", 2.0) > 1.5 * payment_desk.reach("BANK", 2.0)
    assert payment_desk.reach("", 2.0) == 0
