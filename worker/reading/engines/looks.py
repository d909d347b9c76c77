"""Further looks at a line that is not sure: moved, stretched, in other contrast; and what all of them say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from worker.reading import counting
from worker.reading.engines.base import Grey
from worker.reading.mrz.line_reading import Centres, LineReading

Ink = npt.NDArray[np.float32]  #: (H, W) 0 paper, about 1 print

_NEAR: Final = 0.4  #: of the pitch, within which two looks saw the same place
_OWN_WEIGHT: Final = 3.0  #: of the first reading: doubtful lines were looked at thrice for it
_FLOOR: Final = -14.0  #: log probability below which one look may not overrule the others


@dataclass(frozen=True, slots=True)
class Look:
    """How a line is shown to the network."""

    stretch: float = 1.0  #: of the pitch
    height: float = 1.0  #: of the print
    down: float = 0.0  #: px of a normalised line
    along: float = 0.0  #: px of a normalised line
    contrast: float = 1.0  #: exponent of the ink: above 1 what is faint becomes fainter

    def moved(self, line: Grey) -> Grey:
        """(H, W) uint8, moved and made higher or lower around its middle."""
        if (self.height, self.down, self.along) == (1.0, 0.0, 0.0):
            return line
        middle = line.shape[0] / 2
        matrix = np.array([[1, 0, self.along], [0, self.height, self.down + middle * (1 - self.height)]], np.float32)
        shape = (line.shape[1], line.shape[0])
        return np.asarray(cv2.warpAffine(line, matrix, shape, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def contrasted(self, ink: Ink) -> Ink:
        """The ink, its faint parts fainter or stronger."""
        return ink if self.contrast == 1.0 else np.asarray(np.sign(ink) * np.abs(ink) ** self.contrast, np.float32)

    def back(self, centres: Centres) -> Centres:
        """x of a line that was shown so, as if it had not been moved."""
        return np.asarray(centres - self.along, np.float32)


STRAIGHT: Final = Look()

#: None of them reads better than the others; what they err in differs. The network sees 4 px at a time, so a line that
#: is moved along by less is another one to it.
LOOKS: Final = (
    STRAIGHT,
    Look(stretch=1.1),
    Look(stretch=1.05, down=1.0),
    Look(stretch=1.05, down=-1.0),
    Look(along=2.0),
    Look(along=1.0, contrast=1.25),
    Look(along=3.0, height=1.08),
    Look(stretch=1.15, height=0.92),
)


def averaged(first: LineReading, others: Sequence[LineReading]) -> LineReading:
    """The places of `first`, each with the mean log probabilities of all looks that saw it."""
    centres = np.asarray(first.centres, np.float64)
    near = _NEAR * counting.median(np.diff(centres))
    total = _OWN_WEIGHT * np.maximum(np.asarray(first.log_probabilities, np.float64), _FLOOR)
    count = np.full((len(centres), 1), _OWN_WEIGHT)
    for other in others:
        if not len(other.centres):
            continue
        away = np.abs(centres[:, None] - np.asarray(other.centres, np.float64))
        nearest = away.argmin(axis=1)
        is_same = away.min(axis=1) < near
        total[is_same] += np.maximum(other.log_probabilities[nearest[is_same]], _FLOOR)
        count[is_same] += 1
    mean = total / count
    mean -= mean.max(axis=1, keepdims=True)
    mean -= np.log(np.exp(mean).sum(axis=1, keepdims=True))
    return LineReading(mean.astype(np.float32), first.centres)
