"""Puts the signs of a MyKad's address line right by the grammar of addresses, where its print leaves a doubt."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards import capitals, letter_room, malaysian_words, mykad_gaps, words
from worker.reading.cards.capitals import CapitalLine

_WORD_WITH_DIGIT: Final = re.compile(
    r"(?<![A-Z0-9])(?:[A-Z]{2,}\d[A-Z]+|[01358][A-Z]{3,}|[A-Z]\d[A-Z]{2,}|N0)(?![A-Z0-9])"
)
_STOP_BEHIND_WORD: Final = re.compile(r"(?:\d-?[A-Z]?|[A-Z]{4,})(\.)(?=\s|$|[A-Z])")
_DOUBTED_STOP: Final = 3.0  #: of log probability
_IN_CARE_OF: Final = re.compile(r"^(?:[DPOQ0]/A ?|D[IJL1]A )(?=[A-Z])")  #: `D/A`: dengan alamat
_LETTER_BEHIND_NUMBER: Final = re.compile(r"(?<=\d)[OQISZ](?![A-Z])")  #: hardly any house is called so
_LETTER_IN_NUMBER: Final = re.compile(r"(?<=\d)[OQISZB](?=[A-H](?![A-Z]))")  #: `15SA`
_LETTERS_AS_NUMBER: Final = re.compile(  #: `TINGKAT IS`, `NO. B`: what follows these is a number
    r"(?:(?<=\bTINGKAT )|(?<=\bSEKSYEN )|(?<=\bBATU )|(?<=^NO )|(?<=^NO\. ))[OQISZBGL]{1,2}(?![A-Z0-9])"
)
_LETTER_AT_END: Final = re.compile(r"(?<=[A-Z]{3} )[OQISZ]$")  #: `JALAN MELATI S`
_NOUGHT_AS_SUFFIX: Final = re.compile(r"(?<=\d-)0(?!\d)")
_SPACE_IN_NUMBER: Final = re.compile(r"(?<=\d-) (?=\d)|(?<=\d) (?=-\d)")
_ABBREVIATION: Final = re.compile(r"^(?:K([OQCD6])(?=\.? ?[A-Z]{3})|N([GQDCU0])(?=\.? ?\d))")  #: `KG`, `NO`
_MEANT: Final = {"K": "G", "N": "O"}
_LETTER_BEFORE_NUMBER: Final = re.compile(r"(?<![A-Z0-9])[OQISZ](?=\d\d|\d[/-])")
_SUFFIXES: Final = "ABCDEFGH"  #: letters that follow a house's number
_BESIDE_NUMBERS: Final = (
    (_LETTER_BEHIND_NUMBER, capitals.DIGITS + _SUFFIXES),
    (_LETTER_BEFORE_NUMBER, capitals.DIGITS),
    (_LETTER_IN_NUMBER, capitals.DIGITS),
    (_LETTERS_AS_NUMBER, capitals.DIGITS),
    (_LETTER_AT_END, capitals.DIGITS),
    (_NOUGHT_AS_SUFFIX, _SUFFIXES),
)
_WORD_OF_STREET: Final = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{3,}(?![A-Z0-9])")
_KINDS: Final = [
    "KAMPUNG", "KAMPONG", "JALAN", "JLN", "LORONG", "LRG", "PERSIARAN", "LEBUH", "TAMAN", "TMN", "BANDAR",
    "TINGKAT", "APARTMENT", "PANGSAPURI", "BLOCK", "BLOK", "SEKSYEN", "FELDA", "PEJABAT", "RUMAH", "LADANG",
    "LINTANG", "SUNGAI", "BUKIT", "KONDOMINIUM", "PERUMAHAN", "LEBUHRAYA", "SEKOLAH", "STESEN",
]  # fmt: skip
_DOUBTED_LETTER: Final = 4.0  #: of log probability
_DOUBTED_ABBREVIATION: Final = 7.0  #: of log probability
_STROKE_IN_WORD: Final = re.compile(r"(?<=[A-Z]{2})(/)(?!\d)")
_WORD_BESIDE_NUMBER: Final = re.compile(r"([A-Z]{3,})(?=\d)|(\d)(?=([A-Z]{3,}))")
_LETTER_BESIDE_NUMBER: Final = re.compile(r"(?<![A-Z])[A-HJ-Z](?=\d)|\d(?=[A-Z](?![A-Z]))")
_MILES: Final = re.compile(r"^BATU \d{1,2}()[13]/[24](?!\d)")  #: `BATU 7 1/2`: no milestone is the 71st half
_ROOM_BESIDE_LETTER: Final = 0.2  #: of an em: nearly all such letters touch their number
_ROOM_FOR_SPACE: Final = 1.25  #: of the usual pitch, from character to character
_HINT_OF_SPACE: Final = 0.01  #: of a frame between them


def told(line: CapitalLine) -> CapitalLine:
    """The line with the digits in words taken for letters: `3ALAN` is no house number. A `12C` stays as it is."""
    line = _in_care_of(line)
    line = _abbreviated(line)
    text, letters = line.text, line.of(capitals.LETTERS).text
    spans = [word.span() for word in _WORD_WITH_DIGIT.finditer(text)]
    for start, stop in spans:
        text = text[:start] + letters[start:stop] + text[stop:]
    for mark in _STOP_BEHIND_WORD.finditer(text):  # a full stop stands behind an abbreviation, a comma behind the rest
        dot, comma = (float(line.log_probabilities[mark.start(1), line.alphabet.index(one)]) for one in ".,")
        if comma > dot - _DOUBTED_STOP:
            text = text[: mark.start(1)] + "," + text[mark.end(1) :]
    line = mykad_gaps.closed(mykad_gaps.single(replace(line, text=text)), malaysian_words.ADDRESS_WORDS)
    line = _spaced(stroked(_numbered(line)))
    return _meant(mykad_gaps.signed(mykad_gaps.parted(line, malaysian_words.ADDRESS_WORDS)))


def _meant(line: CapitalLine) -> CapitalLine:
    """The line with the words for sorts of places that lack one right letter: no street is called `KAMPUNO`."""
    text = line.text
    for word in _WORD_OF_STREET.finditer(text):
        near = [kind for kind in _KINDS if words.is_confused(word.group(), kind)]
        if len(near) == 1 and word.group() not in malaysian_words.ADDRESS_WORDS:
            text = text[: word.start()] + near[0] + text[word.end() :]
    return replace(line, text=text)


def _abbreviated(line: CapitalLine) -> CapitalLine:
    """The line with the abbreviation at its start spelt as it is: `KO HARMONI` lies in a kampung."""
    seen = _ABBREVIATION.match(line.text)
    if seen is None:
        return line
    row, meant = line.log_probabilities[1], _MEANT[line.text[0]]
    if row[line.alphabet.index(meant)] < row[line.alphabet.index(line.text[1])] - _DOUBTED_ABBREVIATION:
        return line
    return replace(line, text=line.text[0] + meant + line.text[2:])


def _in_care_of(line: CapitalLine) -> CapitalLine:
    """The line with the sign at its start spelt as it is: `D/A `."""
    if not _IN_CARE_OF.match(line.text):
        return line
    line = replace(line, text="D/" + line.text[2:])
    return line if line.text[3] == " " else line.with_space(3)


def _numbered(line: CapitalLine) -> CapitalLine:
    """The line with letters beside digits taken for digits or usual suffixes where they may be some: `26/4O`, `20O`."""
    text = line.text
    for pattern, allowed in _BESIDE_NUMBERS:
        for place in (place for found in pattern.finditer(text) for place in range(*found.span())):
            row = line.log_probabilities[place]
            best = max(allowed, key=lambda one: float(row[line.alphabet.index(one)]))
            if row[line.alphabet.index(best)] > row[line.alphabet.index(text[place])] - _DOUBTED_LETTER:
                text = text[:place] + best + text[place + 1 :]
    line = replace(line, text=text)
    for space in reversed([found.start() for found in _SPACE_IN_NUMBER.finditer(text)]):
        line = line.without(space)
    return line


def stroked(line: CapitalLine) -> CapitalLine:
    """The line with the strokes behind words taken for letters: `ZULKIFL/` ends in an I. `A/L` and `2/3` stay."""
    text, letters = line.text, line.of(capitals.LETTERS).text
    for stroke in _STROKE_IN_WORD.finditer(text):
        place = stroke.start(1)
        text = text[:place] + letters[place] + text[place + 1 :]
    return replace(line, text=text)


def _spaced(line: CapitalLine) -> CapitalLine:
    """The line with a space between a word or a letter and the number beside it, where the print leaves room."""
    if len(line.text) < 4:
        return line
    pitch, places = float(np.median(np.diff(line.centres))), []
    for joint in _WORD_BESIDE_NUMBER.finditer(line.text):
        first = joint.end(1) - 1 if joint.group(1) else joint.end(2) - 1
        inside = line.frames[_between(line, first)][:, line.alphabet.index(" ")]
        gap = float(line.centres[first + 1] - line.centres[first])
        hint = float(np.exp(inside.max(initial=-16.0)))
        is_word = words.is_known(joint.group(1) or joint.group(3), malaysian_words.ADDRESS_WORDS)
        if gap > _ROOM_FOR_SPACE * pitch or hint > _HINT_OF_SPACE or is_word:
            places.append(first + 1)
    rooms = letter_room.between(line)
    letters = [joint.end() for joint in _LETTER_BESIDE_NUMBER.finditer(line.text)]
    places += [at for at in letters if rooms[at - 1] > _ROOM_BESIDE_LETTER]
    if miles := _MILES.match(line.text):
        places.append(miles.start(1))
    for place in sorted(places, reverse=True):
        line = line.with_space(place)
    return line


def _between(line: CapitalLine, place: int) -> slice:
    """The frames from the middle of a character to the middle of the next."""
    first, last = (round(float(line.centres[at]) * len(line.frames)) for at in (place, place + 1))
    return slice(first, last + 1)
