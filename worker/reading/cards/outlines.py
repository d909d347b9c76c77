"""Where cards lie in a picture: four corners each, from what the layout network sees and from straight edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading.cards import edges, layout, quadrilateral, sides
from worker.reading.cards.base import Colour, Corners

_LOOK: Final = 512  #: px of the picture's longer side while cards are looked for
#: Ways to see a mask of cells as cards, one after the other: how likely each is, what is too thin to belong to a card.
_WAYS: Final = ((0.5, 5), (0.5, 13), (0.8, 5), (0.93, 5))
_LIKELY: Final = 0.5  #: of a cell
_LEAST_SHARE: Final = 0.02  #: of the picture that a card covers
_LEAST_LIKENESS: Final = 0.3  #: below, it is no card but some other shape
_WELL_FILLED: Final = (0.93, 1.06)  #: of a quadrilateral by its outline, or its sides were not seen
_PLAIN: Final = 0.72  #: a card this sure needs no other way to see the picture
_FULL_EDGE: Final = 0.5  #: of `edges.refined`, that the sides of a card show
_SAME: Final = 0.06  #: of a card's size, by which corners of one and the same quadrilateral differ
_OTHER: Final = 0.6  #: of both together, that two cards share at most
_MOST_CARDS: Final = 2  #: of one picture
_MOST_BY_SIDES: Final = 2  #: cards that straight edges tell
_LESS_BY_SIDES: Final = 0.9  #: times as sure as all of their edges show
_LETTERS: Final = (11, 11)  #: px of the small picture, higher than print of a page
_NIBBLED: Final = 9  #: px of it, twice what print at a card's side leaves there
_SAME_BY_SIDES: Final = 0.85  #: of both together, that these share with one that is known
_BLEEDING: Final = 0.45  #: of the picture's own edge, that a card runs over which fills the picture
_EDGE: Final = 2  #: cells
_FILLING: Final = 0.06  #: logarithm, by which such a picture may be longer or shorter than a card
_MOST_GUESSES: Final = 9  #: of outlines, before the surest of them is taken
_WELL_SHAPED: Final = 0.14  #: logarithm of how much longer or shorter a card may look

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.uint8]


def seen(picture: Colour) -> Iterator[tuple[Corners, float]]:
    """Corners of the cards in `picture`, clockwise, in its pixels, the likeliest first, and how sure each is, 0..1.

    Two that overlap are two guesses at one card. Straight edges are looked for only once no plain card is left.
    """
    scale = _LOOK / max(picture.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method), np.uint8)
    for quad, sureness in _told(small):
        yield np.asarray((quad + 0.5) / scale - 0.5, np.float32), sureness


def _told(small: Colour) -> Iterator[tuple[Floats, float]]:
    """The same in pixels of the small picture."""
    look = layout.card_looker().look(small, max(small.shape[:2]))
    known = _filling(small, look.card) or _by_look(small, look)
    plain = [one for one in known if one[1] > _PLAIN]
    yield from plain
    others: list[tuple[Floats, float]] = []
    for picture in (small, _without_print(small)):
        for quad, shown in sides.seen(picture, _MOST_BY_SIDES):
            if all(quadrilateral.shared(quad, other) < _SAME_BY_SIDES for other, _ in [*known, *others]):
                others.append((quad, _LESS_BY_SIDES * shown))
    yield from sorted([*known[len(plain) :], *others], key=lambda one: -one[1])


def _without_print(small: Colour) -> Colour:
    """The picture with paper in place of dark print: on a page of it, a card's sides are no longer the faintest."""
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones(_LETTERS, np.uint8))
    return np.asarray(cv2.medianBlur(paper, _NIBBLED), np.uint8)


def _filling(small: Colour, share: layout.Plane) -> list[tuple[Floats, float]]:
    """The whole picture where it has a card's proportions and a card runs over its edges: a scan cut to the card."""
    height, width = small.shape[:2]
    if quadrilateral.stretch(width, height) > _FILLING:
        return []
    edges_ = share[:_EDGE], share[-_EDGE:], share[:, :_EDGE], share[:, -_EDGE:]
    if float(np.mean([(edge > _LIKELY).mean() for edge in edges_])) < _BLEEDING:
        return []
    return [(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64) - 0.5, 1.0)]


def _by_look(small: Colour, look: layout.Layout) -> list[tuple[Floats, float]]:
    """What the layout network tells, the surest first."""
    told: list[tuple[Floats, float]] = []
    for quad, sureness in _tried(small, look):
        told.append((quad, sureness))
        if sureness > _PLAIN:
            break
    told.sort(key=lambda one: -one[1])
    kept: list[tuple[Floats, float]] = []
    for quad, sureness in told:
        if len(kept) < _MOST_CARDS and all(quadrilateral.shared(quad, other) < _OTHER for other, _ in kept):
            kept.append((quad, sureness))
    return kept


