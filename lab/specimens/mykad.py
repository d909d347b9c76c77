"""Draws the front of Malaysian identity cards, blue and red, layout and print varied well beyond one template."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import Box
from lab.specimens import malaysians, ornaments, sheet
from lab.specimens.documents import Page
from lab.specimens.sheet import Colour, Sheet

WIDTH, HEIGHT, CORNER = 85.6, 53.98, 3.18  #: mm, ISO/IEC 7810 ID-1
_CAP = 0.71  #: of an em, a capital of OpenCV's built-in faces


@dataclass(frozen=True, slots=True)
class Style:
    """How one card is set: sizes are capitals in mm."""

    face: str
    weight: int
    wide: float  #: times the face's own width
    tracking: float  #: of a capital, added between characters
    ink: Colour
    number_cap: float
    name_cap: float
    address_cap: float
    side_cap: float
    leading: float  #: from line to line, in capitals


@dataclass(slots=True)
class _Front:
    """A card while it is drawn, and which box carries which field."""

    page: Sheet
    style: Style
    boxes: list[tuple[str, Box]] = field(default_factory=list)


def draw(
    chance: random.Random, rng: np.random.Generator, *, scale: float, wear: float
) -> tuple[Page, malaysians.Said, tuple[str, ...]]:
    """A card at `scale` pixels per millimetre, what it says, and the field that each of the page's boxes carries."""
    said = malaysians.invent(chance)
    page = sheet.blank(WIDTH, HEIGHT, scale)
    front = _Front(page, _style(rng))
    _draw_ground(page, rng, is_red=said.is_permanent_resident)
    _draw_header(front, rng, said)
    is_mirrored = bool(rng.random() < 0.08)
    portrait = _portrait_box(rng, is_mirrored=is_mirrored)
    _draw_pictures(page, rng, said, portrait, is_mirrored=is_mirrored)
    _write_column(front, rng, said, portrait, is_mirrored=is_mirrored)
    _write_side(front, rng, said, portrait)
    _write_specimen(page, rng)
    if wear > 0.3:
        page.pixels[:] = cv2.addWeighted(page.pixels, 1 - 0.2 * wear, np.full_like(page.pixels, 200), 0.2 * wear, 0)
    boxes = tuple(box for _, box in front.boxes)
    return Page(page.pixels, scale, CORNER * scale, boxes), said, tuple(name for name, _ in front.boxes)


