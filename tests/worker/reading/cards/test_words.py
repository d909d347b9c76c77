"""Doubtful words held against known ones; surely read print stands whatever is known."""

from __future__ import annotations

import numpy as np

from worker.reading.cards import malaysian_words, words
from worker.reading.cards.capitals import CapitalLine

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .,-/@'()&:<*#"
KNOWN = frozenset({"MARIAM", "KAMPUNG", "TANAH", "MERAH", "AMIN", "AMIR"})


def line(text: str, doubts: dict[int, tuple[str, float]] | None = None) -> CapitalLine:
    """A line read as `text`; `doubts` gives a place its second character and that one's chance."""
    chances = np.full((len(text), len(ALPHABET)), 1e-5)
    chances[np.arange(len(text)), [ALPHABET.index(character) for character in text]] = 1
    for place, (other, chance) in (doubts or {}).items():
        chances[place, ALPHABET.index(other)] = chance
        chances[place, ALPHABET.index(text[place])] = 1 - chance
    rows = np.log(chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)
    blank = np.full(len(ALPHABET) + 1, np.log(1e-5), np.float32)
    blank[-1] = 0
    inked = np.hstack([rows, np.full((len(rows), 1), np.log(1e-3), np.float32)])
    frames = np.array([frame for row in inked for frame in (blank, row, row, blank)], np.float32)
    corners = np.array([(0, 0), (20 * len(text), 0), (20 * len(text), 40), (0, 40)], np.float32)
    return CapitalLine(text, rows, ALPHABET, corners, (np.arange(len(text)) + 0.5) / len(text), frames)


def test_a_doubtful_word_becomes_the_known_one_that_is_nearly_as_likely() -> None:
    said = words.decided(line("MARIAH BIN KAMPUNO", {5: ("M", 0.3), 17: ("G", 0.4)}), KNOWN)
    assert said.text == "MARIAM BIN KAMPUNG"
    assert said.log_chance < 0


def test_a_surely_read_word_stands() -> None:
    assert words.decided(line("MARIAH"), KNOWN).text == "MARIAH"


def test_what_the_network_finds_impossible_is_not_taken() -> None:
    assert words.decided(line("MARIAH", {0: ("N", 0.4)}), KNOWN).text == "MARIAH"


def test_between_two_known_words_of_like_chance_nothing_is_decided() -> None:
    doubtful = line("AMIX", {3: ("N", 0.2)})
    chances = np.exp(doubtful.frames)
    for frame in (13, 14):
        chances[frame, ALPHABET.index("R")] = chances[frame, ALPHABET.index("N")]
    tied = CapitalLine(
        doubtful.text,
        doubtful.log_probabilities,
        ALPHABET,
        doubtful.corners,
        doubtful.centres,
        np.log(chances / chances.sum(axis=1, keepdims=True)).astype(np.float32),
    )
    assert words.decided(tied, KNOWN).text == "AMIX"


def test_a_lost_space_between_two_known_words_is_put_in_where_it_is_likely_enough() -> None:
    joined = line("TANAHMERAH", {4: ("K", 0.1)})
    frames = joined.frames.copy()
    frames[19, ALPHABET.index(" ")] = np.log(0.3)
    spaced = CapitalLine(joined.text, joined.log_probabilities, ALPHABET, joined.corners, joined.centres, frames)
    assert words.decided(spaced, KNOWN).text == "TANAH MERAH"
    assert words.decided(joined, KNOWN).text == "TANAHMERAH"


def test_a_house_number_is_no_word() -> None:
    assert words.decided(line("1678 A", {3: ("B", 0.4)}), frozenset({"ABCD"})).text == "1678 A"


def test_lists_hold_nothing_but_words_in_capitals() -> None:
    for known in (malaysian_words.TOWN_WORDS, malaysian_words.ADDRESS_WORDS, malaysian_words.NAME_WORDS):
        assert len(known) > 300
        assert all(set(word) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") for word in known)
