"""Finds lines of Korean print on a straight card, seals and red marks left out. What they say is read elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import lines
from worker.reading.cards.base import Card, Colour, Line
from worker.reading.engines.base import Grey

_LOOK: Final = 640  #: px of the card's longer side: titles are large, addresses small
CLOSER: Final = 1.2  #: times the size of the card, that a part of it is looked at
_LEAST: Final = 40  #: px of such a part
_REDDER: Final = 0.42  #: of its red, by which red ink is redder than green and blue, beyond what the card's ground is
_DARK: Final = 0.52  #: of the ground's red; what is darker is print, whatever its edge is tinged with
_NEARBY: Final = (25, 25)  #: px about red ink in which its ground is seen
_INSIDE: Final = 0.7  #: of a row, that another one's strip holds: a part of the same print

_TELLS: Final = 7.0  #: of its height, a line's length from which on its slope is its own
_ASKEW: Final = 0.02  #: by which a shorter line may differ from the others

_SPACE: Final = 1.3  #: of the higher one's height, between pieces of one line
_ALIKE: Final = 0.6  #: of its height, the lower one's
_LEVEL: Final = 0.35  #: of its height, by which they may stand apart
_BESIDE: Final = 0.8  #: of a row's height, that another one must share of its length to be its neighbour
_LINE: Final = 2.4  #: of its height, a neighbour's length: a shorter one may be a part of a letter
_APART: Final = 0.4  #: of both heights together, from the middle of one line to that of the next
_HALF: Final = 0.6  #: of its height, how far up and down a line reaches: Hangul is higher than capitals

_TALL: Final = 40  #: px of the strip in which a row's height is measured
_REACH: Final = 1.35  #: of the height that the finder told, measured above and below its middle
_STROKE: Final = (11, 11)  #: px of that strip, more than a stroke of a letter is wide
_BEYOND: Final = 1.5  #: of a row's height, how far beyond its ends its print is looked for
_BETWEEN: Final = 0.3  #: of it, between two letters
_INKED: Final = 0.45  #: of the darkest ink against its ground, that ink has
_LETTER: Final = 14  #: px of that strip, of a letter
_LEAST_INK: Final = 0.2  #: of the letters in the fullest row of pixels, that have ink in one that belongs to the line
_GAP: Final = 0.2  #: of the told height, without ink between one line and the next
_CAPITAL: Final = 0.82  #: of a line's ink, what `lines.cut` is told: Hangul is higher than capitals

Floats = npt.NDArray[np.float64]


def on(card: Card) -> list[Line]:
    """Lines of print on the card, top to bottom, as its image stands."""
    plain = without_red(card)
    return cut(plain, rough(plain))


def near(card: Card, part: tuple[int, int, int, int], closer: float = CLOSER) -> list[Line]:
    """Lines in a part of a card without red, from left, top to right, bottom in its px, `closer` times as large."""
    height, width = card.image.shape[:2]
    left, top, right, bottom = (int(np.clip(side, 0, end)) for side, end in zip(part, (width, height) * 2, strict=True))
    if min(right - left, bottom - top) < _LEAST:
        return []
    image = np.ascontiguousarray(card.image[top:bottom, left:right])
    found = lines.rows(replace(card, image=image), look=round(closer * max(image.shape)))
    return cut(card, [_shifted(row, left, top) for row in found])


def _shifted(row: lines.Row, x: int, y: int) -> lines.Row:
    (x0, y0), (x1, y1) = row.left, row.right
    return lines.Row((x0 + x, y0 + y), (x1 + x, y1 + y), row.height)


def rough(card: Card) -> list[lines.Row]:
    """Where lines stand on a card without red, as the layout network tells."""
    return lines.rows(card, look=_LOOK)


def cut(card: Card, found: Sequence[lines.Row]) -> list[Line]:
    """The strips of rows that were found on a card without red: each as high as its ink, parts of one joined."""
    grey = grey_of(card.image)
    usual = lines.slope_of(found)
    level = [_straight(row, usual) for row in found]
    rows = _whole(_joined([_measured(grey, row, _room(row, level)) for row in level]))
    return [lines.cut(grey, row) for row in rows]


def grey_of(image: Colour) -> Grey:
    """(H, W) uint8 in which pale red is as light as paper."""
    return np.asarray(np.maximum(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), image[..., 2]), np.uint8)


def without_red(card: Card) -> Card:
    """The card with the ground in place of deep red ink: seals lie over the print, portraits look like it."""
    blue, green, red = (card.image[..., channel] for channel in range(3))
    redder = cv2.subtract(red, cv2.max(blue, green))
    usual = int(np.median(redder[::8, ::8]))
    ground = cv2.dilate(cv2.medianBlur(card.image, 3), np.ones(_NEARBY, np.uint8))
    is_red = (redder > _REDDER * red + usual) & (red > _DARK * ground[..., 2])
    return replace(card, image=np.asarray(np.where(is_red[..., None], ground, card.image), np.uint8))


def _straight(row: lines.Row, usual: float) -> lines.Row:
    """The row with the usual slope where it is too short to tell its own."""
    if row.length > _TELLS * row.height or abs(row.slope - usual) < _ASKEW:
        return row
    (x, y), half = row.middle, (row.right[0] - row.left[0]) / 2
    return lines.Row((x - half, y - half * usual), (x + half, y + half * usual), row.height)


def _room(row: lines.Row, others: Sequence[lines.Row]) -> tuple[float, float]:
    """How far up and down from its middle a row's ink may reach: to the lines above and below it."""
    up = down = _REACH * row.height
    for other in others:
        shared = min(row.right[0], other.right[0]) - max(row.left[0], other.left[0])
        if shared < _BESIDE * row.height or other.length < _LINE * other.height:
            continue
        away = other.middle[1] - row.middle[1] - row.slope * (other.middle[0] - row.middle[0])
        if abs(away) > _APART * (row.height + other.height):
            reach = abs(away) - _HALF * other.height
            up, down = (min(up, reach), down) if away < 0 else (up, min(down, reach))
    return up, down


