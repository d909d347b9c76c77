"""Finds lines of print on a straight card by their ink, small and large alike. What they say is read elsewhere."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import lines
from worker.reading.cards.base import Card, Colour, Line
from worker.reading.engines.base import Grey

_LOOK: Final = 1000  #: px of the card's longer side that its print is looked for at
_HIGHEST: Final = 62  #: px of a letter there
_LEAST_CONTRAST: Final = 0.09  #: of the ground's brightness
_OF_THE_STRONGEST: Final = 0.42  #: of the ink around it, that ink must have: a guilloche has less
_LOWEST: Final = 7  #: px of a line there
_LEAST_INK: Final = 20  #: px of a line there
_STEEPEST: Final = 0.12  #: rise of a line along the card
_GAP: Final = 0.12  #: of a line's usual ink, what may lie in a gap between two
_ROOM: Final = 0.86  #: of a row's ink, what a capital of it is taken for: Hangul is higher than capitals

Plane = npt.NDArray[np.float32]


def on(card: Card) -> list[Line]:
    """Lines of print on the card, top to bottom, as its image stands."""
    grey = without_red(card.image)
    return [lines.cut(grey, row) for row in rows(grey)]


def without_red(image: Colour) -> Grey:
    """(H, W) uint8 grey in which red ink is as light as paper: seals and SPECIMEN marks lie over the print."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(np.maximum(grey, image[..., 2]), np.uint8)


