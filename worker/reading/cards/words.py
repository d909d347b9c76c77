"""Words of a line that were read with doubt, held against words that are often printed. Surely read print stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.reading.cards import capitals, lattice
from worker.reading.cards.capitals import CapitalLine

_WORD: Final = re.compile(r"[A-Z0-9']{3,}|\bH\b")
_SURE: Final = 0.93  #: of every character of a word that stands as it was read, but for a letter lost
PER_CHARACTER: Final = 1.6  #: of log probability, that a known word may cost; frames of one character doubt alike
_MOST: Final = 13.0  #: the same for the whole of a long word
_MOST_WHOLE: Final = 16.0  #: the same for a whole line that can hardly say anything else
_MOST_SURE: Final = 10.5  #: the same where every character of it was read surely
_PER_CHARACTER_WHOLE: Final = 2.0  #: the same for each of its characters
_LETTER: Final = 6.0  #: the same for a letter that was lost
_LONG: Final = 6  #: letters
_THIN_PAIR: Final = re.compile("(?=([IJL]{2}))")
_SPACE: Final = 6.0  #: the same for two words that were read as one
_MARGIN: Final = 0.7  #: of log probability, by which another known word must cost more
_MARGIN_SHARE: Final = 0.2  #: of what the word costs, the same
_ALIKE: Final = 0.55  #: of `capitals.likeness`, least, between a word and what was read
_TRIED: Final = 5  #: words most like what was read

_CONFUSED: Final = frozenset(
    frozenset(pair)
    for pair in [
        "HM",
        "HN",
        "MN",
        "FP",
        "FE",
        "OG",
        "CG",
        "QG",
        "OC",
        "OD",
        "OQ",
        "EB",
        "0O",
        "5S",
        "8B",
        "1I",
        "6G",
        "IT",
        "IL",
        "IJ",
        "UV",
        "UL",
        "KX",
        "KH",
        "WN",
        "WM",
    ]
)

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says once its doubtful words are decided."""

    text: str = field(repr=False)
    log_chance: float  #: that all of it is right


def decided(line: CapitalLine, known: Words) -> Said:
    """The line's text, a word of doubt replaced by a known one where the network finds that one nearly as likely.

    A space that was lost between two known words is put in on the same terms.
    """
    chances = line.chance(line.text)
    text, total, behind = "", 0.0, 0
    for found in _WORD.finditer(line.text):
        first, stop = found.span()
        better = _better(line, first, stop, known, float(np.exp(chances[first:stop].min())))
        if better is None:
            continue
        text += line.text[behind:first] + better.text
        total += float(chances[behind:first].sum()) + better.log_chance
        behind = stop
    return Said(text + line.text[behind:], total + float(chances[behind:].sum()))


def is_confused(word: str, other: str) -> bool:
    """True for texts that differ in one character only, which is often taken for the other's, however surely."""
    pairs = [(one, two) for one, two in zip(word, other, strict=False) if one != two]
    return len(word) == len(other) and len(pairs) == 1 and frozenset(pairs[0]) in _CONFUSED


def is_known(word: str, known: Words) -> bool:
    """True for a known word and for one of which thin letters were lost."""
    return word in known or (len(word) >= _LONG and word in _longer(known))


def whole(line: CapitalLine, known: Words, dearer: Callable[[str], float] | None = None) -> Said | None:
    """The known text that the frames of a whole line spell nearly as well as what was read; None where none does.

    `dearer` is the log probability by which a text is less likely than others, whatever the line says.
    """
    text = " ".join(line.text.split())
    if not text or (text in known and (dearer is None or dearer(text) < _MARGIN)):
        return None
    is_sure = float(np.exp(line.chance(line.text).min())) > _SURE
    candidates = [
        (
            other,
            min(
                _MOST_SURE if is_sure and capitals.likeness(text, other) < 1 else _MOST_WHOLE,
                _PER_CHARACTER_WHOLE * len(other),
            ),
        )
        for other in _alike(text, known)
    ]
    return _likeliest(line, line.own_frames(), candidates, dearer)


