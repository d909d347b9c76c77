"""Finding and reading together: at a glance where that is enough, closely where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from lab.specimens import draw
from worker.reading import decode, zone
from worker.reading.engines import named
from worker.reading.engines.base import Grey
from worker.reading.mrz.line_reading import LineReading
from worker.reading.stopwatch import Stopwatch


class Watched:
    """The engine of choice; what it is asked for is counted, and at a glance it may be unsure of every character."""

    def __init__(self, *, is_short_sighted: bool = False) -> None:
        self.name = "watched"
        self.read_closely = 0
        self.looked_again = 0
        self._engine = named.engine("ocrb")
        self._is_short_sighted = is_short_sighted

    def read_lines(self, lines: Sequence[Grey]) -> list[LineReading]:
        self.read_closely += len(lines)
        return self._engine.read_lines(lines)

    def glance(self, lines: Sequence[Grey]) -> list[LineReading]:
        readings = self._engine.glance(lines)
        return [_unsure(reading) for reading in readings] if self._is_short_sighted else readings

    def look_again(self, lines: Sequence[Grey], readings: Sequence[LineReading]) -> list[LineReading]:
        self.looked_again += len(lines)
        return self._engine.look_again(lines, readings)


def _unsure(reading: LineReading) -> LineReading:
    shares = 0.7 * np.exp(reading.log_probabilities) + 0.3 / reading.log_probabilities.shape[1]
    return LineReading(np.log(shares).astype(np.float32), reading.centres)


@cache
def drawn(kind: str, level: str, seed: int) -> tuple[decode.Picture, tuple[str, ...]]:
    specimen = draw.specimen(kind, level, seed)
    return next(decode.pictures(specimen.picture, max_pixels=60_000_000)), specimen.truth_lines


@pytest.mark.parametrize("kind", ["td1", "td2", "td3"])
def test_a_scan_is_read_at_a_glance(kind: str) -> None:
    picture, truth = drawn(kind, "clean", 5)
    engine = Watched()
    best = zone.search(picture, engine, Stopwatch()).best
    assert best is not None
    assert best.is_settled
    assert best.decoded is not None
    assert best.decoded.lines == truth
    assert engine.read_closely == 0
    assert engine.looked_again == 0


@pytest.mark.parametrize("kind", ["td1", "td3"])
def test_what_a_glance_does_not_settle_is_read_closely(kind: str) -> None:
    picture, truth = drawn(kind, "clean", 5)
    engine = Watched(is_short_sighted=True)
    best = zone.search(picture, engine, Stopwatch()).best
    assert engine.read_closely > 0
    assert best is not None
    assert best.decoded is not None
    assert best.decoded.lines == truth
