"""What a passport's Latin letters say of a name in Hangul: which syllables may be spelled so. No print here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from worker.reading.cards.korean import hangul

#: How each letter is spelled, by the rules of 2000 first, then as people spell it too.
_INITIALS: Final = (
    "G K", "KK GG G", "N R L", "D T", "TT DD D", "R L N", "M", "B P V", "PP BB B", "S SH", "SS S", "- L R", "J CH Z",
    "JJ CH J", "CH C", "K", "T", "P F", "H",
)  # fmt: skip
_MEDIALS: Final = (
    "A AH AR", "AE AI AY E", "YA", "YAE", "EO U O UH UR OU", "E", "YEO YU YOU YO YEU", "YE", "O OH", "WA", "WAE",
    "OE OI", "YO", "U OO WOO WU", "WO WEO", "WE", "WI", "YU YOO YOU", "EU U", "UI EUI EE I", "I EE YI",
)  # fmt: skip
_FINALS: Final = (
    "-", "K G C", "K", "K", "N", "N", "N", "T D", "L R", "K", "M", "L", "L", "L", "P", "L", "M", "P B", "P", "T", "T",
    "NG", "T", "T", "K", "T", "P", "- T",
)  # fmt: skip

_CHANCES: Final = 60  #: syllables of a place that are thought of
_UNUSUAL: Final = -0.7  #: natural-log price of a letter's second spelling, twice that of its third, and so on
_OTHERWISE: Final = -3.0  #: and of a syllable that is spelled in no way known here, beside that of its length

Table = np.ndarray[tuple[int, int], np.dtype[np.float32]]  #: (places, hangul.SYLLABLES) log probabilities
Row = np.ndarray[tuple[int], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Spelled:
    """The likeliest syllables of a name under its spelling. Its repr shows no text."""

    text: str = field(repr=False)
    confidence: float  #: 0..1, against all other syllables
    agreement: float  #: share of the syllables that the spelling tells too


@dataclass(frozen=True, slots=True)
class _Way:
    """The likeliest way to a place of the spelling, and how likely all ways there are together."""

    best: float
    whole: float
    text: str = field(repr=False)
    told: int

    def with_(self, sign: str, best: float, whole: float, told: int = 0) -> _Way:
        """The way with one syllable more."""
        return _Way(self.best + best, self.whole + whole, self.text + sign, self.told + told)


def likeliest(table: Table, surname: str, given_names: str) -> Spelled | None:
    """The name that print and spelling make likeliest together; None where the spelling has no letters.

    A syllable that is spelled otherwise costs a price and no more: print that is clear stands against the spelling.
    """
    words = [word for word in (surname, *given_names.replace("-", " ").split()) if word]
    if not words:
        return None
    latin, ends = "".join(words), frozenset(np.cumsum([len(word) for word in words]).tolist())
    ways = {0: _Way(0.0, 0.0, "", 0)}
    for row in table:
        ways = _further(ways, row, latin, ends)
    if not (way := ways.get(len(latin))):
        return None
    return Spelled(way.text, float(np.exp(way.best - way.whole)), way.told / len(table))


def _further(ways: dict[int, _Way], row: Row, latin: str, ends: frozenset[int]) -> dict[int, _Way]:
    """The ways behind one syllable more, whose letters do not run over the end of a word."""
    likely = np.argsort(-row)[:_CHANCES]
    out: dict[int, _Way] = {}
    for start, way in ways.items():
        end = min((place for place in ends if place > start), default=start)
        price = _OTHERWISE - float(np.log(end - start + 1))
        other = way.with_(hangul.SYLLABLES[likely[0]], float(row[likely[0]]) + price, price)
        for stop in range(start, end + 1):
            _join(out, stop, other)
        for place in likely:
            sign, said = hangul.SYLLABLES[place], float(row[place])
            for spelling, against in spellings(sign):
                if latin.startswith(spelling, start) and start + len(spelling) <= end:
                    _join(out, start + len(spelling), way.with_(sign, said + against, said + against, told=1))
    return out


def _join(out: dict[int, _Way], stop: int, way: _Way) -> None:
    """Puts a way beside those that end at the same letter: the best of them stays, all of them count."""
    if known := out.get(stop):
        best = max(known, way, key=lambda one: one.best)
        way = replace(best, whole=float(np.logaddexp(known.whole, way.whole)))
    out[stop] = way


@cache
def spellings(syllable: str) -> tuple[tuple[str, float], ...]:
    """Ways to spell a syllable, and the natural-log price of each; of two ways to one spelling the cheaper."""
    initial, medial, final = hangul.letters(syllable)
    ways: dict[str, float] = {}
    parts = (_INITIALS[initial].split(), _MEDIALS[medial].split(), _FINALS[final].split())
    for choice in product(*(enumerate(part) for part in parts)):
        spelling = "".join(letters for _, letters in choice).replace("-", "")
        ways[spelling] = max(ways.get(spelling, -np.inf), _UNUSUAL * sum(place for place, _ in choice))
    return tuple(ways.items())
