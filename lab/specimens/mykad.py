"""Draws the front of Malaysian identity cards, blue and red, layout and print varied well beyond one template."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from core.documents import Box
from lab.specimens import malaysians, ornaments, sheet
from lab.specimens.documents import Page
from lab.specimens.sheet import Colour, Sheet

WIDTH, HEIGHT, CORNER = 85.6, 53.98, 3.18  #: mm, ISO/IEC 7810 ID-1
_CAP = 0.71  #: of an em, a capital of OpenCV's built-in faces


@dataclass(frozen=True, slots=True)
class Style:
    """How one card is set: sizes are capitals in mm."""

    face: str  #: one of OpenCV's, or the path of a TrueType file
    number_face: str
    weight: int
    wide: float  #: times the face's own width
    tracking: float  #: of a capital, added between characters
    ink: Colour
    number_cap: float
    name_cap: float
    address_cap: float
    side_cap: float
    leading: float  #: from line to line, in capitals


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card and the truth about it: what each of the page's boxes says, and to which field that belongs."""

    page: Page
    values: dict[str, str] = field(repr=False)
    box_names: tuple[str, ...]
    box_texts: tuple[str, ...] = field(repr=False)


@dataclass(slots=True)
class _Front:
    """A card while it is drawn, and which box carries which field."""

    page: Sheet
    style: Style
    boxes: list[tuple[str, str, Box]] = field(default_factory=list)


def draw(
    chance: random.Random, rng: np.random.Generator, *, scale: float, wear: float, faces: Sequence[Path] = ()
) -> Drawn:
    """A card at `scale` pixels per millimetre, printed in one of `faces` (TrueType files) or in OpenCV's own."""
    said = malaysians.invent(chance)
    page = sheet.blank(WIDTH, HEIGHT, scale)
    front = _Front(page, _style(rng, faces))
    _draw_ground(page, rng, is_red=said.is_permanent_resident)
    _draw_header(front, rng, said)
    is_mirrored = bool(rng.random() < 0.08)
    portrait = _portrait_box(rng, is_mirrored=is_mirrored)
    chip = _chip_corner(rng, is_mirrored=is_mirrored)
    _draw_pictures(page, rng, said, portrait, is_mirrored=is_mirrored)
    if chip is not None:
        ornaments.draw_chip(page, *chip)
    _write_column(front, rng, said, portrait, chip, is_mirrored=is_mirrored)
    _write_side(front, rng, said, portrait)
    _write_specimen(page, rng)
    if wear > 0.3:
        page.pixels[:] = cv2.addWeighted(page.pixels, 1 - 0.2 * wear, np.full_like(page.pixels, 200), 0.2 * wear, 0)
    names, texts, boxes = zip(*front.boxes, strict=True)
    return Drawn(Page(page.pixels, scale, CORNER * scale, boxes), said.values, names, texts)


def _style(rng: np.random.Generator, faces: Sequence[Path]) -> Style:
    tone = int(rng.integers(5, 60))
    ink = (tone, tone, tone) if rng.random() < 0.75 else (int(rng.integers(40, 110)), tone, tone)
    known = [str(face) for face in faces] or ["sans", "sans", "uni"]
    face = known[int(rng.integers(len(known)))]
    return Style(
        face=face,
        number_face=face if rng.random() < 0.75 else known[int(rng.integers(len(known)))],
        weight=int(rng.choice((400, 500, 600, 700))),
        wide=float(np.clip(rng.normal(0.95, 0.1), 0.74, 1.15)),
        tracking=float(np.clip(rng.normal(0.02, 0.04), -0.03, 0.16)),
        ink=ink,
        number_cap=float(rng.uniform(2.6, 3.9)),
        name_cap=float(rng.uniform(1.9, 2.6)),
        address_cap=float(rng.uniform(1.65, 2.2)),
        side_cap=float(rng.uniform(1.65, 2.3)),
        leading=float(rng.uniform(1.42, 1.8)),
    )


# ------------------------------------------------------------------------------------------------- ground


