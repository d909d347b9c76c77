"""Cuts the lines of a band straight, each along its own baseline, and leads every point back to the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import Box
from worker.reading import counting, ink, print_lines
from worker.reading.decode import Grey

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

MARGIN: Final = 0.25  #: of the print's height, above and below it in a strip
STRIP_HEIGHT: Final = 48  #: px at most: the print is then 32 px high, more than any engine here uses
LEAST_STRIP_HEIGHT: Final = 32  #: px; smaller print is enlarged to this
_WORK_HEIGHT: Final = 14.0  #: px of capitals while edges are measured
_SHORTEST, _LONGEST = 10, 75  #: heights that a line may be long: TD1 has 25, TD3 37, and more if ink was seen in part
_ROOM: Final = 5.0  #: heights of print, above and below a band, in which further lines are looked for
_ROOM_FOR_TOLD: Final = 2.0  #: the same where none are
_BESIDE: Final = 4.5  #: heights of print beyond a band's ends
_WIDER: Final = 7.5  #: heights of print more than that, where asked
_WORK_LONGEST: Final = 1400  #: px: no region is measured at more than this


@dataclass(frozen=True, slots=True)
class Strip:
    """One straightened line and the way back to the picture.

    Strip x runs evenly along the writing; the middle of the print follows `bend`, a polynomial over the distance along
    the writing.
    """

    grey: Grey = field(repr=False)  #: (H, W) uint8, dark on light, the print's height times 1 + 2 * MARGIN
    origin: Floats  #: (2,) point of the picture where distances along and down are zero
    along: Floats  #: (2,) unit vector of writing in the picture
    down: Floats  #: (2,) unit vector towards the foot of the letters
    bend: Floats  #: coefficients for np.polyval: picture px down over picture px along
    start: float  #: picture px along, of the strip's left edge
    step: float  #: picture px per strip px; negative along the writing when the strip was turned by 180 degrees
    height: float  #: picture px, of the print
    weight: float  #: ink seen on the line; only good for ordering the lines of one band
    is_told: bool = False  #: the band named this line; others were found beside it
    is_turned: bool = False
    runs_on: bool = False  #: ink of the band reaches as far as was looked

    def to_picture(self, points: Floats) -> Floats:
        """(n, 2) strip pixels to (n, 2) picture pixels."""
        sign = -1.0 if self.is_turned else 1.0
        along = self.start + sign * self.step * points[:, 0]
        down = np.polyval(self.bend, along) + sign * self.step * (points[:, 1] - self.grey.shape[0] / 2)
        return self.origin + np.outer(along, self.along) + np.outer(down, self.down)

    def box(self, left: float, right: float) -> Box:
        """The print between two x of the strip, in picture pixels, clockwise from its top left corner as it is read."""
        margin = self.grey.shape[0] * MARGIN / (1 + 2 * MARGIN)
        top, foot = margin, self.grey.shape[0] - margin
        corners = self.to_picture(np.array([[left, top], [right, top], [right, foot], [left, foot]]))
        first, second, third, fourth = ((round(float(x), 1), round(float(y), 1)) for x, y in corners)
        return first, second, third, fourth

    def scaled(self, factor: float) -> Strip:
        """The way back to a picture `factor` times as large as the one that the strip was cut from."""
        bend = self.bend * factor ** (1.0 - np.arange(len(self.bend))[::-1])
        start, step, height = self.start * factor, self.step * factor, self.height * factor
        return replace(self, origin=self.origin * factor, bend=bend, start=start, step=step, height=height)

    def mirrored(self, width: int) -> Strip:
        """The way back to a picture `width` pixels wide whose mirror image the strip was cut from."""
        flip = np.array([-1.0, 1.0])
        origin = self.origin * flip + np.array([width, 0.0])
        return replace(self, origin=origin, along=self.along * flip, down=self.down * flip)

    def turned(self) -> Strip:
        """The same print read from the other side."""
        end = self.start + (-1 if self.is_turned else 1) * self.step * self.grey.shape[1]
        grey = np.ascontiguousarray(self.grey[::-1, ::-1])
        return replace(self, grey=grey, start=end, is_turned=not self.is_turned)


@dataclass(frozen=True, slots=True)
class _View:
    """A part of the picture, deskewed: x along the writing, y down, at a working scale."""

    grey: Grey = field(repr=False)
    ink: Grey = field(repr=False)
    core: slice  #: columns by which lines are told apart: further out, a tilt would blur them into one another
    origin: Floats
    along: Floats
    down: Floats
    scale: float  #: view px per picture px
    left: float  #: picture px along, of the view's left edge
    top: float  #: picture px down, of the view's upper edge


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of print in a view, in view pixels."""

    bend: Floats  #: middle of the print, over x
    height: float
    left: float
    right: float
    weight: float  #: ink found


