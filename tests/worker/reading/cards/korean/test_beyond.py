"""Print of a page that a card lies on, left out by where it stands."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.cards.base import Card
from worker.reading.cards.korean import beyond


def card(sureness: float) -> Card:
    return Card(np.zeros((631, 1000, 3), np.uint8), np.eye(3), sureness)


def left(rows, sureness: float = 0.9) -> list[str]:
    return [row.plain for row in beyond.left_out(card(sureness), rows)]


def test_words_of_a_page_before_a_name_are_left_out_at_the_gap(row_of) -> None:
    assert left([row_of("것일   유재섭", at=(0.0, 0.3))]) == ["유재섭"]


def test_a_line_that_runs_through_the_edge_without_a_gap_stays_whole(row_of) -> None:
    assert left([row_of("서울특별시강남구청장", at=(0.0, 0.8))]) == ["서울특별시강남구청장"]


@pytest.mark.parametrize("at", [(0.0, 0.4), (0.95, 0.4)])
def test_what_stands_beside_the_card_is_left_out(row_of, at: tuple[float, float]) -> None:
    assert left([row_of("나주", at=at)]) == []


def test_a_line_below_the_card_is_left_out_where_it_runs_on_beside_it(row_of) -> None:
    beside = row_of("다시그날이오면좋겠습니다만", at=(-0.05, 0.93))
    below = row_of("서울특별시강남구청장", at=(0.3, 0.91))
    assert left([beside, below]) == ["서울특별시강남구청장"]


def test_of_a_picture_in_which_no_edge_was_seen_everything_stays(row_of) -> None:
    assert left([row_of("나주", at=(0.0, 0.4))], sureness=0.0) == ["나주"]


def test_nothing_is_left_out_where_another_line_runs_through_the_edge(row_of) -> None:
    number, name = row_of("631021-2950937", at=(0.0, 0.4)), row_of("이  택완", at=(0.03, 0.3))
    assert left([name, number]) == ["이택완", "631021-2950937"]


def test_beyond_a_sure_outline_no_line_is_the_cards(row_of) -> None:
    below = row_of("91012345678", at=(0.3, 0.95))
    assert left([below]) == []
    assert left([below], sureness=0.7) == ["91012345678"]


def test_a_line_that_runs_across_both_edges_is_of_a_page(row_of) -> None:
    across = row_of("다" * 50, at=(0.0, 0.12))
    assert left([across, row_of("것일   유재섭", at=(0.0, 0.3))]) == ["유재섭"]