def _draw_ground(page: Sheet, rng: np.random.Generator, *, is_red: bool) -> None:
    hue: Colour = (205, 165, 110) if not is_red else (130, 120, 215)
    hue = tuple(int(np.clip(value + rng.uniform(-40, 40), 40, 245)) for value in hue)  # type: ignore[assignment]
    ornaments.tint_ground(page, rng, hue, depth=rng.uniform(0.05, 0.9))
    if rng.random() < 0.8:
        ornaments.draw_guilloche(page, rng, hue, strength=rng.uniform(0.1, 0.45))
    if rng.random() < 0.7:
        _draw_skyline(page, rng, hue)
    if rng.random() < 0.5:
        centre = (rng.uniform(20, 70), rng.uniform(15, 45))
        petal = tuple(int(235 - (235 - value * 0.8) * rng.uniform(0.15, 0.7)) for value in hue)
        ornaments.draw_rosette(page, rng, centre, rng.uniform(8, 22), petal)  # type: ignore[arg-type]
    if rng.random() < 0.4:
        box = (0.0, 0.0, WIDTH, rng.uniform(7, 12))
        sheet.blend(page, box, tuple(int(v * 0.6) for v in hue), rng.uniform(0.1, 0.6))  # type: ignore[arg-type]


def _draw_skyline(page: Sheet, rng: np.random.Generator, hue: Colour) -> None:
    """Towers and a hill behind the print, pale."""
    x, dark = 0.0, tuple(int(value * 0.7) for value in hue)
    alpha = rng.uniform(0.06, 0.25)
    while x < WIDTH:
        wide, high = rng.uniform(3, 10), rng.uniform(5, 34)
        sheet.blend(page, (x, HEIGHT - high, x + wide, HEIGHT), dark, alpha)  # type: ignore[arg-type]
        x += wide + rng.uniform(0, 6)


def _draw_header(front: _Front, rng: np.random.Generator, said: malaysians.Said) -> None:
    page, cap = front.page, rng.uniform(1.7, 2.9)
    ink: Colour = (110, 50, 30) if rng.random() < 0.5 else (30, 30, 30)
    x = rng.uniform(3, 6)
    word = "KAD PENGENALAN" if not said.is_permanent_resident else "KAD PENGENALAN PEMASTAUTIN TETAP"
    if rng.random() < 0.6:
        _letters(page, word, (x, rng.uniform(4.0, 5.2)), cap if len(word) < 20 else cap * 0.7, ink, weight=700)
        _letters(page, "MALAYSIA", (x, rng.uniform(7.6, 8.8)), cap, ink, weight=700)
    else:
        _letters(page, f"{word} MALAYSIA"[:34], (x, rng.uniform(4.2, 5.6)), min(cap, 2.1), ink, weight=600)
        _letters(page, "IDENTITY CARD", (x, rng.uniform(7.5, 8.6)), 1.5, ink, weight=500)
    logo = "MyPR" if said.is_permanent_resident else "MyKad"
    if rng.random() < 0.8:
        _letters(page, logo, (rng.uniform(38, 52), rng.uniform(6, 9)), rng.uniform(2.4, 3.6), (30, 30, 160), weight=700)
    if rng.random() < 0.8:
        _draw_flag(page, rng, rng.uniform(66, 71), rng.uniform(2, 3.5))


def _draw_flag(page: Sheet, rng: np.random.Generator, left: float, top: float) -> None:
    wide = rng.uniform(9, 13)
    step = wide * 0.5 / 14
    for stripe in range(14):
        colour: Colour = (40, 30, 200) if stripe % 2 == 0 else (245, 245, 245)
        sheet.blend(page, (left, top + stripe * step, left + wide, top + (stripe + 1) * step), colour, 0.95)
    sheet.blend(page, (left, top, left + wide / 2, top + 8 * step), (120, 40, 10), 0.95)
    ornaments.draw_crest(page, rng, (left + wide / 4, top + 4 * step), 1.8 * step, (60, 210, 250))


