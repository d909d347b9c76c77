"""Masks of the glyphs that training lines are printed in, at several weights. Fonts are drawn from, never shipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from lab.specimens import faces, strokes
from worker.reading.mrz import characters

Mask = npt.NDArray[np.uint8]

CAP_HEIGHT = 30  #: px of a capital in an atlas
CELL_HEIGHT = 48  #: px; the capital stands in the middle
CELL_WIDTH = 48  #: px; the glyph stands in the middle of its advance
_DRAWN_AT = 4  #: drawn this much larger, thickened or thinned there, then reduced

_SYSTEM = Path("/usr/share")


@dataclass(frozen=True, slots=True)
class Face:
    """A face, the share of training lines it is given, and where it comes from."""

    name: str
    share: float
    path: str  #: of the font below /usr/share, where Debian puts it; empty for the faces of lab.specimens
    package: str  #: Debian package that brings it
    licence: str
    #: px added around a stroke of a capital 120 px high; for a face of lab.specimens, times its stroke's width
    weights: tuple[float, ...] = (-1.6, -0.8, 0.0, 0.8, 1.8, 3.0)


_OWN_WEIGHTS = (0.6, 0.8, 1.0, 1.2, 1.45, 1.8)
_COURIER = "fonts/opentype/courier-prime/Courier Prime"
_CURSOR = "texmf/fonts/opentype/public/tex-gyre/texgyrecursor"
_LIBERATION = "fonts/truetype/liberation2/LiberationMono"

#: Licences as the copyright files of the Debian packages say.
FACES = (
    Face("ocrb", 0.15, "", "", "our own", _OWN_WEIGHTS),
    Face("ocrb-square", 0.12, "", "", "our own", _OWN_WEIGHTS),
    Face("debian-ocr-b", 0.28, "fonts/opentype/ocr-b/OCRB.otf", "fonts-ocr-b", "free use without limitation"),
    Face("debian-ocr-b-sharp", 0.13, "fonts/opentype/ocr-b/OCRBS.otf", "fonts-ocr-b", "free use without limitation"),
    Face("courier-prime", 0.04, f"{_COURIER}.otf", "fonts-courier-prime", "OFL 1.1"),
    Face("courier-prime-bold", 0.03, f"{_COURIER} Bold.otf", "fonts-courier-prime", "OFL 1.1"),
    Face("courier-prime-code", 0.02, f"{_COURIER} Code.otf", "fonts-courier-prime", "OFL 1.1"),
    Face("cursor", 0.05, f"{_CURSOR}-regular.otf", "fonts-texgyre", "GUST Font License", (1.0, 1.8, 2.6, 3.4, 4.4)),
    Face("cursor-bold", 0.05, f"{_CURSOR}-bold.otf", "fonts-texgyre", "GUST Font License"),
    Face("liberation-mono", 0.04, f"{_LIBERATION}-Regular.ttf", "fonts-liberation2", "OFL 1.1"),
    Face("liberation-mono-bold", 0.03, f"{_LIBERATION}-Bold.ttf", "fonts-liberation2", "OFL 1.1"),
    Face("dejavu-mono", 0.02, "fonts/truetype/dejavu/DejaVuSansMono.ttf", "fonts-dejavu-core", "Bitstream Vera"),
    Face("inconsolata", 0.02, "fonts/truetype/inconsolata/Inconsolata.otf", "fonts-inconsolata", "OFL 1.0"),
    Face("lm-mono", 0.02, "texmf/fonts/opentype/public/lm/lmmono10-regular.otf", "fonts-lmodern", "GUST Font License"),
)


OWN_FACES = tuple(face for face in FACES if not face.path)  #: need nothing installed


class FontMissing(RuntimeError):
    """A face cannot be drawn because its Debian package is not installed."""


@dataclass(frozen=True, slots=True)
class Atlas:
    """Every character of one face at one weight."""

    face: str
    glyphs: Mask = field(repr=False)  #: (37, CELL_HEIGHT, CELL_WIDTH) uint8, 255 where ink is
    advance: float  #: px from one character to the next, as the face sets them


@cache
def installed() -> tuple[Face, ...]:
    """All faces; raises FontMissing with the command that brings those not there."""
    missing = sorted({face.package for face in FACES if face.path and not (_SYSTEM / face.path).is_file()})
    if missing:
        raise FontMissing(f"training draws lines in faces that are not installed: apt-get install {' '.join(missing)}")
    return FACES


def _point_size(path: Path) -> int:
    """The size at which an H is CAP_HEIGHT * _DRAWN_AT px high."""
    top, bottom = (ImageFont.truetype(path, 1000).getbbox("H", anchor="ls")[edge] for edge in (1, 3))
    return round(1000 * CAP_HEIGHT * _DRAWN_AT / (bottom - top))


def _weighted(mask: Mask, weight: float) -> Mask:
    """Thickens or thins by a fraction of a pixel: a threshold on the distance to the edge."""
    inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((mask <= 127).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(np.clip((inside - outside + weight) * 128 + 128, 0, 255), np.uint8)


def _drawn(font: ImageFont.FreeTypeFont, character: str, weight: float) -> Mask:
    width, height = CELL_WIDTH * _DRAWN_AT, CELL_HEIGHT * _DRAWN_AT
    canvas = Image.new("L", (width, height), 0)
    baseline = (height + CAP_HEIGHT * _DRAWN_AT) / 2
    ImageDraw.Draw(canvas).text((width / 2, baseline), character, 255, font, anchor="ms")
    mask = _weighted(np.asarray(canvas), weight)
    return np.asarray(cv2.resize(mask, (CELL_WIDTH, CELL_HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _own(face: str, character: str, weight: float) -> Mask:
    """A character of lab.specimens.faces, its capital in the middle of the cell."""
    pitch = CAP_HEIGHT * strokes.PITCH / strokes.CAPITAL_HEIGHT
    drawn = faces.render_line(character, pitch_px=pitch, weight=weight, face=face)
    left, top = CELL_WIDTH / 2 - float(drawn.centres[0]), CELL_HEIGHT / 2 - (drawn.top + drawn.base) / 2
    move = np.array([[1, 0, left], [0, 1, top]], np.float64)
    ink = cv2.warpAffine(drawn.ink, move, (CELL_WIDTH, CELL_HEIGHT), flags=cv2.INTER_LINEAR)
    return np.clip(ink * 255, 0, 255).astype(np.uint8)


@cache
def atlas(face: Face, weight: float) -> Atlas:
    """Draws one face at one weight; kept for the life of the process."""
    if not face.path:
        advance = CAP_HEIGHT * strokes.PITCH / strokes.CAPITAL_HEIGHT
        drawn = [_own(face.name, character, weight) for character in characters.ALPHABET]
        return Atlas(face.name, np.stack(drawn), advance)
    path = _SYSTEM / face.path
    font = ImageFont.truetype(path, _point_size(path))
    glyphs = np.stack([_drawn(font, character, weight) for character in characters.ALPHABET])
    return Atlas(face.name, glyphs, font.getlength("0") / _DRAWN_AT)
