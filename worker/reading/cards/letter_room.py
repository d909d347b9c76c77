"""How much room stands between two characters of a line beyond what they take themselves. Knows no document.

Widths are those of the usual upright faces without serifs, on which cards are printed; what a line's own face makes of
them is told by its other letters.
"""

from __future__ import annotations

import string
from itertools import pairwise
from typing import Final

import numpy as np

from worker.reading.cards.capitals import CapitalLine, Floats

#: Of an em, from `A` to `Z`.
_CAPITALS: Final = (
    "667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611"
)
_OTHERS: Final = {" ": 278, ".": 278, ",": 278, "-": 333, "/": 278, "'": 191, "(": 333, ")": 333, "@": 1015, "&": 667}
_WIDTHS: Final = (
    {letter: int(width) / 1000 for letter, width in zip(string.ascii_uppercase, _CAPITALS.split(), strict=True)}
    | dict.fromkeys(string.digits, 0.556)
    | {sign: width / 1000 for sign, width in _OTHERS.items()}
)
_USUAL: Final = 0.6  #: of an em, of other signs
BLANK: Final = _WIDTHS[" "]  #: of an em; a full stop and a comma take as much
_SPREAD: Final = 0.09  #: of an em, by which a room is commonly measured wrong
_MOST_COST: Final = 9.0  #: squares of that, of one room
_FEWEST: Final = 3  #: pairs of letters that tell how wide a line is set


def between(line: CapitalLine) -> Floats:
    """(len(text) - 1,) ems between neighbours beyond what they take; nan where too few letters tell the em."""
    if len(line.text) < 2:
        return np.zeros(0)
    widths = np.array([_WIDTHS.get(character, _USUAL) for character in line.text])
    usual, gaps = (widths[1:] + widths[:-1]) / 2, np.diff(line.centres) * line.width
    is_letter = np.array([character.isalnum() for character in line.text])
    pairs = is_letter[1:] & is_letter[:-1]
    if pairs.sum() < _FEWEST:
        return np.full(len(gaps), np.nan)
    em = float(np.median(gaps[pairs] / usual[pairs]))
    return np.asarray(gaps / em - usual, np.float64)


def behind(line: CapitalLine, first: int, stop: int) -> float:
    """Ems that stand between the character at `first` and the one at `stop`, whatever was read there; nan unknown."""
    inside = between(line)[first:stop]
    return float(inside.sum() + sum(_WIDTHS.get(character, _USUAL) for character in line.text[first + 1 : stop]))


def misfit(line: CapitalLine) -> float:
    """Log probability that stops and blanks between letters cost, where these leave more or less room than they take.

    Brackets are set closer or wider by every face.
    """
    letters = [place for place, character in enumerate(line.text) if character.isalnum()]
    away = [
        behind(line, first, second) - sum(_WIDTHS[sign] for sign in line.text[first + 1 : second])
        for first, second in pairwise(letters)
        if not line.text[first + 1 : second].strip(". ")
    ]
    cost = np.minimum(np.square(np.nan_to_num(np.array(away)) / _SPREAD), _MOST_COST)
    return float(cost.sum()) / 2
