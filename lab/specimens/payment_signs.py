"""Signs on payment cards: chip, contactless waves, stripe, and marks that look like brands and belong to nobody."""

from __future__ import annotations

import numpy as np

from lab.specimens import sheet
from lab.specimens.sheet import Colour, Rectangle, Sheet

Random = np.random.Generator


def chip(page: Sheet, rng: Random, left: float, top: float) -> None:
    """A contact plate, gold or silver, cut by seams."""
    gold: Colour = (110, 175, 205) if rng.random() < 0.55 else (190, 195, 198)
    width, height = 11.8, 9.6
    sheet.blend(page, (left, top, left + width, top + height), gold, 1.0)
    seam = tuple(int(value * 0.55) for value in gold)
    cuts = [np.array([(left, top + height * part), (left + width, top + height * part)]) for part in (0.33, 0.67)]
    cuts += [np.array([(left + width * part, top), (left + width * part, top + height)]) for part in (0.35, 0.65)]
    middle = np.array((left + width / 2, top + height / 2))
    angle = np.linspace(0, 2 * np.pi, 25)
    cuts.append(middle + np.column_stack((np.cos(angle) * 2.2, np.sin(angle) * 1.8)))
    sheet.draw_lines(page, cuts, seam, 0.2)  # type: ignore[arg-type]  # three of them


def contactless(page: Sheet, corner: tuple[float, float], colour: Colour) -> None:
    """Four arcs."""
    angle = np.linspace(-0.8, 0.8, 20)
    arcs = [
        np.column_stack((corner[0] - 1.0 + np.cos(angle) * reach, corner[1] + 3.5 + np.sin(angle) * reach))
        for reach in (2.0, 3.3, 4.6, 5.9)
    ]
    sheet.draw_lines(page, arcs, colour, 0.55)


def stripe(page: Sheet, taken: list[Rectangle]) -> None:
    """A magnetic stripe along the upper edge where nothing is printed."""
    for top in (3.0, 5.0):
        box = (0.0, top, page.width, top + 9.5)
        if not any(box[1] < one[3] and one[1] < box[3] for one in taken):
            sheet.blend(page, box, (28, 26, 26), 0.97)
            taken.append(box)
            return


_WORDS = {
    "visa": "VIZTA", "mastercard": "mastro", "amex": "AMERIX", "diners": "DINERIA", "discover": "DISCOVA",
    "jcb": "JBC", "unionpay": "UnioPay", "maestro": "maistro", "": "LOCAL",
}  # fmt: skip


def brand(page: Sheet, rng: Random, corner: tuple[float, float], name: str) -> None:
    """A mark of our own drawing, about 15 x 9 mm: two discs, bars, or a word in a plate."""
    x, y = corner
    look = rng.random()
    angle = np.linspace(0, 2 * np.pi, 41)
    ring = np.column_stack((np.cos(angle), np.sin(angle)))
    colours = [tuple(int(value) for value in rng.integers(20, 245, 3)) for _ in range(3)]
    if look < 0.35:
        for place, colour in zip((4.4, 9.6), colours, strict=False):
            sheet.fill(page, np.array((x + place, y + 4.6)) + ring * 4.2, colour)  # type: ignore[arg-type]
    elif look < 0.6:
        for place, colour in enumerate(colours):
            bar = np.array([(0.8, 0), (4.6, 0), (3.8, 8.6), (0, 8.6)]) + np.array((x + 0.5 + place * 4.3, y + 0.4))
            sheet.fill(page, bar, colour)  # type: ignore[arg-type]
    else:
        plate = (x + 0.3, y + 1.5, x + 14.5, y + 8.0)
        if rng.random() < 0.5:
            sheet.blend(page, plate, colours[0], 1.0)  # type: ignore[arg-type]
        bright = float(np.mean(page.pixels[round((y + 4) * page.scale), round((x + 2) * page.scale)]))
        ink: Colour = (245, 245, 245) if bright < 130 else (90, 40, 20)
        face = str(rng.choice(("sans", "italic", "uni")))
        sheet.write(page, _WORDS[name], (x + 1.0, y + 6.4), size=4.2, colour=ink, face=face, weight=700)
