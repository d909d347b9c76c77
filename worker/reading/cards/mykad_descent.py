"""Signs of descent and of another name in a MyKad's name, by the grammar of names and the room that the signs take."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np

from worker.reading.cards import letter_room
from worker.reading.cards.capitals import CapitalLine

_STROKE_LOST: Final = re.compile(r"(?<=[A-Z]{2} )A()[LP](?= [A-Z]{3}|$)")
_ROOM_FOR_STROKE: Final = 0.12  #: of an em, between A and L: these stand close
_LETTER_LOST: Final = re.compile(r"(?<=[A-Z]{2} )A/()(?= [A-Z]{3})")
_OTHER_LETTER: Final = re.compile(r"(?<=[A-Z]{2} )A/([A-KM-OQ-Z])(?= [A-Z]{3}|$)")  #: anak lelaki, anak perempuan
_HAJI: Final = re.compile(r"\b(?:BIN|BINTI|BT|BTE|B\.) H([ODI03U])(?= [A-Z]{2}|$)")  #: `BIN HO AZMAN`
_ANOTHER: Final = re.compile(r"(?<=[A-Z]{2} )([BCGOQ08])(?= [A-Z]{2})")  #: `FARAH G NADIA`
_ROOM_FOR_ANOTHER: Final = 1.4  #: of an em, that an `@` and the blanks around it take
_DOUBTED: Final = 6.0  #: of log probability


def told(line: CapitalLine) -> CapitalLine:
    """The line of a name with its signs as they must be: `A/L`, `A/P`, `HJ`, `@`."""
    line = _meant(line, _HAJI, "J", 0.0)
    line = _meant(line, _ANOTHER, "@", _ROOM_FOR_ANOTHER)
    if lost := _STROKE_LOST.search(line.text):
        place = lost.start(1)
        if letter_room.behind(line, place - 1, place) > _ROOM_FOR_STROKE:
            line = line.with_sign(place, "/")
    if lost := _LETTER_LOST.search(line.text):
        line = line.with_sign(lost.start(1), _likelier(line, lost.start(1), "LP"))
    for other in _OTHER_LETTER.finditer(line.text):
        place = other.start(1)
        row = line.log_probabilities[place]
        meant = max("LP", key=lambda letter: float(row[line.alphabet.index(letter)]))
        line = replace(line, text=line.text[:place] + meant + line.text[place + 1 :])
    return line


def _meant(line: CapitalLine, pattern: re.Pattern[str], sign: str, room: float) -> CapitalLine:
    """The line with what stands where only `sign` can stand taken for it, if the print may say it and has the room."""
    for found in pattern.finditer(line.text):
        place = found.start(1)
        row = line.log_probabilities[place]
        is_likely = row[line.alphabet.index(sign)] > row[line.alphabet.index(line.text[place])] - _DOUBTED
        if is_likely and (not room or letter_room.behind(line, place - 2, place + 2) > room):
            line = replace(line, text=line.text[:place] + sign + line.text[place + 1 :])
    return line


def _likelier(line: CapitalLine, place: int, letters: str) -> str:
    """Which of these letters the frames in front of the character at `place` say sooner."""
    first, stop = (round(float(line.centres[at]) * len(line.frames)) for at in (place - 1, place))
    inside = line.frames[first : stop + 1][:, [line.alphabet.index(letter) for letter in letters]]
    return letters[int(np.argmax(inside.max(axis=0)))]
