"""Values that are looked at again where they stand, without any picture."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from worker.reading.cards.base import Card
from worker.reading.cards.korean import driver, hangul, surer

CARD = Card(np.full((631, 1000, 3), 255, np.uint8), np.eye(3), 1.0)
TODAY = date(2026, 6, 1)


class Latin:
    name, alphabet = "fake", hangul.ALPHABET

    def read_lines(self, _strips):
        raise AssertionError("no code is on these cards")


class Reader(Latin):
    """Says one text after the other of the cuts that it is shown, the last one of all others."""

    def __init__(self, *said):
        self.said, self.looks = said, 0

    def read_together(self, _strips):
        self.looks += 1
        return self.said[min(self.looks, len(self.said)) - 1].printed


@pytest.fixture
def looked_again(row_of):
    """What is told of a licence with a name and a day of issue, of which closer looks say something else."""

    def tell(name: tuple[str, float], day: tuple[str, float], *closer: tuple[str, float]) -> tuple[dict, Reader]:
        texts = (("14-92-433867-45", 0.999), name, ("770508-2745322", 0.999), day)
        rows = [row_of(text, sure=sure, at=(0.35, 0.2 + 0.15 * place)) for place, (text, sure) in enumerate(texts)]
        first = driver.tell(CARD, rows, today=TODAY)
        assert first is not None
        reader = Reader(*(row_of(text, sure=sure) for text, sure in closer))
        told = surer.told(CARD, rows, first, reader, Latin(), today=TODAY)
        return {key: field.value for key, field in told.fields.items()}, reader

    return tell


def test_a_name_that_is_unsure_is_read_again(looked_again) -> None:
    values, reader = looked_again(("김홍안", 0.5), ("2003. 4. 18.", 0.999), ("김홍인", 0.999))
    assert values["name"] == "김홍인"
    assert reader.looks == 1


def test_a_closer_look_that_is_less_sure_changes_nothing(looked_again) -> None:
    values, reader = looked_again(("김홍인", 0.5), ("2003. 4. 18.", 0.999), ("김홍안", 0.2))
    assert values["name"] == "김홍인"
    assert reader.looks == len(surer.HEIGHTS)


def test_values_that_are_sure_are_looked_at_once(looked_again) -> None:
    _, reader = looked_again(("김홍인", 0.999), ("2003. 4. 18.", 0.999), ("", 0.9))
    assert reader.looks == 0


@pytest.mark.parametrize(
    ("first", "closer", "day"),
    [
        ("2017.10.17", ["2017.10.17", "2017.10.17."], "2017.10.17."),
        ("2017.10.17.", ["2017.10.17"], "2017.10.17."),
        ("2017.10.17", ["2017.10.17"], "2017.10.17"),
        ("2017.10.17", ["2017.10.11."], "2017.10.17"),
    ],
)
def test_a_stop_behind_a_day_is_taken_from_one_look_that_sees_it(
    looked_again, first: str, closer: list[str], day: str
) -> None:
    values, _ = looked_again(("김홍인", 0.999), (first, 0.999), *((text, 0.999) for text in closer))
    assert values["issue_date"] == day


@pytest.mark.parametrize(("day", "closer"), [("2010.02.11.", "2010.02.1."), ("2023. 4. 21.", "2023. 4. 2.")])
def test_a_look_that_lost_a_digit_is_not_believed(looked_again, day: str, closer: str) -> None:
    values, _ = looked_again(("김홍인", 0.999), (day, 0.9), (closer, 0.999))
    assert values["issue_date"] == day
