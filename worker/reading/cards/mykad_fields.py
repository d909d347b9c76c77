"""Which line of a MyKad says what: by its words and by where it stands beside the others. Reads no picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np

from worker.reading.cards import (
    capitals,
    lattice,
    letter_room,
    malaysia,
    malaysian_words,
    mykad_column,
    mykad_descent,
    mykad_gaps,
    mykad_number,
    mykad_pieces,
    mykad_town,
    words,
)
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_column import Column
from worker.reading.cards.mykad_pieces import Piece

_NAME_CHARACTERS: Final = capitals.LETTERS + " .'@/-&()"
_NATIONALITIES: Final = ("WARGANEGARA", "PEMASTAUTIN TETAP", "BUKAN WARGANEGARA", "PEMASTAUTIN SEMENTARA")
_GENDERS: Final = ("LELAKI", "PEREMPUAN")
_RELIGION: Final = "ISLAM"
_HEADERS: Final = (
    "KAD PENGENALAN", "KAD PENGENALAN MALAYSIA", "MALAYSIA", "MYKAD", "MYPR", "IDENTITY CARD", "PENGENALAN", "SPECIMEN",
    "CONTOH", "CONTOH / SPECIMEN", "SAMPLE", "KAD PENGENALAN PEMASTAUTIN TETAP", "MALAYSIA IDENTITY CARD",
    "KAD PENGENALAN PEMASTAUTIN TETAP MALAYSIA", "KAD PENGENALAN MALAYSIA IDENTITY CARD", "KAD", "PERMANENT RESIDENT",
)  # fmt: skip
_ACROSS: Final = ("CONTOH", "SPECIMEN")  #: that stand across a card, parts of which are taken for lines and names
_MARKS: Final = (*_ACROSS, "SAMPLE")
_ENDS_OF_MARKS: Final = tuple(mark[-count:] for mark in reversed(_ACROSS) for count in range(2, len(mark)))
_LEAST_OF_MARK: Final = 4  #: letters
#: How an address line begins; as public parsers of the card have it.
_ADDRESS_START: Final = re.compile(
    r"^(NO\b|NO\.|LOT\b|PT\b|JALAN\b|JLN\b|LORONG\b|LRG\b|LOR\b|TAMAN\b|TMN\b|KAMPUNG\b|KAMPONG\b|KG\b|BATU\b|"
    r"PERSIARAN\b|LEBUH\b|BLOK\b|BLOCK\b|BLK\b|FLAT\b|PANGSAPURI\b|APARTMENT\b|APT\b|TINGKAT\b|UNIT\b|FELDA\b|"
    r"SEKSYEN\b|BANDAR\b|DESA\b|PPR\b|RUMAH\b|RPT\b|PEKAN\b|SUNGAI\b|SG\b|BUKIT\b|KEM\b|IPD\b|[DPOQ0]/A\b|LADANG\b|"
    r"D[IJL1]A (?:SK|SMK|BALAI|KEM|IPD|KLINIK)\b|"
    r"RANCANGAN\b|PETI SURAT\b|KONDO|VILLA\b|SRI\b|SERI\b|PARIT\b|SOLOK\b|LINTANG\b|#|\d)"
)
_DESCENT: Final = re.compile(r"(?:^|\s)(BIN|BINTI|BT|BTE|B\.|A/L|A/P|AL|AP|ANAK|AK|S/O|D/O|@)(?=\s|$)")
_STOP_BEFORE_DESCENT: Final = re.compile(r"(?<=[A-Z]{3})\.(?=A/[LP]\b)")  #: a speck in the space
_BRACKET_OF_DESCENT: Final = re.compile(r"\bA\((?=[LP]\b)")
_HAJI: Final = re.compile(r"\b(BIN|BINTI|BT|BTE|B\.) H(?= [A-Z]{2})")
_DESCENT_JOINED: Final = re.compile(r"\b(A/[LP])(?=[A-Z])")  #: the space behind it is narrow
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
    "KAMPUNG",
    "KAMPONG",
    "JALAN",
    "JLN",
    "LORONG",
    "LRG",
    "PERSIARAN",
    "LEBUH",
    "TAMAN",
    "TMN",
    "BANDAR",
    "TINGKAT",
    "APARTMENT",
    "PANGSAPURI",
    "BLOCK",
    "BLOK",
    "SEKSYEN",
    "FELDA",
    "PEJABAT",
    "RUMAH",
    "LADANG",
    "LINTANG",
    "SUNGAI",
    "BUKIT",
    "KONDOMINIUM",
    "PERUMAHAN",
    "LEBUHRAYA",
    "SEKOLAH",
    "STESEN",
]
_DOUBTED_LETTER: Final = 4.0  #: of log probability
_DOUBTED_ABBREVIATION: Final = 7.0  #: of log probability
_STROKE_IN_WORD: Final = re.compile(r"(?<=[A-Z]{2})(/)(?!\d)")
_WORD_BESIDE_NUMBER: Final = re.compile(r"([A-Z]{3,})(?=\d)|(\d)(?=([A-Z]{3,}))")
_LETTER_BESIDE_NUMBER: Final = re.compile(r"(?<![A-Z])[A-HJ-Z](?=\d)|\d(?=[A-Z](?![A-Z]))")
_MILES: Final = re.compile(r"^BATU \d{1,2}()[13]/[24](?!\d)")  #: `BATU 7 1/2`: no milestone is the 71st half
_ROOM_BESIDE_LETTER: Final = 0.2  #: of an em: nearly all such letters touch their number
_ROOM_FOR_SPACE: Final = 1.25  #: of the usual pitch, from character to character
_HINT_OF_SPACE: Final = 0.01  #: of a frame between them
_SURE_NUMBER: Final = 0.5  #: confidence
_BELOW_NUMBER: Final = 0.38  #: of the number's strip: its print and half of a name that touches it


@dataclass(frozen=True, slots=True)
class Front:
    """What the lines of one card say. Fields that were not seen are absent."""

    pieces: dict[str, Piece] = field(repr=False)
    likeness: float  #: 0..1, that this is a MyKad's front


def tell(lines: Sequence[CapitalLine], width: float) -> Front:
    """Sorts the lines of a card `width` px wide, which stands upright, into fields."""
    lines = [line for line in lines if len(line.text.replace(" ", "")) >= 2]
    has_header = any(is_header(line.text) for line in lines)
    number = mykad_number.find(lines)
    side, rest = _side([line for line in lines if number is None or line is not number.line])
    pieces, lowest = dict(side), 0.0
    if number is not None:
        pieces["ic_number"] = Piece(number.value, number.confidence, (number.printed,))
        lowest = number.line.middle + _BELOW_NUMBER * number.line.height
    column = mykad_column.of([line for line in rest if line.middle > lowest], width)
    if column is not None:
        pieces |= _name_and_address(column)
    return Front(pieces, _likeness(pieces, has_header=has_header))


def is_number_doubtful(front: Front) -> bool:
    """True where the number was not seen, or hardly."""
    return "ic_number" not in front.pieces or front.pieces["ic_number"].confidence < _SURE_NUMBER


_WEIGHTS: Final = {"nationality": 0.25, "gender": 0.15, "religion": 0.1, "postcode": 0.08, "state": 0.12}


_NUMBER_ONLY: Final = 0.5  #: the most that a number proves, whatever else is printed: receipts have them too


def _likeness(pieces: dict[str, Piece], *, has_header: bool) -> float:
    """Half of it is a number that keeps the rules: with nothing else that only a MyKad prints, it is not enough."""
    number = pieces.get("ic_number")
    score = 0.2 if has_header else 0.0
    if number is not None:
        keeps = mykad_number.is_date(number.value[:6]) and number.value[7:9] not in malaysia.UNASSIGNED_BIRTH_CODES
        score += number.confidence**0.3 * (0.45 if keeps else 0.25)
    score += sum(weight * pieces[name].confidence ** 0.5 for name, weight in _WEIGHTS.items() if name in pieces)
    return float(min(1.0 if len(pieces) > 1 else _NUMBER_ONLY, score))


# ------------------------------------------------------------------------------------------------- words beside


def _side(lines: Sequence[CapitalLine]) -> tuple[dict[str, Piece], list[CapitalLine]]:
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
    marks = (*_MARKS, "".join(_ACROSS)) if "/" in text else _MARKS
    is_part = len(letters) >= _LEAST_OF_MARK and any(letters in mark for mark in marks)
    return is_part or capitals.nearest(text, _HEADERS, 0.78) is not None


# ------------------------------------------------------------------------------------------------- name and address


def _name_and_address(column: Column) -> dict[str, Piece]:
    above = column.above
    pieces = mykad_town.tell(column.town, column.taken, column.below)
    if not above:
        return pieces
    count = _name_lines(above)
    names = [_named(line.of(_NAME_CHARACTERS)) for line in above[:count]]
    if names:
        name = mykad_pieces.of_lines(names, malaysian_words.NAME_WORDS)
        pieces["name"] = replace(name, value=_parted(name.value).rstrip(" .,-/"))
    streets = [_worded(line) for line in above[count:]]
    if streets:
        pieces["address_line_1"] = mykad_pieces.of_lines(streets[:1], malaysian_words.ADDRESS_WORDS)
    if len(streets) > 1:
        pieces["address_line_2"] = mykad_pieces.of_lines(streets[1:], malaysian_words.ADDRESS_WORDS)
    return pieces


def _named(line: CapitalLine) -> CapitalLine:
    """A line of the name with its letters, blanks and stops as they are."""
    line = mykad_gaps.parted(_stroked(mykad_gaps.single(line)), malaysian_words.NAME_WORDS)
    return mykad_descent.told(mykad_gaps.signed(line))


def _parted(name: str) -> str:
    """The name with the spaces that stand around signs of descent and another name, without a mark that touches it."""
    name = " ".join(_unmarked(word) for word in name.replace("@", " @ ").split())
    name = _STOP_BEFORE_DESCENT.sub(" ", _BRACKET_OF_DESCENT.sub("A/", name))
    name = _HAJI.sub(r"\1 HJ", name)  # nobody's father is called by one letter: a J that ends a line is lost easily
    return " ".join(_DESCENT_JOINED.sub(r"\1 ", name).split())


def _unmarked(word: str) -> str:
    """A word without the part of a mark that stands there: `AISYAHEN`, where SPECIMEN ends beside the name."""
    if word in malaysian_words.NAME_WORDS:
        return word
    if word in _ENDS_OF_MARKS and len(word) > 2:
        return ""
    if len(word) >= _LEAST_OF_MARK and any(word in mark and word != mark for mark in _ACROSS):
        return ""
    stems = (word.removesuffix(end) for end in _ENDS_OF_MARKS if word.endswith(end))
    return next((stem for stem in stems if stem in malaysian_words.NAME_WORDS and len(stem) > 2), word)


def _worded(line: CapitalLine) -> CapitalLine:
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
    line = _spaced(_stroked(_numbered(mykad_gaps.single(replace(line, text=text)))))
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


def _stroked(line: CapitalLine) -> CapitalLine:
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


def _name_lines(above: Sequence[CapitalLine]) -> int:
    """How many of the lines above the postcode are the name: one to three, by what they say and how they stand."""
    if len(above) == 1 or re.match(r"(NO|LOT|PT|UNIT)\b.*\d", above[0].text):  # the name was not seen
        return 0 if _ADDRESS_START.match(above[0].text) else 1
    scores = {count: _split_score(above, count) for count in range(1, min(3, len(above) - 1) + 1)}
    return max(scores, key=lambda count: (scores[count], -count))


def _split_score(above: Sequence[CapitalLine], count: int) -> float:
    names, streets = above[:count], above[count:]
    score = 0.0
    for line in names:
        digits = sum(character.isdigit() for character in line.of(_NAME_CHARACTERS + capitals.DIGITS).text)
        score -= 2.5 * min(2, digits)
    score -= sum(3.0 for line in names[1:] if _ADDRESS_START.match(line.text))
    score += 3.0 if _ADDRESS_START.match(streets[0].text) else 0.0
    joined = " ".join(line.text for line in names)
    score += 1.5 if _DESCENT.search(joined) else 0.0
    score -= sum(2.5 for line in streets if _DESCENT.search(line.text) and not re.search(r"\d", line.text))
    score -= 2.0 if re.search(r"(?:^|\s)(BIN|BINTI|A/L|A/P|ANAK|@)$", names[-1].text) else 0.0
    gaps = [second.middle - first.middle for first, second in pairwise(above)]
    usual = float(np.median(gaps))
    score += 2.5 * float(np.clip((gaps[count - 1] - usual) / max(usual, 1.0) / 0.3, -1, 1))
    heights = [float(np.median([line.height for line in part])) for part in (names, streets)]
    return score + 2.0 * float(np.clip((heights[0] / heights[1] - 1.05) / 0.12, -1, 1))