def _measured(grey: Grey, row: lines.Row, room: tuple[float, float]) -> lines.Row:
    """The row with the middle, the height and the ends that its ink has: large Hangul is told too low, or too short."""
    step = 2 * _REACH * row.height / _TALL
    along = np.subtract(row.right, row.left) / max(row.length, 1e-6)
    down = np.array([-along[1], along[0]])
    ink = _ink(grey, np.asarray(row.left) - (along * _BEYOND + down * _REACH) * row.height, (along, down), row, step)
    beyond = round(_BEYOND * row.height / step)
    letters = np.array_split(ink[:, beyond:-beyond], max(1, round((ink.shape[1] - 2 * beyond) / _LETTER)), axis=1)
    profile = np.sum([letter.any(axis=1) for letter in letters], axis=0)
    first, last = (round(_TALL / 2 + sign * reach / step) for sign, reach in zip((-1, 1), room, strict=True))
    profile[: max(0, first)] = profile[last:] = 0
    top, bottom = _band(profile, gap=max(2, round(_GAP * row.height / step)))
    height = _CAPITAL * (bottom - top) * step
    if not 0.5 < height / row.height < 1.8:
        return row
    columns = ink[top:bottom].sum(axis=0) > 1
    gap = round(_BETWEEN * row.height / step)
    left, right = _more(columns[:beyond][::-1], gap) * step, _more(columns[-beyond:], gap) * step
    middle = down * ((top + bottom) / 2 - _TALL / 2) * step
    (x0, y0), (x1, y1) = (
        np.asarray(end) + middle + along * more for end, more in ((row.left, -left), (row.right, right))
    )
    return lines.Row((float(x0), float(y0)), (float(x1), float(y1)), height)


def followed(grey: Grey, row: lines.Row, room: tuple[float, float], times: int) -> lines.Row:
    """A row that is told roughly, its ink no more than `room` px up and down from there, followed to both its ends."""
    for _ in range(times):
        measured = _measured(grey, row, room)
        if measured.length < row.length + row.height:
            return measured
        row = lines.Row(
            (measured.left[0], row.left[1]), (measured.right[0], row.right[1]), row.height
        )  # on the level that `room` is told for
    return _measured(grey, row, room)


