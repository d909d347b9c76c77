"""What an edge, a reflection or a finger left of a zone: two lines of one even pitch, close below one another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.reading import counting
from worker.reading.mrz.line_reading import LineReading
from worker.reading.rectify import Strip

_CLEAR: Final = 0.9  #: mean probability of the likeliest characters
_EVENLY: Final = 0.25  #: of the pitch, by which a step from character to character may be off
_EVEN: Final = 0.88  #: share of those steps; a zone has no blanks, other print has
_ONE_PITCH: Final = 0.08  #: share by which the pitches of two lines may differ
_CLOSE: Final = 2.8  #: pitches from line to line: 2.5 by 9303-3, 1.6 on the closest card; other print has 2.9 and more
_FLUSH: Final = 0.5  #: pitches by which two lines may be apart at that end where they begin, or break off, together

Line = tuple[Strip, LineReading]


def characters(lines: Sequence[Line]) -> int:
    """How many characters stand on lines that are clearly what is left of a zone; 0 where none are."""
    return max((_shared(above, below) for above, below in pairwise(lines)), default=0)


def _shared(above: Line, below: Line) -> int:
    if not (_is_clear(above) and _is_clear(below)):
        return 0
    pitches = _pitch(above), _pitch(below)
    pitch = (pitches[0] + pitches[1]) / 2
    if abs(pitches[0] - pitches[1]) > _ONE_PITCH * pitch:
        return 0
    strip = above[0]
    ends = [_ends(line) - strip.origin for line in (above, below)]
    apart = abs(float((ends[1].mean(axis=0) - ends[0].mean(axis=0)) @ strip.down))
    shifts = np.abs((ends[1] - ends[0]) @ strip.along)
    if apart > _CLOSE * pitch or float(shifts.min()) > _FLUSH * pitch:
        return 0
    return len(above[1].centres) + len(below[1].centres)


def _is_clear(line: Line) -> bool:
    reading = line[1]
    if len(reading.centres) < 3 or np.exp(reading.log_probabilities.max(axis=1)).mean() < _CLEAR:
        return False
    steps = np.diff(reading.centres)
    return bool((np.abs(steps / counting.median(steps) - 1) < _EVENLY).mean() >= _EVEN)


def _pitch(line: Line) -> float:
    strip, reading = line
    return counting.median(np.diff(reading.centres)) * strip.step


def _ends(line: Line) -> npt.NDArray[np.float64]:
    """(2, 2): the middles of the first and last character in the picture."""
    strip, reading = line
    middle = strip.grey.shape[0] / 2
    return strip.to_picture(np.array([[reading.centres[0], middle], [reading.centres[-1], middle]]))
