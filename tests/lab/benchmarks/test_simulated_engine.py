"""The simulated engine: seeded, of right shape, and with probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from core.documents import MrzFormat
from lab.benchmarks import simulated_engine
from lab.benchmarks.simulated_engine import LEVELS
from worker.reading.mrz import parse
from worker.reading.mrz.characters import ALPHABET, INDEX


@pytest.mark.parametrize("kind", list(MrzFormat))
def test_zones_have_the_layout_that_was_asked_for(kind: MrzFormat) -> None:
    rng = np.random.default_rng(1)
    assert all(parse.detect(simulated_engine.zone(rng, kind)) is kind for _ in range(20))


def test_the_same_seed_gives_the_same_readings() -> None:
    one, other = (
        simulated_engine.read(np.random.default_rng(7), ["P<UTODOE<<JO<<<<<<<<"], LEVELS["hard"]) for _ in range(2)
    )
    assert np.array_equal(one[0].log_probabilities, other[0].log_probabilities)
    assert np.array_equal(one[0].centres, other[0].centres)


def test_every_row_is_a_distribution_and_has_a_centre() -> None:
    rng = np.random.default_rng(3)
    for reading in simulated_engine.read(rng, simulated_engine.zone(rng), LEVELS["harder"]):
        assert reading.log_probabilities.shape == (len(reading.centres), len(ALPHABET))
        assert np.exp(reading.log_probabilities).sum(axis=1) == pytest.approx(1.0, abs=1e-3)


def test_probabilities_mean_what_they_say() -> None:
    rng = np.random.default_rng(5)
    text = "".join(rng.choice(list(ALPHABET), size=20000))
    logs = simulated_engine.rows(rng, text, np.full(len(text), 5.0))
    stated = np.exp(logs.max(axis=1))
    right = logs.argmax(axis=1) == [INDEX[character] for character in text]
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        within = (stated >= low) & (stated < high)
        assert right[within].mean() == pytest.approx(stated[within].mean(), abs=0.03)


def test_a_misprint_differs_in_one_digit() -> None:
    rng = np.random.default_rng(2)
    zone = simulated_engine.zone(rng)
    wrong = simulated_engine.misprinted(rng, zone)
    assert sum(a != b for one, other in zip(zone, wrong, strict=True) for a, b in zip(one, other, strict=True)) == 1
