"""Where an MRZ may stand in a picture: bands of long parallel lines of print, at any angle. Judges shape only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import ink, print_lines, runs, typeset
from worker.reading.decode import Grey
from worker.reading.print_lines import Band, Line

Floats = npt.NDArray[np.float64]

#: px between letters that are joined to lines, by the longest side looked at: what a coarser look saw is left out
_GAPS: Final = ((700, (5, 8, 13)), (math.inf, (3, 5, 8)))
_GAPS_AT_A_GLANCE: Final = (8, 5, 13)
_CLEAR_SCORE: Final = 2.2  #: of a band that is read at once
_MOST_CHAINS: Final = 40  #: of lines that are judged at each gap
_PROMISING: Final = 1.8  #: score of two fair lines
LEAST_SCORE: Final = 0.15  #: of a band; most texture has less
_LEAST_DARKNESS: Final = 0.12  #: the same of a piece of ink that is print; grain and weave have 0.1 and less
_RHYTHM: Final = 0.4  #: share of a line's changes from dark to light that keep one pitch; nine in ten lines have more
_FAR_FROM_PRINT: Final = 0.35  #: likeness up to which no rhythm is looked for
_PITCHES: Final = (0.7, 1.4)  #: heights from character to character: 1.06 by 9303-3, and what blur does to a height


def shrunk(grey: Grey, longest_side: int) -> tuple[Grey, float]:
    """The picture at most `longest_side` pixels long, never enlarged, and its pixels per pixel of `grey`."""
    scale = min(1.0, longest_side / max(grey.shape))
    if scale == 1.0:
        return grey, scale
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def bands(grey: Grey, *, longest_side: int) -> Iterator[Band]:
    """Bands that may be an MRZ, roughly the likeliest first, looked for at a scale of `longest_side` pixels.

    `grey` is (H, W) uint8; coordinates come back in its pixels. One direction of print is searched after the other,
    so a caller that is content with the first bands saves the rest of the work.
    """
    return sight(grey, longest_side).bands()


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture at one scale: what of it may be letters, along which directions they line up."""

    letters: ink.Letters = field(repr=False)
    directions: tuple[float, ...]  #: radians in [-pi/2, pi/2), the strongest first
    scale: float  #: px here per px of the picture
    _levels: dict[float, _Level] = field(
        default_factory=dict, repr=False
    )  #: by direction, filled as they are asked for

    def clear(self, directions: int) -> Band | None:
        """A band that stands out as a zone does along one of the strongest `directions`, found with the least work."""
        for gap in _GAPS_AT_A_GLANCE:
            for direction in self.directions[:directions]:
                found = max(self._level(direction).bands(gap, least=_CLEAR_SCORE), key=print_lines.worth, default=None)
                if found is not None:
                    return found.scaled(1 / self.scale)
        return None

    def bands(self, least: float = LEAST_SCORE) -> Iterator[Band]:
        """As `locate.bands`, of a score of `least` and more."""
        told: list[Band] = []
        kept_back: list[Band] = []
        for direction in self.directions:
            level = self._level(direction)
            gaps = next(gaps for most, gaps in _GAPS if max(self.letters.marks.shape) <= most)
            for band in print_lines.distinct([band for gap in gaps for band in level.bands(gap, least=least)], told):
                if band.score < _PROMISING:
                    kept_back.append(band)
                else:
                    told.append(band)
                    yield band.scaled(1 / self.scale)
        for band in print_lines.distinct(kept_back, told):
            yield band.scaled(1 / self.scale)

    def rows(self) -> typeset.Rows:
        """How much of what is as dark as print stands in rows."""
        kept = np.flatnonzero(self.letters.darkness >= _LEAST_DARKNESS)
        kept = kept[np.argsort(-self.letters.darkness[kept], kind="stable")]
        return typeset.rows(self.letters.middles[kept], self.letters.sizes[kept])

    def _level(self, direction: float) -> _Level:
        if direction not in self._levels:
            self._levels[direction] = _levelled(self.letters, direction)
        return self._levels[direction]


def sight(grey: Grey, longest_side: int) -> Sight:
    """`grey`, (H, W) uint8, at a scale of at most `longest_side` pixels."""
    small, scale = shrunk(grey, longest_side)
    letters = ink.letters(*ink.strokes(small))
    return Sight(letters, tuple(ink.directions(letters)), scale)


