"""Straight lines of print, and bands of parallel ones that may be an MRZ: which pieces of ink belong together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from core.documents import Point
from worker.reading import runs

Floats = npt.NDArray[np.float64]

_LEAST_ELONGATION: Final = 10.0  #: length over height of a line found at first sight (a TD1 line has 25)
_MOST_SEEDS: Final = 40  #: pieces of a line from which one is put together, at each gap
_ALIKE: Final = 0.4  #: of the best line's worth, that another line of its zone has at least


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line of print, in pixels of the picture. Its direction is known but for 180 degrees."""

    x: float  #: centre
    y: float
    angle: float  #: radians, clockwise on the screen, of the direction of writing against the x axis
    length: float
    height: float  #: of capital letters
    likeness: float = 1.0  #: 0..1, how much its ink looks like letters one after the other; only good for ordering

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

    def scaled(self, factor: float) -> Line:
        """The line in a picture `factor` times as large."""
        x, y, length, height = (value * factor for value in (self.x, self.y, self.length, self.height))
        return replace(self, x=x, y=y, length=length, height=height)

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

    def scaled(self, factor: float) -> Band:
        """The band in a picture `factor` times as large."""
        return Band(tuple(line.scaled(factor) for line in self.lines), self.score)


def shapes(sums: runs.Sums) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """x, y, angle, length, height of the rectangles with the same second moments, each (n,)."""
    count = sums[0]
    x, y = sums[1] / count, sums[2] / count
    xx, yy, xy = sums[3] / count - x * x, sums[4] / count - y * y, sums[5] / count - x * y
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    length, height = np.sqrt(12 * np.maximum(mean + spread, 0.1)), np.sqrt(12 * np.maximum(mean - spread, 0.1))
    return x, y, 0.5 * np.arctan2(2 * xy, xx - yy), length, height


def _line(sums: Floats) -> Line:
    """The line through ink with these six sums."""
    count, x, y, xx, yy, xy = (float(value) for value in sums)
    x, y = x / count, y / count
    xx, yy, xy = xx / count - x * x, yy / count - y * y, xy / count - x * y
    mean, spread = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    length, height = math.sqrt(12 * max(mean + spread, 0.1)), math.sqrt(12 * max(mean - spread, 0.1))
    return Line(x, y, 0.5 * math.atan2(2 * xy, xx - yy), length, height)


def merged(sums: runs.Sums) -> list[Line]:
    """Joins pieces that lie on one line, the longest pieces first."""
    x, y, angle, length, height = shapes(sums)
    free = np.ones(len(x), bool)
    lines: list[Line] = []
    seeds = np.flatnonzero(length >= 3.5 * height)
    for seed in seeds[np.argsort(-length[seeds])][:_MOST_SEEDS]:
        if not free[seed]:
            continue
        free[seed] = False
        whole = sums[:, seed].copy()
        line = _line(whole)
        while True:
            cosine, sine = math.cos(line.angle), math.sin(line.angle)
            away_x, away_y = x - line.x, y - line.y
            joins = free & (np.abs(away_y * cosine - away_x * sine) < 0.45 * line.height)
            joins &= np.abs(away_x * cosine + away_y * sine) - (length + line.length) / 2 < 4 * line.height
            near = np.flatnonzero(joins)
            tall = np.sin(angle[near] - line.angle) ** 2 * length[near] + height[near]
            near = near[(tall < 1.6 * line.height) & (tall > 0.35 * line.height)]
            if not near.size:
                break
            free[near] = False
            whole += sums[:, near].sum(axis=1)
            line = _line(whole)
        if line.length > _LEAST_ELONGATION * line.height:
            lines.append(line)
    return lines


def chains(lines: list[Line]) -> Iterator[list[Line]]:
    """Groups of lines one below the other, and every long line alone as a last resort."""
    below = _next_below(lines)
    followers = set(below) - {-1}
    for index, line in enumerate(lines):
        chain = [index]
        while below[chain[-1]] >= 0 and len(chain) < 5:
            chain.append(below[chain[-1]])
        if index in followers and len(chain) < 4:
            continue  # a part of a longer chain
        if len(chain) > 1 or line.length >= 18 * line.height:
            yield [lines[at] for at in chain]


def trimmed(chain: Sequence[Line]) -> tuple[Line, ...]:
    """The lines without those above and below that are far less like print than the best of them."""
    worth = [line.likeness * _elongation(line) for line in chain]
    alike = [number for number, one in enumerate(worth) if one >= _ALIKE * max(worth)]
    return tuple(chain[alike[0] : alike[-1] + 1])


def _next_below(lines: list[Line]) -> list[int]:
    """For each line the nearest parallel one below it that may belong to the same zone, -1 for none."""
    if not lines:
        return []
    x, y, angle, length, height = (
        np.array([getattr(line, name) for line in lines]) for name in ("x", "y", "angle", "length", "height")
    )
    sine, cosine = np.sin(angle)[:, None], np.cos(angle)[:, None]
    across = (y[None] - y[:, None]) * cosine - (x[None] - x[:, None]) * sine
    ahead = (x[None] - x[:, None]) * cosine + (y[None] - y[:, None]) * sine
    shorter, longer = np.minimum.outer(length, length), np.maximum.outer(length, length)
    mean = np.add.outer(height, height) / 2
    fits = (across > 1.3 * mean) & (across < 4.2 * mean) & (np.abs(np.sin(np.subtract.outer(angle, angle))) < 0.08)
    fits &= np.maximum.outer(height, height) < 1.7 * np.minimum.outer(height, height)
    fits &= (shorter > 0.3 * longer) & ((shorter + longer) / 2 - np.abs(ahead) > 0.75 * shorter)
    nearest = np.where(fits, across, np.inf).argmin(axis=1)
    return [int(at) if fits[index, at] else -1 for index, at in enumerate(nearest)]


def score(lines: Sequence[Line]) -> float:
    """Long lines of equal length and height, two or more of them: at most about 3."""
    worth = [line.likeness * _elongation(line) for line in lines]
    if len(lines) == 1:
        return worth[0]
    pairs = [
        a + b + min(a, b) * min(above.length, below.length) / max(above.length, below.length)
        for (a, b), (above, below) in zip(pairwise(worth), pairwise(lines), strict=True)
    ]
    return max(pairs)


def _elongation(line: Line) -> float:
    """1 for the 22 to 55 heights that lines of an MRZ are long, less for others."""
    ratio = line.length / line.height
    return min(1.0, ratio / 22, 55 / ratio)


def distinct(found: list[Band], told: list[Band]) -> list[Band]:
    """The best first; a band that lies in a better one, or in one that was told before, is left out."""
    kept: list[Band] = []
    for band in sorted(found, key=worth, reverse=True):
        middle = np.mean([line.centre for line in band.lines], axis=0)
        if not any(_holds(better, middle) for better in (*told, *kept)):
            kept.append(band)
    return kept


def worth(band: Band) -> float:
    """Of bands about as likely the longer one: fillers at the end of a line are lost first."""
    return band.score + 0.02 * band.lines[0].length / band.lines[0].height


def _holds(band: Band, point: Floats) -> bool:
    return any(
        abs(float((point - line.centre) @ line.down)) < 2.2 * line.height
        and abs(float((point - line.centre) @ line.along)) < line.length / 2
        for line in band.lines
    )
