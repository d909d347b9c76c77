"""Finds cards in a photograph and cuts them out straight. What is printed on them is not looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import outlines
from worker.reading.cards.base import Card, Colour, Corners, Homography

WIDTH: Final = 1000  #: px of a card that is cut out with its long side along x: ID-1 is 85.6 x 53.98 mm
HEIGHT: Final = 631
_ROOM: Final = 0.08  #: of a card's sides, kept around it
EDGE: Final = _ROOM / (1 + 2 * _ROOM)  #: of the sides of what is cut out, where the card's edges lie in it

Floats = npt.NDArray[np.float64]


def cards(picture: Colour) -> Iterator[Card]:
    """Cards in `picture`, (H, W, 3) uint8, likeliest first, cut out straight with their long side along x.

    Which of its long sides is up is not known: `turned` gives the other way. Where four sides are seen the cut is
    WIDTH x HEIGHT px with perspective undone, else it is a rectangle around what looks like a card. Some room beyond
    the edges is kept. The last one is the whole picture, its sides kept in proportion, with a sureness of 0.
    """
    for quad, sureness in outlines.seen(picture):
        yield cut(picture, quad, sureness)
    yield whole(picture)


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
    corners = outlines.long_side_first(np.asarray(quad, np.float64))
    x, y = WIDTH * EDGE, HEIGHT * EDGE
    target = np.array([(x, y), (WIDTH - x, y), (WIDTH - x, HEIGHT - y), (x, HEIGHT - y)], np.float64) - 0.5
    to_card = _homography(corners, target)
    corner, part, shrink = _part(picture, _widened(corners))
    into = to_card @ np.array([[1 / shrink, 0, corner[0]], [0, 1 / shrink, corner[1]], [0, 0, 1.0]])
    image = cv2.warpPerspective(part, into, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Card(np.asarray(image, np.uint8), np.asarray(np.linalg.inv(to_card), np.float64), sureness)


def again(picture: Colour, card: Card) -> Card:
    """The same card of `picture`, cut out as it stands: in the colours that it has there."""
    height, width = card.image.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image = cv2.warpPerspective(picture, card.to_picture, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return replace(card, image=np.asarray(image, np.uint8))


def roomier(picture: Colour, card: Card) -> Card:
    """The same card of `picture`, cut with as much room again around it."""
    height, width = card.image.shape[:2]
    whole_ = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64) - 0.5
    return cut(picture, np.asarray(to_picture(card, whole_), np.float32), card.sureness)


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


def _homography(source: Floats, target: Floats) -> Homography:
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)), np.float64)
