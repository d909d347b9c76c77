"""Finds the lines of print on a card and cuts each out straight. What they say is for a recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import locate
from worker.reading.cards import recogniser
from worker.reading.cards.base import Card, Line
from worker.reading.engines.base import Grey

_STRIP_HEIGHT: Final = (32, 48)  #: px, least and most, of a strip
_SEARCHED: Final = 500  #: px of a card's longer side while print is looked for

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """Where a line stands on a card's image: ends of its middle, height of its capitals; px."""

    left: tuple[float, float]
    right: tuple[float, float]
    height: float

    @property
    def length(self) -> float:
        """Px from end to end."""
        return float(np.hypot(self.right[0] - self.left[0], self.right[1] - self.left[1]))


def on(card: Card) -> list[Line]:
    """Lines of print on the card, top to bottom, as its image stands."""
    grey = np.asarray(cv2.cvtColor(card.image, cv2.COLOR_BGR2GRAY), np.uint8)
    return [cut(grey, row) for row in rows(card)]


def rows(card: Card) -> list[Row]:
    """Where lines of print stand on the card, top to bottom."""
    grey = np.asarray(cv2.cvtColor(card.image, cv2.COLOR_BGR2GRAY), np.uint8)
    small, scale = locate.shrunk(grey, _SEARCHED)
    ink = _letters(locate.ink(small) | locate.ink(np.asarray(255 - small, np.uint8)))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, 13), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=4, ltype=cv2.CV_32S)
    pieces = np.asarray(labels, np.int32)
    found = [_row(ink, pieces, index, np.asarray(stats[index], np.int32)) for index in range(1, len(stats))]
    scaled = [_scaled(row, 1 / scale) for row in found if row is not None]
    return sorted(scaled, key=lambda row: row.left[1] + row.right[1])


def cut(grey: Grey, row: Row) -> Line:
    """The strip of a row: its capitals and `recogniser.MARGIN` of their height above and below, dark on light."""
    along = np.subtract(row.right, row.left) / max(row.length, 1e-6)
    down = np.array([-along[1], along[0]])
    reach = row.height * (0.5 + recogniser.MARGIN)
    tall = int(np.clip(round(2 * reach), *_STRIP_HEIGHT))
    step = 2 * reach / tall
    start = np.asarray(row.left) - along * row.height * 0.5
    wide = max(8, round((row.length + row.height) / step))
    origin = start - down * reach
    matrix = np.column_stack([along * step, down * step, origin + (along + down) * step / 2 - 0.5])
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if step < 1 else cv2.INTER_LINEAR)
    strip = cv2.warpAffine(grey, matrix, (wide, tall), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    end = start + along * (row.length + row.height)
    corners = [start - down * reach, end - down * reach, end + down * reach, start + down * reach]
    return Line(np.asarray(corners, np.float32), _dark_on_light(np.asarray(strip, np.uint8)))


def _dark_on_light(strip: Grey) -> Grey:
    """The strip, or its negative where the print is the lighter part."""
    inner = strip[strip.shape[0] // 5 : -strip.shape[0] // 5]
    low, middle, high = np.percentile(inner, (4, 50, 96))
    return np.asarray(255 - strip, np.uint8) if high - middle > 1.3 * (middle - low) else strip


def _letters(ink: Grey) -> Grey:
    """What of the ink may be letters: neither specks nor large shapes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    wide, high, area = (stats[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    fits = (area >= 5) & (high <= 34) & (high >= 3) & (wide <= 120)
    fits[0] = False
    return np.asarray(fits[labels], np.uint8)


def _row(ink: Grey, labels: npt.NDArray[np.int32], index: int, stat: npt.NDArray[np.int32]) -> Row | None:
    left, top, wide, high, _ = (int(value) for value in stat)
    if high < 6 or wide < 1.2 * high or high > 45:
        return None
    inside = (labels[top : top + high, left : left + wide] == index) & (ink[top : top + high, left : left + wide] > 0)
    ys, xs = np.nonzero(inside)
    if len(xs) < 12:
        return None
    slope = float(np.polyfit(xs, ys, 1)[0]) if wide > 4 * high else 0.0
    slope = slope if abs(slope) < 0.15 else 0.0
    away = ys - slope * xs
    upper, lower = np.percentile(away, (4, 96))
    height = float(lower - upper + 1) * 1.04
    if height < 5:
        return None
    middle = float(upper + lower) / 2 + 0.5
    ends = [(left + x, top + middle + slope * x) for x in (0.0, float(wide))]
    return Row(ends[0], ends[1], height)


def _scaled(row: Row, factor: float) -> Row:
    (x0, y0), (x1, y1) = row.left, row.right
    return Row((x0 * factor, y0 * factor), (x1 * factor, y1 * factor), row.height * factor)
