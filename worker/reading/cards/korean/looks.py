"""Looks again at a line of print that is unsure: cut at other heights and levels, read from several at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from worker.reading.cards import lines, recogniser
from worker.reading.cards.base import Card, Corners, Line, Printed
from worker.reading.cards.korean.rows import Row
from worker.reading.engines.base import Grey

HEIGHTS: Final = (0.75, 0.62, 0.87, 1.0, 0.5)  #: of the height that was told; small captions above make it too high
LEVELS: Final = (-0.1, 0.0, 0.1, 0.2)  #: of it, by which the middle is moved down


class Together(Protocol):
    """A recogniser that reads one line from several cuts of it."""

    def read_together(self, strips: Sequence[Grey]) -> Printed:
        """What the cuts, which begin and end alike, say together; its centres are px of the first."""
        ...


def again(grey: Grey, card: Card, row: Row, reader: Together, *, heights: Sequence[float] = HEIGHTS) -> Iterator[Row]:
    """The row as it is read anew in `grey`, the card's image (H, W) uint8, once for each of `heights`."""
    for share in heights:
        cuts = [_cut(grey, card, row, share, level) for level in LEVELS]
        printed = reader.read_together([cut.strip for cut in cuts])
        if printed.text.strip():
            yield replace(row, line=cuts[0], printed=printed)


def at(
    grey: Grey, card: Card, corners: Corners, reader: Together, *, heights: Sequence[float] = HEIGHTS
) -> Iterator[Row]:
    """As `again`, for what stands between four corners (4, 2) on the card, clockwise, with the margins of a strip."""
    yield from again(grey, card, unread(card, corners), reader, heights=heights)


def unread(card: Card, corners: Corners) -> Row:
    """A row of which nothing is known but where it stands."""
    size = np.array(card.image.shape[1::-1], np.float64)
    (left, top), (right, bottom) = corners.min(axis=0) / size, corners.max(axis=0) / size
    nothing = Printed("", (), np.zeros(0, np.float32), np.zeros((0, 0), np.float32))
    return Row(Line(corners, np.zeros((0, 0), np.uint8)), nothing, left, top, right, bottom)


def _cut(grey: Grey, card: Card, row: Row, share: float, level: float) -> Line:
    """The strip between a row's ends, as high as `share` of its print and lower by `level` of it."""
    corners = row.line.corners.astype(np.float64)
    first, last = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    along = (last - first) / max(1e-6, float(np.hypot(*(last - first))))
    tall = float(np.hypot(*(corners[3] - corners[0]))) / (1 + 2 * recogniser.MARGIN)
    width = card.image.shape[1]
    left, right = (first + along * (side * width - first[0]) / max(along[0], 1e-6) for side in (row.left, row.right))
    down = np.array([-along[1], along[0]]) * level * tall
    inset = along * share * tall / 2  # `lines.cut` adds as much
    (x0, y0), (x1, y1) = left + down + inset, right + down - inset
    return lines.cut(grey, lines.Row((float(x0), float(y0)), (float(x1), float(y1)), share * tall))