def _style(rng: np.random.Generator) -> Style:
    tone = int(rng.integers(5, 60))
    ink = (tone, tone, tone) if rng.random() < 0.75 else (int(rng.integers(40, 110)), tone, tone)
    return Style(
        face=str(rng.choice(("sans", "sans", "uni"))),
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
    ornaments.tint_ground(page, rng, hue, depth=rng.uniform(0.3, 0.9))
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
    if rng.random() < 0.9:
        left = rng.uniform(6, 12) if not is_mirrored else rng.uniform(38, 48)
        ornaments.draw_chip(page, left, rng.uniform(16.2, 18.0))
    if rng.random() < 0.3:
        ornaments.draw_hologram(page, rng, (rng.uniform(35, 60), rng.uniform(14, 45)), rng.uniform(4, 8))


# ------------------------------------------------------------------------------------------------- print


def _write_column(
    front: _Front,
    rng: np.random.Generator,
    said: malaysians.Said,
    portrait: tuple[float, float, float, float],
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
    number_x = left + rng.uniform(-0.5, 3.0)
    number_base = rng.uniform(12.6, 14.6)
    _field(front, "ic_number", said.ic_number, (number_x, number_base), style.number_cap, room=room)
    gap = rng.uniform(0.3, 1.4)
    top = max(28.6, HEIGHT - rng.uniform(1.2, 3.0) - below - gap)
    shrink = min(1.0, (HEIGHT - 1.2 - top) / (below + gap))
    base = top + style.name_cap * shrink
    for line in said.name_lines:
        _field(front, "name", line, (left, base), style.name_cap * shrink, room=room)
        base += style.name_cap * style.leading * shrink
    if said.chinese_name:
        _letters(front.page, said.chinese_name, (left, base), style.address_cap, style.ink, weight=400, face="uni")
        base += style.address_cap * 1.6
    base += gap - (style.name_cap - style.address_cap) * shrink
    indent = float(rng.choice((0.0, 0.0, 0.0, rng.uniform(-0.5, 0.8))))
    for name, line in zip(_address_names(said), said.address_lines, strict=True):
        _field(front, name, line, (left + indent, base), style.address_cap * shrink, room=room)
        base += style.address_cap * style.leading * shrink


def _address_names(said: malaysians.Said) -> list[str]:
    """The field that each line of the address belongs to; the line of postcode and district counts as the district."""
    streets = 1 + bool(said.values["address_line_2"])
    names = ["address_line_1"]
    has_own_state = said.address_lines[-1] == said.values["state"]
    others = len(said.address_lines) - 1 - 1 - has_own_state
    names += ["address_line_2"] * others if streets > 1 else []
    return [*names, "district", *(["state"] if has_own_state else [])]


def _write_side(
    front: _Front, rng: np.random.Generator, said: malaysians.Said, portrait: tuple[float, float, float, float]
) -> None:
    """Citizenship, religion and gender beside or below the portrait, in one of the orders that cards have."""
    style, left = front.style, portrait[0] + rng.uniform(-1.5, 1.0)
    right = portrait[2]
    base = portrait[3] + style.side_cap + rng.uniform(0.6, 1.6)
    step = min(style.side_cap * style.leading, (HEIGHT - 1.4 - base) / 2.2)
    words = [("nationality", said.values["nationality"]), ("religion", said.religion)]
    words.append(("gender", said.values["gender"]))
    form = rng.random()
    room = WIDTH - 1.2 - left
    if form < 0.45:  # one below the other; without a religion its place is empty or closed
        closed = rng.random() < 0.5
        shown = [(name, word) for name, word in words if word or not closed]
        for place, (name, word) in enumerate(shown):
            if word:
                _field(front, name, word, (left, base + place * step), style.side_cap, room=room)
    else:  # citizenship above, religion and gender beside each other
        _field(front, *words[0], (left, base), style.side_cap, room=room)
        cap = style.side_cap
        if said.religion:
            _field(front, *words[1], (left, base + step), cap, room=room / 2)
        x = left + room * 0.46 if said.religion or rng.random() < 0.5 else left
        _field(front, *words[2], (x, base + (step if form < 0.8 else 2 * step)), cap, room=room * 0.54)
    if said.origin_letter:
        _letters(front.page, said.origin_letter, (right - 1.5, HEIGHT - 1.6), 2.0, style.ink, weight=700)


def _field(front: _Front, name: str, text: str, start: tuple[float, float], cap: float, *, room: float) -> None:
    style = front.style
    box = _letters(
        front.page, text, start, cap, style.ink, weight=style.weight, face=style.face, style=style, room=room
    )
    front.boxes.append((name, box))


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
    pixels = max(6, round(cap * fine / _CAP))
    font, room = cv2.FontFace(face), pixels
    canvas = np.zeros((pixels * 2, room + round(pixels * (1.1 + tracking) * (len(text) + 1)), 3), np.uint8)
    x, base = room / 2, round(pixels * 1.4)
    if abs(tracking) < 1e-3:
        end, _ = cv2.putText(canvas, text, (round(x), base), (255, 255, 255), font, pixels, weight)
        x = float(end[0])
    else:
        for character in text:
            end, _ = cv2.putText(canvas, character, (round(x), base), (255, 255, 255), font, pixels, weight)
            x = float(end[0]) + tracking * cap * fine
    inked = canvas[:, round(room / 2) : round(x) + 2, 0]
    size = (max(4, round(inked.shape[1] / fine)), max(4, round(inked.shape[0] / fine)))
    small = cv2.resize(inked, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return small, base / fine


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
