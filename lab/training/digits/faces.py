"""The faces that training lines of digits are set in: our own, OpenCV's, and fonts that Debian packages bring."""

from __future__ import annotations

import functools
import string
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lab.specimens import numerals
from lab.specimens.numerals import ABOVE, DIGIT_HEIGHT, Glyph

LETTERS = string.ascii_uppercase + string.ascii_lowercase + ".,:()*&#+유효기간만료일"
_FONTS = Path("/usr/share")


@dataclass(frozen=True, slots=True)
class Font:
    """A font below /usr/share, its share among fonts, its Debian package and licence."""

    path: str
    share: float
    package: str
    licence: str


def _all(folder: str, names: str, share: float, package: str, licence: str) -> tuple[Font, ...]:
    return tuple(Font(f"{folder}/{name}", share, package, licence) for name in names.split())


#: Licences as the copyright files of the Debian packages say.
FONTS = (
    *_all("fonts/opentype/ocr-b", "OCRB.otf OCRBS.otf", 3.0, "fonts-ocr-b", "free use without limitation"),
    *_all("fonts/truetype/ocr-a", "OCRA.ttf OCRABold.ttf", 2.5, "fonts-ocr-a", "public domain"),
    *_all("fonts/truetype/roboto/unhinted/RobotoTTF", "Roboto-Light.ttf Roboto-Regular.ttf Roboto-Medium.ttf "
          "Roboto-Bold.ttf", 1.3, "fonts-roboto-unhinted", "Apache-2.0"),
    *_all("fonts/truetype/roboto/unhinted", "RobotoCondensed-Regular.ttf RobotoCondensed-Bold.ttf", 1.0,
          "fonts-roboto-unhinted", "Apache-2.0"),
    *_all("fonts/opentype/inter", "Inter-Light.otf Inter-Regular.otf Inter-Medium.otf Inter-Bold.otf", 1.0,
          "fonts-inter", "OFL 1.1"),
    *_all("fonts/truetype/lato", "Lato-Light.ttf Lato-Regular.ttf Lato-Bold.ttf", 1.0, "fonts-lato", "OFL 1.1"),
    *_all("fonts/truetype/open-sans", "OpenSans-Light.ttf OpenSans-Regular.ttf OpenSans-Bold.ttf OpenSans-CondBold.ttf",
          1.0, "fonts-open-sans", "Apache-2.0"),
    *_all("fonts/truetype/manrope", "Manrope-Regular.ttf Manrope-Bold.ttf", 0.8, "fonts-manrope", "OFL 1.1"),
    *_all("fonts/opentype/dosis", "Dosis-Book.otf Dosis-Bold.otf", 1.0, "fonts-dosis", "OFL 1.1"),
    *_all("fonts/truetype/opendin", "OSP-DIN.ttf", 2.0, "fonts-opendin", "OFL 1.1"),
    *_all("fonts/opentype/b612", "B612-Regular.otf B612Mono-Regular.otf B612Mono-Bold.otf", 0.8, "fonts-b612",
          "OFL 1.1"),
    *_all("fonts/opentype/national-park", "NationalPark-Regular.otf NationalPark-Heavy.otf", 0.8,
          "fonts-national-park", "OFL 1.1"),
    *_all("fonts/fonts-go", "Go-Regular.ttf Go-Mono.ttf Go-Mono-Bold.ttf", 0.6, "fonts-go", "BSD-3-Clause"),
    *_all("fonts/truetype/dejavu", "DejaVuSans.ttf DejaVuSans-Bold.ttf DejaVuSansCondensed.ttf DejaVuSansMono.ttf "
          "DejaVuSansMono-Bold.ttf DejaVuSerif.ttf", 1.0, "fonts-dejavu", "Bitstream Vera"),
    *_all("fonts/truetype/liberation2", "LiberationSans-Regular.ttf LiberationSans-Bold.ttf "
          "LiberationMono-Regular.ttf LiberationMono-Bold.ttf LiberationSerif-Regular.ttf LiberationSans-Italic.ttf",
          1.3, "fonts-liberation2", "OFL 1.1"),
    *_all("texmf/fonts/opentype/public/tex-gyre", "texgyreheros-regular.otf texgyreheros-bold.otf "
          "texgyreheroscn-regular.otf texgyreheroscn-bold.otf texgyreadventor-regular.otf texgyreadventor-bold.otf "
          "texgyrecursor-bold.otf texgyretermes-bold.otf texgyrebonum-regular.otf", 1.0, "fonts-texgyre",
          "GUST Font License"),
    *_all("texmf/fonts/opentype/public/lm", "lmsans10-regular.otf lmsans10-bold.otf lmmono10-regular.otf", 0.6,
          "fonts-lmodern", "GUST Font License"),
    *_all("fonts/truetype/inconsolata", "Inconsolata.otf", 1.0, "fonts-inconsolata", "OFL 1.0"),
    *_all("fonts/truetype/anonymous-pro", "Anonymous&Pro.ttf Anonymous&Pro&B.ttf", 0.6, "ttf-anonymous-pro",
          "OFL 1.1"),
    *_all("fonts/opentype/courier-prime", "Courier&Prime.otf Courier&Prime&Bold.otf", 0.6, "fonts-courier-prime",
          "OFL 1.1"),
    *_all("fonts/truetype/nanum", "NanumGothic.ttf NanumGothicBold.ttf NanumSquareR.ttf NanumMyeongjo.ttf", 1.0,
          "fonts-nanum", "OFL 1.1"),
)  # fmt: skip


@functools.cache
def installed() -> tuple[Font, ...]:
    """Those of FONTS that this machine has."""
    return tuple(font for font in FONTS if path(font).is_file())


def path(font: Font) -> Path:
    """Where a font lies. Names in FONTS write `&` for a space."""
    return _FONTS / font.path.replace("&", " ")


@functools.lru_cache(maxsize=400)
def of_font(font: Font, weight: float) -> dict[str, Glyph]:
    """Digits and letters of a font, thickened or thinned by `weight` px of a digit 64 px high."""
    sized = ImageFont.truetype(path(font), _point_size(font))
    return {one: _drawn(sized, one, weight) for one in numerals.CHARACTERS + LETTERS if one != " "}


def of_opencv(face: str, weight: float) -> dict[str, Glyph]:
    """Digits and letters of a face that comes with OpenCV."""
    return numerals.cut(face, weight) | {one: numerals.letter(one, face, weight) for one in LETTERS}


@functools.cache
def _point_size(font: Font) -> int:
    _, top, _, bottom = ImageFont.truetype(path(font), 1000).getbbox("0", anchor="ls")
    return round(1000 * DIGIT_HEIGHT / (bottom - top))


def _drawn(font: ImageFont.FreeTypeFont, character: str, weight: float) -> Glyph:
    advance = max(4.0, font.getlength(character))
    canvas = Image.new("L", (round(advance) + 24, DIGIT_HEIGHT + 2 * ABOVE), 0)
    ImageDraw.Draw(canvas).text((12 + advance / 2, ABOVE + DIGIT_HEIGHT), character, 255, font, anchor="ms")
    mask = np.asarray(canvas)
    if weight:
        inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5)
        outside = cv2.distanceTransform((mask <= 127).astype(np.uint8), cv2.DIST_L2, 5)
        mask = np.clip(np.clip(inside - outside + weight, -2, 2) * 128 + 128, 0, 255).astype(np.uint8)
    return Glyph(mask, advance)