def strips(
    grey: Grey, band: print_lines.Band, *, beyond: float = 0.0, only_told: bool = False, wider: bool = False
) -> list[Strip]:
    """The lines of the band and those that stand between or beside them, top to bottom as the band's angle reads.

    Each is cut `beyond` picture pixels further than ink was seen, for print that hides in shadow or glare. With
    `only_told` there are none but the band's own lines, for less than half the work. With `wider` ink is looked for
    further out, as is worth it where a strip runs on: the band was seen in part, or something stands beside it.
    """
    room = _ROOM_FOR_TOLD if only_told else _ROOM
    view = _view(grey, band, room=room, wider=_WIDER if wider else 0.0)
    rows = _rows(view, band, only_told=only_told)
    if not rows:
        return []
    # Lines of an MRZ begin and end alike: where ink was lost at one end of a line, another line tells.
    left = min(row.left for row in rows) - beyond * view.scale
    right = max(row.right for row in rows) + beyond * view.scale
    told = _middles(view, band)
    runs_on = left <= 1 or right >= view.grey.shape[1] - 1
    return [
        replace(
            _cut(grey, view, row, left, right),
            is_told=min(abs(_middle(row) - at) for at in told) < 0.7 * row.height,
            runs_on=runs_on,
        )
        for row in rows
    ]


def _height(band: print_lines.Band) -> float:
    return counting.median(np.array([line.height for line in band.lines]))


