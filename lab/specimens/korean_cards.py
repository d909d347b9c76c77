"""Draws Korean resident cards and driver's licences: where everything stands, and what it says beside `values`."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace

import numpy as np

from core.documents import Box
from lab.specimens import korean_people, korean_print, ornaments, people, sheet
from lab.specimens.documents import Page
from lab.specimens.korean_print import Printing
from lab.specimens.sheet import Colour, Sheet

WIDTH, HEIGHT, CORNER = 85.6, 53.98, 3.18  # ISO/IEC 7810, ID-1
PITCH = 1.7  #: mm from digit to digit of the number: what a level's pitch is measured by on these cards

RESIDENT, DRIVER = "resident", "driver"
KINDS = (RESIDENT, DRIVER)

_HUES: tuple[Colour, ...] = (
    (205, 222, 196),
    (226, 208, 186),
    (196, 214, 232),
    (214, 200, 226),
    (222, 226, 206),
    (190, 222, 226),
    (232, 222, 208),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page with what it prints; `boxes` are in its pixels, one for each value."""

    page: Page
    values: dict[str, str] = field(repr=False)
    boxes: dict[str, Box] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Card:
    """A card being drawn."""

    sheet: Sheet
    rng: np.random.Generator
    body: Printing  #: of ordinary values
    values: dict[str, str] = field(repr=False)
    boxes: dict[str, Box] = field(repr=False)


def draw(kind: str, chance: random.Random, rng: np.random.Generator, *, scale: float) -> Drawn:
    """Draws a card of `kind` (one of KINDS) at `scale` pixels per millimetre."""
    page = sheet.blank(WIDTH, HEIGHT, scale)
    hue = _HUES[int(rng.integers(len(_HUES)))]
    _ground(page, rng, hue)
    tone = int(rng.integers(10, 70))
    ink: Colour = (tone, tone, tone) if rng.random() < 0.7 else (int(rng.integers(40, 110)), tone // 2, tone // 2)
    face = korean_print.choose(rng)
    body = Printing(face, 3.0, ink, spacing=rng.uniform(-0.03, 0.06), stretch=rng.uniform(0.88, 1.06))
    card = _Card(page, rng, body, {}, {})
    (_draw_resident if kind == RESIDENT else _draw_driver)(card, chance)
    _mark(page, rng, face)
    boxes = tuple(card.boxes.values())
    return Drawn(Page(page.pixels, scale, CORNER * scale, boxes, PITCH * scale), card.values, card.boxes)


def _ground(page: Sheet, rng: np.random.Generator, hue: Colour) -> None:
    ornaments.tint_ground(page, rng, hue, depth=rng.uniform(0.3, 0.9))
    ornaments.draw_guilloche(page, rng, hue, strength=rng.uniform(0.08, 0.4))
    for _ in range(int(rng.integers(0, 3))):
        centre = (rng.uniform(0.1, 0.9) * page.width, rng.uniform(0.1, 0.9) * page.height)
        blue, green, red = (int(240 - (240 - channel * 0.75) * 0.5) for channel in hue)
        ornaments.draw_rosette(page, rng, centre, rng.uniform(8, 20), (blue, green, red))


def _mark(page: Sheet, rng: np.random.Generator, face: korean_print.Face) -> None:
    """Nobody is to take it for a real card."""
    centre = (page.width * rng.uniform(0.35, 0.65), page.height * rng.uniform(0.35, 0.65))
    colour: Colour = (60, 50, 205) if rng.random() < 0.6 else (120, 100, 100)
    size, degrees, alpha = page.height * rng.uniform(0.09, 0.16), rng.uniform(-8, 28), rng.uniform(0.14, 0.32)
    if rng.random() < 0.6:
        ornaments.write_across(page, "SPECIMEN", centre, size=size, degrees=degrees, colour=colour, alpha=alpha)
    else:
        printing = Printing(face, size * 1.6, colour, alpha=alpha)
        korean_print.write_across(page, "견 본", centre, printing, degrees)


def _put(  # noqa: PLR0917 - what, where and how, in that order, a dozen times
    card: _Card,
    name: str,
    text: str,
    start: tuple[float, float],
    printing: Printing,
    label: str = "",
    *,
    right: float = WIDTH - 2,
) -> float:
    """Prints a value, behind its label where there is one, up to `right`; keeps its box; returns the x behind it."""
    x = start[0]
    if label:
        pale = replace(printing, size=printing.size * card.rng.uniform(0.75, 1.0), spacing=0.0)
        x, _ = korean_print.write(card.sheet, label, start, pale)
        x += printing.size * card.rng.uniform(0.25, 0.6)
    end, box = korean_print.write(card.sheet, text, (x, start[1]), _fitted(text, printing, right - x))
    card.boxes[name] = box
    return end


def _fitted(text: str, printing: Printing, room: float) -> Printing:
    """The same printing, smaller where the text would not fit."""
    long = korean_print.width(text, printing)
    return printing if long <= room else replace(printing, size=printing.size * room / long)


def _broken(text: str, printing: Printing, room: float) -> list[str]:
    """Lines of whole words that fit."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and korean_print.width(f"{lines[-1]} {word}", printing) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _seal(page: Sheet, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A square red seal with strokes that mean nothing, beside or over the end of the issuer."""
    colour: Colour = (60, 50, int(rng.integers(160, 220)))
    corner = np.array([x, base - size * 0.85])
    square = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]) * size + corner
    sheet.draw_lines(page, [square], colour, 0.35, closed=True)
    strokes = []
    for _ in range(int(rng.integers(8, 15))):
        start = rng.uniform(0.15, 0.85, 2)
        way = np.array([rng.uniform(0.1, 0.3), 0.0]) if rng.random() < 0.5 else np.array([0.0, rng.uniform(0.1, 0.3)])
        strokes.append(np.array([start, np.clip(start + way, 0.1, 0.9)]) * size + corner)
    sheet.draw_lines(page, strokes, colour, 0.3)