def _portrait_box(rng: np.random.Generator, *, is_mirrored: bool) -> tuple[float, float, float, float]:
    wide = rng.uniform(20, 26)
    high = wide * rng.uniform(1.15, 1.3)
    left = rng.uniform(56.5, 60.5) if not is_mirrored else rng.uniform(3, 5)
    left = min(left, WIDTH - wide - 1.5)
    top = rng.uniform(9.5, 12.5)
    return left, top, left + wide, min(top + high, 41.0)


def _chip_corner(rng: np.random.Generator, *, is_mirrored: bool) -> tuple[float, float] | None:
    """Upper left corner of the chip; now and then a card shows none."""
    left = rng.uniform(6, 12) if not is_mirrored else rng.uniform(38, 48)
    return (float(left), float(rng.uniform(16.2, 18.0))) if rng.random() < 0.9 else None


def _draw_pictures(
    page: Sheet,
    rng: np.random.Generator,
    said: malaysians.Said,
    box: tuple[float, float, float, float],
    *,
    is_mirrored: bool,
) -> None:
    portrait = ornaments.paint_portrait(rng, said.sex)
    ornaments.lay_portrait(page, portrait, box)
    if rng.random() < 0.75:
        ghost = ornaments.without_colour(portrait) if rng.random() < 0.6 else portrait
        wide, left = rng.uniform(7, 10), rng.uniform(43, 47.5) if not is_mirrored else rng.uniform(70, 74)
        top = rng.uniform(15, 18)
        ornaments.lay_portrait(page, ghost, (left, top, left + wide, top + wide * 1.25), alpha=rng.uniform(0.15, 0.6))
    if rng.random() < 0.3:
        ornaments.draw_hologram(page, rng, (rng.uniform(35, 60), rng.uniform(14, 45)), rng.uniform(4, 8))


# ------------------------------------------------------------------------------------------------- print


def _write_column(
    front: _Front,
    rng: np.random.Generator,
    said: malaysians.Said,
    portrait: tuple[float, float, float, float],
    chip: tuple[float, float] | None,
    *,
    is_mirrored: bool,
) -> None:
    """Number, name and address, one below the other."""
    style = front.style
    left = rng.uniform(3.2, 6.5) if not is_mirrored else portrait[2] + rng.uniform(2, 4)
    room = (portrait[0] if not is_mirrored else WIDTH) - left - 1.5
    below = style.name_cap * style.leading * len(said.name_lines)
    below += style.address_cap * style.leading * len(said.address_lines)
    below += style.address_cap * 1.6 * bool(said.chinese_name)
    at = _number_at(rng, style, left, chip, is_roomy=below < HEIGHT - 34)
    _field(front, "ic_number", said.ic_number, at, style.number_cap, room=room - at[0] + left, face=style.number_face)
    gap = rng.uniform(0.3, 1.4) if rng.random() < 0.9 else rng.uniform(1.4, 3.0)
    top = max(28.6 if at[1] < 27 else at[1] + 1.0, HEIGHT - rng.uniform(1.2, 3.0) - below - gap)
    shrink = min(1.0, (HEIGHT - 1.2 - top) / (below + gap))
    base = top + style.name_cap * shrink
    for line in said.name_lines:
        _field(front, "name", line, (left, base), style.name_cap * shrink, room=room)
        base += style.name_cap * style.leading * shrink
    if said.chinese_name:
        _letters(front.page, said.chinese_name, (left, base), style.address_cap, style.ink, weight=400, face="uni")
        base += style.address_cap * 1.6
    base += gap - (style.name_cap - style.address_cap) * shrink
    indent = float(rng.choice((0.0, 0.0, 0.0, rng.uniform(-0.8, 2.0))))
    for name, line in zip(_address_names(said), said.address_lines, strict=True):
        _field(front, name, line, (left + indent, base), style.address_cap * shrink, room=room)
        base += style.address_cap * style.leading * shrink


