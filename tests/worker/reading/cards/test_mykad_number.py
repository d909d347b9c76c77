"""The number of a MyKad on lines that were cut well, or through it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.reading.cards.test_mykad_fields import line
from worker.reading.cards import mykad_number
from worker.reading.cards.capitals import CapitalLine


def roomy(text: str) -> CapitalLine:
    """A line that stands in the middle of a strip twice as long."""
    close = line(text, y=100)
    corners = close.corners.copy()
    corners[[0, 3], 0] -= close.width / 2
    corners[[1, 2], 0] += close.width / 2
    return replace(close, corners=corners, centres=0.25 + close.centres / 2)


def test_a_whole_number_needs_no_longer_strip() -> None:
    assert mykad_number.lacking(roomy("900101-14-5678")) == 0


def test_a_number_at_the_very_end_of_its_strip_may_be_cut() -> None:
    assert mykad_number.lacking(line("900101-14-5678", y=100)) > 0


@pytest.mark.parametrize("text", ["00101-14-5678", "900101-14", "14-5678", "900101-14-567"])
def test_a_strip_that_shows_a_part_of_a_number_should_reach_further(text: str) -> None:
    assert mykad_number.lacking(line(text, y=100)) >= 20 * (14 - len(text))


@pytest.mark.parametrize("text", ["12 JALAN SPECIMEN", "43000 KAJANG", "SPECIMEN", "1"])
def test_lines_of_words_are_no_part_of_a_number(text: str) -> None:
    assert mykad_number.lacking(line(text, y=100)) == 0


def test_the_likeliest_number_is_found_among_lines() -> None:
    found = mykad_number.find([line("00101-14-5678", y=90), line("900101-14-5678", y=100)])
    assert found is not None
    assert found.value == "900101-14-5678"
