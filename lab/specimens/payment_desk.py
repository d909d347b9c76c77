"""A payment card while it is drawn: what is taken, in which colour and relief lines go onto it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lab.specimens import numerals, relief, sheet
from lab.specimens.numerals import Glyph, InkLine
from lab.specimens.sheet import Colour, Rectangle, Sheet

Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Type:
    """How one line is set."""

    face: str
    glyphs: dict[str, Glyph] = field(repr=False)
    size: float  #: mm, height of a digit
    stretch: float = 1.0
    tracking: float = 0.0
    space: float = 0.6
    slant: float = 0.0


@dataclass(slots=True)
class Desk:
    """A card being drawn. `taken` are the places, in mm, where nothing else may stand."""

    page: Sheet
    random: Random
    press: relief.Press | None  #: None prints flat
    ink: Colour
    wear: float
    taken: list[Rectangle] = field(default_factory=list)

    def is_free(self, box: Rectangle) -> bool:
        inside = box[0] > 0.5 and box[1] > 0.5 and box[2] < self.page.width - 0.5 and box[3] < self.page.height - 0.5
        return inside and not any(
            box[0] < one[2] and one[0] < box[2] and box[1] < one[3] and one[1] < box[3] for one in self.taken
        )


def set_text(desk: Desk, text: str, setting: Type, size: float | None = None) -> InkLine:
    """Sets `text` as `setting` says, its digits `size` mm high instead where that is given; trimmed."""
    height = (size or setting.size) * desk.page.scale
    return numerals.trimmed(
        numerals.set_line(
            text,
            setting.glyphs,
            height=height,
            stretch=setting.stretch,
            tracking=setting.tracking,
            space=setting.space,
            slant=setting.slant,
        )
    )


def ink_for(desk: Desk, box: Rectangle) -> Colour:
    """A colour that can be told from what lies below `box`."""
    scale, rng = desk.page.scale, desk.random
    x0, y0, x1, y1 = (max(0, round(side * scale)) for side in box)
    under = desk.page.pixels[y0:y1, x0:x1].reshape(-1, 3).mean(axis=0)
    bright = float(under @ (0.114, 0.587, 0.299))
    is_light = bright < (125 if rng.random() < 0.92 else 80)
    if is_light:
        pale = (np.array((250, 250, 250)), np.array((205, 205, 205)), np.array((150, 205, 232)), 0.3 * under + 178)
        chosen = pale[int(rng.choice(4, p=(0.6, 0.18, 0.1, 0.12)))]
    else:
        deep = (np.array((22, 20, 20)), np.array((70, 66, 64)), np.array((90, 45, 25)), 0.22 * under)
        chosen = deep[int(rng.choice(4, p=(0.6, 0.15, 0.12, 0.13)))]
    for _ in range(12):  # until it stands off far enough
        if abs(float(chosen @ (0.114, 0.587, 0.299)) - bright) >= 62:
            break
        chosen = chosen + (18 if is_light else -18)
    blue, green, red = (int(value) for value in np.clip(chosen, 0, 255))
    return blue, green, red


def print_line(desk: Desk, line: InkLine, corner: tuple[float, float]) -> None:
    """Puts a line onto the card, its digits' upper left at `corner` mm."""
    pixels, scale = desk.page.pixels, desk.page.scale
    digit = line.base - line.top
    margin = int(digit * 0.5) + 2
    ink = np.pad(np.asarray(line.ink, np.float32) / np.float32(255), margin)
    left, top = round(corner[0] * scale) - margin, round(corner[1] * scale - line.top) - margin
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(pixels.shape[1], left + ink.shape[1]), min(pixels.shape[0], top + ink.shape[0])
    if x1 - x0 < 3 or y1 - y0 < 3:
        return
    ink = np.ascontiguousarray(ink[y0 - top : y1 - top, x0 - left : x1 - left], np.float32)
    ground = np.asarray(pixels[y0:y1, x0:x1], np.float32)
    if desk.press is not None:
        lifted = relief.raise_ink(ground, ink, desk.press, digit, desk.random)
    else:
        ink = relief.rubbed(ink, desk.wear * 0.6, digit, desk.random)
        colour = tuple(float(value) for value in desk.ink)
        lifted = relief.lay_ink(ground, ink, colour, desk.random, alpha=desk.random.uniform(0.85, 1.0))
    pixels[y0:y1, x0:x1] = np.clip(lifted, 0, 255).astype(np.uint8)


def reach(text: str, size: float) -> float:
    """Mm that words lettered `size` mm high take at most; Hangul is wider than Latin."""
    return sum(0.78 if one.isascii() else 1.35 for one in text) * size


def letter(desk: Desk, text: str, start: tuple[float, float], size: float) -> None:
    """Letters words from `start` (x, base line) on, capitals about `size` mm high; always flat."""
    face = "uni" if not text.isascii() else str(desk.random.choice(("sans", "uni", "uni")))
    ink = ink_for(desk, (start[0], start[1] - size, start[0] + len(text) * size * 0.7, start[1] + 0.1))
    sheet.write(
        desk.page, text, start, size=size * 1.3, colour=ink, face=face, weight=int(desk.random.choice((400, 600)))
    )


def free_place(desk: Desk, width: float, height: float, *, below: float) -> tuple[float, float] | None:
    """Below the number where there is room, else anywhere; that place is taken then."""
    rng, page = desk.random, desk.page
    for attempt in range(60):
        x = rng.uniform(2.5, max(2.6, page.width - width - 2.5))
        if attempt < 30 and below + height + 3 < page.height:
            y = below + rng.uniform(1.6, min(9.0, page.height - below - height - 1.0))
        else:
            y = rng.uniform(2.0, max(2.1, page.height - height - 2.0))
        box = (x - 1.0, y - 1.0, x + width + 1.0, y + height + 1.0)
        if desk.is_free(box):
            desk.taken.append(box)
            return float(x), float(y)
    return None


def spot(
    desk: Desk, width: float, height: float, prefer: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """A free place of that size, mm, `prefer` where it is free; taken from then on. None where none is found."""
    rng, page = desk.random, desk.page
    tries = [prefer] if prefer else []
    tries += [
        (
            float(rng.uniform(2, max(2.1, page.width - width - 2))),
            float(rng.uniform(2, max(2.1, page.height - height - 2))),
        )
        for _ in range(14)
    ]
    for x, y in tries:
        box = (x, y, x + width, y + height)
        if desk.is_free(box):
            desk.taken.append(box)
            return x, y
    return None
