"""The print: draws a line of one of our own faces at any size and stroke weight. The shapes are in `strokes`."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import strokes

Ink = npt.NDArray[np.float32]
Polyline = npt.NDArray[np.float64]

#: OCR-B with round stroke ends (as the standard draws it) and with flat ones (as many printers cut it); a typewriter.
FACES = ("ocrb", "ocrb-square", "typewriter")

_GRID = 2.0  # step of the distance fields in 0.01 mm: a tenth of half a stroke
_CELL_WIDTH = int(strokes.PITCH / _GRID)
_CELL_HEIGHT = int((strokes.CELL_TOP - strokes.CELL_BOTTOM) / _GRID)
_FAR = 60.0  # 0.01 mm; no stroke is drawn three times as wide as the standard's
_FINE_PITCH_PX = 24.0  # below this pitch a stroke is thinner than three pixels: draw larger, then average down


@dataclass(frozen=True, slots=True)
class InkLine:
    """A drawn line. `ink` is (H, W) float32 coverage 0..1; positions are in its pixels, y downward."""

    ink: Ink = field(repr=False)
    centres: npt.NDArray[np.float32] = field(repr=False)  #: (len(text),) x of the middle of each character cell
    top: float  #: y of the upper edge of capitals
    base: float  #: y of the base line


def render_line(text: str, *, pitch_px: float, weight: float = 1.0, face: str = "ocrb") -> InkLine:
    """Draws `text` in one line, one cell of `pitch_px` pixels for each character.

    `weight` multiplies the stroke width: 0.35 mm (typewriter 0.22 mm) at 2.54 mm pitch. The image is
    3.4 / 2.54 pitches high and `len(text)` pitches wide, both rounded up. Raises KeyError for a character that the
    face does not have and ValueError for an unknown face.
    """
    if face not in FACES:
        raise ValueError(f"unknown face {face!r}")
    unit_px = pitch_px / strokes.PITCH
    height = math.ceil((strokes.CELL_TOP - strokes.CELL_BOTTOM) * unit_px)
    width = max(1, math.ceil(len(text) * pitch_px))
    fine = max(1, math.ceil(_FINE_PITCH_PX / pitch_px))
    field_ = np.concatenate([distances(character, face) for character in text] or [distances(" ", face)], axis=1)
    step = _GRID * unit_px * fine  # pixels of the fine drawing for one grid step
    shift = (step - 1.0) / 2.0  # both images count from the middle of their first pixel
    fine_distance = cv2.warpAffine(
        field_,
        np.array([[step, 0.0, shift], [0.0, step, shift]]),
        (width * fine, height * fine),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_FAR,
    )
    stroke = strokes.TYPEWRITER_STROKE if face == "typewriter" else strokes.STROKE
    ink = np.clip(0.5 + (stroke * weight / 2.0 - fine_distance) * (unit_px * fine), 0.0, 1.0)
    if fine > 1:
        ink = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    centres = (np.arange(len(text), dtype=np.float32) + 0.5) * np.float32(pitch_px)
    top = (strokes.CELL_TOP - strokes.CAPITAL_HEIGHT) * unit_px
    return InkLine(np.ascontiguousarray(ink, dtype=np.float32), centres, top, strokes.CELL_TOP * unit_px)


@functools.cache
def distances(character: str, face: str = "ocrb") -> Ink:
    """(H, W) float32: how far each grid point of the character's cell lies from the nearest centre line, in 0.01 mm.

    Anything beyond `_FAR` reads `_FAR`.
    """
    nearest = np.full((_CELL_HEIGHT, _CELL_WIDTH), _FAR)
    for line in centre_lines(character, face):
        is_closed = bool(np.allclose(line[0], line[-1]))
        flat = _flat_ends(line, is_closed=is_closed) if face == "ocrb-square" else np.zeros((len(line) - 1, 2), bool)
        for start, end, (flat_start, flat_end) in zip(line[:-1], line[1:], flat, strict=True):
            rows, columns, points = _around(start, end)
            distance = _segment_distance(points, start, end, is_flat=(flat_start, flat_end))
            part = nearest[rows, columns]
            np.minimum(part, distance.reshape(part.shape), out=part)
    return nearest.astype(np.float32)


def _around(start: Polyline, end: Polyline) -> tuple[slice, slice, Polyline]:
    """The grid rows and columns that may lie within `_FAR` of a segment, and their points."""
    low, high = np.minimum(start, end) - _FAR, np.maximum(start, end) + _FAR
    left, right = (np.array([low[0], high[0]]) + strokes.PITCH / 2.0) / _GRID
    top, bottom = (strokes.CELL_TOP - np.array([high[1], low[1]])) / _GRID
    rows = slice(max(0, int(top)), min(_CELL_HEIGHT, int(bottom) + 1))
    columns = slice(max(0, int(left)), min(_CELL_WIDTH, int(right) + 1))
    x = (np.arange(columns.start, columns.stop) + 0.5) * _GRID - strokes.PITCH / 2.0
    y = strokes.CELL_TOP - (np.arange(rows.start, rows.stop) + 0.5) * _GRID
    return rows, columns, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _segment_distance(
    points: Polyline, start: Polyline, end: Polyline, *, is_flat: tuple[bool, bool]
) -> npt.NDArray[np.float64]:
    direction = end - start
    length = float(np.hypot(*direction))
    unit = direction / length
    relative = points - start
    along = relative @ unit
    across = np.abs(relative[:, 0] * unit[1] - relative[:, 1] * unit[0])
    before, after = np.maximum(-along, 0.0), np.maximum(along - length, 0.0)
    beyond = before + after
    is_square = ((before > 0) & is_flat[0]) | ((after > 0) & is_flat[1])
    distance = np.where(is_square, np.maximum(across, beyond), np.hypot(across, beyond))
    return np.asarray(distance, dtype=np.float64)


def _flat_ends(line: Polyline, *, is_closed: bool) -> npt.NDArray[np.bool_]:
    """(segments, 2) bool: which ends of each segment are cut square: free ends, and corners near a right angle."""
    directions = np.diff(line, axis=0)
    directions /= np.hypot(directions[:, 0], directions[:, 1])[:, None]
    cosines = np.sum(directions[:-1] * directions[1:], axis=1)
    is_corner = np.abs(cosines) < 0.2
    flat = np.zeros((len(directions), 2), bool)
    flat[:-1, 1] = is_corner
    flat[1:, 0] = is_corner
    if is_closed:
        flat[0, 0] = flat[-1, 1] = bool(abs(float(directions[0] @ directions[-1])) < 0.2)
    else:
        flat[0, 0] = flat[-1, 1] = True
    return flat


@functools.cache
def centre_lines(character: str, face: str = "ocrb") -> tuple[Polyline, ...]:
    """The strokes of a character as polylines, each (n, 2) float64 in 0.01 mm; curves in chords of about 0.04 mm."""
    return polylines((strokes.TYPEWRITER if face == "typewriter" else strokes.OCR_B)[character])


def polylines(path: str) -> tuple[Polyline, ...]:
    """The strokes of a path written as those of `strokes`, as `centre_lines` tells them."""
    tokens = path.split()
    lines: list[list[tuple[float, float]]] = []
    at = 0
    while at < len(tokens):
        verb = tokens[at]
        count = {"M": 2, "L": 2, "C": 6, "Z": 0}[verb]
        numbers = [float(token) for token in tokens[at + 1 : at + 1 + count]]
        at += 1 + count
        if verb == "M":
            lines.append([(numbers[0], numbers[1])])
        elif verb == "L":
            lines[-1].append((numbers[0], numbers[1]))
        elif verb == "C":
            lines[-1].extend(_bezier(lines[-1][-1], numbers))
        elif lines[-1][-1] != lines[-1][0]:
            lines[-1].append(lines[-1][0])
    return tuple(np.array(line) for line in lines)


def _bezier(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    corners = np.array([start, numbers[0:2], numbers[2:4], numbers[4:6]])
    length = float(np.sum(np.hypot(*np.diff(corners, axis=0).T)))
    t = np.linspace(0.0, 1.0, max(4, int(length / 6.0)) + 1)[1:, None]
    curve = (1 - t) ** 3 * corners[0] + 3 * t * (1 - t) ** 2 * corners[1] + 3 * t**2 * (1 - t) * corners[2]
    return [(float(x), float(y)) for x, y in curve + t**3 * corners[3]]
