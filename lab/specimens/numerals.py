"""Sets lines of digits in many faces: strokes of our own, OCR-B, faces that come with OpenCV. Ink only, no colour."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import faces, numeral_strokes, strokes

Ink = npt.NDArray[np.uint8]  #: (H, W), 255 where ink is
Places = npt.NDArray[np.float32]

CHARACTERS = "0123456789/- "
DIGIT_HEIGHT = 64  #: px of a digit in a cut
ABOVE = 16  #: px of room above and below a digit in a cut
_FINE = 2  #: cuts are drawn this much larger, then reduced
_UNIT = DIGIT_HEIGHT / 250.0  #: px for 0.01 mm of a stroke's drawing, whose digits are 2.5 mm high
_OPENCV = ("sans", "italic", "uni")

#: Every face that needs no font installed.
FACES = (*numeral_strokes.FACES, "ocrb", "ocrb-square", *_OPENCV)
EMBOSSED = ("farrington", "farrington", "farrington", "punch", "punch", "grotesque", "ocr-a")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a cut: `ink` is as high as all others; its middle is the middle of its advance."""

    ink: Ink = field(repr=False)
    advance: float  #: px to the next character


@dataclass(frozen=True, slots=True)
class InkLine:
    """A line of digits. Places are pixels of `ink`."""

    ink: Ink = field(repr=False)
    text: str = field(repr=False)  #: spaces included
    centres: Places = field(repr=False)  #: x of each character of `text`
    widths: Places = field(repr=False)  #: px that each character takes
    top: float  #: y of the digits' upper edge
    base: float  #: y of the base line

    def span(self, first: int, last: int) -> tuple[float, float]:
        """x where the character `first` begins and where `last` ends."""
        start, stop = self.centres[first] - self.widths[first] / 2, self.centres[last] + self.widths[last] / 2
        return float(start), float(stop)


@functools.lru_cache(maxsize=512)
def cut(face: str, weight: float) -> dict[str, Glyph]:
    """All of CHARACTERS in one of FACES; `weight` 1 is its usual stroke. Raises KeyError for another face."""
    if face in numeral_strokes.FACES:
        return {one: _stroked(numeral_strokes.FACES[face][one], weight) for one in CHARACTERS}
    if face in faces.FACES:
        return {one: _ocrb(one, face, weight) for one in CHARACTERS}
    if face not in _OPENCV:
        raise KeyError(face)
    return {one: letter(one, face, weight) for one in CHARACTERS}


def set_line(
    text: str,
    glyphs: dict[str, Glyph],
    *,
    height: float,
    stretch: float = 1.0,
    tracking: float = 0.0,
    space: float = 0.6,
    slant: float = 0.0,
) -> InkLine:
    """Sets `text` with digits `height` px high. `stretch` widens them, `tracking` adds to each advance and `space` is
    the width of a space, both as a share of the digits' height; `slant` leans them by that share of their height."""
    scale = height / DIGIT_HEIGHT
    gap = space * DIGIT_HEIGHT / stretch
    advances = [
        (gap if one == " " else glyphs[one].advance) + tracking * DIGIT_HEIGHT / stretch if one in glyphs else gap
        for one in text
    ]
    margin = DIGIT_HEIGHT * 0.5
    centres = margin + np.cumsum([0.0, *advances])[:-1] + np.array(advances) / 2
    width = int(margin * 2 + sum(advances)) + 2
    canvas = np.zeros((DIGIT_HEIGHT + 2 * ABOVE, width), np.uint8)
    for one, centre in zip(text, centres, strict=True):
        if one != " " and one in glyphs:
            _press(canvas, glyphs[one].ink, float(centre))
    if slant:
        lean = np.array([[1, -slant, slant * canvas.shape[0] / 2], [0, 1, 0]])
        canvas = np.asarray(cv2.warpAffine(canvas, lean, (canvas.shape[1], canvas.shape[0])), np.uint8)
    size = (max(2, round(width * scale * stretch)), max(2, round(canvas.shape[0] * scale)))
    shrinks = scale < 1
    ink = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    across, down = size[0] / width, size[1] / canvas.shape[0]
    return InkLine(
        np.asarray(ink, np.uint8),
        text,
        (centres * across).astype(np.float32),
        (np.array(advances) * across).astype(np.float32),
        ABOVE * down,
        (ABOVE + DIGIT_HEIGHT) * down,
    )


