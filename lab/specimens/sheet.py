"""A page in millimetres: lettering, print and figures go onto its pixels. What stands where is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import faces, strokes

Pixels = npt.NDArray[np.uint8]  #: (H, W, 3) uint8 BGR
Mask = npt.NDArray[np.float32]  #: (H, W) float32, 0..1
Colour = tuple[int, int, int]  #: blue, green, red, 0..255
Rectangle = tuple[float, float, float, float]  #: left, top, right, bottom

OCR_B = "ocrb"
_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page being drawn. `pixels` is written to; `scale` is pixels per millimetre."""

    pixels: Pixels = field(repr=False)
    scale: float

    @property
    def width(self) -> float:
        """Millimetres."""
        return float(self.pixels.shape[1]) / self.scale

    @property
    def height(self) -> float:
        """Millimetres."""
        return float(self.pixels.shape[0]) / self.scale


def blank(width: float, height: float, scale: float, colour: Colour = (255, 255, 255)) -> Sheet:
    """An empty page of `width` by `height` millimetres at `scale` pixels per millimetre."""
    pixels = np.empty((round(height * scale), round(width * scale), 3), np.uint8)
    cv2.rectangle(pixels, (0, 0), pixels.shape[1::-1], colour, cv2.FILLED)
    return Sheet(pixels, scale)


def write(
    sheet: Sheet,
    text: str,
    start: tuple[float, float],
    *,
    size: float,
    colour: Colour,
    face: str = "sans",
    weight: int = 400,
) -> float:
    """Letters `text` from `start` (x, base line) on, `size` for one em; returns the x behind it. All in mm.

    `face` is one of OpenCV's built-in faces (`sans`, `italic`, `uni`) or `ocrb` for capitals of our own.
    """
    if face == OCR_B:
        return _write_ocrb(sheet, text, start, size=size, colour=colour, weight=weight)
    pixels = max(4, round(size * sheet.scale))
    origin = (round(start[0] * sheet.scale), round(start[1] * sheet.scale))
    end, _ = cv2.putText(sheet.pixels, text, origin, colour, cv2.FontFace(face), pixels, weight)
    return float(end[0]) / sheet.scale


def _write_ocrb(
    sheet: Sheet, text: str, start: tuple[float, float], *, size: float, colour: Colour, weight: int
) -> float:
    known = "".join(character for character in text.upper() if character in strokes.OCR_B)
    pitch = size * 0.72  # an em of OCR-B against its pitch
    line = faces.render_line(known, pitch_px=max(3.0, pitch * sheet.scale), weight=weight / 400)
    corner = (round(start[0] * sheet.scale), round(start[1] * sheet.scale - line.base))
    stamp(sheet, line.ink, corner, colour=colour)
    return start[0] + pitch * len(known)


def stamp(sheet: Sheet, coverage: Mask, corner: tuple[int, int], *, colour: Colour, alpha: float = 1.0) -> None:
    """Blends `colour` onto the page where `coverage` (h, w) says, from `corner` (left, top) on. Pixels."""
    left, top = corner
    height, width = sheet.pixels.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + coverage.shape[1]), min(height, top + coverage.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = (coverage[y0 - top : y1 - top, x0 - left : x1 - left] * np.float32(alpha))[..., None]
    region = sheet.pixels[y0:y1, x0:x1]
    region[:] = (region + (np.array(colour, np.float32) - region) * part + 0.5).astype(np.uint8)


def blend(sheet: Sheet, box: Rectangle, colour: Colour, alpha: float) -> None:
    """Tints a rectangle given in mm."""
    x0, y0, x1, y1 = (max(0, round(value * sheet.scale)) for value in box)
    region = sheet.pixels[y0:y1, x0:x1]
    if region.size:
        region[:] = cv2.addWeighted(region, 1.0 - alpha, np.full_like(region, colour), alpha, 0.0)


def fill(sheet: Sheet, points: npt.NDArray[np.float64], colour: Colour) -> None:
    """Fills a polygon, (n, 2) in mm."""
    cv2.fillPoly(sheet.pixels, [_fixed(sheet, points)], colour, cv2.LINE_AA, _SUBPIXEL_BITS)


def draw_lines(
    sheet: Sheet, lines: Sequence[npt.NDArray[np.float64]], colour: Colour, width: float = 0.0, *, closed: bool = False
) -> None:
    """Draws polylines, each (n, 2) in mm, `width` mm wide but at least one pixel."""
    thickness = max(1, round(width * sheet.scale))
    cv2.polylines(
        sheet.pixels, [_fixed(sheet, line) for line in lines], closed, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS
    )


def _fixed(sheet: Sheet, points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    return np.round(points * (sheet.scale * (1 << _SUBPIXEL_BITS))).astype(np.int32)
