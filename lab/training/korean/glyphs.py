"""Glyphs of the faces that Korean training lines are printed in. Fonts are drawn from, never shipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Mask = npt.NDArray[np.uint8]

EM = 46  #: px that every glyph is drawn at
CELL = 70  #: px of a glyph's cell, each way
BASE = 52  #: y of the base line in a cell
ORIGIN = 11  #: x of the pen in a cell

_FONTS = Path("/usr/share/fonts")
_OPENCV = ""


@dataclass(frozen=True, slots=True)
class Face:
    """A face, the share of training lines it is given, and where it comes from."""

    name: str
    share: float
    path: str  #: below /usr/share/fonts, where Debian puts it; empty for the face inside OpenCV
    package: str  #: Debian package that brings it
    licence: str
    index: int = 0  #: in a collection
    has_hangul: bool = True


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of one face."""

    mask: Mask = field(repr=False)  #: (CELL, CELL) uint8, 255 where ink is
    advance: float  #: px


def _nanum(name: str, share: float, package: str = "fonts-nanum") -> Face:
    return Face(name, share, f"truetype/nanum/{name}.ttf", package, "OFL 1.1")


def _un(name: str, share: float, folder: str = "core") -> Face:
    path = f"truetype/unfonts-{folder}/{name}.ttf"
    return Face(name, share, path, f"fonts-unfonts-{folder}", "GPL-2")


def _noto(name: str, share: float) -> Face:
    # Index 1 of the collection is the cut for Korea.
    return Face(name, share, f"opentype/noto/{name}.ttc", "fonts-noto-cjk", "OFL 1.1", index=1)


def _baekmuk(name: str, share: float) -> Face:
    return Face(f"baekmuk-{name}", share, f"truetype/baekmuk/{name}.ttf", "fonts-baekmuk", "Baekmuk (as MIT)")


def _woowa(name: str, share: float) -> Face:
    return Face(name, share, f"truetype/woowa-bm/{name}.ttf", "fonts-woowa-bm", "OFL 1.1")


def _liberation(name: str, share: float) -> Face:
    path = f"truetype/liberation2/Liberation{name}.ttf"
    return Face(f"Liberation{name}", share, path, "fonts-liberation2", "OFL 1.1", has_hangul=False)


def _dejavu(name: str, share: float) -> Face:
    path = f"truetype/dejavu/DejaVu{name}.ttf"
    return Face(f"DejaVu{name}", share, path, "fonts-dejavu-core", "Bitstream Vera", has_hangul=False)


#: Licences as the copyright files of the Debian packages say.
FACES = (
    _noto("NotoSansCJK-Regular", 0.08),
    _noto("NotoSansCJK-Bold", 0.06),
    _noto("NotoSerifCJK-Regular", 0.03),
    _noto("NotoSerifCJK-Bold", 0.02),
    _nanum("NanumGothic", 0.07),
    _nanum("NanumGothicBold", 0.06),
    _nanum("NanumGothicExtraBold", 0.02, "fonts-nanum-extra"),
    _nanum("NanumGothicLight", 0.02, "fonts-nanum-extra"),
    _nanum("NanumBarunGothic", 0.05),
    _nanum("NanumBarunGothicBold", 0.04),
    _nanum("NanumBarunGothicLight", 0.01, "fonts-nanum-extra"),
    _nanum("NanumSquareR", 0.03),
    _nanum("NanumSquareB", 0.03),
    _nanum("NanumMyeongjo", 0.04),
    _nanum("NanumMyeongjoBold", 0.03),
    _nanum("NanumGothicCoding", 0.02),
    _nanum("NanumGothicCodingBold", 0.01),
    _un("UnDotum", 0.05),
    _un("UnDotumBold", 0.04),
    _un("UnBatang", 0.04),
    _un("UnBatangBold", 0.03),
    _un("UnDinaru", 0.01),
    _un("UnDinaruBold", 0.01),
    _un("UnGungseo", 0.02),
    _un("UnShinmun", 0.01, "extra"),
    _un("UnTaza", 0.01, "extra"),
    _baekmuk("batang", 0.04),
    _baekmuk("dotum", 0.05),
    _baekmuk("gulim", 0.05),
    _baekmuk("hline", 0.02),
    Face("LexiSaebom", 0.01, "truetype/lexi/LexiSaebomR.ttf", "fonts-lexi-saebom", "GPL-2"),
    Face(
        "D2Coding",
        0.01,
        "truetype/naver-d2coding/D2Coding-Ver1.3.2-20180524-all.ttc",
        "fonts-naver-d2coding",
        "OFL 1.1",
    ),
    _woowa("BMHANNAPro", 0.01),
    _woowa("BMDOHYEON_ttf", 0.01),
    Face("opencv-uni", 0.1, _OPENCV, "", "Apache-2.0 or GPL-3 with font exception"),
)

#: Kept out of training, to see how a face is read that the network has never met.
UNSEEN = (
    Face("LexiGulim", 1.0, "truetype/lexi/LexiGulim.ttf", "fonts-lexi-gulim", "GPL-2"),
    _un("UnGraphic", 1.0),
    _un("UnGraphicBold", 0.5),
    _nanum("NanumSquareRoundR", 1.0),
    _nanum("NanumSquareRoundB", 0.5),
)

#: Digits and capitals beside the Hangul are often set in another face.
LATIN = (
    _liberation("Sans-Regular", 0.25),
    _liberation("Sans-Bold", 0.2),
    _dejavu("Sans", 0.15),
    _dejavu("Sans-Bold", 0.1),
    _liberation("Serif-Regular", 0.1),
    _liberation("Mono-Regular", 0.1),
    _liberation("Mono-Bold", 0.1),
)


class FontMissing(RuntimeError):
    """A face cannot be drawn because its Debian package is not installed."""


@cache
def installed(faces: tuple[Face, ...] = FACES) -> tuple[Face, ...]:
    """`faces`; raises FontMissing with the command that brings those not there."""
    missing = sorted({face.package for face in faces if face.path and not (_FONTS / face.path).is_file()})
    if missing:
        raise FontMissing(f"training draws lines in faces that are not installed: apt-get install {' '.join(missing)}")
    return faces


@cache
def _font(face: Face) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / face.path, EM, index=face.index)


@lru_cache(maxsize=200_000)
def has(face: Face, character: str) -> bool:
    """True when the face draws this character and not a box in its place."""
    if not face.path or character == " ":
        return True
    mask = glyph(face, character).mask
    return bool(mask.any()) and not np.array_equal(mask, glyph(face, "\u0378").mask)


@lru_cache(maxsize=50_000)
def glyph(face: Face, character: str) -> Glyph:
    """Draws one character; kept, since a line draws it again a moment later."""
    if not face.path:
        return _opencv_glyph(character)
    font = _font(face)
    canvas = Image.new("L", (CELL, CELL), 0)
    ImageDraw.Draw(canvas).text((ORIGIN, BASE), character, 255, font, anchor="ls")
    return Glyph(np.asarray(canvas, np.uint8), float(font.getlength(character)))


def _opencv_glyph(character: str) -> Glyph:
    canvas = np.zeros((CELL, CELL), np.uint8)
    end, _ = cv2.putText(canvas, character, (ORIGIN, BASE), (255,), cv2.FontFace("uni"), EM, 400)
    advance = EM * 0.3 if character == " " else float(end[0] - ORIGIN)
    return Glyph(canvas, advance)
