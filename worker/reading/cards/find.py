"""Finds cards in a photograph and cuts them out straight. What is printed on them is not looked at here."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards.base import Card, Colour, Corners, Homography

WIDTH: Final = 1000  #: px of a card that is cut out with its long side along x: ID-1 is 85.6 x 53.98 mm
HEIGHT: Final = 631
_LOOK: Final = 480  #: px of the picture's longer side while cards are looked for
_LEAST_SHARE: Final = 0.06  #: of the picture that a card covers

Floats = npt.NDArray[np.float64]


def cards(picture: Colour) -> list[Card]:
    """Cards in `picture`, (H, W, 3) uint8, likeliest first, each WIDTH x HEIGHT with its long side along x.

    Which of its long sides is up is not known: `turned` gives the other way. Where no edge of a card is seen, the
    whole picture is the one card, its sides kept in proportion, with a sureness of 0.
    """
    found = [cut(picture, quad, sureness) for quad, sureness in _quads(picture)]
    return [*found, whole(picture)]


def whole(picture: Colour) -> Card:
    """The whole picture as a card, its longer side WIDTH px."""
    height, width = picture.shape[:2]
    scale = WIDTH / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)
    return Card(image, np.diag([width / size[0], height / size[1], 1.0]), 0.0)


def turned(card: Card) -> Card:
    """The same card upside down."""
    height, width = card.image.shape[:2]
    half_turn = np.array([[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1.0]])
    return Card(np.ascontiguousarray(card.image[::-1, ::-1]), card.to_picture @ half_turn, card.sureness)


def quarter_turned(card: Card) -> Card:
    """The same card turned clockwise by 90 degrees, for print that runs along the short side."""
    height = card.image.shape[0]
    quarter = np.array([[0, 1, 0], [-1, 0, height - 1], [0, 0, 1.0]])
    return Card(np.ascontiguousarray(np.rot90(card.image, -1)), card.to_picture @ quarter, card.sureness)


def cut(picture: Colour, quad: Corners, sureness: float) -> Card:
    """The card with these four corners (clockwise, in pixels of `picture`), the long side along x."""
    corners = _long_side_first(np.asarray(quad, np.float64))
    target = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], np.float64) - 0.5
    to_card = _homography(corners, target)
    corner, part, shrink = _part(picture, corners)
    into = to_card @ np.array([[1 / shrink, 0, corner[0]], [0, 1 / shrink, corner[1]], [0, 0, 1.0]])
    image = cv2.warpPerspective(part, into, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Card(np.asarray(image, np.uint8), np.asarray(np.linalg.inv(to_card), np.float64), sureness)


def to_picture(card: Card, points: Floats) -> Floats:
    """(n, 2) points of the card's image in pixels of the picture."""
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64)[None], card.to_picture)
    return np.asarray(moved[0], np.float64)


def _part(picture: Colour, quad: Floats) -> tuple[tuple[int, int], Colour, float]:
    """The part of the picture around the card, shrunk first where the cut would skip pixels, its corner, its scale."""
    low = np.maximum(np.floor(quad.min(axis=0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + 5, picture.shape[1::-1])
    part = picture[low[1] : max(high[1], low[1] + 2), low[0] : max(high[0], low[0] + 2)]
    shrink = min(1.0, 1.4 * WIDTH / max(1.0, float(np.hypot(*(quad[1] - quad[0])))))
    if shrink < 0.75:
        part = np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        return (int(low[0]), int(low[1])), part, shrink
    return (int(low[0]), int(low[1])), part, 1.0


def _long_side_first(quad: Floats) -> Floats:
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    return np.roll(quad, -1, axis=0) if sides[0] + sides[2] < sides[1] + sides[3] else quad


def _homography(source: Floats, target: Floats) -> Homography:
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)), np.float64)


def _quads(picture: Colour) -> list[tuple[Corners, float]]:
    """Convex outlines with four corners and the proportions of a card, the largest first, in pixels of the picture."""
    scale = min(1.0, _LOOK / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 1.2)
    found: list[tuple[Corners, float]] = []
    for low in (12, 30, 60):
        edges = np.max([cv2.Canny(soft[..., channel], low, 3 * low) for channel in range(3)], axis=0)
        joined = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            quad = _fitted(np.asarray(cv2.convexHull(contour), np.int32))
            if quad is not None and cv2.contourArea(quad) > _LEAST_SHARE * small.shape[0] * small.shape[1]:
                found.append((np.asarray(quad / scale, np.float32), _likeness(quad)))
    best = sorted((one for one in found if one[1] > 0.5), key=lambda one: -float(cv2.contourArea(one[0])))
    return best[:1]


def _fitted(hull: npt.NDArray[np.int32]) -> Corners | None:
    """The hull as four corners, clockwise, or None where four do not tell it."""
    around = cv2.arcLength(hull, closed=True)
    for share in (0.02, 0.035, 0.05):
        corners = cv2.approxPolyDP(hull, share * around, closed=True)
        if len(corners) == 4:
            quad = corners[:, 0].astype(np.float32)
            return quad if cv2.contourArea(quad, oriented=True) > 0 else quad[::-1]
    return None


def _likeness(quad: Corners) -> float:
    """1 for the proportions of an ID-1 card, falling to 0 where the sides are half or twice as long as they should."""
    first, second, third, fourth = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    long, short = sorted(((first + third) / 2, (second + fourth) / 2), reverse=True)
    return float(max(0.0, 1 - abs(np.log(long / max(short, 1.0) / 1.586)) / np.log(2)))
