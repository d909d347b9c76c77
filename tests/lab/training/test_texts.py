"""Random texts for training lines."""

from __future__ import annotations

import re

import numpy as np

from lab.training import texts
from worker.reading.mrz import characters


def _many(count: int) -> list[str]:
    random = np.random.default_rng(5)
    return [texts.line(random) for _ in range(count)]


def test_every_text_has_the_length_of_a_layout_and_its_alphabet() -> None:
    for text in _many(1000):
        assert len(text) in (30, 36, 44)
        assert set(text) <= set(characters.ALPHABET)


def test_every_character_is_common_enough_to_be_learnt() -> None:
    seen = "".join(_many(1000))
    assert min(seen.count(character) for character in characters.ALPHABET) > len(seen) * 0.005


def test_runs_of_fillers_of_every_short_length_and_some_long_ones_occur() -> None:
    lengths = {len(run) for text in _many(2000) for run in re.findall("<+", text)}
    assert set(range(1, 20)) <= lengths
    assert max(lengths) > 25
