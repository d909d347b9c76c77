"""Draws data pages of Korean passports, old and new: a printed zone in two languages above the lines of the MRZ."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import numpy as np

from core.documents import Box, MrzFormat
from lab.specimens import documents, korean_people, korean_print, ornaments, people, sheet
from lab.specimens.documents import Page
from lab.specimens.korean_cards import Drawn
from lab.specimens.korean_print import Printing
from lab.specimens.sheet import Colour, Sheet
from worker.reading.mrz import build

KIND = "kor-passport"

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_CHANGED = dt.date(2020, 12, 21)  #: from here on the new book: bilingual dates, no personal number
_CAPTIONS = {
    "document_code": ("종류", "Type"),
    "issuing_state": ("발행국", "Issuing country"),
    "document_number": ("여권번호", "Passport No."),
    "surname": ("성", "Surname"),
    "given_names": ("이름", "Given names"),
    "korean_name": ("한글성명", "Name in Korean"),
    "nationality": ("국적", "Nationality"),
    "birth_date": ("생년월일", "Date of birth"),
    "sex": ("성별", "Sex"),
    "personal_number": ("주민등록번호", "Personal No."),
    "issue_date": ("발급일", "Date of issue"),
    "expiry_date": ("기간만료일", "Date of expiry"),
    "authority": ("발행관청", "Authority"),
}
_ROWS = (
    ("document_code", "issuing_state", "document_number"),
    ("surname",),
    ("given_names", "korean_name"),
    ("nationality", "sex"),
    ("birth_date", "personal_number"),
    ("issue_date", "authority"),
    ("expiry_date",),
)
_OTHER_ROWS = (
    ("document_code", "issuing_state", "document_number"),
    ("surname", "given_names"),
    ("nationality", "korean_name"),
    ("birth_date", "sex"),
    ("issue_date", "personal_number"),
    ("expiry_date", "authority"),
)


def draw(
    chance: random.Random, rng: np.random.Generator, *, scale: float, wear: float
) -> tuple[Drawn, tuple[str, ...]]:
    """A data page at `scale` pixels per millimetre, and its machine readable lines."""
    values, printed, lines = _issue(chance)
    shape = documents.SHAPES[MrzFormat.TD3]
    page = sheet.blank(shape.width, shape.height, scale)
    hue: Colour = ((214, 196, 178), (190, 206, 190), (206, 200, 214), (222, 210, 190))[int(rng.integers(4))]
    ornaments.tint_ground(page, rng, hue, depth=rng.uniform(0.3, 0.8))
    ornaments.draw_guilloche(page, rng, hue, strength=rng.uniform(0.1, 0.4))
    zone_top = page.height - shape.last_base - shape.spacing - 7
    tone = int(rng.integers(12, 66))
    body = Printing(korean_print.choose(rng), rng.uniform(2.9, 3.5), (tone, tone, tone), stretch=rng.uniform(0.9, 1.03))
    _header(page, rng, body)
    portrait_high = rng.uniform(38, 45)
    portrait_wide = portrait_high * 0.78
    left, top = rng.uniform(4, 6), zone_top - portrait_high - rng.uniform(1, 3)
    portrait = ornaments.paint_portrait(rng, values["sex"])
    ornaments.lay_portrait(page, portrait, (left, top, left + portrait_wide, top + portrait_high))
    boxes = _fields(page, rng, printed, body, (left + portrait_wide + 4, 13.0, page.width - 4, zone_top))
    ornaments.write_across(
        page,
        "SPECIMEN",
        (page.width * rng.uniform(0.4, 0.6), zone_top * rng.uniform(0.45, 0.6)),
        size=page.height * rng.uniform(0.08, 0.13),
        degrees=rng.uniform(-8, 24),
        colour=(60, 50, 205),
        alpha=rng.uniform(0.14, 0.32),
    )
    line_boxes, pitch = documents.print_zone(page, rng, lines, shape, wear=wear)
    return Drawn(Page(page.pixels, scale, shape.corner * scale, line_boxes, pitch), values, boxes), lines


def _issue(chance: random.Random) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    person = korean_people.invent(chance)
    issued = people.day_between(chance, dt.date(2012, 1, 1), dt.date(2025, 5, 31))
    expires = issued.replace(year=issued.year + 10, day=min(issued.day, 28))
    is_new = issued >= _CHANGED
    digits = f"{chance.randrange(10**8):08d}"
    number = f"{chance.choice('MMMSR')}{digits}"
    if issued >= dt.date(2021, 12, 21):
        number = f"M{digits[:3]}{chance.choice('ABCDEFGHJKLMNPQRSTUVWXYZ')}{digits[3:7]}"
    personal = "" if is_new else person.resident_number[7:]
    code = chance.choice(("PM", "PM", "PM", "PS", "PR"))
    lines = build.build(
        MrzFormat.TD3,
        document_code=code,
        issuing_state="KOR",
        surname=person.surname,
        given_names=person.given_names,
        document_number=number,
        nationality="KOR",
        birth_date=f"{person.birth_date:%y%m%d}",
        sex=person.sex,
        expiry_date=f"{expires:%y%m%d}",
        optional_data=personal,
        empty_personal_number_check=chance.choice("<0"),
    )
    printed = {
        "document_code": code,
        "issuing_state": "KOR",
        "document_number": number,
        "surname": person.surname,
        "given_names": person.given_names,
        "korean_name": person.name,
        "nationality": "REPUBLIC OF KOREA",
        "sex": person.sex,
        "birth_date": _date(person.birth_date, is_new=is_new),
        "issue_date": _date(issued, is_new=is_new),
        "expiry_date": _date(expires, is_new=is_new),
        "personal_number": personal,
        "authority": "외교부/MINISTRY OF FOREIGN AFFAIRS" if is_new else "MINISTRY OF FOREIGN AFFAIRS",
    }
    values = {
        "document_number": number,
        "surname": person.surname,
        "given_names": person.given_names,
        "sex": person.sex,
        "korean_name": person.name,
        "personal_number": personal,
        "issue_date": printed["issue_date"],
        "printed_birth_date": printed["birth_date"],
        "printed_expiry_date": printed["expiry_date"],
    }
    return values, printed, lines


def _date(day: dt.date, *, is_new: bool) -> str:
    """`17 1월/JAN 2024` in the new book, `17 JAN 2024` in the old."""
    month = f"{day.month}월/{_MONTHS[day.month - 1]}" if is_new else _MONTHS[day.month - 1]
    return f"{day.day:02} {month} {day.year}"


def _header(page: Sheet, rng: np.random.Generator, body: Printing) -> None:
    printing = replace(body, size=rng.uniform(3.6, 4.6))
    words = (("여권", 5.0), ("대한민국", 42.0)) if rng.random() < 0.6 else (("대한민국", 5.0), ("여권", 48.0))
    for word, x in words:
        end, _ = korean_print.write(page, word, (x, 8.5), printing)
        latin = "PASSPORT" if word == "여권" else "REPUBLIC OF KOREA"
        sheet.write(page, latin, (end + 2, 8.4), size=printing.size * 0.85, colour=body.colour, weight=600)


def _fields(
    page: Sheet,
    rng: np.random.Generator,
    printed: dict[str, str],
    body: Printing,
    area: tuple[float, float, float, float],
) -> dict[str, Box]:
    left, top, right, bottom = area
    rows = [[name for name in row if printed[name]] for row in (_ROWS if rng.random() < 0.65 else _OTHER_ROWS)]
    pitch = (bottom - top) / len(rows)
    caption = replace(body, size=rng.uniform(1.7, 2.1), colour=(90, 80, 70))
    boxes: dict[str, Box] = {}
    for place, row in enumerate(rows):
        base = top + pitch * (place + 1) - 0.6
        step = (right - left) / max(1, len(row))
        for column, name in enumerate(row):
            x = left + step * column
            korean, english = _CAPTIONS[name]
            value = _fit(printed[name], body, min(pitch * 0.52, body.size), step - 1)
            korean_print.write(page, f"{korean}/{english}", (x, base - value.size * 1.02), caption)
            _, boxes[name] = korean_print.write(page, printed[name], (x, base), value)
    return boxes


def _fit(text: str, printing: Printing, size: float, room: float) -> Printing:
    printing = replace(printing, size=size)
    long = korean_print.width(text, printing)
    return printing if long <= room else replace(printing, size=size * room / long)
