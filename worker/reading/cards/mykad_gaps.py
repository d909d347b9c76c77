"""Blanks and signs lost between words of a MyKad's name or address, told by the room that they took."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.reading.cards import letter_room, words
from worker.reading.cards.capitals import CapitalLine

ROOM_FOR_BLANK: Final = 0.15  #: of an em; of 200 neighbours in a word, one has more
_WORD: Final = re.compile(r"[A-Z0-9/-]+")
_NUMBER: Final = re.compile(r"\d[\d-]*[A-H]$")  #: of a house, with its letter
_FEWEST: Final = 3  #: letters of a word that begins behind a lost blank
_CLOSED: Final = 0.09  #: of an em; a blank that is printed hardly ever has so little
_SURELY_CLOSED: Final = 0.04  #: the same between words of which none is known
_SHORT: Final = 2  #: letters, which are often a word by chance; fewer are one by themselves
_INSIDE: Final = re.compile(r"(?<=[A-Z])( )(?=[A-Z])")
_BEHIND_STOP: Final = re.compile(r"(?<=^NO\.)( )(?=\d)")
_SIGNED: Final = (  #: a blank before which many cards print this sign, what it looks like, how likely that must be
    (re.compile(r"^(?:(?:NO\.?|LOT|PT|UNIT|TINGKAT) )?\d[\d-]*(?:-?[A-H])?( )(?=[A-Z]{2})"), ",", ".,", 0.08),
    (re.compile(r"^(?:KG|NO)( )(?=[A-Z0-9])"), ".", ".,", 0.08),
    (re.compile(r"(?<=[A-Z]{2} )B( )(?=[A-Z]{2})"), ".", ".,", 0.08),
    (re.compile(r"\bDATO( )(?=[A-Z])"), "'", "'", 0.02),
)
_ROOM_FOR_SIGN: Final = 0.4  #: of an em, for a sign and a blank
_OVERLAP: Final = -0.3  #: of an em
_HINT_AT_END: Final = 0.45  #: of a frame behind a line, of a comma
_HINT_BESIDE_OTHER: Final = 0.05  #: the same where another stands in the address


def single(line: CapitalLine) -> CapitalLine:
    """The line without the less sure of two characters that stand closer than any two are printed."""
    while (rooms := letter_room.between(line)).size and np.nanmin(rooms, initial=0.0) < _OVERLAP:
        place = int(np.nanargmin(rooms))
        first, second = line.log_probabilities[place : place + 2].max(axis=1)
        line = line.without(place if first < second else place + 1)
    return line


def closed(line: CapitalLine, known: words.Words) -> CapitalLine:
    """The line without the blanks inside of words and behind `NO.` that have no room: `SENTO SA`."""
    for pattern in (_INSIDE, _BEHIND_STOP):
        for found in reversed(list(pattern.finditer(line.text))):
            place = found.start(1)
            room = letter_room.behind(line, place - 1, place + 1)
            if room < (_CLOSED if pattern is _BEHIND_STOP else _least_room(line.text, place, known)):
                line = line.without(place)
    return line


def _least_room(text: str, place: int, known: words.Words) -> float:
    """Of an em, that the blank at `place` must have: something where the words beside it make one, or none is known."""
    before, after = text[:place].rpartition(" ")[2], text[place + 1 :].partition(" ")[0]
    if before + after in known:
        return _CLOSED
    is_word = not before.isalpha() or min(len(before), len(after)) < _SHORT
    is_word |= any(word in known and len(word) > _SHORT for word in (before, after))
    return -np.inf if is_word else _SURELY_CLOSED


def parted(line: CapitalLine, known: words.Words) -> CapitalLine:
    """The line with the blanks that were lost between two words that are known, or a house's number and a word."""
    rooms = letter_room.between(line)
    places = [
        place
        for found in _WORD.finditer(line.text)
        if found.group() not in known
        for place in range(found.start() + 1, found.end() - _FEWEST + 1)
        if line.text[place : found.end()] in known
        and _is_parted(line.text[found.start() : place], float(rooms[place - 1]), known)
    ]
    for place in reversed(places):
        line = line.with_space(place)
    return line


def _is_parted(before: str, room: float, known: words.Words) -> bool:
    """True behind a house's number with its letter, and behind a word where there is room for a blank."""
    if before in known:
        return len(before) > 1 and room > ROOM_FOR_BLANK
    return _NUMBER.match(before) is not None


def signed(line: CapitalLine) -> CapitalLine:
    """The line with the signs that many cards print before a blank, where there is room for one and a hint of it."""
    for pattern, sign, looks, least in _SIGNED:
        for found in pattern.finditer(line.text):
            place = found.start(1)
            first, stop = (round(float(line.centres[at]) * len(line.frames)) for at in (place - 1, place + 1))
            inside = line.frames[first : stop + 1][:, [line.alphabet.index(one) for one in looks]]
            hint = float(np.exp(inside).sum(axis=1).max(initial=0.0))
            if hint > least and letter_room.behind(line, place - 1, place + 1) > _ROOM_FOR_SIGN:
                return line.with_sign(place, sign)
    return line


def ended(lines: Sequence[CapitalLine]) -> list[CapitalLine]:
    """The lines of a street, those that lost the comma at their end with it: who sets one sets more."""
    least = _HINT_BESIDE_OTHER if any("," in line.text for line in lines) else _HINT_AT_END
    return [_ended(line, least) for line in lines]


def _ended(line: CapitalLine, least: float) -> CapitalLine:
    if not line.text or not line.text[-1].isalnum():
        return line
    behind = line.frames[round(float(line.centres[-1]) * len(line.frames)) + 1 :, line.alphabet.index(",")]
    hint = float(np.exp(behind.max(initial=-16.0)))
    return line.with_sign(len(line.text), ",") if hint > least else line
