"""Where a card may lie by its four straight sides alone: no network is asked, so no ground can lead it astray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.reading.cards import quadrilateral, straight_lines
from worker.reading.cards.base import Colour

_PARALLEL: Final = np.deg2rad(14)  #: between opposite sides, as perspective leaves them
_SQUARE: Final = np.deg2rad(20)  #: by which neighbours may be off a right angle
_LEAST_DISTANCE: Final = 0.12  #: of the picture's longer side, between opposite sides
_FORESHORTENED: Final = 0.3  #: logarithm, by which a card may look longer or shorter
_MOST_SKEW: Final = 0.4  #: cosine of the corner that is furthest from a right angle
_USUAL_SKEW: Final = 0.12
_LEAST_AREA: Final = 0.04  #: of the picture
_OUTSIDE: Final = 0.06  #: of the picture's longer side, by which a corner may lie beyond its edge
_MOST: Final = 20000  #: quadrilaterals that are looked at
_WITHIN: Final = np.linspace(0.07, 0.93, 24)  #: of a side: its corners are round
_BEYOND: Final = np.concatenate([np.linspace(-0.14, -0.04, 6), np.linspace(1.04, 1.14, 6)])
_SAME: Final = 0.8  #: of both together, that two guesses at one card share
_LEAST_SHOWN: Final = 0.6  #: of its two faintest sides, of a card

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Lines that may be opposite sides: which two, the direction between theirs, how far apart."""

    first: Floats
    second: Floats
    angle: Floats
    distance: Floats


def seen(picture: Colour, most: int) -> list[tuple[Floats, float]]:
    """Up to `most` cards in `picture`, which is some 500 px long: corners (4, 2) clockwise, and sureness 0..1."""
    points = straight_lines.points(picture)
    quads = _shaped(_quads(straight_lines.strongest(points), points.shape), points.shape)
    if not len(quads):
        return []
    worth, shown = _worth(quads, straight_lines.by_direction(points), points.shape)
    found: list[tuple[Floats, float]] = []
    for place in np.argsort(-worth):
        if len(found) == most:
            break
        quad = quadrilateral.clockwise(quads[place])
        if shown[place] > _LEAST_SHOWN and all(quadrilateral.shared(quad, other) < _SAME for other, _ in found):
            found.append((quad, float(shown[place])))
    return found


def _quads(lines: Floats, shape: tuple[int, int]) -> Floats:
    """(n, 4, 2) corners where two pairs of opposite lines cross, nearly square and at nearly a card's distances."""
    pairs = _pairs(lines, shape)
    between = np.abs(pairs.angle[:, None] - pairs.angle[None])
    off = np.abs(np.minimum(between, np.pi - between) - np.pi / 2)
    ratio = np.abs(np.log(pairs.distance[:, None] / pairs.distance[None] * quadrilateral.PROPORTIONS))
    long, short = np.nonzero((off < _SQUARE) & (ratio < _FORESHORTENED))
    strength = sum(side[at, 2] for at in (long, short) for side in (pairs.first, pairs.second))
    if len(long) > _MOST:
        kept = np.argsort(-strength)[:_MOST]
        long, short = long[kept], short[kept]
    upper, lower, left, right = pairs.first[long], pairs.second[long], pairs.first[short], pairs.second[short]
    corners = [_crossing(*two) for two in ((upper, left), (upper, right), (lower, right), (lower, left))]
    return np.stack(corners, axis=1)


def _pairs(lines: Floats, shape: tuple[int, int]) -> _Pairs:
    one, two = np.triu_indices(len(lines), 1)
    first, second = lines[one], lines[two].copy()
    is_over = np.abs(first[:, 0] - second[:, 0]) > np.pi / 2  # nearly upright lines, one a little past the half turn
    second[is_over, 0] -= np.pi
    second[is_over, 1] *= -1
    middle = np.array(shape[::-1]) / 2
    distance = np.abs(_away(first, middle) - _away(second, middle))
    is_pair = np.abs(first[:, 0] - second[:, 0]) < _PARALLEL
    is_pair &= distance > _LEAST_DISTANCE * max(shape)
    angle = ((first[:, 0] + second[:, 0]) / 2) % np.pi
    return _Pairs(first[is_pair], second[is_pair], angle[is_pair], distance[is_pair])


