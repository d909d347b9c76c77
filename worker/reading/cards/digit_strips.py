"""Cuts rows of digits straight out of a picture, for one of the engines, and leads places in a strip back to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from core.documents import Box
from worker.reading.cards import digit_lines
from worker.reading.cards.digit_lines import DigitEngine
from worker.reading.cards.digit_rows import Floats, Row
from worker.reading.engines.base import Grey

HEIGHT: Final = 40  #: px of a strip
MARGIN: Final = 0.32  #: of the print's height, above and below it
_ENDS: Final = 0.9  #: of the print's height, beyond both ends of a row


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A row cut straight."""

    grey: Grey = field(repr=False)  #: (HEIGHT, W) uint8
    corner: Floats  #: (2,) of the strip's upper left corner in the picture
    along: Floats  #: (2,) unit vector of reading in the picture
    step: float  #: picture px per strip px

    @property
    def print_height(self) -> float:
        """Picture px of the print that it was cut for."""
        return self.step * HEIGHT / (1 + 2 * MARGIN)

    def box(self, left: float, right: float) -> Box:
        """The print between two x of the strip, in picture px, clockwise from its top left as it is read."""
        down = np.array([-self.along[1], self.along[0]])
        margin = HEIGHT * MARGIN / (1 + 2 * MARGIN)
        places = [(left, margin), (right, margin), (right, HEIGHT - margin), (left, HEIGHT - margin)]
        corners = [self.corner + self.step * (x * self.along + y * down) for x, y in places]
        first, second, third, fourth = ((round(float(x), 1), round(float(y), 1)) for x, y in corners)
        return (first, second, third, fourth)

    def point(self, x: float) -> Floats:
        """Where the middle of the print at `x` lies in the picture."""
        down = np.array([-self.along[1], self.along[0]])
        return np.asarray(self.corner + self.step * (x * self.along + HEIGHT / 2 * down))


class Pyramid:
    """A grey picture and its halves, so that a strip is never cut from a much finer one; and who reads it."""

    def __init__(self, grey: Grey, shrunk: float = 1.0, reader: DigitEngine | None = None) -> None:
        """`grey` is (H, W) uint8, `shrunk` times smaller than the picture whose pixels rows and strips are told in."""
        self._levels, self._shrunk = [grey], shrunk
        self.reader = reader or digit_lines.engine()  #: of strips that are cut from it

    def read_by(self, reader: DigitEngine) -> Pyramid:
        """The same picture for another engine."""
        return Pyramid(self._levels[0], self._shrunk, reader)

    @property
    def width(self) -> int:
        """Px of the whole picture."""
        return int(self._levels[0].shape[1] * self._shrunk + 0.5)

    def cut(self, row: Row, *, tall: float = 1.0) -> Strip:
        """The strip of a row whose print is `tall` times as high as the row says."""
        height = row.height * tall
        step = height * (1 + 2 * MARGIN) / HEIGHT
        length = row.length + 2 * _ENDS * row.height
        width = int(np.clip(length / step, HEIGHT // 2, 60 * HEIGHT))
        corner = row.middle - row.along * (width * step / 2) - row.down * (HEIGHT * step / 2)
        level = 0
        while step / self._shrunk / 2**level > 2.0 and min(self._levels[level].shape) > 64:
            level += 1
            if level == len(self._levels):
                self._levels.append(np.asarray(cv2.pyrDown(self._levels[-1]), np.uint8))
        scale = 1 / self._shrunk / 2**level
        into = np.column_stack((row.along * step * scale, row.down * step * scale, corner * scale))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        grey = cv2.warpAffine(self._levels[level], into, (width, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return Strip(np.asarray(grey, np.uint8), corner, row.along, step)