def _portrait(card: _Card, sex: str, box: tuple[float, float, float, float]) -> None:
    portrait = ornaments.paint_portrait(card.rng, sex)
    if card.rng.random() < 0.25:
        portrait = ornaments.without_colour(portrait)
    ornaments.lay_portrait(card.sheet, portrait, box)


# ------------------------------------------------------------------------------------------------- resident cards


def _draw_resident(card: _Card, chance: random.Random) -> None:
    rng, body = card.rng, card.body
    person = korean_people.invent(chance)
    head, issuer = korean_people.district(chance)
    issued = people.day_between(chance, person.birth_date.replace(day=1) + dt.timedelta(6300), dt.date(2024, 12, 31))
    labels = _RESIDENT_LABELS[int(rng.choice(len(_RESIDENT_LABELS), p=(0.62, 0.14, 0.14, 0.1)))]
    photo_wide = rng.uniform(20, 25)
    photo_high = photo_wide * rng.uniform(1.2, 1.32)
    is_right = bool(rng.random() < 0.85)
    left = rng.uniform(5, 9) if is_right else photo_wide + rng.uniform(9, 12)
    photo_left = WIDTH - photo_wide - rng.uniform(3.5, 6) if is_right else rng.uniform(4, 6)
    photo_top = rng.uniform(8, 13)
    right = photo_left - 2 if is_right else WIDTH - 4
    _portrait(card, person.sex, (photo_left, photo_top, photo_left + photo_wide, photo_top + photo_high))
    title = replace(body, size=rng.uniform(4.6, 6.0), spacing=rng.uniform(0.05, 0.5))
    word = "주민등록증"
    base = rng.uniform(7.5, 9.5)
    korean_print.write(card.sheet, word, (left + rng.uniform(0, 3), base), _fitted(word, title, right - left - 3))
    base += rng.uniform(6.4, 8.2)
    shown = person.name
    if person.hanja:
        shown += f"{rng.choice(('(', ' ('))}{person.hanja})"
    name_printing = _fitted(shown, replace(body, size=rng.uniform(3.6, 4.8), spacing=0.02), right - left - 12)
    _put(card, "name", shown, (left, base), name_printing, labels.get("name", ""), right=right)
    card.values["name"] = person.name
    base += rng.uniform(5.0, 6.2)
    number = replace(body, size=rng.uniform(3.3, 4.2), spacing=rng.uniform(-0.02, 0.08))
    number = _fitted(person.resident_number, number, right - left - (14 if labels else 2))
    card.values["resident_number"] = person.resident_number
    label = labels.get("resident_number", "")
    _put(card, "resident_number", person.resident_number, (left, base), number, label, right=right)
    base += rng.uniform(4.6, 5.6)
    text = korean_people.address(chance, head)
    printing = replace(body, size=rng.uniform(2.4, 3.1))
    room = right - left - (9 if labels else 1)
    for place, line in enumerate(_broken(text, printing, room)[:3]):
        label = labels.get("address", "") if place == 0 else ""
        x = left if label or not labels else left + printing.size * 2.6
        _put(card, f"address_{place}", line, (x, base), _fitted(line, printing, room), label)
        base += printing.size * rng.uniform(1.3, 1.5)
    card.values["address"] = text
    _issue(card, chance, issuer, issued, base)


