"""Everything on a payment card that is neither its number nor its date: bearer, bank, chip, signs, other digits."""

from __future__ import annotations

import cv2
import numpy as np

from lab.specimens import numerals, ornaments, payment_desk, payment_signs, payments, sheet

Random = np.random.Generator


def fill(desk: payment_desk.Desk, card: payments.PaymentCard, *, is_upright: bool, is_raised: bool) -> None:
    """Everything that is not the number: bearer, bank, chip, signs, other digits."""
    rng, page = desk.random, desk.page
    is_back = not is_raised and not is_upright and rng.random() < 0.22
    if is_back:
        payment_signs.stripe(page, desk.taken)
        _security_code(desk, card)
    _holder(desk, card, is_raised=is_raised)
    if rng.random() < 0.8 and not is_back:
        place = payment_desk.spot(desk, 11.8, 9.6, prefer=(8.0, 16.5) if not is_upright else (21.0, 9.0))
        if place:
            payment_signs.chip(page, rng, *place)
    if rng.random() < 0.55:
        place = payment_desk.spot(desk, 6.0, 7.0)
        if place:
            payment_signs.contactless(page, place, payment_desk.ink_for(desk, (*place, place[0] + 6, place[1] + 7)))
    for _ in range(int(rng.integers(1, 3))):
        place = payment_desk.spot(desk, 15.0, 9.5)
        if place:
            payment_signs.brand(page, rng, place, card.brand)
    if rng.random() < 0.3 and (place := payment_desk.spot(desk, 11.0, 11.0)):
        ornaments.draw_hologram(page, rng, (place[0] + 5.5, place[1] + 5.5), rng.uniform(4, 5.5))
    _texts(desk, is_back=is_back)


def _holder(desk: payment_desk.Desk, card: payments.PaymentCard, *, is_raised: bool) -> None:
    rng = desk.random
    if rng.random() < 0.15:
        return
    size = rng.uniform(2.2, 2.9)
    width = min(desk.page.width - 5.0, len(card.holder) * size * 0.82)
    place = payment_desk.free_place(desk, width, size, below=desk.taken[0][3])
    if place is None:
        return
    if not is_raised:
        payment_desk.letter(desk, card.holder, (place[0], place[1] + size), size * 0.85)
        return
    letters = {one: numerals.letter(one, "uni", 1.0) for one in set(card.holder) - {" "}}
    line = numerals.trimmed(numerals.set_line(card.holder, letters, height=size * desk.page.scale, tracking=0.12))
    if line.ink.shape[1] / desk.page.scale <= width + 2.0:
        payment_desk.print_line(desk, line, place)


def _security_code(desk: payment_desk.Desk, card: payments.PaymentCard) -> None:
    rng = desk.random
    code = "".join(str(one) for one in rng.integers(0, 10, 3))
    place = payment_desk.spot(desk, 16.0, 4.0)
    if place:
        text = str(rng.choice((f"CVV {code}", f"CVC2 {code}", f"{card.groups[-1]} {code}", code)))
        sheet.blend(desk.page, (place[0], place[1], place[0] + 16, place[1] + 4), (244, 246, 246), 0.9)
        sheet.write(desk.page, text, (place[0] + 1, place[1] + 3.1), size=3.0, colour=(40, 40, 40), face="italic")


def _texts(desk: payment_desk.Desk, *, is_back: bool) -> None:
    """The bank's name, SPECIMEN, phone numbers and small print."""
    rng = desk.random
    bank = str(rng.choice(("SPECIMEN BANK", "Bank of Utopia", "MUSTERBANK", "UTOPIA CARD", "견본은행", "Specimen Pay")))
    for text, size in ((bank, rng.uniform(2.6, 4.6)), ("SPECIMEN", rng.uniform(2.2, 3.4))):
        place = payment_desk.spot(desk, payment_desk.reach(text, size), size * 1.2)
        if place:
            payment_desk.letter(desk, text, (place[0], place[1] + size), size * 0.9)
    digits = "".join(str(one) for one in rng.integers(0, 10, 12))
    small = (
        f"{digits[:4]}-{digits[4:8]}", f"TEL {digits[:3]}-{digits[3:7]}-{digits[7:11]}",
        f"+{digits[:2]} {digits[2:5]} {digits[5:11]}", f"ID {digits[:8]}", "DEBIT", "CREDIT", "platinum",
        "WORLD ELITE", "BUSINESS", "www.specimen.example", "AUTHORIZED SIGNATURE",
        "This card is a specimen and belongs to nobody.", f"MEMBER SINCE {digits[:2]}",
    )  # fmt: skip
    for _ in range(int(rng.integers(0, 7 if is_back else 4))):
        text, size = str(rng.choice(small)), rng.uniform(1.2, 2.6)
        place = payment_desk.spot(desk, payment_desk.reach(text, size), size * 1.2)
        if place:
            payment_desk.letter(desk, text, (place[0], place[1] + size), size * 0.9)


def scratched(pixels: sheet.Pixels, rng: Random, wear: float) -> sheet.Pixels:
    """The card with the scratches of its years, `wear` 0..1."""
    height, width = pixels.shape[:2]
    for _ in range(int(rng.poisson(10 * wear))):
        start = rng.uniform(0, 1, 2) * (width, height)
        angle, length = rng.uniform(0, np.pi), rng.uniform(0.03, 0.25) * width
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        light = tuple(int(value) for value in rng.integers(120, 240, 3))
        cv2.line(pixels, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), light, 1, cv2.LINE_AA)
    return pixels
