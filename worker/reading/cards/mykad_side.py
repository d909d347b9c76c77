"""Finds the words beside name and address on a MyKad: citizenship, religion, gender; and tells headers and marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.reading.cards import capitals, lattice, malaysian_words, words
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_pieces import Piece

_NATIONALITIES: Final = ("WARGANEGARA", "PEMASTAUTIN TETAP", "BUKAN WARGANEGARA", "PEMASTAUTIN SEMENTARA")
_GENDERS: Final = ("LELAKI", "PEREMPUAN")
_RELIGION: Final = "ISLAM"
_HEADERS: Final = (
    "KAD PENGENALAN", "KAD PENGENALAN MALAYSIA", "MALAYSIA", "MYKAD", "MYPR", "IDENTITY CARD", "PENGENALAN", "SPECIMEN",
    "CONTOH", "CONTOH / SPECIMEN", "SAMPLE", "KAD PENGENALAN PEMASTAUTIN TETAP", "MALAYSIA IDENTITY CARD",
    "KAD PENGENALAN PEMASTAUTIN TETAP MALAYSIA", "KAD PENGENALAN MALAYSIA IDENTITY CARD", "KAD", "PERMANENT RESIDENT",
)  # fmt: skip
ACROSS: Final = ("CONTOH", "SPECIMEN")  #: that stand across a card, parts of which are taken for lines and names
_MARKS: Final = (*ACROSS, "SAMPLE")
LEAST_OF_MARK: Final = 4  #: letters
_BESIDE_RELIGION: Final = (*_NATIONALITIES, *_GENDERS)
_ALIKE: Final = 0.78  #: of likeness between one of these and what stands beside a religion
_AT_EDGE: Final = 0.7  #: of a strip's height, within which words of one column begin
_WIDER: Final = 1.3  #: times the widest other space of a line, a space that parts two columns
_LONG: Final = 9  #: letters of a word that nothing else on a card is like
_PER_LETTER_OF_LONG: Final = 2.6  #: of log probability, that each may cost
_HOPELESS: Final = -8.0  #: log probability, below which a letter is surely another one
_HARDLY: Final = 0.5  #: of likeness; below, no word is meant
_WORDS: Final = (
    ("nationality", _NATIONALITIES, 0.73, False),
    ("gender", _GENDERS, 0.73, False),
    ("religion", (_RELIGION,), 0.79, True),  # an address may end in it: it must stand apart
)


def told(lines: Sequence[CapitalLine]) -> tuple[dict[str, Piece], list[CapitalLine]]:
    """Citizenship, religion and gender, wherever they stand, and the lines that say something else."""
    headers = [line for line in lines if is_header(line.text)]
    pieces, rest = _beside([line for line in lines if not is_header(line.text)], ())
    edges = [piece.lines[0].left for piece in pieces.values()]
    if "religion" not in pieces and edges:
        below, rest = _beside(rest, edges)
        pieces = below | pieces
    pieces = _beside(headers, ())[0] | pieces  # a red card's header names the citizenship too
    rest = [_short_of(line, edges) for line in rest]
    return pieces, [line for line in rest if not is_header(line.text)]


def _short_of(line: CapitalLine, edges: Sequence[float]) -> CapitalLine:
    """A line that runs into the column of the words beside, without the word there that could not be told."""
    place = line.text.rfind(" ") + 1
    if not place or line.text[place:] in malaysian_words.ADDRESS_WORDS or not line.text[place:].isalpha():
        return line
    left = float(line.at(float(line.centres[place]))[0])
    is_there = any(abs(left - edge) < _AT_EDGE * line.height for edge in edges)
    return capitals.trimmed(line.part(0, place)) if is_there else line


def _beside(lines: Sequence[CapitalLine], edges: Sequence[float]) -> tuple[dict[str, Piece], list[CapitalLine]]:
    """The surest piece of each sort at the ends of these lines, and what is left of them.

    What begins at one of the `edges`, px of the card, stands in the column of these words, whatever runs up to it.
    """
    pieces: dict[str, Piece] = {}
    rest: list[CapitalLine] = []
    for line in lines:
        told, left = _words_of(line, edges)
        for name, piece in told.items():
            if name not in pieces or pieces[name].confidence < piece.confidence:
                pieces[name] = piece
        if left is not None:
            rest.append(left)
    return pieces, rest


def _words_of(line: CapitalLine, edges: Sequence[float] = ()) -> tuple[dict[str, Piece], CapitalLine | None]:
    """The known words at the ends of a line, and what is left of it."""
    pieces: dict[str, Piece] = {}
    while line.text.strip():
        found = _known_word(line, edges)
        if found is None:
            return pieces, line
        name, word, first, stop = found
        part = line.part(first, stop)
        pieces[name] = Piece(word, capitals.likeness(part.text, word) * part.confidence**0.3, (part,))
        line = capitals.trimmed(line.part(0, first) if stop == len(line.text) else line.part(stop, len(line.text)))
    return pieces, None


def _known_word(line: CapitalLine, edges: Sequence[float]) -> tuple[str, str, int, int] | None:
    """Field, word and span of the known word that the line ends or begins with; the one most like it."""
    best: tuple[tuple[float, int, float], str, str, int, int] | None = None
    for name, choices, least, apart in _WORDS:
        for word in choices:
            for first, stop in _ends(line.text, len(word)):
                like = capitals.likeness(line.text[first:stop], word, _HARDLY)
                if like < _HARDLY or (apart and not _is_apart(line, first, stop, edges)):
                    continue
                if like < least and not _is_spelt(line.part(first, stop), word):
                    continue
                rank = like, len(word), _own_edge(line, first, stop, word)
                if best is None or rank > best[0]:
                    best = rank, name, word, first, stop
    return None if best is None else best[1:]


def _own_edge(line: CapitalLine, first: int, stop: int, word: str) -> float:
    """Log probability that the span ends as the word does towards what else stands on the line, if it is no other."""
    place, letter = (first, word[0]) if stop == len(line.text) else (stop - 1, word[-1])
    return max(_HOPELESS, float(line.log_probabilities[place, line.alphabet.index(letter)]))


def _is_spelt(part: CapitalLine, word: str) -> bool:
    """True when the frames spell the word, whatever character was likeliest at each place."""
    found = lattice.spelled(part.own_frames(), part.pattern(word))
    most = _PER_LETTER_OF_LONG if len(word) >= _LONG else words.PER_CHARACTER
    return found is not None and found.loss < most * len(word)


def _ends(text: str, length: int) -> list[tuple[int, int]]:
    """Spans of about `length` characters at the end and at the start of a text, ending where words do if they can."""
    sizes = [size for size in range(max(3, length - 2), length + 3) if size <= len(text)]
    return [(len(text) - size, len(text)) for size in sizes] + [(0, size) for size in sizes]


def _is_apart(line: CapitalLine, first: int, stop: int, edges: Sequence[float]) -> bool:
    """True when nothing else, or another known word, or a wide gap stands beside the span, or it begins at an edge."""
    beside = line.text[:first].rstrip() if stop == len(line.text) else line.text[stop:].lstrip()
    left = float(line.at(float(line.centres[first]))[0])
    if not beside or any(abs(left - edge) < _AT_EDGE * line.height for edge in edges):
        return True
    near, far = (first, len(beside) - 1) if stop == len(line.text) else (stop - 1, len(line.text) - len(beside))
    width = float(np.hypot(*(line.corners[1] - line.corners[0])))
    gap = abs(float(line.centres[near] - line.centres[far])) * width
    others = [abs(float(line.centres[at + 1] - line.centres[at - 1])) * width for at in _spaces(line.text, first, stop)]
    if gap > (_WIDER * max(others) if others else 1.1 * line.height):
        return True
    ends = [beside[-len(word) :] if stop == len(line.text) else beside[: len(word)] for word in _BESIDE_RELIGION]
    return any(capitals.likeness(end, word, _ALIKE) >= _ALIKE for end, word in zip(ends, _BESIDE_RELIGION, strict=True))


def _spaces(text: str, first: int, stop: int) -> list[int]:
    """Places of the spaces between words, but for those beside the span."""
    inner = (place for place in range(1, len(text) - 1) if text[place] == " ")
    return [place for place in inner if not first - 2 < place < stop + 1]


def is_header(text: str) -> bool:
    """True for what cards print above the number and for marks across them."""
    letters = "".join(letter for letter in text if letter.isalpha())
    marks = (*_MARKS, "".join(ACROSS)) if "/" in text else _MARKS
    is_part = len(letters) >= LEAST_OF_MARK and any(letters in mark for mark in marks)
    return is_part or capitals.nearest(text, _HEADERS, 0.78) is not None
