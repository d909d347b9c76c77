"""Proportional faces that training lines are printed in: glyphs with their advances. Drawn from, never shipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from lab.training import glyphs

Mask = npt.NDArray[np.uint8]

CAP_HEIGHT = glyphs.CAP_HEIGHT  #: px of a capital H
_SYSTEM = Path("/usr/share")
_ROOM = 12  #: px around a glyph, for accents, descenders and added weight


@dataclass(frozen=True, slots=True)
class Typeface:
    """One font file: where Debian puts it, what brings it, under which licence, and its share of the lines."""

    path: str  #: below /usr/share
    package: str
    licence: str
    share: float = 1.0
    index: int = 0  #: of a collection

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return Path(self.path).stem


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character, a capital of its face CAP_HEIGHT px high."""

    ink: Mask = field(repr=False)  #: (H, W) uint8, 255 where ink is
    left: float  #: px from the pen to the left edge of `ink`
    top: float  #: px from the base line up to the top edge of `ink`
    advance: float  #: px that the pen moves on


@cache
def installed(faces: tuple[Typeface, ...]) -> tuple[Typeface, ...]:
    """All faces. Raises glyphs.FontMissing with the command that brings those not there."""
    missing = sorted({face.package for face in faces if not (_SYSTEM / face.path).is_file()})
    if missing:
        raise glyphs.FontMissing(f"these faces are not installed: apt-get install {' '.join(missing)}")
    return faces


@cache
def font(face: Typeface) -> ImageFont.FreeTypeFont:
    """The face at the size at which an H is CAP_HEIGHT px high."""
    path = str(_SYSTEM / face.path)
    top, bottom = (ImageFont.truetype(path, 1000, index=face.index).getbbox("H", anchor="ls")[edge] for edge in (1, 3))
    return ImageFont.truetype(path, round(1000 * CAP_HEIGHT / (bottom - top)), index=face.index)


@cache
def glyph(face: Typeface, character: str) -> Glyph:
    """One character of one face; kept for the life of the process."""
    drawn = font(face)
    left, top, right, foot = drawn.getbbox(character, anchor="ls")
    width, height = int(right - left) + 2 * _ROOM, int(foot - top) + 2 * _ROOM
    canvas = Image.new("L", (width, height), 0)
    ImageDraw.Draw(canvas).text((_ROOM - left, _ROOM - top), character, 255, drawn, anchor="ls")
    return Glyph(np.asarray(canvas), left - _ROOM, top - _ROOM, float(drawn.getlength(character)))


def weighted(ink: Mask, weight: float) -> Mask:
    """Strokes made wider or, below 0, thinner by about `weight` px, edges kept soft."""
    if abs(weight) < 0.15:
        return ink
    soft = cv2.GaussianBlur(ink, (0, 0), 1.6).astype(np.float32)
    return np.asarray(np.clip((soft - 127.5 + weight * 50) * 2.2 + 127.5, 0, 255), np.uint8)
