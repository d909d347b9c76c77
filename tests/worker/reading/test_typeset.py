"""Print stands in rows, whichever way they run; what is strewn about does not, however much of it there is."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading import typeset


def lines_of_letters(degrees: float) -> typeset.Floats:
    """Six lines of twenty letters, 10 px from letter to letter and 30 px from line to line."""
    along, down = np.meshgrid(np.arange(20) * 10.0, np.arange(6) * 30.0)
    turn = np.deg2rad(degrees)
    x, y = along.ravel(), down.ravel()
    return np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])


@pytest.mark.parametrize("degrees", [0.0, 5.0, 90.0, 133.0, 179.9])
def test_lines_of_letters_are_print_whichever_way_they_run(degrees: float) -> None:
    middles = lines_of_letters(degrees)
    found = typeset.rows(middles, np.full(len(middles), 8.0))
    assert found.are_print
    assert found.excess > 100


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [20, 200, 2000])
def test_what_is_strewn_about_is_no_print(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    found = typeset.rows(rng.uniform(0, 400, (count, 2)), rng.uniform(5, 14, count))
    assert not found.are_print


def test_a_word_alone_is_no_print_yet() -> None:
    assert not typeset.rows(lines_of_letters(0.0)[:6], np.full(6, 8.0)).are_print


def test_nothing_stands_in_no_rows() -> None:
    assert typeset.rows(np.zeros((0, 2)), np.zeros(0)) == typeset.Rows(0.0, 0.0)