_RESIDENT_LABELS: tuple[dict[str, str], ...] = (
    {},
    {"name": "성명", "resident_number": "주민등록번호", "address": "주소"},
    {"name": "성 명", "resident_number": "주민번호", "address": "주 소"},
    {"name": "이름:", "resident_number": "번호:", "address": "주소:"},
)


def _issue(card: _Card, chance: random.Random, issuer: str, issued: dt.date, above: float) -> None:
    """The date and, below or right of it, the issuer with a seal."""
    rng = card.rng
    date = korean_people.date_text(chance, issued)
    printing = replace(card.body, size=rng.uniform(2.7, 3.4))
    office = replace(card.body, size=rng.uniform(3.2, 4.4), spacing=rng.uniform(0, 0.12))
    base = HEIGHT - rng.uniform(3.2, 5.4)
    date_base = base - office.size * rng.uniform(1.25, 1.5)
    if date_base - printing.size < above - card.body.size:
        office = replace(office, size=3.0, spacing=0.0)
        date_base = base - 3.9
    office = _fitted(issuer, office, 52)
    long = korean_print.width(issuer, office)
    left = float(np.clip(WIDTH * rng.uniform(0.36, 0.56) - long / 2, 4, WIDTH - long - 11))
    middle = left + long / 2 + rng.uniform(-8, 8)
    half = korean_print.width(date, printing) / 2
    _put(card, "issue_date", date, (max(4.0, middle - half), date_base), printing)
    card.values["issue_date"] = date
    end = _put(card, "issuer", issuer, (left, base), office)
    card.values["issuer"] = issuer
    size = rng.uniform(5.0, 8.0)
    overlap = office.size * 0.5 if rng.random() < 0.35 else -0.8
    _seal(card.sheet, rng, end - overlap, base + size * 0.2, size)


# ------------------------------------------------------------------------------------------------- licences


_DRIVER_LABELS: tuple[dict[str, str], ...] = (
    {},
    {"period": "적성검사 기간 :", "condition": "조건 :"},
    {"name": "성명", "resident_number": "주민등록번호", "address": "주소", "licence_number": "면허번호",
     "condition": "조건"},
    {"licence_number": "면허번호 :", "name": "성명 :", "resident_number": "주민등록번호 :", "address": "주소 :",
     "condition": "조건 :"},
)  # fmt: skip


_LEAST_KINDS = 1.9  #: mm of print; kinds of licence that would be smaller on one line stand on several


