"""Rubber stamps pressed onto a drawn page, beside the machine readable zone or over it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lab.specimens import faces, sheet, strokes
from lab.specimens.documents import Page
from lab.specimens.sheet import Colour, Mask, Sheet

_INKS: tuple[Colour, ...] = ((150, 60, 40), (60, 40, 170), (110, 60, 120), (70, 110, 40), (60, 56, 56))
_WORDS = ("SPECIMEN", "IMMIGRATION", "ENTRY", "DEPARTED", "CONTROL", "UTOPIA BORDER", "ARRIVAL", "VOID")
_SUBPIXEL_BITS = 4


def press(page: Page, rng: np.random.Generator, *, over_zone: bool) -> None:
    """Presses one stamp onto `page`, the paler where it lies over the zone; a page without a zone gets none over it."""
    height, width = page.pixels.shape[:2]
    radius = rng.uniform(9, 17) * page.scale
    if over_zone:
        if not page.line_boxes:
            return
        corners = np.concatenate([np.array(box) for box in page.line_boxes])
        low, high = corners.min(axis=0), corners.max(axis=0)
        centre = (rng.uniform(low[0], high[0]), rng.uniform(low[1] - radius * 0.6, high[1]))
        strength = rng.uniform(0.25, 0.5)
    else:
        zone_top = min((box[0][1] for box in page.line_boxes), default=float(height))
        radius = min(radius, zone_top * 0.33)
        centre = (rng.uniform(0.25, 0.95) * width, rng.uniform(radius, max(radius + 1, zone_top - radius * 1.1)))
        strength = rng.uniform(0.35, 0.8)
    mark = _round_mark(rng, radius) if rng.random() < 0.6 else _square_mark(rng, radius)
    mark = _turned(mark, rng.uniform(-40, 40)) * _blotches(rng, mark.shape[0])
    ink = _INKS[int(rng.integers(len(_INKS)))]
    left, top = round(centre[0] - mark.shape[1] / 2), round(centre[1] - mark.shape[0] / 2)
    sheet.stamp(Sheet(page.pixels, page.scale), mark, (left, top), colour=ink, alpha=float(strength))


def _round_mark(rng: np.random.Generator, radius: float) -> Mask:
    """Two rings with words between them and a date across."""
    side = int(2 * radius) + 4
    mark = np.zeros((side, side), np.uint8)
    middle, line = side / 2, max(1, round(radius * 0.05))
    for share in (1.0, 0.62):
        cv2.circle(mark, (round(middle), round(middle)), round(radius * share - line), 255, line, cv2.LINE_AA)
    words = f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} "
    for place, character in enumerate(words):
        _write_on_ring(mark, character, 2 * np.pi * place / len(words), radius * 0.72, radius * 0.2)
    _write_date(mark, rng, radius * 0.9)
    return _as_mask(mark)


def _write_on_ring(mark: npt.NDArray[np.uint8], character: str, angle: float, ring: float, height: float) -> None:
    unit = height / strokes.CAPITAL_HEIGHT
    turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
    middle = np.array([mark.shape[1], mark.shape[0]]) / 2
    out = np.array([np.sin(angle), -np.cos(angle)]) * ring
    for line in faces.centre_lines(character):
        points = (line * unit) @ turn.T + out + middle
        fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        cv2.polylines(
            mark,
            [fixed],
            isClosed=False,
            color=255,
            thickness=max(1, round(height * 0.13)),
            lineType=cv2.LINE_AA,
            shift=_SUBPIXEL_BITS,
        )


def _square_mark(rng: np.random.Generator, radius: float) -> Mask:
    """A frame with a word above a date."""
    side = int(2 * radius) + 4
    mark = np.zeros((side, side), np.uint8)
    line = max(1, round(radius * 0.06))
    cv2.rectangle(mark, (line, int(side * 0.22)), (side - line, int(side * 0.78)), 255, line, cv2.LINE_AA)
    word = str(rng.choice(_WORDS))
    size = max(5, int(min(radius * 0.4, 1.7 * side / len(word) * 0.8)))
    cv2.putText(mark, word, (int(side * 0.1), int(side * 0.45)), 255, cv2.FontFace("sans"), size, 700)
    _write_date(mark, rng, radius * 0.8, int(side * 0.68))
    return _as_mask(mark)


def _write_date(mark: npt.NDArray[np.uint8], rng: np.random.Generator, width: float, base: int | None = None) -> None:
    side = mark.shape[0]
    date = f"{int(rng.integers(1, 29)):02d}.{int(rng.integers(1, 13)):02d}.{int(rng.integers(2010, 2026))}"
    size = max(5, int(width * 0.26))
    origin = (int(side / 2 - size * 2.6), base or int(side / 2 + size * 0.4))
    cv2.putText(mark, date, origin, 255, cv2.FontFace("sans"), size, 600)


def _turned(mark: Mask, degrees: float) -> Mask:
    side = mark.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(mark, turn, (side, side)), dtype=np.float32)


def _blotches(rng: np.random.Generator, side: int) -> Mask:
    """(side, side) how well the rubber was inked."""
    cells = rng.uniform(0.25, 1.25, (8, 8)).astype(np.float32)
    return np.asarray(np.clip(cv2.resize(cells, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1), dtype=np.float32)


def _as_mask(mark: npt.NDArray[np.uint8]) -> Mask:
    return np.asarray(mark, dtype=np.float32) / np.float32(255)
