"""Postcode, district and state from the last lines of a MyKad's address, each held against the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np

from worker.reading.cards import (
    capitals,
    lattice,
    letter_room,
    malaysia,
    malaysian_postcodes,
    malaysian_words,
    mykad_pieces,
    words,
)
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_pieces import Piece

_TOWN_CHARACTERS: Final = capitals.LETTERS + " .,'-/()"
_STATE_CHARACTERS: Final = capitals.LETTERS + " .()'"
_TRIED_SPELLINGS: Final = 6  #: of states, those most like what was read
_ELSEWHERE: Final = 4.0  #: of log probability, that a postcode of another state or town than the printed one costs
_LONG: Final = 6  #: letters of a town that may lack one that is right
_LIKELY: Final = 0.5  #: of a postcode's start
_CONFUSED: Final = 0.4  #: confidence of a town that was read but for one letter
_GUESSED: Final = 0.5  #: confidence of a state that a postcode alone tells


def tell(line: CapitalLine, taken: int, below: CapitalLine | None) -> dict[str, Piece]:
    """The fields on the postcode's line, whose first `taken` characters are the postcode, and the one below it."""
    rest = line.part(taken, len(line.text)).of(_TOWN_CHARACTERS)
    state = _state(below) if below is not None else None
    if state is None:
        state, rest = _state_behind(rest, "," if below is not None else ", ")
    code = line.part(0, 5)
    rows = _digits(code)
    district = _district(rest, rows)
    postcode = _postcode(code, rows, malaysia.SPELLINGS.get(state.value) if state else None, district.value)
    pieces = {"postcode": postcode, "district": district}
    if state is None and below is not None:
        state = _state_of(postcode, below)
    return pieces | ({"state": state} if state is not None else {})


def _digits(code: CapitalLine) -> capitals.Floats:
    """(5, 10) log probabilities of a postcode's digits."""
    return np.asarray(code.log_probabilities[:, [code.alphabet.index(digit) for digit in capitals.DIGITS]], np.float64)


def _postcode(code: CapitalLine, rows: capitals.Floats, state: str | None, town: str) -> Piece:
    """The likeliest five digits; where they are in doubt, those that the state and the town use."""
    starts, used = _starts_of(rows), _used(town)
    if state is not None:
        areas = np.broadcast_to(_areas(state)[:, :, None], used.shape)
        used = used * areas if (used * areas).any() else areas
    starts = starts - _ELSEWHERE * (1 - used)
    start = np.unravel_index(int(starts.argmax()), starts.shape)
    text = "".join(str(int(digit)) for digit in (*start, *rows[3:].argmax(axis=1)))
    return Piece(text, float(np.exp(code.chance(text).sum())), (code.of(capitals.DIGITS),))


def _starts_of(rows: capitals.Floats) -> capitals.Floats:
    """(10, 10, 10) log probabilities of a postcode's first three digits."""
    return np.asarray(rows[0][:, None, None] + rows[1][:, None] + rows[2], np.float64)


@cache
def _used(town: str) -> capitals.Floats:
    """(10, 10, 10), 1 where postcodes of a town or at least of its state begin so; everywhere for an unknown town."""
    starts = malaysian_postcodes.STARTS.get(town)
    if starts is None:
        states = [_areas(state) for state, towns in malaysian_words.TOWNS.items() if town in towns.split(";")]
        anywhere = np.ones((10, 10)) if not states else np.maximum.reduce(states)
        return np.broadcast_to(anywhere[:, :, None], (10, 10, 10))
    used = np.zeros(1000)
    used[sorted(starts)] = 1
    return used.reshape(10, 10, 10)


@cache
def _areas(state: str) -> capitals.Floats:
    """(10, 10), 1 where the first two digits of a postcode are ones that the state uses."""
    codes = [f"{first}{second}000" for first in capitals.DIGITS for second in capitals.DIGITS]
    return np.array([malaysia.is_postcode_of(code, state) for code in codes], np.float64).reshape(10, 10)