def _draw_driver(card: _Card, chance: random.Random) -> None:
    rng, body = card.rng, card.body
    person = korean_people.invent(chance)
    head, _ = korean_people.district(chance)
    first = max(person.birth_date.year + 18, 1975) + chance.randrange(0, 8)
    issued = people.day_between(chance, dt.date(max(first, 2002), 1, 1), dt.date(max(first, 2002) + 15, 12, 28))
    labels = dict(_DRIVER_LABELS[int(rng.choice(len(_DRIVER_LABELS), p=(0.25, 0.4, 0.2, 0.15)))])
    photo_wide = rng.uniform(20, 24)
    photo_left, photo_top = rng.uniform(3.5, 5.5), rng.uniform(12, 15)
    photo_high = photo_wide * rng.uniform(1.18, 1.3)
    _portrait(card, person.sex, (photo_left, photo_top, photo_left + photo_wide, photo_top + photo_high))
    left, right = photo_left + photo_wide + rng.uniform(2, 4), WIDTH - 4
    _driver_title(card, rng)
    base = rng.uniform(10.5, 12.5)
    free = _kinds(card, korean_people.licence_kinds(chance), (photo_left, photo_top), left, base)
    base += rng.uniform(1.5, 3.0)
    number = replace(body, size=rng.uniform(3.6, 4.6), spacing=rng.uniform(-0.02, 0.05))
    if rng.random() < 0.35:
        number = replace(number, colour=(int(rng.integers(90, 150)), 40, 30))
    text = korean_people.licence_number(chance, first)
    card.values["licence_number"] = korean_people.with_region_as_number(text)
    number = _fitted(text, number, right - left - (16 if "licence_number" in labels else 2))
    _put(card, "licence_number", text, (left, base), number, labels.get("licence_number", ""), right=free)
    base += rng.uniform(4.4, 5.2)
    _put(card, "name", person.name, (left, base), replace(body, size=rng.uniform(3.2, 4.0)), labels.get("name", ""))
    card.values["name"] = person.name
    base += rng.uniform(4.2, 4.8)
    number = _fitted(person.resident_number, replace(body, size=rng.uniform(3.0, 3.6)), right - left - 20)
    _put(card, "resident_number", person.resident_number, (left, base), number, labels.get("resident_number", ""))
    card.values["resident_number"] = person.resident_number
    base += rng.uniform(3.8, 4.4)
    printing = replace(body, size=rng.uniform(2.2, 2.7))
    room = right - left - (8 if "address" in labels else 1)
    address = korean_people.address(chance, head)
    for place, line in enumerate(_broken(address, printing, room)[:2]):
        _put(card, f"address_{place}", line, (left, base), printing, labels.get("address", "") if place == 0 else "")
        base += printing.size * rng.uniform(1.25, 1.4)
    card.values["address"] = " ".join(_broken(address, printing, room)[:2])
    base = _period_and_condition(card, chance, labels, issued, (left, base))
    _small_photo(card, chance, person.sex)
    _driver_issue(card, chance, issued, left, base)


def _driver_title(card: _Card, rng: np.random.Generator) -> None:
    word = str(rng.choice(("자동차운전면허증", "자동차운전면허증", "운전면허증")))
    printing = replace(card.body, size=rng.uniform(3.6, 4.6), spacing=rng.uniform(0.0, 0.15))
    end, _ = korean_print.write(card.sheet, word, (rng.uniform(4, 22), rng.uniform(5.8, 7.2)), printing)
    if rng.random() < 0.6:
        sheet.write(card.sheet, "(Driver's License)", (end + 1, 6.5), size=2.4, colour=card.body.colour)