def _tried(small: Colour, look: layout.Layout) -> Iterator[tuple[Floats, float]]:
    """Quadrilaterals in pixels of the small picture, drawn to its edges, and the sureness of each."""
    likely = np.asarray(look.card > _LIKELY, np.uint8)
    known: list[Floats] = []
    for quad in _guessed(look.card):
        if len(known) == _MOST_GUESSES or any(_is_same(quad, other) for other in known):
            continue
        known.append(quad)
        fine, support = edges.refined(small, (quad + 0.5) * (layout.CELL / look.scale))
        likeness = _likeness(fine * (look.scale / layout.CELL) - 0.5, likely)
        if likeness > _LEAST_LIKENESS:
            yield fine, likeness * (0.4 + 0.6 * min(1.0, support / _FULL_EDGE))


def _guessed(share: layout.Plane) -> Iterator[Floats]:
    """Corners of what may be a card, in cells: of the parts of the mask, then with one side moved to a card's shape."""
    guesses = []
    for least, width in _WAYS:
        mask = cv2.morphologyEx(np.asarray(share > least, np.uint8), cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
        for quad in _quads(np.asarray(mask, np.uint8)):
            guesses.append(quad)
            yield quad
    for quad in guesses[:_MOST_CARDS]:
        yield from _reshaped(quad)
        yield from _squared(quad)


def _reshaped(quad: Floats) -> Iterator[Floats]:
    """The same with one of two opposite sides moved so that the proportions are a card's."""
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    across, down = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
    if across < down:
        quad, across, down = np.roll(quad, -1, axis=0), down, across
    ratio = across / max(down, 1.0) / quadrilateral.PROPORTIONS
    if abs(float(np.log(ratio))) < _WELL_SHAPED:
        return
    for turn in (0, 2):  # the right side, then the left one
        first, second, third, fourth = np.roll(quad, turn, axis=0)
        if ratio > 1:
            moved = np.array([first, first + (second - first) / ratio, fourth + (third - fourth) / ratio, fourth])
        else:
            moved = np.array([first, second, second + (third - second) * ratio, first + (fourth - first) * ratio])
        yield np.roll(moved, -turn, axis=0)


def _squared(quad: Floats) -> Iterator[Floats]:
    """Of a quadrilateral that leans as no card does: the same from one of its shorter sides on, as long as a card."""
    if not edges.skew_of(quad):
        return
    quad = long_side_first(quad)
    for turn in (0, 2):  # from the left side, then from the right one
        first, second, third, fourth = np.roll(quad, turn, axis=0)
        long = float(np.hypot(*(fourth - first))) * quadrilateral.PROPORTIONS
        upper, lower = (end - start for start, end in ((first, second), (fourth, third)))
        upper, lower = (side / max(float(np.hypot(*side)), 1e-6) * long for side in (upper, lower))
        yield np.roll(np.array([first, first + upper, fourth + lower, fourth]), -turn, axis=0)


def long_side_first(quad: Floats) -> Floats:
    """The same four corners (4, 2), begun so that the first two are the ends of a longer side."""
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    return np.roll(quad, -1, axis=0) if sides[0] + sides[2] < sides[1] + sides[3] else quad


def _is_same(quad: Floats, other: Floats) -> bool:
    return float(np.abs(quad - other).max()) < _SAME * float(np.ptp(other, axis=0).max())


def _quads(mask: Mask) -> Iterator[Floats]:
    """Corners of the largest parts of a mask, in its cells."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST_CARDS]:
        if cv2.contourArea(contour) < _LEAST_SHARE * mask.size:
            break
        outline = contour[:, 0].astype(np.float64)
        quad = _fitted(outline, mask.shape)
        if quad is not None and not _is_filled(quad, outline):
            quad = quadrilateral.clockwise(
                cv2.boxPoints(cv2.minAreaRect(outline.astype(np.float32))).astype(np.float64)
            )
        if quad is not None:
            yield quad


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


def _roughly(outline: Floats) -> Floats | None:
    hull = cv2.convexHull(outline.astype(np.float32))
    around = cv2.arcLength(hull, closed=True)
    quad = cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float64)
    for share in (0.02, 0.035, 0.05, 0.07):
        corners = cv2.approxPolyDP(hull, share * around, closed=True)
        if len(corners) == 4:
            quad = corners[:, 0].astype(np.float64)
            break
    return quadrilateral.clockwise(quad) if cv2.contourArea(quad.astype(np.float32)) >= 16 else None


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
    shape = max(0.0, 1 - quadrilateral.stretch(first + third, second + fourth) / np.log(2))
    return float(filled * shape * (1 - edges.skew_of(quad)))
