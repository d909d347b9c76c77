"""Reads one row of digits at many sizes and heights and takes the mean: worn or raised print shows more than once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards import digit_lines
from worker.reading.cards.digit_alphabet import FRAME_WIDTH
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import Floats, Row
from worker.reading.cards.digit_strips import Pyramid, Strip

_SIZES: Final = (0.78, 0.88, 1.0, 1.13, 1.28)  #: times the height at which it was read
_ASIDE: Final = (-0.08, 0.0, 0.08)  #: heights, by which a strip lies lower


def read(pyramid: Pyramid, seen: ReadRow) -> ReadRow:
    """A row that was read, read again about the size at which most was told: the mean of all log probabilities."""
    row = replace(seen.row, height=seen.strip.print_height)
    strip = pyramid.cut(row)
    places = _places(strip)
    mean = np.mean([_frames(pyramid.reader, one, places) for one in _strips(pyramid, row)], axis=0)
    mean -= np.logaddexp.reduce(mean, axis=1, keepdims=True)
    step = strip.grey.shape[1] / len(places)
    return ReadRow(row, strip, digit_lines.characters(mean.astype(np.float32), step))


def _strips(pyramid: Pyramid, row: Row) -> Iterator[Strip]:
    for aside in _ASIDE:
        yield from (pyramid.cut(row.lowered(aside), tall=tall) for tall in _SIZES)


def _places(strip: Strip) -> Floats:
    """Where a strip's frames lie: picture px along the row from its middle."""
    count = digit_lines.natural_width(strip.grey) // FRAME_WIDTH
    return np.asarray(((np.arange(count) + 0.5) / count - 0.5) * strip.grey.shape[1] * strip.step, np.float64)


def _frames(reader: digit_lines.DigitEngine, strip: Strip, places: Floats) -> Floats:
    """(len(places), CLASSES) what an engine says of a strip at these places."""
    frames = reader.frames(strip.grey, digit_lines.natural_width(strip.grey))
    own = _places(strip)
    return np.stack([np.interp(places, own, column) for column in frames.T], axis=1)