def _kinds(card: _Card, kinds: tuple[str, ...], photo: tuple[float, float], left: float, base: float) -> float:
    """All on one line above the photo where they fit, else one below the other on the right.

    Returns where the room for the number ends, which begins at `left`.
    """
    rng = card.rng
    size = rng.uniform(2.7, 3.4) if len(kinds) == 1 else rng.uniform(2.2, 2.7)
    printing = replace(card.body, size=size)
    card.values["licence_type"] = "/".join(kinds)
    text = str(rng.choice(("/", " / ", ", "))).join(kinds)
    on_one_line = _fitted(text, printing, left - photo[0] - 1)
    if len(kinds) == 1 or (on_one_line.size > _LEAST_KINDS and rng.random() < 0.7):
        _put(card, "licence_type", text, (photo[0], photo[1] - rng.uniform(1.0, 1.6)), on_one_line)
        return WIDTH - 2
    widest = max(korean_print.width(kind, printing) for kind in kinds)
    start = WIDTH - 2 - max(16.0, widest)
    for place, kind in enumerate(kinds):
        _put(card, f"licence_type_{place}", kind, (start, base - 2.4 + place * size * 1.3), printing)
    return start - 1


def _period_and_condition(
    card: _Card, chance: random.Random, labels: dict[str, str], issued: dt.date, start: tuple[float, float]
) -> float:
    rng, (left, base) = card.rng, start
    condition = korean_people.condition(chance)
    printing = replace(card.body, size=rng.uniform(2.1, 2.6))
    last = issued.replace(year=issued.year + 10, day=28)
    sign = "~" if rng.random() < 0.5 else " ~ "
    period = f"{last:%Y.01.01.}{sign}{last:%Y.12.31.}"
    label = labels.get("period", str(rng.choice(("적성검사기간 :", "갱신기간 :", "기간 :"))))
    base += 0.4
    text = f"{label} {period}"
    korean_print.write(card.sheet, text, (left, base), _fitted(text, printing, WIDTH - left - 17))
    base += printing.size * 1.35
    if condition:
        _put(card, "condition", condition, (left, base), printing, labels.get("condition", "조건 :"))
        base += printing.size * 1.2
    elif "condition" in labels and rng.random() < 0.5:
        korean_print.write(card.sheet, labels["condition"], (left, base), printing)
        base += printing.size * 1.2
    card.values["condition"] = condition
    return base


def _small_photo(card: _Card, chance: random.Random, sex: str) -> None:
    rng = card.rng
    wide = rng.uniform(9, 12)
    high = wide * 1.25
    x, base = WIDTH - wide - rng.uniform(3, 5), HEIGHT - rng.uniform(2.4, 4.5)
    size = rng.uniform(2.0, 2.7)
    _portrait(card, sex, (x, base - size - high, x + wide, base - size))
    code = korean_people.code_serial(chance)
    printing = _fitted(code, replace(card.body, size=size, spacing=rng.uniform(0.0, 0.12)), wide)
    _put(card, "serial_number", code, (x + (wide - korean_print.width(code, printing)) / 2, base), printing)
    card.values["serial_number"] = code


def _driver_issue(card: _Card, chance: random.Random, issued: dt.date, left: float, above: float) -> None:
    rng = card.rng
    issuer, date = korean_people.police(chance), korean_people.date_text(chance, issued)
    office = _fitted(issuer, replace(card.body, size=rng.uniform(3.0, 3.8)), WIDTH - left - 25)
    printing = replace(card.body, size=rng.uniform(2.5, 3.0))
    base = min(HEIGHT - 2.6, max(above + 7.0, HEIGHT - rng.uniform(2.8, 4.0)))
    x = left + rng.uniform(0, max(0.1, WIDTH - left - 25 - korean_print.width(issuer, office)))
    date_base = base - office.size * rng.uniform(1.2, 1.35)
    _put(card, "issue_date", date, (x + rng.uniform(0, 8), date_base), printing)
    card.values["issue_date"] = date
    end = _put(card, "issuer", issuer, (x, base), office)
    card.values["issuer"] = issuer
    size = rng.uniform(4.5, 6.0)
    _seal(card.sheet, rng, end + (0.5 if rng.random() < 0.7 else -office.size * 0.5), base + size * 0.15, size)