def _better(line: CapitalLine, first: int, stop: int, known: Words, least: float) -> Said | None:
    """The known word, or two, that stands for the characters from `first` on before `stop`; None where they stay."""
    word = line.text[first:stop]
    letters = sum(character.isalpha() for character in word)
    if word in known or letters * 2 < len(word):
        return None
    if least > _SURE:
        alike = (other for other in _alike(word, known) if len(word) >= _LONG and capitals.distance(word, other) == 1)
        candidates = [(other, _LETTER) for other in alike]
        candidates += [(other, min(_LETTER, PER_CHARACTER * len(other))) for other in _longer(known).get(word, ())]
    else:
        candidates = [(other, min(_MOST, PER_CHARACTER * len(other))) for other in _alike(word, known)]
        candidates += [(pair, _SPACE) for pair in _pairs(word, known)]
    return _likeliest(line, _frames(line, first, stop), candidates)


@cache
def _longer(known: Words) -> dict[str, list[str]]:
    """Known words by what is left of them without one letter: a thin one is lost and the others are not in doubt.

    Of a long word two thin ones that stand together may be lost.
    """
    found: dict[str, list[str]] = {}
    for word in sorted(known):
        shorter = {word[:place] + word[place + 1 :] for place in range(len(word))}
        if len(word) >= _LONG:
            shorter |= {word[: pair.start()] + word[pair.end(1) :] for pair in _THIN_PAIR.finditer(word)}
        for less in shorter:
            found.setdefault(less, []).append(word)
    return found


def _likeliest(
    line: CapitalLine,
    frames: lattice.Frames,
    candidates: Sequence[tuple[str, float]],
    dearer: Callable[[str], float] | None = None,
) -> Said | None:
    """The text that these frames spell best, where that costs little and no other costs about as much.

    `candidates` are texts, each with the log probability that it may cost at most.
    """
    spelt, most = [], dict(candidates)
    for candidate in most:
        spelling = lattice.spelled(frames, line.pattern(candidate), is_whole=True)
        if spelling is not None:
            spelt.append((spelling.loss + (dearer(candidate) if dearer else 0.0), spelling.loss, candidate))
    spelt.sort()
    if not spelt:
        return None
    total, loss, candidate = spelt[0]
    if loss > most[candidate]:
        return None
    rival = spelt[1][0] if len(spelt) > 1 else np.inf
    if rival - total < max(_MARGIN, _MARGIN_SHARE * loss):
        return None
    return Said(candidate, -0.25 * loss - float(np.log1p(np.exp(min(0.0, total - rival)))))


def _frames(line: CapitalLine, first: int, stop: int) -> lattice.Frames:
    """The frames of these characters, to the middle of the gaps on both sides."""
    count, centres = len(line.frames), line.centres
    pitch = float(centres[stop - 1] - centres[first]) / max(1, stop - 1 - first)
    if stop - first == 1 and len(centres) > 1:
        pitch = float(np.median(np.diff(centres)))
    start = (centres[first - 1] + centres[first]) / 2 if first else centres[first] - pitch
    end = (centres[stop - 1] + centres[stop]) / 2 if stop < len(centres) else centres[stop - 1] + pitch
    return line.frames[max(0, round(float(start) * count)) : max(1, min(count, round(float(end) * count)))]


def _alike(word: str, known: Words) -> Iterator[str]:
    """Known words of about the length and letters of what was read, the likest first."""
    table, order = _counted(known)
    far = np.abs(table - _count(word)).sum(axis=1)
    near = [
        order[place] for place in np.flatnonzero(far <= 5) if abs(len(order[place]) - len(word)) <= 1 + len(word) // 12
    ]
    ranked = sorted(((capitals.likeness(word, other), other) for other in near), reverse=True)
    yield from (other for like, other in ranked[:_TRIED] if like >= _ALIKE)


def _pairs(word: str, known: Words) -> Iterator[str]:
    """Two known words that were read as one."""
    for place in range(2, len(word) - 1):
        if word[:place] in known and word[place:] in known:
            yield f"{word[:place]} {word[place:]}"


@cache
def _counted(known: Words) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    order = tuple(sorted(known))
    return np.array([_count(word) for word in order]), order


def _count(word: str) -> npt.NDArray[np.int64]:
    """(27,) how often each letter stands in a word, and anything else."""
    places = [ord(character) - ord("A") if "A" <= character <= "Z" else 26 for character in word]
    return np.bincount(places, minlength=27)
