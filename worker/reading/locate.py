"""Where an MRZ may stand in a picture: bands of long parallel lines of print, at any angle. Judges shape only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import Point
from worker.reading import counting, runs, typeset
from worker.reading.decode import Grey

Floats = npt.NDArray[np.float64]

#: px between letters that are joined to lines, by the longest side looked at: what a coarser look saw is left out
_GAPS: Final = ((700, (5, 8, 13)), (math.inf, (3, 5, 8)))
_GAPS_AT_A_GLANCE: Final = (8, 5, 13)
_CLEAR_SCORE: Final = 2.2  #: of a band that is read at once
_ANGLE_STEP: Final = 1.5  #: degrees
_STRIPE: Final = 2.5  #: px wide, in which letters are counted as being on one line
_STRIPES_COUNTED: Final = 4
_MOST_DIRECTIONS: Final = 3
_MOST_SEEDS: Final = 40  #: pieces of a line from which one is put together, at each gap
_MOST_CHAINS: Final = 40  #: of lines that are judged at each gap
_PROMISING: Final = 1.8  #: score of two fair lines
LEAST_SCORE: Final = 0.15  #: of a band; most texture has less
_LEAST_ELONGATION: Final = 10.0  #: length over height of a line found at first sight (a TD1 line has 25)
_LEAST_CONTRAST: Final = 0.05  #: share of the paper's brightness by which ink is darker
_LEAST_DARKNESS: Final = 0.12  #: the same of a piece of ink that is print; grain and weave have 0.1 and less
_DARKEST_PAPER: Final = 8.0  #: grey level; nothing is told apart on darker paper
_STRONG: Final = 60  #: letters in the shortest zone of two lines: the print of a document has at least that many
_FAINT: Final = 0.25  #: of the contrast that so many pieces of ink have; fainter ones do not tell directions
_CLEAR: Final = 0.5  #: of that contrast; a line with less is the less likely the fainter it is
_RHYTHM: Final = 0.4  #: share of a line's changes from dark to light that keep one pitch; nine in ten lines have more
_ALIKE: Final = 0.4  #: of the best line's worth, that another line of its zone has at least
_FAR_FROM_PRINT: Final = 0.35  #: likeness up to which no rhythm is looked for
_WEAK_DIRECTION: Final = 0.25  #: of the strongest direction's count of letters in line; weaker ones are not searched
_PITCHES: Final = (0.7, 1.4)  #: heights from character to character: 1.06 by 9303-3, and what blur does to a height


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

    letters: _Letters = field(repr=False)
    directions: tuple[float, ...]  #: radians in [-pi/2, pi/2), the strongest first
    scale: float  #: px here per px of the picture
    _levels: dict[float, _Level] = field(
        default_factory=dict, repr=False
    )  #: by direction, filled as they are asked for

    def clear(self, directions: int) -> Band | None:
        """A band that stands out as a zone does along one of the strongest `directions`, found with the least work."""
        for gap in _GAPS_AT_A_GLANCE:
            for direction in self.directions[:directions]:
                found = max(self._level(direction).bands(gap, least=_CLEAR_SCORE), key=_worth, default=None)
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
            for band in _distinct([band for gap in gaps for band in level.bands(gap, least=least)], told):
                if band.score < _PROMISING:
                    kept_back.append(band)
                else:
                    told.append(band)
                    yield band.scaled(1 / self.scale)
        for band in _distinct(kept_back, told):
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
    letters = _letters(*_strokes(small))
    return Sight(letters, tuple(_directions(letters)), scale)


def ink(grey: Grey) -> Grey:
    """1 where a stroke darker than its surroundings runs and 0 elsewhere, (H, W) uint8.

    A stroke counts when it has 4/10 of the strongest contrast nearby: so the printed letters, not the pattern below.
    """
    return _strokes(grey)[0]


def _strokes(grey: Grey) -> tuple[Grey, Grey, Grey]:
    """`ink`, by how many grey levels every pixel is darker than the paper around it, and how light that paper is."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    contrast = cv2.subtract(paper, smooth)
    strongest = cv2.blur(cv2.dilate(contrast, np.ones((35, 35), np.uint8)), (35, 35))
    least = np.maximum(cv2.convertScaleAbs(paper, alpha=_LEAST_CONTRAST), 3)
    marks = (contrast > np.maximum(cv2.convertScaleAbs(strongest, alpha=0.4), least)).astype(np.uint8)
    return marks, np.asarray(contrast, np.uint8), np.asarray(paper, np.uint8)


def _shapes(sums: runs.Sums) -> tuple[Floats, Floats, Floats, Floats, Floats]:
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


@dataclass(frozen=True, slots=True)
class _Letters:
    """Pieces of ink that may be letters, single or run together."""

    marks: Grey  #: (H, W) the contrast of ink where they are, else 0
    middles: Floats  #: (n, 2) x, y of those that tell where lines run
    sizes: Floats  #: (n,) their longer sides
    darkness: Floats  #: (n,) 0..1, share of the paper's brightness by which they are darker
    clear: float  #: contrast of a piece of ink from which it is no weaker than print of a document