def _ink(grey: Grey, origin: Floats, axes: tuple[Floats, Floats], row: lines.Row, step: float) -> npt.NDArray[np.bool_]:
    """(_TALL, W) where ink is in the strip about a row, `step` px of the card to a px of it."""
    wide = max(4, round(row.length / step)) + 2 * round(_BEYOND * row.height / step)
    matrix = np.column_stack([axes[0] * step, axes[1] * step, origin])
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    strip = cv2.warpAffine(grey, matrix, (wide, _TALL), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    depth = cv2.morphologyEx(strip, cv2.MORPH_BLACKHAT, np.ones(_STROKE, np.uint8))
    return np.asarray(depth > _INKED * np.percentile(depth[_TALL // 4 : -_TALL // 4], 95), np.bool_)


def _more(columns: npt.NDArray[np.bool_], gap: int) -> int:
    """How far ink goes on from the first column, without a gap between two letters."""
    reached = 0
    for place in np.flatnonzero(columns):
        if place - reached > gap:
            break
        reached = int(place) + 1
    return reached


def _band(profile: np.ndarray[tuple[int], np.dtype[np.int64]], *, gap: int) -> tuple[int, int]:
    """First row of pixels and the one after the last that belong to the line in the middle."""
    inner = slice(_TALL // 3, _TALL - _TALL // 3)
    start = int(profile[inner].argmax()) + inner.start
    is_inked = profile > _LEAST_INK * profile[start]
    top, bottom = start, start + 1
    while top > 0 and is_inked[max(0, top - gap) : top].any():
        top -= 1
    while bottom < _TALL and is_inked[bottom : bottom + gap].any():
        bottom += 1
    return top, bottom


def _joined(pieces: Sequence[lines.Row]) -> list[lines.Row]:
    """Pieces side by side on one level put together, those too that overlap; from left to right."""
    whole: list[lines.Row] = []
    for piece in sorted(pieces, key=lambda row: row.left[0]):
        for place, row in enumerate(whole):
            if _continues(row, piece):
                whole[place] = _one(row, piece)
                break
        else:
            whole.append(piece)
    return whole


def _continues(row: lines.Row, piece: lines.Row) -> bool:
    gap = piece.left[0] - row.right[0]
    high, low = max(row.height, piece.height), min(row.height, piece.height)
    level = row.middle[1] + _longer(row, piece).slope * (piece.middle[0] - row.middle[0])
    return gap < _SPACE * high and low > _ALIKE * high and abs(piece.middle[1] - level) < _LEVEL * high


def _longer(row: lines.Row, piece: lines.Row) -> lines.Row:
    return max(row, piece, key=lambda one: one.length)


def _one(row: lines.Row, piece: lines.Row) -> lines.Row:
    """Both as one, along the longer one, as high as the higher one where that is no speck."""
    longer = _longer(row, piece)
    (x, y), slope = longer.middle, longer.slope
    first, last = row.left[0], max(row.right[0], piece.right[0])
    height = max(longer.height, min(row.height, piece.height))
    return lines.Row((first, y + slope * (first - x)), (last, y + slope * (last - x)), height)


def _whole(found: Sequence[lines.Row]) -> list[lines.Row]:
    """Without rows that lie in the strip of a longer one: parts of its letters. Top to bottom."""
    kept: list[lines.Row] = []
    for row in sorted(found, key=lambda row: -row.length * row.height):
        if not any(_holds(other, row) for other in kept):
            kept.append(row)
    return sorted(kept, key=lambda row: row.middle[1])


def _holds(row: lines.Row, part: lines.Row) -> bool:
    shared = min(row.right[0], part.right[0]) - max(row.left[0], part.left[0])
    level = row.middle[1] + row.slope * (part.middle[0] - row.middle[0])
    away = abs(part.middle[1] - level)
    return shared > _INSIDE * (part.right[0] - part.left[0]) and away + part.height * 0.2 < 0.75 * row.height
