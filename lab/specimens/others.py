"""Draws what has no machine readable zone: fronts of cards, licences, letters, receipts, forms. For negatives."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import cv2
import numpy as np

from core.documents import MrzFormat
from lab.specimens import documents, grounds, ornaments, papers, sheet
from lab.specimens.documents import Page
from lab.specimens.sheet import Sheet

Drawn = tuple[Page, dict[str, str]]

_CELL = np.array([(0.0, 0.0), (4.6, 0.0), (4.6, 6.0), (0.0, 6.0)])  # of a form, mm


def draw(kind: str, chance: random.Random, rng: np.random.Generator, *, scale: float) -> Drawn:
    """A document without a zone, with what it prints; a kind that has a zone gives the side or page without it."""
    if kind != papers.NO_MRZ:
        return _draw_front(kind, chance, rng, scale)
    maker = _MAKERS[int(rng.integers(len(_MAKERS)))]
    return maker(chance, rng, scale)


def _draw_front(kind: str, chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    """The portrait side of a card, or a data page whose zone was left empty."""
    paper = papers.issue(kind, chance)
    shape = documents.SHAPES[paper.format]
    page = sheet.blank(shape.width, shape.height, scale)
    style = documents.make_style(paper, rng)
    documents.draw_ground(page, rng, style)
    documents.draw_data_page(page, rng, paper, style, zone_top=page.height - 2.5)
    _mark(page, rng)
    return Page(page.pixels, scale, shape.corner * scale), paper.values


def _card(chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    return _draw_front(chance.choice(("td1", "td1-kgz", "td1-kaz", "td2")), chance, rng, scale)


def _letter(_chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    """A typed letter on A5 to A4."""
    size = rng.uniform(0.7, 1.0)
    scale = scale * 0.6
    text = grounds.text_page(rng, (round(297 * size * scale), round(210 * size * scale)))
    page = Sheet(text, scale)
    _mark(page, rng)
    return Page(page.pixels, scale, 0.5 * scale), {}


def _receipt(chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    """A till receipt in capitals of one width: near to a machine readable zone without being one."""
    page = sheet.blank(78.0, float(rng.uniform(90, 160)), scale, (244, 246, 247))
    y = 8.0
    sheet.write(page, "SPECIMEN STORE", (10, y), size=5.0, colour=(40, 40, 40), face=sheet.OCR_B)
    while y < page.height - 8:
        y += rng.uniform(3.8, 4.6)
        item = "".join(chance.choice(string.ascii_uppercase) for _ in range(int(rng.integers(4, 14))))
        price = f"{int(rng.integers(1, 400))}.{int(rng.integers(100)):02d}"
        sheet.write(page, f"{item:<18}{price:>8}", (5.0, y), size=3.4, colour=(50, 50, 50), face=sheet.OCR_B)
    return Page(page.pixels, scale, 0.3 * scale), {}


def _form(chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    """A form with boxes and rows of dots, dashes or arrows."""
    page = sheet.blank(150.0, 105.0, scale, (248, 248, 246))
    sheet.write(page, "APPLICATION FORM / SPECIMEN", (8, 10), size=5, colour=(60, 40, 40), weight=700)
    y = 18.0
    while y < page.height - 6:
        look = rng.random()
        if look < 0.4:
            for cell in range(int(rng.integers(10, 26))):
                corner = _CELL + np.array((8 + cell * 4.8, y - 5))
                sheet.draw_lines(page, [corner], (120, 110, 100), 0.1, closed=True)
                if rng.random() < 0.6:
                    letter = chance.choice(string.ascii_uppercase + string.digits)
                    sheet.write(page, letter, (9.2 + cell * 4.8, y), size=4.6, colour=(90, 40, 20))
        else:
            words = " ".join(grounds.invented_word(rng) for _ in range(4))
            sheet.write(
                page, words + " " + chance.choice((".", "-", "_", ">", "<")) * 40, (8, y), size=3.4, colour=(50, 50, 50)
            )
        y += rng.uniform(7, 10)
    return Page(page.pixels, scale, 0.3 * scale), {}


def _licence(chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    """A driving licence: numbered values, classes, a barcode."""
    paper = papers.issue("td1", chance)
    shape = documents.SHAPES[MrzFormat.TD1]
    page = sheet.blank(shape.width, shape.height, scale)
    style = documents.make_style(paper, rng)
    documents.draw_ground(page, rng, style)
    sheet.write(page, "DRIVING LICENCE", (30, 6), size=4.2, colour=style.caption_ink, weight=700)
    sheet.write(page, paper.state.name[:34], (30, 10), size=2.4, colour=style.caption_ink, face="uni")
    ornaments.lay_portrait(page, ornaments.paint_portrait(rng, paper.person.sex), (4, 12, 27, 42))
    shown = [paper.values[name] for name in ("surname", "given_names", "birth_date", "issue_date", "expiry_date")]
    for place, value in enumerate((*shown, paper.values["document_number"])):
        sheet.write(
            page, f"{place + 1}. {value}"[:34], (30, 15.5 + place * 4.6), size=3.0, colour=style.ink, face=style.face
        )
    ornaments.draw_signature(page, rng, (30, 42, 52, 48), (60, 40, 40))
    _mark(page, rng)
    return Page(page.pixels, scale, shape.corner * scale), paper.values


def _desk(_chance: random.Random, rng: np.random.Generator, scale: float) -> Drawn:
    """No document at all: a patch of some other ground."""
    pixels = grounds.lay(rng, (round(54 * scale), round(85.6 * scale)))
    blurred = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    return Page(np.asarray(blurred, dtype=np.uint8), scale, 1.0 * scale), {}


def _mark(page: Sheet, rng: np.random.Generator) -> None:
    centre = (page.width * rng.uniform(0.4, 0.6), page.height * rng.uniform(0.4, 0.6))
    size = page.height * rng.uniform(0.07, 0.13)
    ornaments.write_across(
        page,
        "SPECIMEN",
        centre,
        size=size,
        degrees=rng.uniform(-10, 30),
        colour=(60, 50, 205),
        alpha=rng.uniform(0.2, 0.5),
    )


_MAKERS: tuple[Callable[[random.Random, np.random.Generator, float], Drawn], ...] = (
    _card,
    _card,
    _letter,
    _receipt,
    _form,
    _licence,
    _desk,
)
