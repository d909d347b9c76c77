"""Straight edges of a picture: which run furthest, and how much of an edge shows along a given line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards.base import Colour

_LEAST_CHANGE: Final = 12.0  #: of brightness, summed as Sobel sums it
_USUAL: Final = 72  #: per cent of a picture that change less than an edge
_FAINTER: Final = 0.6  #: times that, where an edge goes on
_DIRECTIONS: Final = 180  #: of lines, over half a turn
_UNSURE: Final = 3  #: of these, by which the direction of a single point may be told wrong
_STEP: Final = 2.0  #: px between lines of one direction
_LEAST_RUN: Final = 0.1  #: of the picture's longer side
_NEAR: Final = (4, 3)  #: directions and steps, within which two lines are one
_MOST: Final = 64  #: lines
_COARSE: Final = 12  #: directions, by which edges are kept apart

Floats = npt.NDArray[np.float64]
Angles = npt.NDArray[np.float64]
Directed = npt.NDArray[np.uint8]  #: (_COARSE, H, W): 1 where an edge of about that direction is


@dataclass(frozen=True, slots=True)
class Points:
    """Where edges are, and the direction in which the picture changes there: 0..pi from the x axis."""

    x: npt.NDArray[np.intp] = field(repr=False)
    y: npt.NDArray[np.intp] = field(repr=False)
    angle: Angles = field(repr=False)
    shape: tuple[int, int]  #: of the picture


def points(picture: Colour) -> Points:
    """The edges of whichever colour changes most."""
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
    planes = [[cv2.Sobel(plane, cv2.CV_16S, *way) for plane in cv2.split(soft)] for way in ((1, 0), (0, 1))]
    across, down = (np.stack(way, axis=-1) for way in planes)
    change = np.abs(across).astype(np.int32) + np.abs(down)
    most = change.argmax(axis=-1)[..., None]
    x_change, y_change = (np.take_along_axis(way, most, -1)[..., 0] for way in (across, down))
    least = max(_LEAST_CHANGE, float(np.percentile(change.max(axis=-1), _USUAL)))
    edges = cv2.Canny(
        np.ascontiguousarray(x_change), np.ascontiguousarray(y_change), threshold1=_FAINTER * least, threshold2=least
    )
    y, x = np.nonzero(edges)
    angle = np.arctan2(y_change[y, x].astype(np.float64), x_change[y, x].astype(np.float64)) % np.pi
    return Points(x, y, angle, (picture.shape[0], picture.shape[1]))


def strongest(found: Points) -> Floats:
    """(n, 3) lines on which most points lie: angle of the normal, 0..pi, distance from 0 along it, points; Hough."""
    diagonal = float(np.hypot(*found.shape))
    votes = _votes(found, diagonal)
    votes[:, 1:-1] += 0.5 * (votes[:, :-2] + votes[:, 2:])
    lines = []
    for _ in range(_MOST):
        direction, away = np.unravel_index(int(votes.argmax()), votes.shape)
        if votes[direction, away] < _LEAST_RUN * max(found.shape):
            break
        lines.append((direction * np.pi / _DIRECTIONS, away * _STEP - diagonal, votes[direction, away]))
        for near in range(direction - _NEAR[0], direction + _NEAR[0] + 1):
            mirrored = away if 0 <= near < _DIRECTIONS else votes.shape[1] - 1 - away
            votes[near % _DIRECTIONS, max(0, mirrored - _NEAR[1]) : mirrored + _NEAR[1] + 1] = 0
    return np.array(lines, np.float64).reshape(-1, 3)


def _votes(found: Points, diagonal: float) -> Floats:
    """Points by direction and distance of the lines through them; each knows its line's direction roughly."""
    steps = 2 * int(np.ceil(diagonal / _STEP)) + 1
    own = np.rint(found.angle / np.pi * _DIRECTIONS).astype(np.intp)
    votes = np.zeros(_DIRECTIONS * steps)
    for turn in range(-_UNSURE, _UNSURE + 1):
        angle = (own + turn) * (np.pi / _DIRECTIONS)
        away = found.x * np.cos(angle) + found.y * np.sin(angle)
        is_over = (own + turn < 0) | (own + turn >= _DIRECTIONS)  # the same line is told from the other side
        place = np.rint((np.where(is_over, -away, away) + diagonal) / _STEP).astype(np.intp)
        votes += np.bincount((own + turn) % _DIRECTIONS * steps + place, minlength=votes.size)
    return votes.reshape(_DIRECTIONS, steps)


def by_direction(found: Points) -> Directed:
    """The edges apart by direction, each a little thicker and told for the directions beside its own too."""
    planes = np.zeros((_COARSE, *found.shape), np.uint8)
    planes[_coarse(found.angle), found.y, found.x] = 1
    planes = np.stack([cv2.dilate(plane, np.ones((3, 3), np.uint8)) for plane in planes])
    return np.asarray(planes | np.roll(planes, 1, axis=0) | np.roll(planes, -1, axis=0), np.uint8)


def shown(edges: Directed, start: Floats, end: Floats, shares: Floats) -> Floats:
    """(n,) 0..1: at how many `shares` of the way from each start to its end, (n, 2), an edge of that direction is."""
    along = end - start
    at = np.rint(start[:, None] + along[:, None] * shares[None, :, None]).astype(np.intp)
    normal = (np.arctan2(along[:, 1], along[:, 0]) + np.pi / 2) % np.pi
    x, y = at[..., 0], at[..., 1]
    height, width = edges.shape[1:]
    is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    seen = edges[_coarse(normal)[:, None], y.clip(0, height - 1), x.clip(0, width - 1)]
    return np.asarray((seen * is_inside).mean(axis=1), np.float64)


def _coarse(angle: Angles) -> npt.NDArray[np.intp]:
    return np.floor(angle / np.pi * _COARSE).astype(np.intp) % _COARSE