def rows(grey: Grey) -> list[lines.Row]:
    """Where lines stand on a card, (H, W) uint8; top to bottom."""
    scale = min(1.0, _LOOK / max(grey.shape))
    seen = grey if scale == 1 else cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    letters = _letters(_ink(np.asarray(seen, np.uint8)))
    smeared = cv2.morphologyEx(letters, cv2.MORPH_CLOSE, np.ones((2, 19), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(smeared, connectivity=4, ltype=cv2.CV_32S)
    blobs, sizes = np.asarray(labels, np.int32), np.asarray(stats, np.int32)
    found = [row for index in range(1, len(sizes)) for row in _rows(letters, blobs, index, sizes[index])]
    joined = _joined(found)
    kept = [row for row in joined if _is_long(row) or any(_continues(row, other) for other in joined)]
    return sorted((_scaled(row, 1 / scale) for row in kept), key=lambda row: row.left[1] + row.right[1])


def _ink(grey: Grey) -> npt.NDArray[np.uint8]:
    """1 where a stroke is darker than the ground around it and about as dark as the strongest ink nearby."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ground = cv2.morphologyEx(cv2.medianBlur(half, 3), cv2.MORPH_CLOSE, np.ones((17, 17), np.uint8))
    ground = cv2.resize(cv2.blur(ground, (9, 9)), (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    depth = 1 - cv2.blur(grey, (2, 2)).astype(np.float32) / np.maximum(ground, 30)
    small = cv2.resize(depth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    strongest = cv2.blur(cv2.dilate(small, np.ones((9, 17), np.uint8)), (9, 9))
    strongest = cv2.resize(strongest, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(depth > np.maximum(_LEAST_CONTRAST, _OF_THE_STRONGEST * strongest), np.uint8)


def _letters(ink: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What of the ink may be parts of letters: neither specks nor shapes too large, nor long thin lines."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    wide, high, area = (stats[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    is_thin = (wide > 60) & (high < 6) | (area < 0.06 * wide * high)
    fits = (area >= 9) & (high <= _HIGHEST) & (wide <= 3.2 * _HIGHEST) & ~is_thin
    fits[0] = False
    return np.asarray(fits[labels], np.uint8)


def _rows(
    letters: npt.NDArray[np.uint8], labels: npt.NDArray[np.int32], index: int, stat: npt.NDArray[np.int32]
) -> list[lines.Row]:
    """The rows of one blob of print: two where a gap runs through it, as between a small caption and its value."""
    left, top, wide, high = (int(value) for value in stat[:4])
    if high < _LOWEST or high > 3 * _HIGHEST or wide < _LOWEST:
        return []
    part = (slice(top, top + high), slice(left, left + wide))
    ys, xs = np.nonzero((labels[part] == index) & (letters[part] > 0))
    if len(xs) < _LEAST_INK:
        return []
    slope = float(np.polyfit(xs, ys, 1)[0]) if wide > 4 * high else 0.0
    slope = slope if abs(slope) < _STEEPEST else 0.0
    away = ys - slope * xs
    found = []
    for upper, lower in _bands(away):
        inside = (away >= upper) & (away <= lower)
        if inside.sum() < _LEAST_INK or lower - upper + 1 > 1.6 * _HIGHEST:
            continue
        first, last = float(xs[inside].min()), float(xs[inside].max() + 1)
        low, high_ = np.percentile(away[inside], (2, 98))
        middle = float(low + high_) / 2 + 0.5
        ends = [(left + x, top + middle + slope * x) for x in (first, last)]
        found.append(lines.Row(ends[0], ends[1], max(6.0, float(high_ - low + 1))))
    return found


def _bands(away: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    """From and to of the ink across a blob, cut where next to none lies between two bands of it."""
    lowest = float(away.min())
    profile = np.bincount(np.floor(away - lowest).astype(np.int64))
    if len(profile) < 3 * _LOWEST:
        return [(lowest, float(away.max()))]
    inner = slice(len(profile) // 4, len(profile) - len(profile) // 4)
    cut = int(np.argmin(profile[inner])) + inner.start
    if profile[cut] > _GAP * np.percentile(profile, 80):
        return [(lowest, float(away.max()))]
    return [(lowest, lowest + cut), (lowest + cut, float(away.max()))]


def _joined(found: list[lines.Row]) -> list[lines.Row]:
    """Pieces of one line side by side become one row: alike in height, on one level, a gap of about a letter."""
    rows = sorted(found, key=lambda row: row.left[0])
    changed = True
    while changed:
        changed = False
        for i, first in enumerate(rows):
            for j in range(i + 1, len(rows)):
                if _belong(first, rows[j]):
                    rows[i] = _one(first, rows[j])
                    del rows[j]
                    rows.sort(key=lambda row: row.left[0])
                    changed = True
                    break
            if changed:
                break
    return rows


def _is_long(row: lines.Row) -> bool:
    return row.length > 1.3 * row.height


def _continues(row: lines.Row, other: lines.Row) -> bool:
    """True for a single sign behind a row, as the letter of a condition behind its label."""
    gap = row.left[0] - other.right[0]
    alike = 0.45 * other.height < row.height < 1.3 * other.height
    return (
        _is_long(other)
        and alike
        and 0 < gap < 3 * other.height
        and abs(row.left[1] - other.right[1]) < 0.3 * other.height
    )


def _belong(first: lines.Row, second: lines.Row) -> bool:
    high, low = max(first.height, second.height), min(first.height, second.height)
    gap = second.left[0] - first.right[0]
    slope = (first.right[1] - first.left[1]) / max(1.0, first.right[0] - first.left[0])
    level = abs(second.left[1] - (first.right[1] + slope * gap))
    return -0.5 * low < gap < 0.95 * high and level < 0.3 * high and low > 0.5 * high


def _one(first: lines.Row, second: lines.Row) -> lines.Row:
    """Both as one; the longer one says how high it is."""
    height = max(first, second, key=lambda row: row.length).height
    other = min(first, second, key=lambda row: row.length).height
    return lines.Row(first.left, second.right, max(height, 0.9 * other))


def _scaled(row: lines.Row, factor: float) -> lines.Row:
    (x0, y0), (x1, y1) = row.left, row.right
    return lines.Row((x0 * factor, y0 * factor), (x1 * factor, y1 * factor), row.height * factor * _ROOM)
