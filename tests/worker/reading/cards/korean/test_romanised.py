"""Names in Hangul held against their spelling in Latin letters."""

from __future__ import annotations

import numpy as np
import pytest

from worker.reading.cards.korean import hangul, names, romanised


def table(*places: dict[str, float]) -> np.ndarray:
    """Print of so many places, each with what it may be and how surely."""
    rows = np.full((len(places), len(hangul.SYLLABLES)), -14.0, np.float32)
    for row, place in zip(rows, places, strict=True):
        for sign, sure in place.items():
            row[hangul.SYLLABLES.index(sign)] = np.log(sure)
    return rows


@pytest.mark.parametrize(
    ("syllable", "spelling"),
    [
        ("김", "KIM"),
        ("박", "PARK"),
        ("이", "LEE"),
        ("이", "YI"),
        ("영", "YOUNG"),
        ("우", "WOO"),
        ("희", "HEE"),
        ("혜", "HYE"),
        ("석", "SUK"),
        ("조", "CHO"),
        ("허", "HUR"),
        ("길", "GIL"),
    ],
)
def test_people_spell_syllables_so(syllable: str, spelling: str) -> None:
    assert spelling in dict(romanised.spellings(syllable))


def test_spelling_parts_syllables_that_look_alike() -> None:
    print_ = table({"홍": 0.9, "흥": 0.1}, {"걸": 0.6, "길": 0.3}, {"동": 0.5, "통": 0.4})
    found = romanised.likeliest(print_, "HONG", "GIL DONG")
    assert found is not None
    assert found.text == "홍길동"
    assert found.agreement == 1
    assert found.confidence > 0.7


def test_clear_print_stands_against_its_spelling() -> None:
    print_ = table({"홍": 0.999}, {"걸": 0.999, "길": 0.0005}, {"동": 0.999})
    found = romanised.likeliest(print_, "HONG", "GILDONG")
    assert found is not None
    assert found.text == "홍걸동"
    assert found.agreement < 1


def test_a_name_from_elsewhere_changes_nothing() -> None:
    print_ = table({"홍": 0.9, "흥": 0.1}, {"걸": 0.6, "길": 0.3}, {"동": 0.5, "통": 0.4})
    found = romanised.likeliest(print_, "SMITH", "GRACE")
    assert found is not None
    assert found.text == "홍걸동"
    assert found.agreement == 0
    assert found.confidence < 0.5


def test_too_few_syllables_for_their_letters_are_less_sure(row_of) -> None:
    printed = row_of("홍길").printed
    alone, held = names.find(printed), names.find(printed, latin=("HONG", "GIL DONG"))
    assert alone is not None
    assert held is not None
    assert held.text == "홍길"
    assert held.confidence < alone.confidence
