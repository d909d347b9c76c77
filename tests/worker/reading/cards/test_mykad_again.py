"""Lines that are read again: cut short, begun late, in doubt. The print is OpenCV's own lettering."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.worker.reading.cards.test_mykad_fields import line
from worker.reading.cards import capitals, lines, mykad_again, recogniser
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.lines import Row
from worker.reading.engines.base import Grey

LEFT, MIDDLE, HEIGHT = 80, 89.0, 22.0
TEXT = "JALAN MERANTI"


@pytest.fixture
def sheet() -> tuple[Grey, int]:
    """A lettered sheet and where its lettering ends."""
    grey = np.full((180, 700), 220, np.uint8)
    cv2.putText(grey, TEXT, (LEFT, 100), cv2.FONT_HERSHEY_DUPLEX, 1.0, 30, 2, cv2.LINE_AA)
    return grey, int(np.flatnonzero(grey.min(axis=0) < 100).max())


def read(grey: Grey, row: Row) -> CapitalLine:
    cut, engine = lines.cut(grey, row), recogniser.engine(mykad_again.ENGINE)
    return capitals.fold(engine.read_lines([cut.strip])[0], engine.alphabet, cut.corners, cut.strip.shape[1])


def test_a_line_whose_strip_was_cut_short_is_read_to_its_end(sheet: tuple[Grey, int]) -> None:
    grey, end = sheet
    row = Row((LEFT, MIDDLE), (end - 60.0, MIDDLE), HEIGHT)
    short = read(grey, row)
    assert len(short.text) < len(TEXT)
    assert mykad_again.settled(grey, row, short).text == TEXT


def test_a_line_read_surely_from_end_to_end_stays(sheet: tuple[Grey, int]) -> None:
    grey, end = sheet
    row = Row((LEFT, MIDDLE), (end, MIDDLE), HEIGHT)
    whole = read(grey, row)
    assert mykad_again.settled(grey, row, whole) is whole


def test_several_strips_of_a_line_tell_where_it_stands(sheet: tuple[Grey, int]) -> None:
    grey, end = sheet
    row = Row((LEFT, MIDDLE + 3), (end, MIDDLE + 3), HEIGHT)
    whole = read(grey, row)
    together = mykad_again.together(grey, row, whole)
    assert together.text == TEXT
    assert together.left == pytest.approx(whole.left, abs=6)


def test_a_line_that_begins_later_than_its_neighbours_is_read_from_their_edge(sheet: tuple[Grey, int]) -> None:
    grey, end = sheet
    row = Row((LEFT + 26.0, MIDDLE), (end, MIDDLE), HEIGHT)
    late = read(grey, row)
    assert late.text == TEXT[1:]
    begun = mykad_again.begun(grey, row, late, LEFT + 8.0)
    assert begun is not None
    assert begun.text == TEXT


def test_nothing_is_put_before_a_line_that_stands_further_in(sheet: tuple[Grey, int]) -> None:
    grey, end = sheet
    row = Row((LEFT, MIDDLE), (end, MIDDLE), HEIGHT)
    assert mykad_again.begun(grey, row, read(grey, row), LEFT - 15.0) is None


@pytest.mark.parametrize(("x", "late"), [(50.0, {}), (72.0, {1: 60.0}), (200.0, {})])
def test_lines_that_lack_about_a_character_are_late(x: float, late: dict[int, float]) -> None:
    column = [line("NO 12", y=300), line("JALAN MERANTI", x=x, y=340), line("43000 KAJANG", y=380)]
    assert mykad_again.late(column, 0.0) == pytest.approx(late)
