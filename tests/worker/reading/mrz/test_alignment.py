"""Places of an engine laid on lines: gaps, strangers, crowding, perspective."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.mrz import alignment
from worker.reading.mrz.alignment import Alignments
from worker.reading.mrz.emissions import Floats


def lay(centres: Floats, length: int, is_filler: Floats | None = None, certainty: Floats | None = None) -> Alignments:
    sure = np.zeros(len(centres)) if certainty is None else certainty
    fillers = np.zeros(len(centres)) if is_filler is None else is_filler
    return alignment.alignments(alignment.grid(centres, sure), length, fillers)


def cheapest(found: Alignments) -> list[int]:
    return [int(place) for place in found.places[found.costs.argmin()]]


def test_a_full_line_is_taken_as_it_is() -> None:
    found = lay(10.0 * np.arange(30), 30)
    assert cheapest(found) == list(range(30))
    assert found.costs.min() == 0.0


@pytest.mark.parametrize("missing", [1, 15, 28])
def test_a_missed_place_shows_in_the_centres(missing: int) -> None:
    centres = np.delete(10.0 * np.arange(30), missing)
    expected = [*range(missing), None, *range(missing, 29)]
    laid = cheapest(lay(centres, 30))
    assert [None if place < 0 else place for place in laid] == expected


def test_gaps_are_found_under_perspective() -> None:
    steps = np.linspace(8.0, 14.0, 43)
    centres = np.delete(np.concatenate([[0.0], np.cumsum(steps)]), [5, 6, 40])
    laid = cheapest(lay(centres, 44))
    assert [at for at, place in enumerate(laid) if place < 0] == [5, 6, 40]


def test_strangers_at_an_end_are_dropped_in_every_window() -> None:
    found = lay(10.0 * np.arange(33), 30)
    windows = {tuple(int(place) for place in way) for way in found.places}
    assert {tuple(range(start, start + 30)) for start in range(4)} <= windows


def test_text_far_beside_a_line_costs_no_more_than_a_few_strangers() -> None:
    centres = np.concatenate([10.0 * np.arange(30), 700.0 + 10.0 * np.arange(12)])
    found = lay(centres, 30)
    cost = min(cost for way, cost in zip(found.places, found.costs, strict=True) if [*map(int, way)] == list(range(30)))
    assert cost == alignment.MOST_STRANGERS_COST


def cost_of(found: Alignments, way: list[int]) -> float:
    ways = [[max(int(place), -1) for place in laid] for laid in found.places]
    return float(found.costs[ways.index(way)])


def test_fillers_behind_a_line_are_no_strangers() -> None:
    fillers = np.zeros(44)
    fillers[36:] = 1.0
    plain = cost_of(lay(10.0 * np.arange(44), 36), list(range(36)))
    ending = cost_of(lay(10.0 * np.arange(44), 36, is_filler=fillers), list(range(36)))
    assert plain == alignment.MOST_STRANGERS_COST
    assert ending == plain + alignment.MOST_STRANGE_FILLERS_COST


def test_a_stranger_far_in_front_hides_no_place_that_was_missed_at_the_end() -> None:
    found = lay(np.concatenate([[-90.0], 10.0 * np.arange(43)]), 44)
    assert cost_of(found, [*range(1, 44), -1]) < 20


def test_a_character_reported_twice_is_dropped_where_it_is_weaker() -> None:
    centres = np.insert(10.0 * np.arange(30), 8, 73.5)
    certainty = np.zeros(31)
    certainty[8] = -1.0
    laid = cheapest(lay(centres, 30, certainty=certainty))
    assert laid == [place for place in range(31) if place != 8]


def test_a_filler_lost_without_a_gap_is_added_to_the_longest_run() -> None:
    is_filler = np.zeros(29)
    is_filler[10:20] = 1.0
    ways = [[*map(int, way)] for way in lay(10.0 * np.arange(29), 30, is_filler).places]
    assert any(sum(place < 0 for place in way[10:21]) == 1 for way in ways)


def test_a_missed_place_is_told_by_its_neighbours() -> None:
    is_filler = np.zeros(27)
    is_filler[18:] = 1.0
    centres = np.delete(10.0 * np.arange(30), [5, 19, 25])
    laid = cheapest(lay(centres, 30, is_filler))
    assert (laid[5], laid[19], laid[25]) == (-3, -2, -1)


def test_far_too_few_places_are_laid_in_no_way() -> None:
    assert len(lay(10.0 * np.arange(12), 30).costs) == 0


@pytest.mark.parametrize(
    "centres", [np.zeros(30), np.full(30, np.nan), np.arange(30.0)[::-1], np.empty(0), np.zeros(1)]
)
def test_odd_centres_do_no_harm(centres: Floats) -> None:
    found = lay(centres, 30)
    assert found.places.shape[1] == 30
    assert np.isfinite(found.costs).all()
