"""A line of a card with what it says and where it stands: the one thing that every Korean reader works on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np

from core.documents import Box, Field
from worker.reading.cards import lines, recogniser
from worker.reading.cards.base import Card, Line, Printed
from worker.reading.cards.korean import hangul

_GAP = 1.2  #: heights of a strip, between the middles of two signs that are of two words in two columns
_NOT = -14.0  #: natural-log probability of any other sign where a blank stands
_DROPPED = frozenset(hangul.OTHER)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of print. Places are shares of the card's width and height, from its top left."""

    line: Line = field(repr=False)
    printed: Printed = field(repr=False)
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """Of its height."""
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        """Share of the card's height."""
        return self.bottom - self.top

    @property
    def text(self) -> str:
        """As read, without signs that are not read here."""
        return "".join(sign for sign in self.printed.text if sign not in _DROPPED)

    @property
    def plain(self) -> str:
        """As `text`, without blanks."""
        return self.text.replace(" ", "")


def parted(row: Row, first: int, last: int) -> list[Row]:
    """What stands on a row before the place `first` and behind `last`, each as a row of its own."""
    parts = (slice(0, first), slice(last + 1, len(row.printed.text)))
    return [part_of(row, part) for part in parts if row.printed.text[part].strip()]


def part_of(row: Row, part: slice) -> Row:
    """What stands on some places of a row, of which at least one is no blank, as a row of its own."""
    printed, width = row.printed, row.line.strip.shape[1]
    kept = Printed(
        printed.text[part], printed.confidences[part], printed.centres[part], printed.log_probabilities[part]
    )
    reach = (row.right - row.left) / width
    ends = (row.left + float(kept.centres[end]) * reach for end in (0, -1))
    left, right = (end + sign * row.height / 3 for end, sign in zip(ends, (-1, 1), strict=True))
    return replace(row, printed=kept, left=left, right=right)


def place_of(row: Row, start: float = 0.0, stop: float = 1.0) -> lines.Row:
    """Where a row stands on its card, px, from one share of its strip's width to another."""
    first, second, third, fourth = row.line.corners.astype(np.float64)
    (x0, y0), (x1, y1) = (((first + fourth) * (1 - share) + (second + third) * share) / 2 for share in (start, stop))
    tall = float(np.hypot(*(fourth - first))) / (1 + 2 * recogniser.MARGIN)
    return lines.Row((float(x0), float(y0)), (float(x1), float(y1)), tall)


def words_of(row: Row) -> list[Row]:
    """The row in pieces where a gap between two of its signs is wider than a blank."""
    far = np.diff(row.printed.centres) > _GAP * row.line.strip.shape[0]
    starts = [0, *(int(place) + 1 for place in np.flatnonzero(far)), len(row.printed.text)]
    if len(starts) == 2:
        return [row]
    return [part_of(row, slice(a, b)) for a, b in pairwise(starts) if row.printed.text[a:b].strip()]


def side_by_side(first: Row, second: Row) -> Row:
    """Two rows of one level as one, a blank between them. Its strip is empty: who reads it again cuts it anew."""
    height, width = first.line.strip.shape
    wide = width * (second.right - first.left) / (first.right - first.left)
    behind = (second.left - first.left) / (second.right - first.left) * wide
    reach = (second.right - second.left) / (second.right - first.left) * wide / second.line.strip.shape[1]
    centres = (
        first.printed.centres,
        [(first.printed.centres[-1] + behind) / 2],
        behind + second.printed.centres * reach,
    )
    blank = np.full((1, first.printed.log_probabilities.shape[1]), _NOT, np.float32)
    blank[0, hangul.ALPHABET.index(hangul.SPACE)] = 0
    printed = Printed(
        f"{first.printed.text}{hangul.SPACE}{second.printed.text}",
        (*first.printed.confidences, 1.0, *second.printed.confidences),
        np.concatenate(centres).astype(np.float32),
        np.concatenate([first.printed.log_probabilities, blank, second.printed.log_probabilities]),
    )
    (top_left, _, _, bottom_left), (_, top_right, bottom_right, _) = first.line.corners, second.line.corners
    line = Line(
        np.array([top_left, top_right, bottom_right, bottom_left], np.float32),
        np.zeros((height, round(wide)), np.uint8),
    )
    return Row(line, printed, first.left, min(first.top, second.top), second.right, max(first.bottom, second.bottom))


def length_of(card: Card, row: Row) -> float:
    """Of a row, in heights of its strip."""
    first, *_, last = row.line.corners
    tall = float(np.hypot(*(last - first)))
    return (row.right - row.left) * float(card.image.shape[1]) / max(1.0, tall)


def rows_of(card: Card, cut: Iterable[Line], printed: Iterable[Printed]) -> list[Row]:
    """Lines with something on them, from top to bottom."""
    height, width = card.image.shape[:2]
    rows = []
    for line, said in zip(cut, printed, strict=True):
        if said.text.strip():
            low, high = line.corners.min(axis=0) / (width, height), line.corners.max(axis=0) / (width, height)
            rows.append(Row(line, said, float(low[0]), float(low[1]), float(high[0]), float(high[1])))
    return sorted(rows, key=lambda row: row.middle)


class Span(Protocol):
    """Text on some places of a row."""

    @property
    def text(self) -> str:
        """As it is handed out."""
        ...

    @property
    def confidence(self) -> float:
        """0..1, that all of it is right."""
        ...

    @property
    def first(self) -> int:
        """Place of its first sign."""
        ...

    @property
    def last(self) -> int:
        """Place of its last sign."""
        ...


def as_field(card: Card, row: Row, span: Span) -> Field:
    """What stands on some places of a row as a field, with its box in the picture."""
    confidence = float(np.clip(span.confidence, 0, 1))
    return Field(span.text, confidence, _box(card, row, span.first, span.last), source="visual")


def _box(card: Card, row: Row, first: int, last: int) -> Box:
    """Corners of a part of a line: its ends lie half a character beyond the centres of the first and the last."""
    centres = row.printed.centres
    height, width = row.line.strip.shape
    start = max(0.0, float(centres[0]) - height / 2) if first == 0 else float(centres[first - 1] + centres[first]) / 2
    stop = (
        min(float(width), float(centres[-1]) + height / 2)
        if last + 1 >= len(centres)
        else float(centres[last] + centres[last + 1]) / 2
    )
    top_left, top_right, bottom_right, bottom_left = row.line.corners.astype(np.float64)
    a, b = start / width, stop / width
    corners = np.array(
        [
            top_left + (top_right - top_left) * a,
            top_left + (top_right - top_left) * b,
            bottom_left + (bottom_right - bottom_left) * b,
            bottom_left + (bottom_right - bottom_left) * a,
        ]
    )
    first_, second, third, fourth = cv2.perspectiveTransform(corners[None], card.to_picture)[0].tolist()
    return (tuple(first_), tuple(second), tuple(third), tuple(fourth))