@dataclass(frozen=True, slots=True)
class _Level:
    """The letters of a picture turned so that one direction runs level."""

    depth: Grey  #: (H, W) the contrast of ink where letters are, else 0
    ink: runs.Runs = field(repr=False)  #: of its letters
    back: npt.NDArray[np.generic]  #: (2, 3) affine map to the picture
    direction: float
    clear: float  #: contrast of clear print
    #: by gap, filled as they are asked for: chains of lines and the score that each would have, were all of it print
    _chains: dict[int, list[tuple[float, tuple[Line, ...]]]] = field(default_factory=dict, repr=False)
    _seen: dict[Line, Line] = field(default_factory=dict, repr=False)  #: lines with their likeness: chains share them

    def bands(self, gap: int, *, least: float = LEAST_SCORE) -> list[Band]:
        """Bands of lines whose letters stand up to `gap` pixels apart, of a score of `least` and more."""
        if gap not in self._chains:
            found = [(print_lines.score(chain), tuple(chain)) for chain in print_lines.chains(self._lines(gap))]
            self._chains[gap] = sorted(found, key=lambda one: -one[0])[:_MOST_CHAINS]
        return [
            Band(tuple(_turned_back(line, self.back, self.direction) for line in band.lines), band.score)
            for most, chain in self._chains[gap]
            if most >= least and (band := self._judged(chain)).score >= least
        ]

    def _lines(self, gap: int) -> list[Line]:
        sums = runs.pieces(self.ink, gap=gap, shortest=2 * gap)
        sums = sums[:, sums[0] >= 3 * gap]
        _, _, angle, length, height = print_lines.shapes(sums)
        fits = (height > 0.45 * gap) & (height < 4.5 * gap) & (length > 1.5 * gap) & (np.abs(angle) < 0.35)
        return print_lines.merged(sums[:, fits])

    def _judged(self, chain: Sequence[Line]) -> Band:
        """The lines of a chain that are alike, and how likely they are a zone."""
        band = print_lines.trimmed([self._liked(line) for line in chain])
        return Band(band, print_lines.score(band))

    def _liked(self, line: Line) -> Line:
        if line not in self._seen:
            self._seen[line] = replace(line, likeness=_likeness(self.depth, line, self.clear))
        return self._seen[line]


def _levelled(letters: ink.Letters, direction: float) -> _Level:
    turn, size = _turn(letters.marks.shape, direction)
    depth = np.asarray(cv2.warpAffine(letters.marks, turn, size, flags=cv2.INTER_NEAREST), np.uint8)
    return _Level(
        depth,
        runs.of((depth > 0).view(np.uint8)),
        cv2.invertAffineTransform(turn),
        direction,
        letters.clear,
    )


def _likeness(depth: Grey, line: Line, clear: float) -> float:
    """0..1: how many strokes are met along the line, whether they keep one pitch, and how clear they are.

    A dash has no strokes and noise has many; only monospaced print has a rhythm; a pattern or a desk is faint.
    """
    along = np.arange(-line.length / 2, line.length / 2, 0.7)
    across = np.array([[-0.3], [-0.15], [0.0], [0.15], [0.3]]) * line.height
    cosine, sine = math.cos(line.angle), math.sin(line.angle)
    x = np.minimum(np.maximum(line.x + cosine * along - sine * across + 0.5, 0), depth.shape[1] - 1).astype(np.intp)
    y = np.minimum(np.maximum(line.y + sine * along + cosine * across + 0.5, 0), depth.shape[0] - 1).astype(np.intp)
    met = depth[y, x]
    marks = met > 0
    size = line.length / line.height
    strokes = np.count_nonzero(marks[:, 1:] > marks[:, :-1]) / len(across) / size
    as_letters = min(max(strokes / 0.8, 0.1), 1.0) * min(max(1.6 - 0.3 * strokes, 0.3), 1.0)
    contrast = float(met.sum()) / max(int(np.count_nonzero(marks)), 1)
    likely = as_letters * min(1.0, contrast / clear)
    return likely * (0.3 + 0.7 * _rhythm(marks.sum(axis=0), size)) if likely > _FAR_FROM_PRINT else 0.3 * likely


def _rhythm(profile: npt.NDArray[np.int64], size: float) -> float:
    """0..1: how much of what changes along a line of print, `size` heights long, comes back at the pitch of letters."""
    fading = np.hanning(len(profile))
    power = np.abs(np.fft.rfft((profile - profile.mean()) * fading)) ** 2
    low, high = int(size / _PITCHES[1]), min(int(size / _PITCHES[0]) + 2, len(power) - 2)
    near = power[low - 1 : high] + power[low : high + 1] + power[low + 1 : high + 2]  # perspective spreads the pitch
    return min(1.0, float(near.max() / max(power[max(2, low // 4) : 3 * high].sum(), 1e-9)) / _RHYTHM)


def _turn(shape: tuple[int, ...], direction: float) -> tuple[Floats, tuple[int, int]]:
    """The affine map that lays `direction` level, and the size that holds all of the picture."""
    high, wide = shape[:2]
    cosine, sine = math.cos(direction), math.sin(direction)
    width = math.ceil(abs(wide * cosine) + abs(high * sine)) + 2
    height = math.ceil(abs(wide * sine) + abs(high * cosine)) + 2
    matrix = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]])
    matrix[:, 2] = np.array([width / 2, height / 2]) - matrix[:, :2] @ np.array([wide / 2, high / 2])
    return matrix, (width, height)


def _turned_back(line: Line, back: npt.NDArray[np.generic], direction: float) -> Line:
    x, y = np.asarray(back, np.float64) @ np.array([line.x, line.y, 1.0])
    return replace(line, x=float(x), y=float(y), angle=line.angle + direction)