def _away(lines: Floats, point: Floats) -> Floats:
    return np.asarray(lines[:, 1] - point[0] * np.cos(lines[:, 0]) - point[1] * np.sin(lines[:, 0]), np.float64)


def _crossing(first: Floats, second: Floats) -> Floats:
    """(n, 2) points where lines cross that are told by the angle of their normal and their distance from 0."""
    (cos, sin), (cos_, sin_) = ((np.cos(lines[:, 0]), np.sin(lines[:, 0])) for lines in (first, second))
    determinant = cos * sin_ - sin * cos_
    x = (first[:, 1] * sin_ - second[:, 1] * sin) / determinant
    return np.stack([x, (cos * second[:, 1] - cos_ * first[:, 1]) / determinant], axis=1)


def _shaped(quads: Floats, shape: tuple[int, int]) -> Floats:
    """Those that lie in the picture, are large enough and have a card's proportions and corners."""
    room = _OUTSIDE * max(shape)
    is_inside = ((quads > -room) & (quads < np.array(shape[::-1]) + room)).all(axis=(1, 2))
    quads = quads[is_inside]
    is_card = _area(quads) > _LEAST_AREA * shape[0] * shape[1]
    is_card &= (_stretch(quads) < _FORESHORTENED) & (_skew(quads) < _MOST_SKEW)
    return quads[is_card]


def _worth(quads: Floats, edges: straight_lines.Directed, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """How good a card each is, and how much the two faintest of its sides show, 0..1.

    A card's sides end at its corners: lines of a ground run on.
    """
    ends = np.roll(quads, -1, axis=1)
    shown, beyond = (
        np.stack([straight_lines.shown(edges, quads[:, k], ends[:, k], at) for k in range(4)], axis=1)
        for at in (_WITHIN, _BEYOND)
    )
    faintest = np.sort(shown, axis=1)[:, :2].mean(axis=1)
    shape_ = 0.5 * _stretch(quads) + 0.6 * np.maximum(0, _skew(quads) - _USUAL_SKEW)
    size = 0.12 * np.log(_area(quads) / (shape[0] * shape[1]))
    worth = 0.5 * faintest + 0.5 * shown.mean(axis=1) - 0.35 * beyond.mean(axis=1) - shape_ + size
    return np.asarray(worth, np.float64), np.asarray(faintest, np.float64)


def _sides(quads: Floats) -> Floats:
    return np.asarray(np.hypot(*np.moveaxis(np.roll(quads, -1, axis=1) - quads, -1, 0)), np.float64)


def _stretch(quads: Floats) -> Floats:
    """How far the proportions are from a card's, as the logarithm of their ratio."""
    sides = _sides(quads)
    ratio = (sides[:, 0] + sides[:, 2]) / np.maximum(sides[:, 1] + sides[:, 3], 1e-6)
    return np.asarray(np.abs(np.log(np.maximum(ratio, 1e-6) / quadrilateral.PROPORTIONS)), np.float64)


def _skew(quads: Floats) -> Floats:
    """Cosine of the corner that is furthest from a right angle."""
    along = (np.roll(quads, -1, axis=1) - quads) / np.maximum(_sides(quads), 1e-6)[..., None]
    return np.asarray(np.abs((along * np.roll(along, 1, axis=1)).sum(axis=-1)).max(axis=1), np.float64)


def _area(quads: Floats) -> Floats:
    x, y = quads[..., 0], quads[..., 1]
    return np.asarray(np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1)) / 2, np.float64)
