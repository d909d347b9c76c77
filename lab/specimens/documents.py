"""Draws the page that carries a machine readable zone: ground, captions, values, print. What it says is in `papers`."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.documents import Box, MrzFormat
from lab.specimens import faces, ornaments, papers, sheet, strokes
from lab.specimens.sheet import Colour, Mask, Pixels, Sheet

_PITCH_MM = strokes.PITCH / 100
_FACE_SHARES = (0.58, 0.39, 0.03)  # of `faces.FACES`; a typewriter is rare
_CLOSEST_ROWS = 4.7  # mm: below that captions would run into values
_DIGIT_TOP_MM = 2.72  # above the base line, the tallest print


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a document and where its machine readable lines stand, mm."""

    width: float
    height: float
    corner: float  #: radius of its rounded corners
    last_base: float  #: base line of the last MRZ line, from the lower edge
    spacing: float  #: from line to line
    source: str


SHAPES: dict[MrzFormat, Shape] = {
    MrzFormat.TD3: Shape(125.0, 88.0, 2.5, 8.6, 6.35, "ICAO Doc 9303-4, figure 2"),
    MrzFormat.TD1: Shape(85.6, 53.98, 3.18, 5.2, 4.25, "ICAO Doc 9303-5, figure 2"),
    MrzFormat.TD2: Shape(105.0, 74.0, 2.5, 8.4, 6.2, "ICAO Doc 9303-6, figure 2"),
    MrzFormat.MRV_A: Shape(120.0, 80.0, 0.6, 8.2, 6.2, "ICAO Doc 9303-7, figure 1"),
    MrzFormat.MRV_B: Shape(105.0, 74.0, 0.6, 8.2, 6.2, "ICAO Doc 9303-7, figure 3"),
    MrzFormat.FRENCH_ID: Shape(105.0, 74.0, 2.5, 7.6, 6.0, "card of 1988 to 2021"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A drawn, flat page. Boxes are in its pixels, one for each machine readable line."""

    pixels: Pixels = field(repr=False)
    scale: float  #: pixels per millimetre
    corner: float  #: radius of the rounded corners, pixels
    line_boxes: tuple[Box, ...] = ()
    pitch: float = 0.0  #: pixels from character to character, 0 without an MRZ


@dataclass(frozen=True, slots=True)
class Style:
    """How one document is set: colours, faces and sizes."""

    hue: Colour
    ink: Colour
    caption_ink: Colour
    face: str
    weight: int
    caption_size: float
    value_size: float
    date_form: str


_CAPTIONS: dict[str, dict[str, str]] = {
    "": {
        "document_code": "Type", "issuing_state": "Code du pays", "document_number": "No. du document",
        "surname": "Nom",
        "given_names": "Prénoms", "nationality": "Nationalité", "sex": "Sexe", "birth_date": "Date de naissance",
        "issue_date": "Date de délivrance", "expiry_date": "Date d'expiration", "personal_number": "No. personnel",
    },
    "KGZ": {
        "document_number": "Документ №", "surname": "Фамилиясы", "given_names": "Аты", "nationality": "Жарандыгы",
        "sex": "Жынысы", "birth_date": "Туулган күнү", "issue_date": "Берилген күнү", "expiry_date": "Колдонуу мөөнөтү",
        "personal_number": "Персоналдык номери", "issuing_state": "Мамлекет", "document_code": "Түрү",
    },
    "KAZ": {
        "document_number": "Құжат №", "surname": "Тегі", "given_names": "Аты", "nationality": "Азаматтығы",
        "sex": "Жынысы", "birth_date": "Туған күні", "issue_date": "Берілген күні", "expiry_date": "Қолданылу мерзімі",
        "personal_number": "ЖСН", "issuing_state": "Мемлекет", "document_code": "Түрі",
    },
    "D": {
        "document_number": "Pass-Nr.", "surname": "Name", "given_names": "Vornamen",
        "nationality": "Staatsangehörigkeit",
        "sex": "Geschlecht", "birth_date": "Geburtstag", "issue_date": "Datum", "expiry_date": "Gültig bis",
        "personal_number": "Nr.", "issuing_state": "Kode", "document_code": "Typ",
    },
    "ESP": {
        "document_number": "Número", "surname": "Apellidos", "given_names": "Nombre", "nationality": "Nacionalidad",
        "sex": "Sexo", "birth_date": "Fecha de nacimiento", "issue_date": "Expedición", "expiry_date": "Caducidad",
        "personal_number": "Núm. personal", "issuing_state": "País", "document_code": "Tipo",
    },
}  # fmt: skip
_ENGLISH = {
    "document_code": "Type",
    "issuing_state": "Code",
    "document_number": "Document No.",
    "surname": "Surname",
    "given_names": "Given names",
    "nationality": "Nationality",
    "sex": "Sex",
    "birth_date": "Date of birth",
    "issue_date": "Date of issue",
    "expiry_date": "Date of expiry",
    "personal_number": "Personal No.",
}
_CAPTION_LANGUAGE = {"AUT": "D", "CHE": "D", "MEX": "ESP", "ARG": "ESP"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE_FORMS = ("%d %m %Y", "%d.%m.%Y", "%d/%m/%Y", "%d %b %Y", "%d %b/%b %y", "%Y-%m-%d")


def draw(paper: papers.Paper, rng: np.random.Generator, *, scale: float, wear: float = 0.0) -> Page:
    """Draws `paper` at `scale` pixels per millimetre; `wear` 0..1 rubs its print away."""
    shape = SHAPES[paper.format]
    page = sheet.blank(shape.width, shape.height, scale)
    style = make_style(paper, rng)
    draw_ground(page, rng, style)
    if paper.format is MrzFormat.TD1 and rng.random() < 0.75:
        _draw_card_back(page, rng, paper, style)
    else:
        draw_data_page(page, rng, paper, style, zone_top=page.height - zone_height(shape, paper) - 1.0)
    word = str(rng.choice(("SPECIMEN", "SPECIMEN", "SPECIMEN", "SPECIMEN / MUSTER", "SPECIMEN VOID")))
    centre = (shape.width * rng.uniform(0.4, 0.62), (shape.height - zone_height(shape, paper)) * rng.uniform(0.42, 0.6))
    size = shape.height * rng.uniform(0.08, 0.14)
    colour: Colour = (60, 50, 205) if rng.random() < 0.6 else (110, 90, 90)
    ornaments.write_across(
        page, word, centre, size=size, degrees=rng.uniform(-8, 24), colour=colour, alpha=rng.uniform(0.22, 0.55)
    )
    boxes, pitch = print_zone(page, rng, paper.lines, shape, wear=wear)
    page.pixels[:] = _age(page.pixels, rng, wear)
    return Page(page.pixels, scale, shape.corner * scale, boxes, pitch)


def zone_height(shape: Shape, paper: papers.Paper) -> float:
    """How far the machine readable zone reaches up from the lower edge, mm."""
    return shape.last_base + shape.spacing * (len(paper.lines) - 1) + 2 * _DIGIT_TOP_MM


def make_style(paper: papers.Paper, rng: np.random.Generator) -> Style:
    """Colours by the state, the rest by chance."""
    red, green, blue = paper.state.hue
    face = str(rng.choice(("sans", "sans", "uni", "uni", "ocrb", "ocrb", "italic")))
    return Style(
        hue=(blue, green, red),
        ink=tuple(int(value) for value in rng.integers(12, 66, 3)),  # type: ignore[arg-type]  # three of them
        caption_ink=(int(blue * 0.55), int(green * 0.5), int(red * 0.55)) if rng.random() < 0.6 else (70, 60, 60),
        face=face,
        weight=int(rng.choice((400, 500, 600, 700))) if face != "ocrb" else int(rng.choice((360, 400, 480))),
        caption_size=rng.uniform(1.7, 2.1),
        value_size=rng.uniform(2.9, 3.5) if face != "ocrb" else rng.uniform(2.7, 3.2),
        date_form=str(rng.choice(_DATE_FORMS)),
    )


def draw_ground(page: Sheet, rng: np.random.Generator, style: Style) -> None:
    """Soft colours, guilloche and rosettes over the whole page."""
    ornaments.tint_ground(page, rng, style.hue, depth=rng.uniform(0.35, 0.95))
    strength = rng.uniform(0.12, 0.5)
    ornaments.draw_guilloche(page, rng, style.hue, strength=strength)
    for _ in range(int(rng.integers(0, 3))):
        centre = (rng.uniform(0.1, 0.9) * page.width, rng.uniform(0.1, 0.8) * page.height)
        blue, green, red = (int(238 - (238 - channel * 0.7) * strength) for channel in style.hue)
        ornaments.draw_rosette(page, rng, centre, rng.uniform(8, 24), (blue, green, red))


def format_date(iso: str, form: str) -> str:
    """An ISO date as a document prints it; empty stays empty."""
    if not iso:
        return ""
    day = dt.date.fromisoformat(iso)
    return day.strftime(form.replace("%b", _MONTHS[day.month - 1]))


def caption(name: str, code: str) -> str:
    """The caption of a value in English and in a language of the issuing state."""
    words = _CAPTIONS.get(_CAPTION_LANGUAGE.get(code, code), _CAPTIONS[""])
    return f"{words[name]} / {_ENGLISH[name]}"


def print_zone(
    page: Sheet, rng: np.random.Generator, lines: Sequence[str], shape: Shape, *, wear: float = 0.0
) -> tuple[tuple[Box, ...], float]:
    """Prints the machine readable lines; returns the box of each and the pitch, in pixels."""
    pitch = _PITCH_MM * rng.uniform(0.985, 1.01)
    left = (shape.width - pitch * len(lines[0])) / 2 + rng.uniform(-0.8, 0.8)
    last_base = shape.height - shape.last_base + rng.uniform(-0.8, 0.8)
    spacing = shape.spacing * rng.uniform(0.95, 1.02)
    _lighten_zone(page, rng, last_base - spacing * (len(lines) - 1) - _DIGIT_TOP_MM)
    face = faces.FACES[int(rng.choice(3, p=_FACE_SHARES))]
    weight = rng.uniform(0.8, 1.3)
    tone = rng.integers(8, 70)
    colour: Colour = (int(tone), int(tone + rng.integers(-4, 5)), int(tone + rng.integers(-4, 9)))
    boxes: list[Box] = []
    for place, text in enumerate(lines):
        line = faces.render_line(text, pitch_px=pitch * page.scale, weight=weight, face=face)
        x = round((left + rng.uniform(-0.15, 0.15)) * page.scale)
        y = round((last_base - spacing * (len(lines) - 1 - place)) * page.scale - line.base)
        sheet.stamp(
            page,
            line.ink * _ink_evenness(rng, line.ink.shape, wear),
            (x, y),
            colour=colour,
            alpha=rng.uniform(0.9, 1.0),
        )
        boxes.append(_line_box(x, y + line.base, pitch * page.scale, len(text)))
    return tuple(boxes), pitch * page.scale


def _line_box(x: float, base: float, pitch: float, count: int) -> Box:
    millimetre = pitch / _PITCH_MM
    left, right = x + 0.35 * millimetre, x + count * pitch - 0.35 * millimetre
    top, bottom = base - _DIGIT_TOP_MM * millimetre, base + 0.05 * millimetre
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _lighten_zone(page: Sheet, rng: np.random.Generator, first_top: float) -> None:
    top = first_top - rng.uniform(1.5, 5.0)
    look = rng.random()
    if look < 0.3:
        return
    pale: Colour = (246, 248, 249) if look < 0.7 else (228, 238, 242)
    sheet.blend(page, (0, top, page.width, page.height), pale, rng.uniform(0.35, 0.97))
    if rng.random() < 0.25:
        rule = [np.array([(0.0, top), (page.width, top)])]
        sheet.draw_lines(page, rule, (120, 116, 118), 0.15)


def _ink_evenness(rng: np.random.Generator, shape: tuple[int, ...], wear: float) -> Mask:
    """(H, W) how much of the ink is there: nearly all when new, patches and specks missing when worn."""
    height, width = shape
    patches = rng.uniform(0, 1, (3, max(4, width // 40))).astype(np.float32)
    even = 1.0 - 0.18 * cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)
    if wear > 0:
        fine = rng.standard_normal((max(2, height // 2), max(2, width // 2)), dtype=np.float32)
        specks = cv2.resize(cv2.GaussianBlur(fine, (0, 0), 0.8), (width, height), interpolation=cv2.INTER_LINEAR)
        blotches = cv2.resize(rng.uniform(0, 1, (2, max(4, width // 60))).astype(np.float32), (width, height))
        even = even * (1.0 - wear * 0.75 * np.clip(specks * 1.6 + blotches * 1.6 - 0.9, 0.0, 1.0))
    return np.asarray(even, dtype=np.float32)


def _age(pixels: Pixels, rng: np.random.Generator, wear: float) -> Pixels:
    """Scratches and a veil over a worn document."""
    if wear <= 0:
        return pixels
    height, width = pixels.shape[:2]
    aged = pixels.copy()
    for _ in range(int(rng.poisson(14 * wear))):
        start = rng.uniform(0, 1, 2) * (width, height)
        turn, length = rng.uniform(0, np.pi), rng.uniform(0.05, 0.4) * width
        bend = start + length * np.array([np.cos(turn), np.sin(turn)])
        light = tuple(int(value) for value in rng.integers(190, 250, 3))
        ends = [tuple(int(value) for value in point) for point in (start, bend)]
        cv2.line(aged, ends[0], ends[1], light, 1, cv2.LINE_AA)
    return np.asarray(aged * rng.uniform(0.6, 0.95) + 12.0, dtype=np.uint8) if wear > 0.8 else aged


# ------------------------------------------------------------------------------------------------- visual zones


def draw_data_page(
    page: Sheet, rng: np.random.Generator, paper: papers.Paper, style: Style, *, zone_top: float
) -> None:
    """Portrait at one side, captions and values beside it, down to `zone_top` mm: passports, visas, TD2, fronts."""
    width = page.width
    header = page.height * 0.115
    _draw_header(page, rng, paper, style, header)
    portrait_height = min(45.0, zone_top - header - 2.5) * rng.uniform(0.86, 1.0)
    portrait_width = portrait_height * 0.78
    is_left = bool(rng.random() < 0.88)
    x0 = rng.uniform(3.5, 6.0) if is_left else width - portrait_width - rng.uniform(3.5, 6.0)
    y0 = header + (zone_top - header - portrait_height) * rng.uniform(0.4, 0.9)
    portrait = ornaments.paint_portrait(rng, paper.person.sex)
    ghost_portrait = ornaments.without_colour(portrait)
    shown = ghost_portrait if rng.random() < 0.3 else portrait
    ornaments.lay_portrait(page, shown, (x0, y0, x0 + portrait_width, y0 + portrait_height))
    left = x0 + portrait_width + 4.0 if is_left else 5.0
    right = width - 4.0 if is_left else x0 - 3.0
    names = ["document_code", "issuing_state", "document_number", "surname", "given_names", "nationality", "birth_date"]
    names += ["personal_number", "sex", "issue_date", "expiry_date"]
    _draw_fields(page, paper, style, (left, header + 2.0, right, zone_top), names)
    if rng.random() < 0.6:
        ghost = portrait_height * 0.42
        box = (right - ghost * 0.8, zone_top - ghost - 1, right, zone_top - 1)
        ornaments.lay_portrait(page, ghost_portrait, box, alpha=rng.uniform(0.15, 0.35))
    if rng.random() < 0.5:
        ornaments.draw_hologram(
            page, rng, (x0 + portrait_width, y0 + portrait_height * rng.uniform(0.2, 0.9)), rng.uniform(5, 9)
        )
    if rng.random() < 0.75:
        ink: Colour = (90, 40, 30) if rng.random() < 0.5 else (30, 28, 28)
        x = rng.uniform(0.55, 0.68) * width
        ornaments.draw_signature(page, rng, (x, zone_top - 7, x + 28, zone_top), ink)


def _draw_card_back(page: Sheet, rng: np.random.Generator, paper: papers.Paper, style: Style) -> None:
    """The side of a card that carries the zone: a few values, authority, chip or crest, no large portrait."""
    zone_top = page.height - zone_height(SHAPES[paper.format], paper) - 0.5
    left, right = 4.5, page.width - 4.0
    if rng.random() < 0.4:
        ornaments.draw_chip(page, 5.5, 8.0)
        left = 21.0
    elif rng.random() < 0.5:
        ornaments.draw_crest(page, rng, (page.width - 12, 12), rng.uniform(5, 8), style.caption_ink)
        right = page.width - 23.0
    names = ["nationality", "issue_date", "personal_number", "sex", "document_number", "expiry_date", "birth_date"]
    shown = [name for name in names if paper.values.get(name)][: int(rng.integers(3, 7))]
    sheet.write(
        page, paper.state.native_name[:34], (left, 5.0), size=2.3, colour=style.caption_ink, face="uni", weight=600
    )
    _draw_fields(page, paper, style, (left, 6.5, right, zone_top), shown)
    if rng.random() < 0.4:
        ornaments.draw_signature(page, rng, (right - 24, zone_top - 8, right - 2, zone_top - 1), (70, 40, 40))
    if rng.random() < 0.35:
        _draw_barcode(page, rng, (page.width - 30, 2.0, page.width - 4, 7.0))


def _draw_header(page: Sheet, rng: np.random.Generator, paper: papers.Paper, style: Style, base: float) -> None:
    size = page.height * rng.uniform(0.042, 0.056)
    if rng.random() < 0.25:
        band = (0.0, 0.0, page.width, base + 1.2)
        sheet.blend(page, band, tuple(int(value * 0.55) for value in style.hue), rng.uniform(0.5, 0.9))  # type: ignore[arg-type]
        ink: Colour = (248, 248, 248)
    else:
        ink = tuple(int(value * 0.45) for value in style.hue)  # type: ignore[assignment]  # three of them
    native, english = paper.state.native_name, paper.state.name
    word = paper.state.passport_word if paper.format is MrzFormat.TD3 else _WORDS[paper.format]
    x = sheet.write(page, word, (5.0, base - 1.0), size=size * 0.8, colour=ink, face="uni", weight=700)
    title = english if len(native) + len(english) > 44 else f"{native} / {english}"
    room = page.width - 6.0 - max(x + 4.0, page.width * 0.3)
    fitted = min(size, room / max(1, len(title)) / 0.62)
    sheet.write(
        page, title, (max(x + 4.0, page.width * 0.3), base - 1.0), size=fitted, colour=ink, face="uni", weight=600
    )
    if paper.format is MrzFormat.TD3 and rng.random() < 0.6:
        ornaments.draw_chip_sign(page, page.width - 13.0, 1.6, ink)


_WORDS: dict[MrzFormat, str] = {
    MrzFormat.TD1: "IDENTITY CARD",
    MrzFormat.TD2: "IDENTITY CARD",
    MrzFormat.MRV_A: "VISA",
    MrzFormat.MRV_B: "VISA",
    MrzFormat.FRENCH_ID: "CARTE NATIONALE D'IDENTITÉ",
}


def _draw_fields(
    page: Sheet,
    paper: papers.Paper,
    style: Style,
    box: tuple[float, float, float, float],
    names: Sequence[str],
) -> None:
    """Captions over values in rows; short values share a row."""
    left, top, right, bottom = box
    rows = _rows([name for name in names if paper.values.get(name)], right - left)
    if not rows:
        return
    rows = rows[: max(1, int((bottom - top) / _CLOSEST_ROWS))]
    pitch = min(8.5, (bottom - top) / len(rows))
    caption_size = min(style.caption_size, pitch * 0.3)
    value_size = min(style.value_size, pitch * 0.55)
    for place, row in enumerate(rows):
        base = top + pitch * (place + 1) - 0.6
        step = (right - left) / len(row)
        for column, name in enumerate(row):
            x = left + step * column
            words = caption(name, paper.state.code)
            words = words if len(words) * caption_size * 0.5 < step else _ENGLISH[name]
            sheet.write(
                page,
                words,
                (x, base - value_size * 0.92),
                size=caption_size,
                colour=style.caption_ink,
                face="uni",
                weight=400,
            )
            value = paper.values[name]
            value = format_date(value, style.date_form) if name.endswith("_date") else value.replace("<", " ")
            wide = 0.72 if style.face == sheet.OCR_B else 0.62
            size = min(value_size, (step - 1.0) / max(1, len(value)) / wide)
            sheet.write(page, value, (x, base), size=size, colour=style.ink, face=style.face, weight=style.weight)


def _rows(names: list[str], width: float) -> list[list[str]]:
    rows: list[list[str]] = []
    short = {
        "document_code",
        "issuing_state",
        "sex",
        "birth_date",
        "issue_date",
        "expiry_date",
        "document_number",
        "nationality",
    }
    per_row = 3 if width > 70 else 2
    for name in names:
        if rows and name in short and all(other in short for other in rows[-1]) and len(rows[-1]) < per_row:
            rows[-1].append(name)
        else:
            rows.append([name])
    return rows


def _draw_barcode(page: Sheet, rng: np.random.Generator, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    sheet.blend(page, (left - 1, top - 0.6, right + 1, bottom + 0.6), (250, 250, 250), 0.9)
    x = left
    while x < right - 0.6:
        wide = float(rng.choice((0.2, 0.4, 0.6)))
        sheet.blend(page, (x, top, x + wide, bottom), (30, 30, 30), 1.0)
        x += wide + float(rng.choice((0.2, 0.4, 0.6)))


def serial_number(rng: np.random.Generator) -> str:
    """A letter and seven digits, for the edges of forms."""
    return string.ascii_uppercase[int(rng.integers(26))] + f"{int(rng.integers(10**7)):07d}"