def _district(rest: CapitalLine, rows: capitals.Floats) -> Piece:
    """A town that is known where the line's frames spell one, likelier one that uses the postcode; else what was read.

    `rows` are the log probabilities of the postcode's digits.
    """
    chances = np.exp(_starts_of(rows))
    missed = float(np.exp(-_ELSEWHERE))
    confused = _confused(" ".join(rest.text.split()).rstrip(",. "), chances)
    if confused is not None:
        return Piece(confused, _CONFUSED, (rest,))
    known = words.whole(
        rest, malaysian_words.TOWN_NAMES, lambda town: -float(np.log(min(1.0, (chances * _used(town)).sum() + missed)))
    )
    piece = (
        mykad_pieces.of_lines([rest], malaysian_words.TOWN_WORDS)
        if known is None
        else Piece(known.text, float(np.exp(known.log_chance)), (rest,))
    )
    return Piece(piece.value.rstrip(",. "), piece.confidence, piece.lines)


def _confused(text: str, chances: capitals.Floats) -> str | None:
    """The one long town's name that a text is but for one letter, whose postcode stands before it."""
    if text in malaysian_words.TOWN_NAMES or len(text) < _LONG:
        return None
    near = [town for town in malaysian_words.TOWNS_IN_ORDER if words.is_confused(text, town)]
    return near[0] if len(near) == 1 and (chances * _used(near[0])).sum() > _LIKELY else None


def _state(line: CapitalLine) -> Piece | None:
    spelling = _spelling(line, 0.6)
    return None if spelling is None else Piece(*spelling, (line,))


def _state_of(postcode: Piece, below: CapitalLine) -> Piece | None:
    """The state whose postcode this is, where only one has it and a line below says what cannot be read."""
    states = [state for state in malaysia.STATES if malaysia.is_postcode_of(postcode.value, state)]
    if len(states) != 1:
        return None
    return Piece(malaysia.STATES[states[0]][0], _GUESSED * postcode.confidence, (below,))


def _spelling(line: CapitalLine, least: float) -> tuple[str, float] | None:
    """The way of writing a state that the frames spell best among those at least so like the text; how surely."""
    text = " ".join(line.of(_STATE_CHARACTERS).text.split())
    ranked = sorted((capitals.distance(text, one) / max(len(text), len(one)), one) for one in malaysia.SPELLINGS)
    near = [one for far, one in ranked[:_TRIED_SPELLINGS] if far <= 1 - least]
    frames, spelt = line.own_frames(), []
    for one in near:
        found = lattice.spelled(frames, line.pattern(one), is_whole=True)
        if found is not None and found.loss < words.PER_CHARACTER * len(one):
            spelt.append((found.loss + malaysia.RARER.get(one, 0.0), one, _misfit(line, one, found)))
    if not spelt:
        return None
    told = [(loss + misfit - _least_misfit(one, spelt), one) for loss, one, misfit in spelt]
    loss, best = min(told)
    rivals = sum(float(np.exp(loss - other)) for other, _ in told)
    return best, float(np.exp(-0.25 * loss) / rivals)


def _misfit(line: CapitalLine, text: str, spelling: lattice.Spelling) -> float:
    """Log probability that the signs of a text cost which take more or less room than its letters leave."""
    places = np.array([(first + stop) / 2 for first, stop in spelling.spans]) / len(line.own_frames())
    return letter_room.misfit(replace(line, text=text, centres=places))


def _least_misfit(text: str, spelt: Sequence[tuple[float, str, float]]) -> float:
    """The least that the signs of a text cost, or those of another that has the same letters."""
    letters = _letters(text)
    return min(misfit for _, one, misfit in spelt if _letters(one) == letters)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalpha())


def _state_behind(rest: CapitalLine, separators: str) -> tuple[Piece | None, CapitalLine]:
    """A state on the line of the district, behind one of these separators."""
    for place, character in enumerate(rest.text):
        if character not in separators or place < 2:
            continue
        tail = rest.text[place + 1 :].strip()
        part = rest.part(place + 1 + len(rest.text[place + 1 :]) - len(rest.text[place + 1 :].lstrip()), len(rest.text))
        spelling = _spelling(part, 0.75) if len(tail) > 3 else None
        if spelling is not None:
            return Piece(*spelling, (part,)), rest.part(0, place)
    return None, rest
