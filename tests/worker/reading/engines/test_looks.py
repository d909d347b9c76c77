"""Further looks at a line and what they say together."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.engines import looks
from worker.reading.mrz.characters import ALPHABET, INDEX
from worker.reading.mrz.line_reading import LineReading


def _reading(text: str, share: float, offset: float = 0.0) -> LineReading:
    """Places 10 px apart, each character with `share` of its row."""
    rows = np.full((len(text), len(ALPHABET)), (1 - share) / (len(ALPHABET) - 1))
    rows[np.arange(len(text)), [INDEX[character] for character in text]] = share
    centres = 10 * np.arange(len(text)) + offset
    return LineReading(np.log(rows).astype(np.float32), centres.astype(np.float32))


def _text(reading: LineReading) -> str:
    return "".join(ALPHABET[column] for column in reading.log_probabilities.argmax(axis=1))


def test_a_first_look_that_errs_by_little_is_overruled_by_many() -> None:
    found = looks.averaged(_reading("ABC", 0.5), [_reading("ABD", 0.9, offset) for offset in (-2, 1, 3)])
    assert _text(found) == "ABD"
    assert found.centres.tolist() == [0.0, 10.0, 20.0]


def test_what_another_look_sees_elsewhere_counts_for_no_place() -> None:
    found = looks.averaged(_reading("ABC", 0.6), [_reading("XYZ", 0.99, 5.0), _reading("", 0.9)])
    assert found.log_probabilities == pytest.approx(_reading("ABC", 0.6).log_probabilities, abs=1e-5)


@pytest.mark.parametrize("look", looks.LOOKS)
def test_a_moved_line_keeps_its_size_and_leads_back(look: looks.Look) -> None:
    line = np.full((32, 200), 220, np.uint8)
    line[8:24, 100:104] = 30
    moved = look.moved(line)
    assert moved.shape == line.shape
    ink = moved.min(axis=0).astype(np.float64) < 125
    assert look.back(np.array([np.flatnonzero(ink).mean()], np.float32))[0] == pytest.approx(101.5, abs=0.6)
    assert look.contrasted(np.array([0.0, 1.0], np.float32)).tolist() == [0.0, 1.0]
