"""Reads one row of digits at many sizes and heights and takes the mean: worn or raised print shows more than once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards import digit_lines
from worker.reading.cards.digit_alphabet import FRAME_WIDTH
from worker.reading.cards.digit_lines import Frames
from worker.reading.cards.digit_reading import ReadRow
from worker.reading.cards.digit_rows import Floats, Row
from worker.reading.cards.digit_strips import Pyramid, Strip

_SIZES: Final = (0.78, 0.88, 1.0, 1.13, 1.28)  #: times the height at which it was read
_ASIDE: Final = (-0.08, 0.0, 0.08)  #: heights, by which a strip lies lower


def read(pyramid: Pyramid, seen: ReadRow) -> ReadRow:
    """A row that was read, read again about the size at which most was told: the mean of all log probabilities."""
    row = replace(seen.row, height=seen.strip.print_height)
    strip = pyramid.cut(row)
    frames, places = _frames(strip)
    total = sum((_at(places, *_frames(one)) for one in _strips(pyramid, row)), np.zeros(frames.shape))
    mean = total - np.logaddexp.reduce(total, axis=1, keepdims=True)
    step = strip.grey.shape[1] / len(frames)
    return ReadRow(row, strip, digit_lines.characters(mean.astype(np.float32), step))


def _strips(pyramid: Pyramid, row: Row) -> Iterator[Strip]:
    for aside in _ASIDE:
        moved = replace(row, middle=row.middle + row.down * aside * row.height)
        yield from (pyramid.cut(moved, tall=tall) for tall in _SIZES)


def _frames(strip: Strip) -> tuple[Frames, Floats]:
    """A strip's frames and where they lie: picture px along the row from its middle."""
    width = digit_lines.natural_width(strip.grey)
    frames = digit_lines.engine().frames(strip.grey, width)
    places = (np.arange(len(frames)) + 0.5) * FRAME_WIDTH / width - 0.5
    return frames, np.asarray(places * strip.grey.shape[1] * strip.step, np.float64)


def _at(places: Floats, frames: Frames, own: Floats) -> Floats:
    """Log probabilities at other places, a share of the whole: they are summed up."""
    share = len(_SIZES) * len(_ASIDE)
    return np.stack([np.interp(places, own, column) for column in frames.T], axis=1) / share
