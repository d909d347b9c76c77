"""Draws payment cards: which face, how the number is set and where it stands. The rest of the card is beside this."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from core.documents import Box
from lab.specimens import (
    card_faces,
    numerals,
    payment_dates,
    payment_desk,
    payment_surroundings,
    payments,
    relief,
)
from lab.specimens.documents import Page
from lab.specimens.numerals import InkLine
from lab.specimens.sheet import Sheet

KIND = "payment-card"
WIDTH, HEIGHT, CORNER = 85.6, 53.98, 3.18  #: mm. ISO/IEC 7810, ID-1
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn card. The page's boxes are one for each printed group of the number, then the date's."""

    page: Page
    values: dict[str, str] = field(repr=False)


def draw(chance: random.Random, rng: Random, *, scale: float, wear: float = 0.0, wrong_digits: bool = False) -> Drawn:
    """Draws some card at `scale` pixels per millimetre; `wear` 0..1 rubs its print away."""
    card = payments.issue(chance, wrong_digits=wrong_digits)
    is_upright = rng.random() < 0.2
    width, height = (HEIGHT, WIDTH) if is_upright else (WIDTH, HEIGHT)
    face = card_faces.lay(rng, (round(height * scale), round(width * scale)))
    page = Sheet(np.ascontiguousarray(face), scale)
    is_raised = bool(rng.random() < (0.12 if is_upright else 0.48))
    desk = payment_desk.Desk(page, rng, relief.random_press(rng) if is_raised else None, (0, 0, 0), wear)
    setting = _type(rng, is_raised=is_raised, is_upright=is_upright)
    number = _number_boxes(desk, card, setting, is_upright=is_upright)
    date = payment_dates.print_dates(desk, card, setting, number, is_raised=is_raised)
    payment_surroundings.fill(desk, card, is_upright=is_upright, is_raised=is_raised)
    pixels = payment_surroundings.scratched(page.pixels, rng, wear)
    boxes = (*number, date) if date is not None else tuple(number)
    values = card.values if date is not None else card.values | {"valid_thru": ""}
    return Drawn(Page(pixels, scale, CORNER * scale, boxes), values)


def _type(rng: Random, *, is_raised: bool, is_upright: bool) -> payment_desk.Type:
    if is_raised:
        face = str(rng.choice(numerals.EMBOSSED))
        weight = float(rng.choice((0.75, 0.9, 1.0, 1.2)))
        return payment_desk.Type(face, numerals.cut(face, weight), rng.uniform(3.7, 4.4), rng.uniform(0.98, 1.15), 0.07,
                    rng.uniform(0.7, 1.0))  # fmt: skip
    face = str(rng.choice(numerals.FACES))
    weight = float(rng.choice((0.6, 0.8, 1.0, 1.3, 1.7)))
    size = rng.uniform(2.3, 3.0) if is_upright else rng.choice((rng.uniform(2.4, 3.4), rng.uniform(3.2, 4.6)))
    spacing = float(
        rng.choice((0.0, rng.uniform(0.2, 0.5), rng.uniform(0.5, 1.1), rng.uniform(1.0, 1.5)), p=(0.1, 0.3, 0.45, 0.15))
    )
    leaning = rng.uniform(0.05, 0.2) if rng.random() < 0.06 else 0.0
    return payment_desk.Type(face, numerals.cut(face, weight), float(size), rng.uniform(0.88, 1.12),
                             rng.uniform(0.0, 0.14), spacing, leaning)  # fmt: skip


def _number_boxes(
    desk: payment_desk.Desk, card: payments.PaymentCard, setting: payment_desk.Type, *, is_upright: bool
) -> list[Box]:
    """Prints the number in one, two or four rows and returns the box of each group, in pixels."""
    rng, rows = desk.random, [list(card.groups)]
    is_block = len(card.groups) == 4 and set(map(len, card.groups)) == {4}
    look = rng.random()
    if desk.press is None and is_block:
        if look < (0.4 if is_upright else 0.1):
            rows = [[group] for group in card.groups]
        elif look < (0.55 if is_upright else 0.16):
            rows = [list(card.groups[:2]), list(card.groups[2:])]
    joint = "-" if desk.press is None and rng.random() < 0.02 else " "
    lines = [payment_desk.set_text(desk, joint.join(row), setting) for row in rows]
    room = desk.page.width - 6.0
    widest = max(line.ink.shape[1] for line in lines) / desk.page.scale
    if widest > room:
        lines = [payment_desk.set_text(desk, joint.join(row), setting, setting.size * room / widest) for row in rows]
        widest = room
    digit = (lines[0].base - lines[0].top) / desk.page.scale
    leading = digit * rng.uniform(1.4, 2.2)
    x, y = _place_number(desk, widest, leading * (len(rows) - 1) + digit, is_upright=is_upright)
    desk.ink = payment_desk.ink_for(desk, (x, y, x + widest, y + leading * (len(rows) - 1) + digit))
    boxes: list[Box] = []
    for row, line in zip(rows, lines, strict=True):
        payment_desk.print_line(desk, line, (x, y))
        boxes += _group_boxes(line, row, (x * desk.page.scale, y * desk.page.scale))
        y += leading
    return boxes


def _place_number(desk: payment_desk.Desk, width: float, height: float, *, is_upright: bool) -> tuple[float, float]:
    """The left and upper edge of the number, mm, and that place is taken."""
    rng, page = desk.random, desk.page
    if desk.press is not None and not is_upright:
        x, y = (page.width - width) / 2 + rng.uniform(-3, 3), page.height * rng.uniform(0.53, 0.63)
    else:
        free_x, free_y = page.width - width - 5.0, page.height - height - 12.0
        x = 2.5 + free_x * (rng.beta(0.6, 0.9) if rng.random() < 0.8 else 0.5)
        y = 6.0 + free_y * (rng.uniform(0.45, 0.85) if rng.random() < 0.65 else rng.uniform(0, 1))
    x, y = max(2.0, x), max(3.0, y)
    desk.taken.append((x - 1.2, y - 1.2, x + width + 1.2, y + height + 1.2))
    return float(x), float(y)


def _group_boxes(line: InkLine, groups: list[str], corner: tuple[float, float]) -> list[Box]:
    boxes, first = [], 0
    for group in groups:
        left, right = line.span(first, first + len(group) - 1)
        first += len(group) + 1
        top, base = corner[1], corner[1] + line.base - line.top
        left, right = corner[0] + left, corner[0] + right
        boxes.append(((left, top), (right, top), (right, base), (left, base)))
    return boxes
