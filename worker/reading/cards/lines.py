"""Finds the lines of print on a card and cuts each out straight. What they say is for a recogniser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import layout, recogniser
from worker.reading.cards.base import Card, Line
from worker.reading.engines.base import Grey

_STRIP_HEIGHT: Final = (32, 48)  #: px, least and most, of a strip
_WIDEST_STRIP: Final = 4096  #: px; a recogniser reads no further, whatever length and height a row claims
_LEAST_HEIGHT: Final = 2.0  #: px of the card, of capitals: less is texture, and a strip of it would have no end
_LOOK: Final = 800  #: px of a card's longer side while print is looked for
_LIKELY: Final = 0.4  #: of a cell
_STRICTER: Final = 0.12  #: by which that is raised for what is no line
_STRICTEST: Final = 0.86
_TALLEST: Final = 0.75  #: of the capitals' height, that the cells of one line reach across it
_STEEPEST: Final = 0.45  #: slope of a line
_EXPLAINED: Final = 0.25  #: of what slopes vary by, that a perspective must leave
_LEAST_GROWTH: Final = 0.05  #: by which slopes differ from the first to the last line of a perspective
_LEAST_CELLS: Final = 3
_SAME_LINE: Final = 0.45  #: of the capitals' height, by which pieces of one line may stand higher or lower
_WIDEST_GAP: Final = 1.3  #: of the capitals' height, between pieces of one line
_OVERLAP: Final = 3.0  #: of the capitals' height, by which pieces of one line may reach into each other
_PIECE: Final = 1.5  #: of a strip's height, pieces of it in which light is taken for even
_REACH: Final = 0.2  #: of the capitals' height, that print reaches beyond the cells at both ends

_DARK_TO_LIGHT: Final = np.array([0.04, 0.5, 0.96])  #: shares of a piece's pixels that are darker

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

    @property
    def middle(self) -> tuple[float, float]:
        """Of the line."""
        return (self.left[0] + self.right[0]) / 2, (self.left[1] + self.right[1]) / 2

    @property
    def slope(self) -> float:
        """Of the line against the x axis."""
        return (self.right[1] - self.left[1]) / max(self.right[0] - self.left[0], 1.0)


def on(card: Card) -> list[Line]:
    """Lines of print on the card, top to bottom, as its image stands."""
    grey = np.asarray(cv2.cvtColor(card.image, cv2.COLOR_BGR2GRAY), np.uint8)
    return [cut(grey, row) for row in rows(card)]


def rows(card: Card, *, look: int = _LOOK) -> list[Row]:
    """Where lines of print stand on the card, top to bottom, seen with its longer side `look` px long."""
    seen = layout.looker().look(card.image, look)
    found = joined(_pieces(seen))
    factor = 1 / seen.scale
    on_card = (_scaled(row, factor) for row in found)
    return sorted((row for row in on_card if row.height >= _LEAST_HEIGHT), key=lambda row: row.left[1] + row.right[1])


def cut(grey: Grey, row: Row) -> Line:
    """The strip of a row: its capitals and `recogniser.MARGIN` of their height above and below, dark on light."""
    along = np.subtract(row.right, row.left) / max(row.length, 1e-6)
    down = np.array([-along[1], along[0]])
    reach = row.height * (0.5 + recogniser.MARGIN)
    tall = int(np.clip(round(2 * reach), *_STRIP_HEIGHT))
    step = 2 * reach / tall
    start = np.asarray(row.left) - along * row.height * 0.5
    wide = int(np.clip(round((row.length + row.height) / step), 8, _WIDEST_STRIP))
    origin = start - down * reach
    matrix = np.column_stack([along * step, down * step, origin + (along + down) * step / 2 - 0.5])
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if step < 1 else cv2.INTER_LINEAR)
    strip = cv2.warpAffine(grey, matrix, (wide, tall), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    end = start + along * (row.length + row.height)
    corners = [start - down * reach, end - down * reach, end + down * reach, start + down * reach]
    return Line(np.asarray(corners, np.float32), _dark_on_light(np.asarray(strip, np.uint8)))


def longer(row: Row, by: float) -> Row:
    """The row drawn out by so many px at both ends."""
    along = np.subtract(row.right, row.left) / max(row.length, 1e-6) * by
    (x0, y0), (x1, y1) = np.subtract(row.left, along), np.add(row.right, along)
    return replace(row, left=(float(x0), float(y0)), right=(float(x1), float(y1)))


def moved(row: Row, taller: float, lower: float) -> Row:
    """The row as a strip of the same length sees it that is so many times as tall and stands lower by that share."""
    along = np.subtract(row.right, row.left) / max(row.length, 1e-6)
    down = np.array([-along[1], along[0]]) * lower * row.height
    ends = along * (1 - taller) * row.height / 2  # a strip reaches half a capital's height beyond its row
    (x0, y0), (x1, y1) = np.subtract(row.left, ends) + down, np.add(row.right, ends) + down
    return Row((float(x0), float(y0)), (float(x1), float(y1)), row.height * taller)


def slope_of(found: Sequence[Row]) -> float:
    """The usual slope of lines against the x axis, longer ones counting more; 0 without any."""
    long = [row for row in found if row.length > 3 * row.height]
    if not long:
        return 0.0
    order = sorted(long, key=lambda row: row.slope)
    weights = np.cumsum([row.length for row in order])
    return order[int(np.searchsorted(weights, weights[-1] / 2))].slope


def growth_of(found: Sequence[Row], usual: float) -> float:
    """By how much lines are steeper than `usual` for every px further down the card; 0 where too few tell it."""
    long = [row for row in found if row.length > 4 * row.height and abs(row.slope - usual) < _STEEPEST / 2]
    if len(long) < 5:
        return 0.0
    y, slope, weight = (
        np.array(values) for values in zip(*((row.middle[1], row.slope, row.length) for row in long), strict=True)
    )
    spread = y - np.average(y, weights=weight)
    if np.ptp(y) < 8 * float(np.median([row.height for row in long])):
        return 0.0
    growth = float((weight * spread * slope).sum() / (weight * spread**2).sum())
    before = slope - np.average(slope, weights=weight)
    after = before - growth * spread
    is_told = (weight * after**2).sum() < _EXPLAINED * (weight * before**2).sum()
    return growth if is_told and _LEAST_GROWTH < abs(growth) * float(np.ptp(y)) < _STEEPEST else 0.0


def joined(pieces: list[Row]) -> list[Row]:
    """Pieces that stand one behind the other on one line, put together: words with a space between them."""
    usual = slope_of(pieces)
    lines: list[Row] = []
    for piece in sorted(pieces, key=lambda row: row.left[0]):
        for place, line in enumerate(lines):
            if _continues(line, piece, usual):
                lines[place] = _together(line, piece)
                break
        else:
            lines.append(piece)
    return lines


def _continues(line: Row, piece: Row, usual: float) -> bool:
    height = (line.height + piece.height) / 2
    gap = piece.left[0] - line.right[0]
    if not -_OVERLAP * height < gap < _WIDEST_GAP * height or not 0.7 < line.height / piece.height < 1.43:
        return False
    longer = max(line, piece, key=lambda row: row.length)
    slope = longer.slope if longer.length > 6 * height else usual
    (x0, y0), (x1, y1) = line.middle, piece.middle
    at_ends = abs(piece.left[1] - line.right[1] - slope * gap)
    return max(abs(y1 - y0 - slope * (x1 - x0)), at_ends) < _SAME_LINE * height


def _together(line: Row, piece: Row) -> Row:
    """One straight line through the middles of both."""
    share = line.length / max(line.length + piece.length, 1e-6)
    (x0, y0), (x1, y1) = line.middle, piece.middle
    slope = float(np.clip((y1 - y0) / max(x1 - x0, 1e-6), -_STEEPEST, _STEEPEST))  # the middles may nearly coincide
    if line.length > 3 * piece.length or piece.length > 3 * line.length:
        slope = max(line, piece, key=lambda row: row.length).slope
    x, y = x0 * share + x1 * (1 - share), y0 * share + y1 * (1 - share)
    first, last = line.left[0], max(line.right[0], piece.right[0])
    height = line.height * share + piece.height * (1 - share)
    return Row((first, y + slope * (first - x)), (last, y + slope * (last - x)), height)


def _pieces(seen: layout.Layout) -> list[Row]:
    """Runs of cells through which print runs, each as a straight line through their likeliest middle."""
    whole = np.ones(seen.print_share.shape, np.bool_)
    return _parted(seen, whole, (0, 0), _LIKELY)


def _parted(seen: layout.Layout, mask: npt.NDArray[np.bool_], corner: tuple[int, int], likely: float) -> list[Row]:
    """The pieces among the cells of `mask`, whose upper left corner is `corner`, that are at least so `likely`.

    A run that is no line is looked at again more strictly: two lines that touch come apart so.
    """
    top, left = corner
    share = seen.print_share[top : top + mask.shape[0], left : left + mask.shape[1]]
    inked = (mask & (share > likely)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=4, ltype=cv2.CV_32S)
    found: list[Row] = []
    for index in range(1, count):
        x, y, wide, high, cells = (int(value) for value in stats[index])
        if cells < _LEAST_CELLS:
            continue
        part = np.asarray(labels[y : y + high, x : x + wide] == index, np.bool_)
        ys, xs = np.nonzero(part)
        row = _fitted(ys + y + top, xs + x + left, seen)
        if row is not None:
            found.append(row)
        elif likely < _STRICTEST:
            found += _parted(seen, part, (y + top, x + left), likely + _STRICTER)
    return found


def _fitted(ys: npt.NDArray[np.intp], xs: npt.NDArray[np.intp], seen: layout.Layout) -> Row | None:
    """One line through these cells, or None where they are not one line."""
    weight = seen.print_share[ys, xs].astype(np.float64)
    height = float(np.exp2((np.log2(seen.height[ys, xs]) * weight).sum() / weight.sum()))
    x, y = (xs + 0.5) * layout.CELL, (ys + 0.5) * layout.CELL
    span = float(np.ptp(x)) + layout.CELL
    if span < 0.35 * height:
        return None
    base, middle = (float((axis * weight).sum() / weight.sum()) for axis in (y, x))
    slope = 0.0
    if span > 3 * height:
        slope = float((weight * (x - middle) * (y - base)).sum() / (weight * (x - middle) ** 2).sum())
    away = y - base - slope * (x - middle)
    if abs(slope) > _STEEPEST or float(np.ptp(away)) > _TALLEST * height + layout.CELL:
        return None
    first, last = float(x.min()) - layout.CELL / 2, float(x.max()) + layout.CELL / 2
    ends = [(end, base + slope * (end - middle)) for end in (first - _REACH * height, last + _REACH * height)]
    return Row(ends[0], ends[1], height)


def _dark_on_light(strip: Grey) -> Grey:
    """The strip, or its negative where the print is the lighter part: in most of its pieces, for light is uneven."""
    inner = strip[strip.shape[0] // 5 : -strip.shape[0] // 5]
    count = max(1, round(inner.shape[1] / (_PIECE * strip.shape[0])))
    low, middle, high = np.sum([_levels(piece) for piece in np.array_split(inner, count, axis=1)], axis=0)
    return np.asarray(255 - strip, np.uint8) if high - middle > 1.3 * (middle - low) else strip


def _levels(piece: Grey) -> Floats:
    """(3,) dark, middle and light grey levels of a piece: `np.percentile`, in a fraction of its time."""
    ordered = np.sort(piece, axis=None).astype(np.float64)
    places = _DARK_TO_LIGHT * (len(ordered) - 1)
    below = places.astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    return np.asarray(ordered[below] + (ordered[above] - ordered[below]) * (places - below), np.float64)


def _scaled(row: Row, factor: float) -> Row:
    (x0, y0), (x1, y1) = row.left, row.right
    return replace(row, left=(x0 * factor, y0 * factor), right=(x1 * factor, y1 * factor), height=row.height * factor)
