"""Letters Hangul onto a sheet, in OpenCV's built-in face or any Korean face that Debian has installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from core.documents import Box
from lab.specimens import sheet
from lab.specimens.sheet import Colour, Mask, Sheet

_FONTS = Path("/usr/share/fonts")
_BUILT_IN = "uni"
#: Files below /usr/share/fonts and their index in a collection; licences stand in the model card of the Korean reader.
_FILES = (
    ("truetype/nanum/NanumGothic.ttf", 0),
    ("truetype/nanum/NanumGothicBold.ttf", 0),
    ("truetype/nanum/NanumBarunGothic.ttf", 0),
    ("truetype/nanum/NanumBarunGothicBold.ttf", 0),
    ("truetype/nanum/NanumSquareRoundR.ttf", 0),
    ("truetype/nanum/NanumSquareRoundB.ttf", 0),
    ("truetype/nanum/NanumMyeongjo.ttf", 0),
    ("truetype/nanum/NanumMyeongjoBold.ttf", 0),
    ("opentype/noto/NotoSansCJK-Regular.ttc", 1),
    ("opentype/noto/NotoSansCJK-Bold.ttc", 1),
    ("opentype/noto/NotoSerifCJK-Bold.ttc", 1),
    ("truetype/unfonts-core/UnDotum.ttf", 0),
    ("truetype/unfonts-core/UnDotumBold.ttf", 0),
    ("truetype/unfonts-core/UnGraphic.ttf", 0),
    ("truetype/unfonts-core/UnGraphicBold.ttf", 0),
    ("truetype/unfonts-core/UnBatangBold.ttf", 0),
    ("truetype/baekmuk/dotum.ttf", 0),
    ("truetype/baekmuk/gulim.ttf", 0),
    ("truetype/lexi/LexiGulim.ttf", 0),
)
_DRAWN_AT = 2  #: drawn this much larger and reduced, for places between pixels


@dataclass(frozen=True, slots=True)
class Face:
    """One face; without a file the one inside OpenCV."""

    path: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Printing:
    """How a line is set. Sizes in mm."""

    face: Face
    size: float  #: of an em
    colour: Colour
    spacing: float = 0.0  #: between characters, share of an em
    stretch: float = 1.0  #: of the width
    alpha: float = 1.0


@cache
def faces() -> tuple[Face, ...]:
    """The built-in face and those installed; a machine with other fonts draws other specimens."""
    found = tuple(Face(path, index) for path, index in _FILES if (_FONTS / path).is_file())
    return (Face(), *found)


def choose(rng: np.random.Generator) -> Face:
    """Any face, the built-in one a little more often."""
    known = faces()
    return known[int(rng.integers(len(known)))] if rng.random() < 0.9 else known[0]


@lru_cache(maxsize=24)  # every size of a large collection holds the whole of its file
def _font(face: Face, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / face.path, pixels, index=face.index)


def _glyph(face: Face, character: str, pixels: int) -> tuple[Mask, float]:
    """(2 * pixels, 3 * pixels) ink of one character with its pen at (pixels, 1.4 * pixels), and its advance."""
    canvas = Image.new("L", (3 * pixels, 2 * pixels), 0)
    base = round(1.4 * pixels)
    if not face.path:
        drawn = np.zeros((2 * pixels, 3 * pixels), np.uint8)
        end, _ = cv2.putText(drawn, character, (pixels, base), (255,), cv2.FontFace(_BUILT_IN), pixels, 400)
        advance = pixels * 0.3 if character == " " else float(end[0] - pixels)
        return _share(drawn), advance
    font = _font(face, pixels)
    ImageDraw.Draw(canvas).text((pixels, base), character, 255, font, anchor="ls")
    return _share(np.asarray(canvas, np.uint8)), float(font.getlength(character))


def _share(drawn: npt.NDArray[np.uint8]) -> Mask:
    """0..1 from 0..255."""
    return np.asarray(drawn / np.float32(255), np.float32)


def width(text: str, printing: Printing) -> float:
    """How long `text` will be, mm."""
    pixels = 64
    advances = [_glyph(printing.face, character, pixels)[1] for character in text]
    return (sum(advances) / pixels + printing.spacing * len(text)) * printing.size * printing.stretch


def write(page: Sheet, text: str, start: tuple[float, float], printing: Printing) -> tuple[float, Box]:
    """Letters `text` from `start` (x, base line; mm) on; returns the x behind it in mm and the ink's box in pixels."""
    pixels = max(8, round(printing.size * page.scale * _DRAWN_AT))
    advances = [_glyph(printing.face, character, pixels) for character in text]
    total = int(sum(advance for _, advance in advances) + (printing.spacing * len(text) + 3) * pixels)
    line = np.zeros((2 * pixels, total), np.float32)
    pen = float(pixels)
    for mask, advance in advances:
        left = round(pen) - pixels
        area = line[:, left : left + mask.shape[1]]
        np.maximum(area, mask[:, : area.shape[1]], out=area)
        pen += advance + printing.spacing * pixels
    size = (max(1, round(total / _DRAWN_AT * printing.stretch)), pixels * 2 // _DRAWN_AT)
    ink = np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.float32)
    step = printing.stretch / _DRAWN_AT
    corner = (round(start[0] * page.scale - pixels * step), round(start[1] * page.scale - 1.4 * pixels / _DRAWN_AT))
    sheet.stamp(page, ink, corner, colour=printing.colour, alpha=printing.alpha)
    end = start[0] + (pen - pixels) * step / page.scale
    return end, _box(ink, corner)


def _box(ink: Mask, corner: tuple[int, int]) -> Box:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.1), np.flatnonzero(ink.max(axis=0) > 0.1)
    if not len(rows):
        rows = columns = np.array([0, 1])
    left, right = float(corner[0] + columns[0]), float(corner[0] + columns[-1] + 1)
    top, bottom = float(corner[1] + rows[0]), float(corner[1] + rows[-1] + 1)
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def write_across(page: Sheet, text: str, centre: tuple[float, float], printing: Printing, degrees: float) -> None:
    """Lays a see-through word over the page, turned by `degrees` against the clock."""
    room = sheet.blank(width(text, printing) + 2 * printing.size, 2 * printing.size, page.scale)
    write(room, text, (printing.size, 1.4 * printing.size), Printing(printing.face, printing.size, (0, 0, 0)))
    ink = 1 - room.pixels[..., 0].astype(np.float32) / 255
    height, length = ink.shape
    reach = int(np.hypot(height, length)) + 2
    turn = cv2.getRotationMatrix2D((length / 2, height / 2), degrees, 1.0)
    turn[:, 2] += (reach / 2 - length / 2, reach / 2 - height / 2)
    turned = cv2.warpAffine(ink, turn, (reach, reach), flags=cv2.INTER_LINEAR).astype(np.float32)
    corner = (round(centre[0] * page.scale - reach / 2), round(centre[1] * page.scale - reach / 2))
    sheet.stamp(page, turned, corner, colour=printing.colour, alpha=printing.alpha)