def _number_at(
    rng: np.random.Generator, style: Style, left: float, chip: tuple[float, float] | None, *, is_roomy: bool
) -> tuple[float, float]:
    """Where the number begins: mostly above the chip, at times beside it or below it."""
    form = rng.random()
    if chip is None or form < 0.8:
        return left + rng.uniform(-0.5, 3.0), rng.uniform(12.6, 14.6)
    if form < 0.9 or not is_roomy:
        return chip[0] + 11.8 + rng.uniform(1.0, 2.5), chip[1] + rng.uniform(4.0, 8.0)
    return left + rng.uniform(-0.5, 3.0), chip[1] - 2.0 + 9.6 + style.number_cap + rng.uniform(2.4, 3.0)


def _address_names(said: malaysians.Said) -> list[str]:
    """The field that each line of the address belongs to; the line of postcode and district counts as the district."""
    has_own_state = said.address_lines[-1] == said.values["state"]
    others = len(said.address_lines) - 1 - 1 - has_own_state
    return ["address_line_1", *["address_line_2"] * others, "district", *(["state"] if has_own_state else [])]


def _write_side(
    front: _Front, rng: np.random.Generator, said: malaysians.Said, portrait: tuple[float, float, float, float]
) -> None:
    """Citizenship, religion and gender beside or below the portrait, in one of the orders that cards have."""
    style, left = front.style, portrait[0] + rng.uniform(-1.5, 1.0)
    right = portrait[2]
    base = portrait[3] + style.side_cap + rng.uniform(0.6, 1.6)
    step = min(style.side_cap * style.leading, (HEIGHT - 1.4 - base) / 2.2)
    room = min(WIDTH - 1.2 - left, right - left + 3.0)
    for name, (column, row, share) in _side_places(rng, has_religion=bool(said.religion)).items():
        if said.values[name]:
            start = (left + column * room, base + row * step)
            _field(front, name, said.values[name], start, style.side_cap, room=room * share)
    if said.origin_letter:
        _letters(front.page, said.origin_letter, (right - 1.5, HEIGHT - 1.6), 2.0, style.ink, weight=700)


def _side_places(rng: np.random.Generator, *, has_religion: bool) -> dict[str, tuple[float, float, float]]:
    """Column (share of the room), row and share of the room of the three words beside the portrait."""
    form = rng.random()
    if form < 0.4:  # one below the other; without a religion its place is empty or closed
        last = 1.0 if not has_religion and rng.random() < 0.5 else 2.0
        return {"nationality": (0, 0, 1), "religion": (0, 1, 1), "gender": (0, last, 1)}
    if form < 0.5:  # the gender before the religion
        return {"nationality": (0, 0, 1), "gender": (0, 1, 1), "religion": (0, 2, 1)}
    if form < 0.6:  # citizenship last
        return {"religion": (0, 0, 1), "gender": (0, 1, 1), "nationality": (0, 2, 1)}
    if form < 0.7:  # gender and religion beside each other, citizenship below
        return {"gender": (0, 0, 0.54), "religion": (0.6, 0, 0.4), "nationality": (0, 1, 1)}
    beside = 0.46 if has_religion or rng.random() < 0.5 else 0.0  # citizenship above religion and gender
    row = 1.0 if form < 0.9 else 2.0
    return {"nationality": (0, 0, 1), "religion": (0, 1, 0.4), "gender": (beside, row, 0.54)}


def _field(
    front: _Front, name: str, text: str, start: tuple[float, float], cap: float, *, room: float, face: str | None = None
) -> None:
    style = front.style
    box = _letters(
        front.page, text, start, cap, style.ink, weight=style.weight, face=face or style.face, style=style, room=room
    )
    front.boxes.append((name, text, box))


