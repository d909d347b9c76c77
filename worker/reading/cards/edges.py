"""Moves the four sides of a card, known roughly, onto the straight edges that the picture shows there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import quadrilateral
from worker.reading.cards.base import Colour

_LOOKS: Final = (
    (0.16, 2.5),
    (0.04, 1.0),
)  #: share of a side's length that is looked at to either side of it, px a step
_PLACES: Final = 56  #: along a side, at which the picture is looked at
_ROUND: Final = 0.09  #: of a side at both ends: the corners of a card are round
_PULL: Final = 0.22  #: of a perfect edge, by which one at the end of the reach is less likely
_LEAST_EDGE: Final = 0.3  #: of a perfect edge; a side that shows less stays where it was
_CHOICES: Final = 3  #: of edges for each side
_APART: Final = 0.04  #: of a side's length, between two of them
_SHAPE: Final = 1.3  #: of a perfect edge, that a card e times too long or too short is less likely
_SKEW: Final = 2.5  #: of a perfect edge, that corners with a cosine of 1 more than `_USUAL_SKEW` are less likely
_USUAL_SKEW: Final = 0.18  #: cosine of the corner that is furthest from a right angle, of cards held at a slant
_LEAST_ANGLE: Final = 0.2  #: sine of the angle between two sides that meet
_AREA: Final = (0.65, 1.5)  #: of the rough card by the refined one

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Edge:
    """A straight edge near one side."""

    start: Floats
    along: Floats  #: of length 1
    worth: float  #: 0..1, as the card's side
    plainness: float  #: 0..1, how much the picture changes there all along


def refined(picture: Colour, quad: Floats) -> tuple[Floats, float]:
    """Corners (4, 2) of the card in `picture`, from rough ones in the same order; rough ones where it shows no edges.

    A side is one straight line, so an edge counts that runs all along it: fingers and reflections hide only a part.
    Beside them how much of an edge the fainter sides show, 0..1.
    """
    support = 0.0
    for reach, step in _LOOKS:
        soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8 * step), np.uint8)
        quad, support = _closer(soft, quad, reach, step)
    return quad, support


def _closer(picture: Colour, quad: Floats, reach: float, step: float) -> tuple[Floats, float]:
    """The likeliest choice of one edge a side: all of them plain, and together of a card's proportions."""
    sides = [_side(picture, quad[place], quad[(place + 1) % 4], reach, step) for place in range(4)]
    before = float(cv2.contourArea(quad.astype(np.float32), oriented=True))
    best, found, support = -np.inf, quad, 0.0
    crossings = [_crossings(sides[place - 1], sides[place]) for place in range(4)]
    for places in product(*(range(len(side)) for side in sides)):
        chosen = [side[place] for side, place in zip(sides, places, strict=True)]
        most = sum(edge.worth for edge in chosen)
        corners = _corners(crossings, places) if most > best else None
        if corners is None:
            continue
        after = float(cv2.contourArea(corners.astype(np.float32), oriented=True))
        if not _AREA[0] < after / (before or 1.0) < _AREA[1] or not cv2.isContourConvex(corners.astype(np.float32)):
            continue
        worth = most - _SHAPE * _misshapen(corners) - _SKEW * skew_of(corners)
        if worth > best:
            best, found = worth, corners
            support = float(np.mean(sorted(edge.plainness for edge in chosen)[:2]))
    return found, support


def _crossings(firsts: Sequence[_Edge], seconds: Sequence[_Edge]) -> list[list[Floats | None]]:
    """Where each of `firsts` meets each of `seconds`; None where two hardly do."""
    return [[_crossing(first, second) for second in seconds] for first in firsts]


def _crossing(first: _Edge, second: _Edge) -> Floats | None:
    (x0, y0), (x1, y1) = first.along.tolist(), second.along.tolist()
    across = x1 * y0 - x0 * y1
    if abs(across) < _LEAST_ANGLE:
        return None
    x, y = (second.start - first.start).tolist()
    return np.asarray(first.start + (x1 * y - y1 * x) / across * first.along, np.float64)


def _corners(crossings: Sequence[Sequence[Sequence[Floats | None]]], places: Sequence[int]) -> Floats | None:
    """Where each chosen edge meets the one before it; None where two hardly do."""
    corners = [crossings[side][places[side - 1]][places[side]] for side in range(4)]
    return None if any(corner is None for corner in corners) else np.array(corners)


def _misshapen(corners: Floats) -> float:
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    return quadrilateral.stretch(float(sides[0] + sides[2]), float(sides[1] + sides[3]))


def skew_of(corners: Floats) -> float:
    """By how much the cosine of one of the corners (4, 2) is greater than perspective usually makes it, 0..1."""
    sides = np.roll(corners, -1, axis=0) - corners
    sides /= np.maximum(np.hypot(*sides.T), 1e-6)[:, None]
    return max(0.0, float(np.abs((sides * np.roll(sides, 1, axis=0)).sum(axis=1)).max()) - _USUAL_SKEW)


def _side(picture: Colour, start: Floats, end: Floats, reach: float, step: float) -> list[_Edge]:
    """The lines near the one from `start` to `end` along which the picture changes most evenly, or that one."""
    along = end - start
    length = float(np.hypot(*along))
    normal = np.array([-along[1], along[0]]) / max(length, 1e-6)
    count = max(3, round(reach * length / step))
    shares = np.linspace(_ROUND, 1 - _ROUND, _PLACES)
    across = np.arange(-count - 1, count + 2) * step
    edges = _edges(picture, start + along * shares[:, None, None] + normal * across[None, :, None])
    first, last = np.meshgrid(np.arange(2 * count + 1), np.arange(2 * count + 1), indexing="ij")
    score = np.zeros(first.shape)
    for place, share in enumerate(shares):
        score += edges[place][np.rint(first + (last - first) * share).astype(int)]
    score /= _PLACES
    worth = np.where(score >= _LEAST_EDGE, score - _PULL * (abs(first - count) + abs(last - count)) / (2 * count), 0)
    found = []
    for _ in range(_CHOICES):
        at = np.unravel_index(int(worth.argmax()), worth.shape)
        if worth[at] <= 0:
            break
        ends = [start + normal * ((at[0] - count) * step), end + normal * ((at[1] - count) * step)]
        found.append(_edge(ends[0], ends[1], float(worth[at]), float(score[at])))
        worth[abs(first - at[0]) + abs(last - at[1]) <= max(4.0, _APART * length / step)] = 0
    return found or [_edge(start, end, 0.0, 0.0)]


def _edge(start: Floats, end: Floats, worth: float, plainness: float) -> _Edge:
    return _Edge(start, (end - start) / max(float(np.hypot(*(end - start))), 1e-6), worth, plainness)


def _edges(picture: Colour, points: Floats) -> Floats:
    """(places, looks - 2) 0..1: how much the picture changes across the side, against what is usual around it.

    `points` is (places, looks, 2): where it is looked at.
    """
    x, y = points[..., 0].astype(np.float32), points[..., 1].astype(np.float32)
    seen = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
    change = np.abs(seen[:, 2:] - seen[:, :-2]).sum(axis=2)
    return np.asarray(change / (change + 2 * float(np.percentile(change, 70)) + 6.0))
