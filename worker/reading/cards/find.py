"""Finds cards in a photograph and cuts them out straight. What is printed on them is not looked at here."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import layout
from worker.reading.cards.base import Card, Colour, Corners, Homography

WIDTH: Final = 1000  #: px of a card that is cut out with its long side along x: ID-1 is 85.6 x 53.98 mm
HEIGHT: Final = 631
_LOOK: Final = 512  #: px of the picture's longer side while cards are looked for
_LIKELY: Final = 0.5  #: of a cell
_LEAST_SHARE: Final = 0.02  #: of the picture that a card covers
_LEAST_LIKENESS: Final = 0.3  #: below, it is no card but some other shape
_ROOM: Final = 0.08  #: of a card's sides, kept around it
_WELL_FILLED: Final = (0.93, 1.06)  #: of a quadrilateral by its outline, or its sides were not seen
_MOST_CARDS: Final = 2  #: of one picture

Floats = npt.NDArray[np.float64]


def cards(picture: Colour) -> list[Card]:
    """Cards in `picture`, (H, W, 3) uint8, likeliest first, cut out straight with their long side along x.

    Which of its long sides is up is not known: `turned` gives the other way. Where four sides are seen the cut is
    WIDTH x HEIGHT px with perspective undone, else it is a rectangle around what looks like a card. Some room beyond
    the edges is kept. The last one is the whole picture, its sides kept in proportion, with a sureness of 0.
    """
    return [*(cut(picture, quad, sureness) for quad, sureness in _quads(picture)), whole(picture)]


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
    x, y = WIDTH * _ROOM / (1 + 2 * _ROOM), HEIGHT * _ROOM / (1 + 2 * _ROOM)
    target = np.array([(x, y), (WIDTH - x, y), (WIDTH - x, HEIGHT - y), (x, HEIGHT - y)], np.float64) - 0.5
    to_card = _homography(corners, target)
    corner, part, shrink = _part(picture, _widened(corners))
    into = to_card @ np.array([[1 / shrink, 0, corner[0]], [0, 1 / shrink, corner[1]], [0, 0, 1.0]])
    image = cv2.warpPerspective(part, into, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Card(np.asarray(image, np.uint8), np.asarray(np.linalg.inv(to_card), np.float64), sureness)


def levelled(card: Card, slope: float, growth: float) -> Card:
    """The same card drawn so that print of `slope` in its middle, steeper by `growth` a px further down, runs along x.

    Such lines meet in one point, so this undoes a perspective that its four corners did not tell.
    """
    height, width = card.image.shape[:2]
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64) - 0.5
    source = target.copy()
    source[:, 1] += (slope + growth * (target[:, 1] - height / 2)) * (target[:, 0] - width / 2)
    back = _homography(target, source)
    image = cv2.warpPerspective(
        card.image,
        back,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Card(np.asarray(image, np.uint8), np.asarray(card.to_picture @ back, np.float64), card.sureness)


def to_picture(card: Card, points: Floats) -> Floats:
    """(n, 2) points of the card's image in pixels of the picture."""
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64)[None], card.to_picture)
    return np.asarray(moved[0], np.float64)


def on_card(card: Card, points: Floats) -> Floats:
    """(n, 2) points of the picture in pixels of the card's image."""
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64)[None], np.linalg.inv(card.to_picture))
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


def _widened(quad: Floats) -> Floats:
    middle = quad.mean(axis=0)
    return np.asarray(middle + (quad - middle) * (1 + 2.5 * _ROOM), np.float64)


def _long_side_first(quad: Floats) -> Floats:
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    return np.roll(quad, -1, axis=0) if sides[0] + sides[2] < sides[1] + sides[3] else quad


def _homography(source: Floats, target: Floats) -> Homography:
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)), np.float64)