def _letters(
    page: Sheet,
    text: str,
    start: tuple[float, float],
    cap: float,
    ink: Colour,
    *,
    weight: int = 600,
    face: str = "sans",
    style: Style | None = None,
    room: float | None = None,
) -> Box:
    """Prints a line from `start` (x, base line; mm), squeezed into `room` mm, and tells its box in pixels."""
    mask, base = _mask(text, cap * page.scale, face, weight, style.tracking if style else 0.0)
    wide = style.wide if style else 1.0
    if room is not None:
        wide = min(wide, room * page.scale / mask.shape[1])
    width = max(4, round(mask.shape[1] * wide))
    mask = np.asarray(cv2.resize(mask, (width, mask.shape[0]), interpolation=cv2.INTER_AREA), np.float32)
    corner = (round(start[0] * page.scale), round(start[1] * page.scale - base))
    sheet.stamp(page, mask, corner, colour=ink)
    x0, y1 = float(corner[0]), start[1] * page.scale
    y0, x1 = y1 - cap * page.scale, x0 + width
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def _mask(text: str, cap: float, face: str, weight: int, tracking: float) -> tuple[npt.NDArray[np.float32], float]:
    """Coverage 0..1 of a line, its left edge at the first letter, and the y of its base line; px."""
    fine = 3 if cap < 30 else 1
    inked, base = (
        _set_by_file(text, cap * fine, face, tracking)
        if "." in face
        else _set(text, cap * fine, face, weight, tracking)
    )
    size = (max(4, round(inked.shape[1] / fine)), max(4, round(inked.shape[0] / fine)))
    small = cv2.resize(inked, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return small, base / fine


def _set(text: str, cap: float, face: str, weight: int, tracking: float) -> tuple[npt.NDArray[np.uint8], float]:
    """A line of one of OpenCV's faces, capitals `cap` px high, and the y of its base line."""
    pixels = max(6, round(cap / _CAP))
    font, room = cv2.FontFace(face), pixels
    canvas = np.zeros((pixels * 2, room + round(pixels * (1.1 + tracking) * (len(text) + 1)), 3), np.uint8)
    x, base = room / 2, round(pixels * 1.4)
    if abs(tracking) < 1e-3:
        end, _ = cv2.putText(canvas, text, (round(x), base), (255, 255, 255), font, pixels, weight)
        x = float(end[0])
    else:
        for character in text:
            end, _ = cv2.putText(canvas, character, (round(x), base), (255, 255, 255), font, pixels, weight)
            x = float(end[0]) + tracking * cap
    return np.ascontiguousarray(canvas[:, round(room / 2) : round(x) + 2, 0]), float(base)


def _set_by_file(text: str, cap: float, face: str, tracking: float) -> tuple[npt.NDArray[np.uint8], float]:
    """A line of a TrueType file, capitals `cap` px high, and the y of its base line."""
    font = _font(face, round(cap))
    starts = [0.0]
    for place, character in enumerate(text, 1):
        natural = font.getlength(text[:place]) - font.getlength(text[: place - 1])
        starts.append(starts[-1] + (natural or font.getlength(character)) + tracking * cap)
    high, base = round(cap * 2.2), round(cap * 1.5)
    canvas = Image.new("L", (max(8, round(starts[-1])), high), 0)
    for x, character in zip(starts, text, strict=False):
        ImageDraw.Draw(canvas).text((round(x), base), character, 255, font, anchor="ls")
    return np.asarray(canvas, np.uint8), float(base)


@cache
def _font(face: str, cap: int) -> ImageFont.FreeTypeFont:
    top, foot = (ImageFont.truetype(face, 1000).getbbox("H", anchor="ls")[edge] for edge in (1, 3))
    return ImageFont.truetype(face, max(6, round(1000 * cap / (foot - top))))


def _write_specimen(page: Sheet, rng: np.random.Generator) -> None:
    ornaments.write_across(
        page,
        str(rng.choice(("SPECIMEN", "SPECIMEN", "CONTOH / SPECIMEN"))),
        (WIDTH * rng.uniform(0.4, 0.65), HEIGHT * rng.uniform(0.3, 0.6)),
        size=HEIGHT * rng.uniform(0.08, 0.13),
        degrees=rng.uniform(-10, 30),
        colour=(60, 50, 205) if rng.random() < 0.6 else (110, 90, 90),
        alpha=rng.uniform(0.12, 0.35),
    )