def trimmed(line: InkLine) -> InkLine:
    """The same line without the empty columns around it."""
    columns = np.flatnonzero(line.ink.max(axis=0))
    if not len(columns):
        return line
    first, last = int(columns[0]), int(columns[-1]) + 1
    return replace(line, ink=line.ink[:, first:last], centres=line.centres - first)


def _press(canvas: Ink, glyph: Ink, centre: float) -> None:
    left = round(centre - glyph.shape[1] / 2)
    first, last = max(0, left), min(canvas.shape[1], left + glyph.shape[1])
    if last > first:
        area = canvas[:, first:last]
        np.maximum(area, glyph[:, first - left : last - left], out=area)


def _reduced(fine: npt.NDArray[np.uint8]) -> Ink:
    size = (fine.shape[1] // _FINE, fine.shape[0] // _FINE)
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.uint8)


def _blank(width: float) -> npt.NDArray[np.uint8]:
    return np.zeros(((DIGIT_HEIGHT + 2 * ABOVE) * _FINE, round(width) * _FINE), np.uint8)


def _stroked(path: str, weight: float) -> Glyph:
    """A drawing of `numeral_strokes`, its strokes 0.30 mm wide at weight 1."""
    fine = _blank(DIGIT_HEIGHT * 1.1)
    unit = _UNIT * _FINE
    lines = [
        np.stack((line[:, 0] * unit + fine.shape[1] / 2, (ABOVE + DIGIT_HEIGHT) * _FINE - line[:, 1] * unit), axis=1)
        for line in faces.polylines(path)
    ]
    fixed = [np.round(line * 16).astype(np.int32) for line in lines]
    thick = max(1, round(30.0 * weight * unit))
    cv2.polylines(fine, fixed, isClosed=False, color=255, thickness=thick, lineType=cv2.LINE_AA, shift=4)
    return Glyph(_reduced(fine), 190.0 * _UNIT)


def _ocrb(character: str, face: str, weight: float) -> Glyph:
    pitch = DIGIT_HEIGHT * strokes.PITCH / 242.0  # a digit of OCR-B is 2.42 mm between its strokes' middles
    drawn = faces.render_line(character, pitch_px=pitch, weight=weight, face=face)
    canvas = np.zeros((DIGIT_HEIGHT + 2 * ABOVE, drawn.ink.shape[1]), np.uint8)
    move = np.array([[1, 0, 0], [0, 1, ABOVE + DIGIT_HEIGHT - drawn.base]], np.float64)
    ink = cv2.warpAffine((drawn.ink * 255).astype(np.uint8), move, canvas.shape[::-1])
    return Glyph(np.asarray(ink, np.uint8), pitch)


@functools.lru_cache(maxsize=4096)
def letter(character: str, face: str, weight: float) -> Glyph:
    """Any character in one of OpenCV's faces, at the size of the digits."""
    font = cv2.FontFace(face)
    em = round(DIGIT_HEIGHT * _FINE / 0.73)  # its digits are about 0.73 em high
    fine = _blank(DIGIT_HEIGHT * 1.3)
    heavy = int(np.clip(400 * weight, 100, 900))
    box = cv2.getTextSize((0, 0), character, (0, 0), font, em, heavy)
    width = box[2] if len(box) == 4 else em
    start = ((fine.shape[1] - width) // 2, (ABOVE + DIGIT_HEIGHT) * _FINE)
    coloured = np.zeros((*fine.shape, 3), np.uint8)
    end, _ = cv2.putText(coloured, character, start, (255, 255, 255), font, em, heavy)
    return Glyph(_reduced(np.ascontiguousarray(coloured[..., 0])), (end[0] - start[0]) / _FINE)
