"""Where an MRZ may stand in a picture: bands of long parallel lines of print, at any angle. Judges shape only."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import Point
from worker.reading.decode import Grey

Floats = npt.NDArray[np.float64]

COARSE_SIDE: Final = 640  #: pixels of the longest side: 13 px a character for a passport page that fills the picture
FINE_SIDE: Final = 1100  #: the second look, for a document that fills a third of the picture
_REACHES: Final = (1.5, 2.3, 3.6, 5.6, 8.8)  #: px: how far ink is joined; each serves a pitch of 1.8 to 3 times itself
_LEAST_ELONGATION: Final = 10.0  #: length over height of a line found at first sight (a TD1 line has 25)
_LEAST_CONTRAST: Final = 10  #: grey levels by which ink is darker than its surroundings


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line of print, in pixels of the picture. Its direction is known but for 180 degrees."""

    x: float  #: centre
    y: float
    angle: float  #: radians, clockwise on the screen, of the direction of writing against the x axis
    length: float
    height: float  #: of capital letters

    @property
    def along(self) -> Floats:
        """Unit vector of writing, (2,)."""
        return np.array([math.cos(self.angle), math.sin(self.angle)])

    @property
    def down(self) -> Floats:
        """Unit vector from the top of the letters to their foot, (2,)."""
        return np.array([-math.sin(self.angle), math.cos(self.angle)])

    @property
    def centre(self) -> Floats:
        """(2,) x, y."""
        return np.array([self.x, self.y])

    def turned(self) -> Line:
        """The same print read from the other side."""
        return Line(self.x, self.y, self.angle + math.pi, self.length, self.height)

    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Clockwise from the top left one as it is read."""
        half, rise = self.along * self.length / 2, self.down * self.height / 2
        points = (
            self.centre - half - rise,
            self.centre + half - rise,
            self.centre + half + rise,
            self.centre - half + rise,
        )
        return tuple((float(x), float(y)) for x, y in points)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Band:
    """Parallel lines one below the other that may be an MRZ."""

    lines: tuple[Line, ...]  #: top to bottom as their angle reads
    score: float  #: higher is likelier; only good for ordering

    def turned(self) -> Band:
        """The band read from the other side."""
        return Band(tuple(line.turned() for line in reversed(self.lines)), self.score)


def bands(grey: Grey, *, longest_side: int) -> list[Band]:
    """Bands that may be an MRZ, the likeliest first, looked for at a scale of `longest_side` pixels.

    `grey` is (H, W) uint8; coordinates come back in its pixels.
    """
    scale = min(1.0, longest_side / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else grey
    found: list[Band] = []
    marks = ink(small)
    for lines in _lines_by_reach(marks):
        found.extend(_stacked(lines))
    return [_scaled(band, 1 / scale) for band in _distinct(found)]


def ink(grey: Grey) -> Grey:
    """1 where a stroke darker than its surroundings runs and 0 elsewhere, (H, W) uint8.

    A stroke counts when it has 4/10 of the strongest contrast nearby: so the printed letters, not the pattern below.
    """
    contrast = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    strongest = cv2.blur(cv2.dilate(contrast, np.ones((25, 25), np.uint8)), (25, 25))
    threshold = np.maximum(cv2.convertScaleAbs(strongest, alpha=0.4), _LEAST_CONTRAST)
    return (np.asarray(contrast, np.uint8) > threshold).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Blobs:
    """Sums over the ink of joined pieces: with them two pieces are merged by adding. Each (n,) float64."""

    count: Floats
    x: Floats
    y: Floats
    xx: Floats
    yy: Floats
    xy: Floats

    def take(self, chosen: npt.NDArray[np.bool_]) -> _Blobs:
        return _Blobs(*(sums[chosen] for sums in self.sums()))

    def sums(self) -> tuple[Floats, ...]:
        return self.count, self.x, self.y, self.xx, self.yy, self.xy

    def together(self, chosen: Iterable[int]) -> Line:
        """One line through the chosen pieces."""
        index = list(chosen)
        shape = _shapes(_Blobs(*(np.array([sums[index].sum()]) for sums in self.sums())))
        return Line(*(float(value[0]) for value in shape))


def _shapes(blobs: _Blobs) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """x, y, angle, length, height of the rectangle with the same second moments."""
    x, y = blobs.x / blobs.count, blobs.y / blobs.count
    xx, yy, xy = blobs.xx / blobs.count - x * x, blobs.yy / blobs.count - y * y, blobs.xy / blobs.count - x * y
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    length, height = np.sqrt(12 * np.maximum(mean + spread, 0.1)), np.sqrt(12 * np.maximum(mean - spread, 0.1))
    return x, y, 0.5 * np.arctan2(2 * xy, xx - yy), length, height


def _lines_by_reach(marks: Grey) -> list[list[Line]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8, ltype=cv2.CV_32S)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    longest = np.maximum(wide, high)
    shortest = np.minimum(wide, high)
    ys, xs = np.nonzero(marks)
    piece = labels[ys, xs]
    found = []
    for reach in _REACHES:
        # Letters of the pitch that this reach serves, alone or run together; no frames, no specks.
        fits = (longest >= 0.8 * reach) & (longest <= 20 * reach) & (shortest <= 7 * reach)
        fits[0] = False
        kept = fits[piece]
        lines = _lines(marks.shape, xs[kept], ys[kept], reach)
        if lines:
            found.append(lines)
    return found


def _lines(
    shape: tuple[int, ...], xs: npt.NDArray[np.intp], ys: npt.NDArray[np.intp], reach: float
) -> list[Line]:
    if xs.size < 50:
        return []
    paper = np.ones(shape, np.uint8)
    paper[ys, xs] = 0
    near = (cv2.distanceTransform(paper, cv2.DIST_L2, 3) <= reach).astype(np.uint8)
    count, labels = cv2.connectedComponents(near, connectivity=4, ltype=cv2.CV_32S)
    blobs = _blobs(np.asarray(labels[ys, xs], np.int32), xs.astype(np.float64), ys.astype(np.float64), count)
    blobs = blobs.take(blobs.count >= 4 * reach)
    _, _, _, length, height = _shapes(blobs)
    blobs = blobs.take((height < 5.5 * reach) & (length > 1.5 * reach) & (height > 0.8 * reach))
    return _merged(blobs)


def _blobs(label: npt.NDArray[np.int32], x: Floats, y: Floats, count: int) -> _Blobs:
    number = np.bincount(label, minlength=count).astype(np.float64)
    sums: list[Floats] = [
        np.bincount(label, weights, count).astype(np.float64) for weights in (x, y, x * x, y * y, x * y)
    ]
    seen = number > 0
    return _Blobs(number[seen], *(total[seen] for total in sums))


def _merged(blobs: _Blobs) -> list[Line]:
    """Joins pieces that lie on one line, the longest pieces first."""
    x, y, angle, length, height = _shapes(blobs)
    free = np.ones(len(x), bool)
    lines: list[Line] = []
    for seed in np.argsort(-length):
        if not free[seed] or length[seed] < 3.5 * height[seed]:
            continue
        members = [int(seed)]
        free[seed] = False
        line = blobs.together(members)
        while True:
            across = (x - line.x) * line.down[0] + (y - line.y) * line.down[1]
            ahead = np.abs((x - line.x) * line.along[0] + (y - line.y) * line.along[1])
            gap = ahead - (length + line.length) / 2
            tall = np.sin(np.abs(angle - line.angle)) ** 2 * length + height
            joins = free & (np.abs(across) < 0.45 * line.height) & (gap < 4 * line.height)
            joins &= (tall < 1.6 * line.height) & (tall > 0.35 * line.height)
            if not joins.any():
                break
            free[joins] = False
            members.extend(int(other) for other in np.flatnonzero(joins))
            line = blobs.together(members)
        if line.length > _LEAST_ELONGATION * line.height:
            lines.append(line)
    return lines


def _stacked(lines: list[Line]) -> list[Band]:
    """Groups of lines one below the other, and every long line alone as a last resort."""
    found: list[Band] = []
    below = {index: _next_below(lines, index) for index in range(len(lines))}
    for index, line in enumerate(lines):
        chain = [index]
        while (following := below[chain[-1]]) is not None and len(chain) < 5:
            chain.append(following)
        if len(chain) == 1 and (line.length < 18 * line.height or index in below.values()):
            continue
        if index in below.values() and len(chain) < 4:
            continue  # a part of a longer chain
        band = tuple(lines[at] for at in chain)
        found.append(Band(band, _score(band)))
    return found


def _next_below(lines: list[Line], index: int) -> int | None:
    line = lines[index]
    best: tuple[float, int] | None = None
    for at, other in enumerate(lines):
        if at == index or abs(math.sin(other.angle - line.angle)) > 0.08:
            continue
        offset = other.centre - line.centre
        across, ahead = float(offset @ line.down), float(offset @ line.along)
        height = (line.height + other.height) / 2
        overlap = (line.length + other.length) / 2 - abs(ahead)
        if not 1.3 * height < across < 4.2 * height or max(line.height, other.height) > 1.7 * min(
            line.height, other.height
        ):
            continue
        if overlap < 0.75 * min(line.length, other.length) or min(line.length, other.length) < 0.5 * max(
            line.length, other.length
        ):
            continue
        if best is None or across < best[0]:
            best = (across, at)
    return None if best is None else best[1]


def _score(lines: tuple[Line, ...]) -> float:
    """Long lines of equal length and height, two or more of them: at most about 3."""
    longest = sorted(line.length / line.height for line in lines)[-2:]
    elongation = min(1.0, longest[0] / 28) + min(1.0, longest[-1] / 28)
    if len(lines) == 1:
        return 0.4 * elongation
    ratios = [min(a.length, b.length) / max(a.length, b.length) for a, b in pairwise(lines)]
    return elongation + max(ratios)


def _distinct(found: list[Band]) -> list[Band]:
    """The best first; a band that lies in a better one is left out."""
    kept: list[Band] = []
    for band in sorted(found, key=lambda band: -band.score):
        middle = np.mean([line.centre for line in band.lines], axis=0)
        if not any(_holds(better, middle) for better in kept):
            kept.append(band)
    return kept


def _holds(band: Band, point: Floats) -> bool:
    return any(
        abs(float((point - line.centre) @ line.down)) < 2.2 * line.height
        and abs(float((point - line.centre) @ line.along)) < line.length / 2
        for line in band.lines
    )


def _scaled(band: Band, factor: float) -> Band:
    lines = tuple(
        Line(line.x * factor, line.y * factor, line.angle, line.length * factor, line.height * factor)
        for line in band.lines
    )
    return Band(lines, band.score)