def _quads(picture: Colour) -> list[tuple[Corners, float]]:
    """Corners of the cards that the layout network sees, the largest first, in pixels of the picture."""
    seen = layout.looker().look(picture, _LOOK)
    mask = (seen.card > _LIKELY).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found: list[tuple[Corners, float]] = []
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST_CARDS]:
        if cv2.contourArea(contour) < _LEAST_SHARE * mask.size:
            break
        outline = contour[:, 0].astype(np.float64)
        quad = _fitted(outline, mask.shape)
        if quad is not None and not _is_filled(quad, outline):
            quad = _clockwise(cv2.boxPoints(cv2.minAreaRect(outline.astype(np.float32))).astype(np.float64))
        if quad is not None:
            pixels = (quad + 0.5) * (layout.CELL / seen.scale)
            found.append((np.asarray(pixels, np.float32), _likeness(quad, mask)))
    return [one for one in found if one[1] > _LEAST_LIKENESS]


def _fitted(outline: Floats, shape: tuple[int, ...]) -> Floats | None:
    """Four straight sides through an outline, their corners clockwise; what the picture's edge cuts off is guessed."""
    quad = _roughly(outline)
    if quad is None:
        return None
    low, high = (outline > 1.5).all(axis=1), (outline < np.array(shape[::-1]) - 2.5).all(axis=1)
    inside = np.asarray(low & high, np.bool_)
    sides = [_side(outline, inside, quad[place], quad[(place + 1) % 4]) for place in range(4)]
    corners = [_crossing(sides[place - 1], sides[place]) for place in range(4)]
    if any(corner is None for corner in corners):
        return quad
    fitted = np.array(corners)
    reach = float(np.ptp(quad, axis=0).max())
    return fitted if float(np.abs(fitted - quad).max()) < 0.25 * reach else quad


def _is_filled(quad: Floats, outline: Floats) -> bool:
    area, seen = (float(cv2.contourArea(points.astype(np.float32))) for points in (quad, outline))
    return _WELL_FILLED[0] < seen / max(area, 1.0) < _WELL_FILLED[1] and bool(
        cv2.isContourConvex(quad.astype(np.float32))
    )


def _clockwise(quad: Floats) -> Floats:
    area = float(cv2.contourArea(quad.astype(np.float32), oriented=True))
    return quad if area > 0 else np.ascontiguousarray(quad[::-1])


def _roughly(outline: Floats) -> Floats | None:
    hull = cv2.convexHull(outline.astype(np.float32))
    around = cv2.arcLength(hull, closed=True)
    quad = cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float64)
    for share in (0.02, 0.035, 0.05, 0.07):
        corners = cv2.approxPolyDP(hull, share * around, closed=True)
        if len(corners) == 4:
            quad = corners[:, 0].astype(np.float64)
            break
    return _clockwise(quad) if cv2.contourArea(quad.astype(np.float32)) >= 16 else None


def _side(outline: Floats, inside: npt.NDArray[np.bool_], start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """A point and a direction: the line through the outline's points along the middle of one side."""
    along = end - start
    length = max(float(np.hypot(*along)), 1e-6)
    unit = along / length
    place = (outline - start) @ unit / length
    away = np.abs((outline - start) @ np.array([-unit[1], unit[0]]))
    near = (place > 0.12) & (place < 0.88) & (away < 0.08 * length + 2) & inside
    if near.sum() < 6:
        return start, unit
    fit = cv2.fitLine(outline[near].astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel().astype(np.float64)
    return fit[2:], fit[:2]


def _crossing(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> Floats | None:
    matrix = np.column_stack([first[1], -second[1]])
    if abs(float(np.linalg.det(matrix))) < 0.2:
        return None
    reach = np.linalg.solve(matrix, second[0] - first[0])
    return np.asarray(first[0] + reach[0] * first[1], np.float64)


def _likeness(quad: Floats, mask: npt.NDArray[np.uint8]) -> float:
    """0..1: how much of the quadrilateral the network calls card, and how near its proportions are to a card's."""
    inner = np.zeros_like(mask)
    cv2.fillConvexPoly(inner, np.round(quad).astype(np.int32), 1)
    filled = float((mask & inner).sum()) / max(1.0, float(inner.sum()))
    first, second, third, fourth = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    long, short = sorted(((first + third) / 2, (second + fourth) / 2), reverse=True)
    shape = max(0.0, 1 - abs(float(np.log(long / max(short, 1.0) / 1.586))) / np.log(2))
    return float(filled * shape)
