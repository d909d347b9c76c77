"""The alphabet of Korean print."""

from __future__ import annotations

import numpy as np

from worker.reading.cards.korean import engine, hangul


def test_every_syllable_of_the_standard_is_there_once() -> None:
    assert len(set(hangul.SYLLABLES)) == 2350
    assert "가" in hangul.SYLLABLES
    assert "힝" in hangul.SYLLABLES


def test_letters_compose_the_syllable_again() -> None:
    for syllable in "가각힝홍":
        initial, medial, final = hangul.letters(syllable)
        assert chr(0xAC00 + (initial * 21 + medial) * 28 + final) == syllable


def test_a_syllable_is_as_likely_as_its_letters() -> None:
    rows = np.full((1, engine.KINDS + 19 + 21 + 28), -10.0, np.float32)
    initial, medial, final = hangul.letters("홍")
    rows[0, engine.HANGUL] = 0
    rows[0, engine.KINDS + initial] = rows[0, engine.KINDS + 19 + medial] = rows[0, engine.KINDS + 40 + final] = 0
    spread = engine.spread(rows)
    assert hangul.ALPHABET[int(spread.argmax())] == "홍"
    assert np.exp(spread.max()) > 0.99
