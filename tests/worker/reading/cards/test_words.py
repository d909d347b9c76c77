"""Doubtful words held against known ones; surely read print stands whatever is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from worker.reading.cards import malaysian_words, words
from worker.reading.cards.capitals import CapitalLine

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .,-/@'()&:<*#"
KNOWN = frozenset({"MARIAM", "KAMPUNG", "TANAH", "MERAH", "AMIN", "AMIR"})
TOWNS = frozenset({"KUALA LUMPUR", "KUALA KANGSAR", "KAJANG", "TANJONG MALIM"})


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


def lost(text: str, letter: str, place: int, chance: float) -> CapitalLine:
    """A line read surely as `text`, whose frame before a place says a letter with some chance, else blank."""
    read = line(text)
    frames = read.frames.copy()
    frames[4 * place - 1] = np.log(1e-5)
    frames[4 * place - 1, [ALPHABET.index(letter), -1]] = np.log([chance, 1 - chance])
    return replace(read, frames=frames)


@pytest.mark.parametrize(("chance", "text"), [(0.5, "MARIAM"), (0.05, "MARIAM"), (0.001, "MARAM"), (1e-5, "MARAM")])
def test_a_thin_letter_lost_between_sure_ones_is_put_in_where_frames_support_it(chance: float, text: str) -> None:
    assert words.decided(lost("MARAM", "I", 3, chance), KNOWN).text == text


def test_a_sure_known_word_gets_no_letter_more() -> None:
    assert words.decided(lost("AMIN", "A", 2, 0.4), KNOWN | {"AMAIN"}).text == "AMIN"


def test_a_letter_that_makes_two_words_of_like_chance_is_not_put_in() -> None:
    read = lost("AMI", "N", 3, 0.3)
    assert words.decided(read, KNOWN).text == "AMIN"
    frames = read.frames.copy()
    frames[-1, ALPHABET.index("R")] = frames[-1, ALPHABET.index("N")]
    assert words.decided(replace(read, frames=frames), KNOWN).text == "AMI"


def test_a_word_is_one_letter_short_of_every_word_that_it_may_be() -> None:
    longer = words._longer(frozenset({"AMIN", "AMIR", "HAMID", "ANNA"}))
    assert longer["AMI"] == ["AMIN", "AMIR"]
    assert longer["ANA"] == ["ANNA"]
    assert "AMIN" not in longer


@pytest.mark.parametrize(("chance", "text"), [(0.4, "BIN HJ AMIN"), (0.001, "BIN H AMIN")])
def test_a_lone_h_is_a_haji_whose_second_letter_was_lost(chance: float, text: str) -> None:
    assert words.decided(lost("BIN H AMIN", "J", 5, chance), KNOWN | {"HJ"}).text == text


def test_a_doubtful_word_of_three_letters_is_held_against_known_ones() -> None:
    assert words.decided(line("TMM 3", {2: ("N", 0.3)}), frozenset({"TMN", "LOT"})).text == "TMN 3"


@pytest.mark.parametrize(
    ("text", "doubts", "said"),
    [
        ("KUALA LUMFUR", {9: ("P", 0.3)}, "KUALA LUMPUR"),
        ("KUALALUMPUR", {}, "KUALA LUMPUR"),
        ("KAJANC", {5: ("G", 0.2)}, "KAJANG"),
        ("TANJONGMALIN", {11: ("M", 0.3)}, "TANJONG MALIM"),
    ],
)
def test_a_whole_line_takes_the_known_text_that_its_frames_spell(text: str, doubts: dict, said: str) -> None:
    told = words.whole(line(text, doubts), TOWNS)
    assert told is not None
    assert told.text == said
    assert told.log_chance < 0


@pytest.mark.parametrize("text", ["KUALA LUMFUR", "KAJANG", "KAMPUNG SPECIMEN", "", "   "])
def test_a_whole_line_that_spells_none_or_is_known_already_is_not_told(text: str) -> None:
    assert words.whole(line(text), TOWNS) is None


def test_lists_hold_nothing_but_words_in_capitals() -> None:
    for known in (malaysian_words.TOWN_WORDS, malaysian_words.ADDRESS_WORDS, malaysian_words.NAME_WORDS):
        assert len(known) > 300
        assert all(set(word) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") for word in known)


@pytest.mark.parametrize(
    ("word", "other", "is_confused"),
    [
        ("KAHPONG", "KAMPONG", True),
        ("KEFONG", "KEPONG", True),
        ("KAMPONG", "KAMPONG", False),
        ("KAXPONG", "KAMPONG", False),
        ("KAHFONG", "KAMPONG", False),
        ("KAHPON", "KAMPONG", False),
    ],
)
def test_some_letters_are_often_taken_for_another(word: str, other: str, is_confused: bool) -> None:
    assert words.is_confused(word, other) == is_confused
