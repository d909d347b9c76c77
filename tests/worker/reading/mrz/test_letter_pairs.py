"""What neighbours in a name say about a doubtful letter."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.mrz import letter_pairs, name_search
from worker.reading.mrz.characters import ALPHABET, INDEX
from worker.reading.mrz.emissions import IMPOSSIBLE, Floats


def _read(logs: Floats) -> str:
    return "".join(ALPHABET[column] for column in name_search.search(letter_pairs.favoured(logs)).columns)


def _printed(name: str, place: int = 0, other: str = "", even: float = 0.5) -> Floats:
    """(places, 37) of a name with one place that is `other` by a share of `even`."""
    logs = np.full((len(name), len(ALPHABET)), np.log(1e-6))
    logs[:, :10] = IMPOSSIBLE
    logs[np.arange(len(name)), [INDEX[character] for character in name]] = 0.0
    if other:
        logs[place, [INDEX[name[place]], INDEX[other]]] = np.log([1 - even, even])
    return logs


@pytest.mark.parametrize(
    ("name", "place", "other"),
    [
        ("PETROV<<IVAN<<<", 4, "D"),
        ("MARTIN<<JOHN<<<", 4, "Z"),
        ("GARCIA<<LUIS<<<", 10, "Z"),
        ("WINTER<<ANNA<<<", 3, "I"),
    ],
)
def test_a_doubtful_letter_is_the_one_that_names_have_there(name: str, place: int, other: str) -> None:
    assert _read(_printed(name, place, other, even=0.6)) == name


@pytest.mark.parametrize("name", ["QMZXJ<<VQKX<<<", "HRYQYSMAT<<YQ<<", "NG<<TRINH<<<<<<"])
def test_a_name_like_no_other_is_kept_where_it_is_clearly_printed(name: str) -> None:
    assert _read(_printed(name)) == name


def test_what_may_not_stand_in_a_name_gains_nothing() -> None:
    assert (letter_pairs.favoured(_printed("DOE<<JOHN"))[:, :10] <= IMPOSSIBLE).all()


def test_the_table_has_a_gain_for_every_pair() -> None:
    assert letter_pairs._GAINS.shape == (len(letter_pairs.CHARACTERS),) * 2
    assert letter_pairs._GAINS.min() >= letter_pairs.LEAST
    assert letter_pairs._GAINS.max() <= letter_pairs.MOST + 1e-9
