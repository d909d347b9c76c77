"""How frames spell a pattern, against every other way to spell it."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.reading.cards import lattice

ALPHABET = "0123-"
DIGIT, HYPHEN = (0, 1, 2, 3), (4,)


def frames(said: str, sure: float = 0.9) -> np.ndarray:
    """One frame for each character; `_` is blank."""
    chances = np.full((len(said), len(ALPHABET) + 1), (1 - sure) / len(ALPHABET))
    chances[np.arange(len(said)), [(ALPHABET + "_").index(character) for character in said]] = sure
    return np.log(chances).astype(np.float32)


def text(found: lattice.Spelling, pattern: lattice.Pattern) -> str:
    return "".join(ALPHABET[allowed[int(row.argmax())]] for row, allowed in zip(found.rows, pattern, strict=True))


@pytest.mark.parametrize(
    ("said", "pattern", "told"),
    [
        ("__11_2-__33_", (DIGIT, DIGIT, HYPHEN, DIGIT), "12-3"),
        ("1_1_2-3", (DIGIT, DIGIT, DIGIT, HYPHEN, DIGIT), "112-3"),
        ("3_12-0", (DIGIT, DIGIT, HYPHEN, DIGIT), "12-0"),
        ("1", (DIGIT,), "1"),
    ],
)
def test_what_is_said_plainly_costs_nothing(said: str, pattern: lattice.Pattern, told: str) -> None:
    found = lattice.spelled(frames(said), pattern)
    assert found is not None
    assert found.loss == pytest.approx(0, abs=1e-6)
    assert text(found, pattern) == told


def test_a_lost_character_is_found_where_it_costs_least() -> None:
    said = frames("_1_2_-_3_")
    said[3] = np.log([0.05, 0.05, 0.3, 0.05, 0.05, 0.5])  # likelier blank than a 2
    found = lattice.spelled(said, (DIGIT, DIGIT, HYPHEN, DIGIT))
    assert found is not None
    assert text(found, (DIGIT, DIGIT, HYPHEN, DIGIT)) == "12-3"
    assert found.loss == pytest.approx(np.log(0.5 / 0.3), abs=1e-3)


def test_two_alike_without_blank_between_them_are_one() -> None:
    found = lattice.spelled(frames("11", 0.99), (DIGIT, DIGIT))
    assert found is not None
    assert found.loss > 4


def test_too_few_frames_spell_nothing() -> None:
    assert lattice.spelled(frames("12"), (DIGIT, DIGIT, DIGIT)) is None
    assert lattice.spelled(np.zeros((0, 6), np.float32), (DIGIT,)) is None


def alignments(length: int, places: int, choices: int):
    """Every way to walk through frames: for each frame its place and whether it is inked."""
    for start, stop in ((a, b) for a in range(length) for b in range(a + 1, length + 1)):
        for steps in product(range(2 * places - 1), repeat=stop - start):
            if steps[0] == 0 and steps[-1] == 2 * places - 2 and all(0 <= b - a <= 2 for a, b in pairwise(steps)):
                yield start, steps


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_no_other_way_to_spell_it_costs_less(seed: int, length: int) -> None:
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.ones(4), length)  # three characters and blank
    said = np.log(chances).astype(np.float32)
    lost = said - said.max(axis=1, keepdims=True)
    pattern = ((0, 1), (0, 1, 2))
    best = -np.inf
    for start, steps in alignments(length, 2, 3):
        for first, second in product(*pattern):
            if first == second and not any(step == 1 for step in steps):
                continue
            if any(b - a == 2 and first == second for a, b in pairwise(steps)):
                continue
            columns = {0: first, 1: 3, 2: second}
            best = max(best, float(sum(lost[start + at, columns[step]] for at, step in enumerate(steps))))
    found = lattice.spelled(said, pattern)
    assert found is not None
    assert found.loss == pytest.approx(-best, abs=1e-4)