def _view(grey: Grey, band: print_lines.Band, *, room: float, wider: float = 0.0) -> _View:
    """The band with `room` heights of print above and below it and _BESIDE at its ends, or `wider`."""
    longest = max(band.lines, key=lambda line: line.length)
    along, down, origin = longest.along, longest.down, longest.centre
    height = _height(band)
    ends = [float((line.centre - origin) @ along) + side * line.length / 2 for line in band.lines for side in (-1, 1)]
    rows = [float((line.centre - origin) @ down) for line in band.lines]
    beside = (_BESIDE + wider) * height
    left, right = min(ends) - beside, max(ends) + beside
    top, bottom = min(rows) - room * height, max(rows) + room * height
    scale = min(_WORK_HEIGHT / height, _WORK_LONGEST / (right - left))
    size = (max(8, round((right - left) * scale)), max(8, round((bottom - top) * scale)))
    corners = [origin + x * along + y * down for x in (left, right) for y in (top, bottom)]
    part, corner = _part(grey, np.array(corners))
    # Shrink first: warping alone would skip pixels.
    shrink = 2 * scale if scale < 0.5 else 1.0
    if shrink < 1:
        part = np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    start = origin + left * along + top * down - corner
    matrix = np.column_stack([along / scale * shrink, down / scale * shrink, start * shrink])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = np.asarray(cv2.warpAffine(part, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    core = slice(round(wider * height * scale), size[0] - round(wider * height * scale))
    return _View(warped, ink.marks(warped), core, origin, along, down, scale, left, top)


def _middles(view: _View, band: print_lines.Band) -> list[float]:
    """View px from the view's upper edge to the middle of every line of the band."""
    return [(float((line.centre - view.origin) @ view.down) - view.top) * view.scale for line in band.lines]


def _part(grey: Grey, points: Floats) -> tuple[Grey, Floats]:
    """The part of the picture around these (n, 2) points, at least 2 x 2 pixels, and its upper left corner."""
    limit = np.array([grey.shape[1], grey.shape[0]])
    low = np.clip(np.floor(points.min(axis=0)).astype(int) - 2, 0, np.maximum(limit - 2, 0))
    high = np.clip(np.ceil(points.max(axis=0)).astype(int) + 3, np.minimum(low + 2, limit), limit)
    return grey[low[1] : high[1], low[0] : high[0]], low.astype(np.float64)


def _rows(view: _View, band: print_lines.Band, *, only_told: bool) -> list[_Row]:
    """Every line of print in the view that is about as high as those of the band, or only those, top to bottom."""
    height, told = view.scale * _height(band), _middles(view, band)
    profile = cv2.blur(
        view.ink[:, view.core].sum(axis=1).astype(np.float32), (1, max(3, round(height / 4)) | 1)
    ).ravel()
    peaks = _runs(profile > 0.3 * np.percentile(profile, 97))
    ys, xs = counting.places(view.ink)
    found: list[_Row] = []
    for top, foot in peaks:
        if not 0.4 * height < foot - top < 2.2 * height:
            continue
        if only_told and min(abs((top + foot) / 2 - at) for at in told) > height:
            continue
        # Ink is sorted by rows: what is near lies in one piece. A tilt of 3 degrees over a line is 2 heights.
        near = slice(*np.searchsorted(ys, ((top + foot) / 2 - 3 * height, (top + foot) / 2 + 3 * height)))
        row = _row(xs[near], ys[near], (top + foot) / 2, height)
        if row is not None and not any(abs(_middle(row) - _middle(other)) < 0.6 * height for other in found):
            found.append(row)
    if not found:
        return []
    most = max(row.weight for row in found)
    likely = [row for row in found if row.weight > 0.25 * most]
    return sorted((row for row in likely if _SHORTEST < (row.right - row.left) / row.height < _LONGEST), key=_middle)


def _middle(row: _Row) -> float:
    return float(np.polyval(row.bend, (row.left + row.right) / 2))


def _runs(is_set: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_set, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _row(xs: Places, ys: Places, middle: float, height: float) -> _Row | None:
    """Follows one line: a bent middle through the ink, then its height and ends."""
    bend = np.array([0.0, middle])
    for reach, degree in ((1.0, 1), (0.8, 1), (0.75, 2)):
        fitted = _followed(xs, ys, bend, reach=reach * height, degree=degree)
        if fitted is None:
            return None
        bend = fitted
    away = np.asarray(ys - np.polyval(bend, xs), np.float64)
    inside = np.abs(away) < 0.85 * height
    if inside.sum() < 4 * height:
        return None
    top, foot = _edges(away[np.abs(away) < 1.3 * height], height)
    printed = foot - top
    if not 0.45 * height < printed < 1.8 * height:
        return None
    bend[-1] += (top + foot) / 2
    ends = _ends(xs[inside], height)
    if ends is None:
        return None
    return _Row(bend, printed, *ends, float(inside.sum()))


def _edges(away: Floats, height: float) -> tuple[float, float]:
    """Where the print begins and ends across the writing: a ruled line beside it is left out."""
    bins = 4  # a pixel
    reach = int(1.3 * height * bins)
    places = np.floor(away * bins).astype(np.int64) + reach
    counts = np.bincount(places[(places >= 0) & (places < 2 * reach)], minlength=2 * reach)
    density = np.convolve(counts, np.ones(bins + 1) / (bins + 1), "same")
    middle = slice(reach - int(0.3 * height * bins), reach + int(0.3 * height * bins) + 1)
    top, foot = next(
        ((top, foot) for top, foot in _runs(density > 0.3 * density[middle].mean()) if top <= reach < foot), (0, 0)
    )
    return (top - reach) / bins, (foot - reach) / bins


def _followed(xs: Places, ys: Places, bend: Floats, *, reach: float, degree: int) -> Floats | None:
    """A polynomial through the mean heights of ink in windows along the line, outliers left out."""
    away = ys - np.polyval(bend, xs)
    near = np.abs(away) < reach
    width = max(6.0, 2 * reach)
    window = (xs[near] / width).astype(np.int64)
    weight = np.bincount(window)
    if weight.size == 0:
        return None
    mean = np.asarray(np.bincount(window, away[near]) / np.maximum(weight, 1), np.float64)
    used = weight > 0.25 * counting.median(weight[weight > 0])
    centres = np.asarray((np.arange(len(weight)) + 0.5) * width, np.float64)
    for _ in range(2):
        if used.sum() < 4:
            return None
        least = 1 if used.sum() < 10 else degree
        correction = _fitted(centres[used], mean[used], weight[used], least)
        residual = np.abs(mean - np.polyval(correction, centres))
        used &= residual < max(1.0, 2.5 * counting.median(residual[used]))
    return np.asarray(np.polyadd(bend, correction), np.float64)


def _fitted(x: Floats, y: Floats, weight: Places, degree: int) -> Floats:
    """Coefficients of degree 1 or 2 for np.polyval, by weighted least squares, in a tenth of the time of np.polyfit."""
    middle, reach = float(x.mean()), max(float(x[-1] - x[0]), 1.0)
    away = (x - middle) / reach
    powers = np.stack([away * away, away, np.ones(len(x))][2 - degree :])
    weighted = powers * weight
    square, slope, level = [0.0] * (2 - degree) + np.linalg.solve(weighted @ powers.T, weighted @ y).tolist()
    rise, start = 1.0 / reach, -middle / reach
    shifted = [square * rise * rise, (2 * square * start + slope) * rise, (square * start + slope) * start + level]
    return np.array(shifted[2 - degree :])


def _ends(xs: Places, height: float) -> tuple[float, float] | None:
    """The longest stretch of ink without a gap of three letters."""
    column = np.bincount(xs) > 0
    gap = round(3 * height)
    joined = cv2.morphologyEx(column.astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    runs = _runs(np.asarray(joined).ravel() > 0)
    if not runs:
        return None
    left, right = max(runs, key=lambda run: int(column[run[0] : run[1]].sum()))
    return float(left), float(right)


def _cut(grey: Grey, view: _View, row: _Row, left: float, right: float) -> Strip:
    height = row.height / view.scale  # picture px
    bend = _in_picture(row.bend, view)
    tall = min(STRIP_HEIGHT, max(LEAST_STRIP_HEIGHT, round(height * (1 + 2 * MARGIN))))
    step = height * (1 + 2 * MARGIN) / tall
    start = view.left + left / view.scale - 0.5 * height
    wide = max(8, math.ceil(((right - left) / view.scale + height) / step))
    strip = Strip(
        grey=np.zeros((tall, wide), np.uint8),
        origin=view.origin,
        along=view.along,
        down=view.down,
        bend=bend,
        start=start,
        step=step,
        height=height,
        weight=row.weight,
    )
    return replace(strip, grey=_sampled(grey, strip))


def _in_picture(bend: Floats, view: _View) -> Floats:
    """The polynomial over picture px along instead of view px."""
    square, slope, middle = np.concatenate([np.zeros(3 - len(bend)), bend])
    left, scale = view.left, view.scale
    return np.array(
        [
            square * scale,
            slope - 2 * square * scale * left,
            (square * scale * left - slope) * left + middle / scale + view.top,
        ]
    )


def _sampled(grey: Grey, strip: Strip) -> Grey:
    tall, wide = strip.grey.shape
    # The middle of the print for every column, then every row at its distance from it: (tall, wide, 2) by addition.
    middle = strip.to_picture(np.column_stack([np.arange(wide) + 0.5, np.full(wide, tall / 2)])) - 0.5
    away = np.outer((np.arange(tall) + 0.5 - tall / 2) * strip.step, strip.down)
    part, corner = _part(grey, np.concatenate([middle + away[0], middle + away[-1]]))
    middle = middle - corner
    if strip.step > 1.5:  # shrink first, so that no pixel of the picture is skipped
        shrink = 1 / strip.step
        part = np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        middle, away = (middle + 0.5) * shrink - 0.5, away * shrink
    across, down = (
        np.add.outer(away[:, axis].astype(np.float32), middle[:, axis].astype(np.float32)) for axis in (0, 1)
    )
    method = cv2.INTER_CUBIC if strip.step < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(part, across, down, method, borderMode=cv2.BORDER_REPLICATE), np.uint8)
