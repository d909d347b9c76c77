"""The exact searches, held against trying every text."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from worker.reading.mrz import check_digits, code_search, emissions, name_search, search
from worker.reading.mrz.characters import ALPHABET, DIGITS, FILLER, INDEX
from worker.reading.mrz.emissions import IMPOSSIBLE, Floats
from worker.reading.mrz.line_reading import LineReading
from worker.reading.mrz.search import COMPOSITE_DIGIT, FIELD_DIGIT, Step

#: Two fields of two and one places with their digits, a place that only the composite counts, and the composite.
STEPS = (
    Step(0, 7, 7),
    Step(1, 3, 3),
    Step(2, 0, 1, FIELD_DIGIT),
    Step(3, 7, 7),
    Step(4, 0, 3, FIELD_DIGIT),
    Step(5, 0, 1),
    Step(6, 0, 0, COMPOSITE_DIGIT),
)


def _rows(rng: np.random.Generator, allowed: list[str], evenness: float = 1.0) -> Floats:
    logs = np.full((len(allowed), len(ALPHABET)), IMPOSSIBLE)
    for row, characters in zip(logs, allowed, strict=True):
        shares = np.maximum(rng.dirichlet(np.full(len(characters), evenness)), 1e-12)
        row[[INDEX[character] for character in characters]] = np.log(shares)
    return logs


def _satisfies(text: str) -> bool:
    return (
        check_digits.guards(text[0:2], text[2])
        and check_digits.guards(text[3], text[4])
        and check_digits.guards(text[:6], text[6])
    )


@pytest.mark.parametrize("evenness", [1.0, 0.05])
@pytest.mark.parametrize("seed", range(25))
def test_best_and_second_best_text_are_those_of_trying_all(seed: int, evenness: float) -> None:
    """At an evenness of 0.05 most places are certain, and what is certain mostly breaks a digit."""
    rng = np.random.default_rng(seed)
    few = ["".join(rng.choice(list(ALPHABET), size=4, replace=False)) for _ in range(3)]
    allowed = [few[0], few[1], DIGITS, few[2], DIGITS, "06GK<", DIGITS]
    logs = _rows(rng, allowed, evenness)
    every = [
        (sum(logs[place, INDEX[character]] for place, character in enumerate(text)), "".join(text))
        for text in itertools.product(*allowed)
        if _satisfies("".join(text))
    ]
    every.sort(reverse=True)
    found = search.search(STEPS, logs)
    assert found is not None
    assert "".join(ALPHABET[column] for column in found.columns) == every[0][1]
    assert found.score == pytest.approx(every[0][0])
    margin = every[0][0] - every[1][0]
    assert found.margin == pytest.approx(margin) or margin > found.margin >= search.CERTAIN_LEAD - 1e-9
    total = np.logaddexp.reduce([score for score, _ in every])
    assert found.log_posterior == pytest.approx(every[0][0] - total, abs=1e-4)


def test_no_text_is_found_where_none_satisfies_the_digits() -> None:
    logs = _rows(np.random.default_rng(0), ["1", "1", "5", "1", "7", "1", "1"])
    assert search.search(STEPS, logs) is None


def _follows_grammar(name: str) -> bool:
    used = name.rstrip(FILLER)
    return used[:1] not in ("", FILLER) and used.count(FILLER * 2) <= 1 and FILLER * 3 not in used


@pytest.mark.parametrize("seed", range(25))
def test_best_name_is_that_of_trying_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logs = _rows(rng, ["AB", *["AB<"] * 6])
    every = [
        (sum(logs[place, INDEX[character]] for place, character in enumerate(name)), "".join(name))
        for name in itertools.product("AB<", repeat=7)
        if name[0] != FILLER
    ]
    good = sorted(((score, name) for score, name in every if _follows_grammar(name)), reverse=True)
    odd = max(score for score, name in every if not _follows_grammar(name)) - name_search.LATE_LETTER
    found = name_search.search(logs)
    assert good[0][0] > odd
    assert "".join(ALPHABET[column] for column in found.columns) == good[0][1]
    share = good[0][0] - np.logaddexp.reduce([score for score, _ in good])
    assert found.log_posterior == pytest.approx(share, abs=0.02)  # odd names count a little


def test_letters_far_behind_the_end_of_a_name_are_kept_where_they_are_clearly_printed() -> None:
    name = "DOE<<JOHN<<<<<X<<<"
    logs = np.full((len(name), len(ALPHABET)), -30.0)
    logs[np.arange(len(name)), [INDEX[character] for character in name]] = 0.0
    found = name_search.search(logs)
    assert "".join(ALPHABET[column] for column in found.columns) == name
    assert found.prior == pytest.approx(-name_search.LATE_LETTER)


def _code(text: str, doubt: dict[int, str] | None = None, even: float = 0.5) -> code_search.Seen:
    logs = np.full((3, len(ALPHABET)), np.log(1e-6))
    logs[np.arange(3), [INDEX[character] for character in text]] = 0.0
    for place, other in (doubt or {}).items():
        logs[place, INDEX[text[place]]] = np.log(1 - even)
        logs[place, INDEX[other]] = np.log(even)
    return _seen(logs)


def _seen(plain: Floats) -> code_search.Seen:
    folds = emissions.folded(LineReading(plain.astype(np.float32), np.arange(3, dtype=np.float32)))
    return code_search.Seen(folds[emissions.LETTERS_ONLY, :3], folds[emissions.PLAIN, :3])


def _text(columns: np.ndarray) -> str:  # type: ignore[type-arg]
    return "".join(ALPHABET[column] for column in columns)


def test_the_list_of_codes_decides_a_doubtful_letter() -> None:
    found = code_search.search(_code("GBK", {2: "R"}, even=0.2), None, are_often_same=False)
    assert _text(found.issuing_state) == "GBR"


def test_an_unknown_code_that_is_clearly_printed_is_kept() -> None:
    found = code_search.search(_code("SI<"), _code("SI<"), are_often_same=True)
    assert _text(found.issuing_state) == "SI<"
    assert found.nationality is not None
    assert _text(found.nationality) == "SI<"
    assert found.prior < -code_search.UNKNOWN_CODE


def test_digits_that_could_be_a_known_code_are_taken_for_it() -> None:
    found = code_search.search(_code("UT0"), None, are_often_same=False)
    assert _text(found.issuing_state) == "UTO"


def test_digits_that_are_no_known_code_are_kept_as_printed() -> None:
    found = code_search.search(_code("132"), None, are_often_same=False)
    assert _text(found.issuing_state) == "132"
    assert found.log_posterior > -0.1


def test_both_codes_help_each_other_only_where_they_are_often_the_same() -> None:
    doubtful = _code("AUT", {2: "S"}, even=0.4)
    together = code_search.search(doubtful, _code("AUS"), are_often_same=True)
    assert _text(together.issuing_state) == "AUS"
    assert _text(code_search.search(doubtful, _code("AUS"), are_often_same=False).issuing_state) == "AUT"


def test_shares_of_all_pairs_of_codes_sum_to_one() -> None:
    rng = np.random.default_rng(3)
    logs = np.log(rng.dirichlet(np.full(len(ALPHABET), 0.2), size=6) + 1e-9)
    found = code_search.search(_seen(logs[:3]), _seen(logs[3:]), are_often_same=True)
    assert found.log_posterior <= 1e-9


@pytest.mark.parametrize(("digit", "letter", "other"), [("0", "O", "D"), ("1", "I", "L"), ("2", "Z", "Q")])
def test_a_digit_in_a_name_is_the_letter_it_is_seen_in(digit: str, letter: str, other: str) -> None:
    plain = np.full((1, len(ALPHABET)), np.log(1e-6))
    plain[0, [INDEX[digit], INDEX[letter], INDEX[other]]] = np.log([0.9, 0.05, 0.05])
    shares = np.exp(emissions.folded(LineReading(plain.astype(np.float32), np.zeros(1, np.float32)))[:, 0])
    as_letter = shares[emissions.LETTERS_ONLY]
    assert as_letter[INDEX[letter]] > 5 * as_letter[INDEX[other]]


def test_a_letter_among_digits_is_the_digit_it_looks_like() -> None:
    plain = np.full((1, len(ALPHABET)), np.log(1e-6))
    plain[0, INDEX["D"]] = 0.0
    folds = emissions.folded(LineReading(plain.astype(np.float32), np.zeros(1, np.float32)))
    assert ALPHABET[folds[emissions.DIGITS_ONLY, 0, : len(DIGITS)].argmax()] == "0"