def _letters(marks: Grey, contrast: Grey, paper: Grey) -> _Letters:
    inked = counting.marked(marks)
    kind = cv2.CV_16U if inked.size < 2**16 else cv2.CV_32S  # there are no more pieces than pixels; half as long
    _, labels, stats, middles = cv2.connectedComponentsWithStats(marks, connectivity=8, ltype=kind)
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    longest, area = np.maximum(wide, high), stats[:, cv2.CC_STAT_AREA]
    fits = (area >= 5) & (longest <= 0.35 * max(marks.shape))
    fits[0] = False
    # Only what is neither speck nor dash tells where lines run: grain of wood would outvote the print.
    votes = fits & (longest >= 4) & (longest <= 60) & (longest <= 6 * np.minimum(wide, high)) & (area >= 8)
    label, depth = labels.ravel()[inked], np.maximum(contrast.ravel()[inked], 1)
    strength = np.bincount(label, depth, len(area)) / np.maximum(area, 1)
    strong = np.sort(strength[votes])[-_STRONG:]
    clear = float(strong[0]) if strong.size else 1.0
    votes &= strength >= _FAINT * clear
    kept = np.zeros(marks.shape, np.uint8)
    kept.ravel()[inked] = depth * fits[label]
    told = np.asarray(middles[votes], np.float64)
    x, y = told.astype(np.intp).T
    darkness = strength[votes] / np.maximum(paper[y, x], _DARKEST_PAPER)
    return _Letters(kept, told, longest[votes].astype(np.float64), darkness, _CLEAR * clear)


def _directions(letters: _Letters) -> list[float]:
    """Angles along which letters line up best, radians in [-pi/2, pi/2), by counting them in stripes (Hough)."""
    angles = np.deg2rad(np.arange(-90, 90, _ANGLE_STEP))
    if len(letters.middles) < 8:
        return []
    x, y = (letters.middles - letters.middles.mean(axis=0)).T
    across = np.outer(np.cos(angles), y) - np.outer(np.sin(angles), x)
    reach = float(np.abs(across).max()) + _STRIPE
    stripes = int(2 * reach / _STRIPE) + 1
    cell = ((across + reach) / _STRIPE).astype(np.int64) + np.arange(len(angles))[:, None] * stripes
    counts = np.bincount(cell.ravel(), minlength=len(angles) * stripes).reshape(len(angles), stripes).astype(np.float64)
    counts = np.maximum(counts - cv2.blur(counts, (15, 1)), 0)
    strength = np.sort(counts, axis=1)[:, -_STRIPES_COUNTED:].sum(axis=1)
    found: list[float] = []
    for index in np.argsort(-strength):
        angle = float(angles[index])
        if strength[index] < _WEAK_DIRECTION * strength.max():
            break
        if all(abs(math.sin(angle - other)) > 0.13 for other in found):
            found.append(angle)
        if len(found) == _MOST_DIRECTIONS:
            break
    return found


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
            found = [(_score(chain), tuple(chain)) for chain in _chains(self._lines(gap))]
            self._chains[gap] = sorted(found, key=lambda one: -one[0])[:_MOST_CHAINS]
        return [
            Band(tuple(_turned_back(line, self.back, self.direction) for line in band.lines), band.score)
            for most, chain in self._chains[gap]
            if most >= least and (band := self._judged(chain)).score >= least
        ]

    def _lines(self, gap: int) -> list[Line]:
        sums = runs.pieces(self.ink, gap=gap, shortest=2 * gap)
        sums = sums[:, sums[0] >= 3 * gap]
        _, _, angle, length, height = _shapes(sums)
        fits = (height > 0.45 * gap) & (height < 4.5 * gap) & (length > 1.5 * gap) & (np.abs(angle) < 0.35)
        return _merged(sums[:, fits])

    def _judged(self, chain: Sequence[Line]) -> Band:
        """The lines of a chain that are alike, and how likely they are a zone."""
        band = _trimmed([self._liked(line) for line in chain])
        return Band(band, _score(band))

    def _liked(self, line: Line) -> Line:
        if line not in self._seen:
            self._seen[line] = replace(line, likeness=_likeness(self.depth, line, self.clear))
        return self._seen[line]


def _levelled(letters: _Letters, direction: float) -> _Level:
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


def _merged(sums: runs.Sums) -> list[Line]:
    """Joins pieces that lie on one line, the longest pieces first."""
    x, y, angle, length, height = _shapes(sums)
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


def _chains(lines: list[Line]) -> Iterator[list[Line]]:
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


def _trimmed(chain: Sequence[Line]) -> tuple[Line, ...]:
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


def _score(lines: Sequence[Line]) -> float:
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


def _distinct(found: list[Band], told: list[Band]) -> list[Band]:
    """The best first; a band that lies in a better one, or in one that was told before, is left out."""
    kept: list[Band] = []
    for band in sorted(found, key=_worth, reverse=True):
        middle = np.mean([line.centre for line in band.lines], axis=0)
        if not any(_holds(better, middle) for better in (*told, *kept)):
            kept.append(band)
    return kept


def _worth(band: Band) -> float:
    """Of bands about as likely the longer one: fillers at the end of a line are lost first."""
    return band.score + 0.02 * band.lines[0].length / band.lines[0].height


def _holds(band: Band, point: Floats) -> bool:
    return any(
        abs(float((point - line.centre) @ line.down)) < 2.2 * line.height
        and abs(float((point - line.centre) @ line.along)) < line.length / 2
        for line in band.lines
    )
