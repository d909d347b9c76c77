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
    malaysia,
    malaysian_words,
    mykad_column,
    mykad_descent,
    mykad_gaps,
    mykad_number,
    mykad_pieces,
    mykad_side,
    mykad_street,
    mykad_town,
)
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_column import Column
from worker.reading.cards.mykad_pieces import Piece

_NAME_CHARACTERS: Final = capitals.LETTERS + " .'@/-&()"
_ENDS_OF_MARKS: Final = tuple(mark[-count:] for mark in reversed(mykad_side.ACROSS) for count in range(2, len(mark)))
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
_SURE_NUMBER: Final = 0.5  #: confidence
_OF_CHINESE: Final = 0.97  #: of the other lines' confidence, that a name in Chinese reaches at most
_ROOM_OF_BLANK: Final = 0.5  #: of a strip's height, a blank and a letter's half
_BELOW_NUMBER: Final = 0.38  #: of the number's strip: its print and half of a name that touches it


@dataclass(frozen=True, slots=True)
class Front:
    """What the lines of one card say. Fields that were not seen are absent."""

    pieces: dict[str, Piece] = field(repr=False)
    likeness: float  #: 0..1, that this is a MyKad's front


def tell(lines: Sequence[CapitalLine], width: float) -> Front:
    """Sorts the lines of a card `width` px wide, which stands upright, into fields."""
    lines = [line for line in lines if len(line.text.replace(" ", "")) >= 2]
    has_header = any(mykad_side.is_header(line.text) for line in lines)
    number = mykad_number.find(lines)
    side, rest = mykad_side.told([line for line in lines if number is None or line is not number.line])
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


def _name_and_address(column: Column) -> dict[str, Piece]:
    above = _without_chinese(column)
    pieces = mykad_town.tell(column.town, column.taken, column.below)
    if not above:
        return pieces
    count = _name_lines(above)
    names = [_named(line.of(_NAME_CHARACTERS)) for line in above[:count]]
    if names:
        name = mykad_pieces.of_lines(names, malaysian_words.NAME_WORDS)
        pieces["name"] = replace(name, value=_parted(name.value).rstrip(" .,-/"))
    streets = mykad_gaps.ended([mykad_street.told(line) for line in above[count:]])
    if streets:
        pieces["address_line_1"] = mykad_pieces.of_lines(streets[:1], malaysian_words.ADDRESS_WORDS)
    if len(streets) > 1:
        pieces["address_line_2"] = mykad_pieces.of_lines(streets[1:], malaysian_words.ADDRESS_WORDS)
    return pieces


def _without_chinese(column: Column) -> tuple[CapitalLine, ...]:
    """The lines above the postcode without a name in Chinese below that in letters, which reads as no word: `JREM`.

    A word of letters is read as surely as its neighbours, and a name is not wrapped where the word had room.
    """
    above = column.above
    if len(above) < 3 or _DESCENT.search(above[0].text):
        return above
    name, word = above[:2]
    others = [line.confidence for line in (name, *above[2:], column.town)]
    is_word = " " in word.text or not word.text.isalpha() or word.text in malaysian_words.NAME_WORDS
    if is_word or word.confidence > _OF_CHINESE * float(np.median(others)):
        return above
    width = word.right - word.left + _ROOM_OF_BLANK * word.height
    has_room = name.right + width < max(line.right for line in above)
    return (name, *above[2:]) if has_room else above


def _named(line: CapitalLine) -> CapitalLine:
    """A line of the name with its letters, blanks and stops as they are."""
    line = mykad_gaps.closed(mykad_gaps.single(line), malaysian_words.NAME_WORDS)
    line = mykad_gaps.parted(mykad_street.stroked(line), malaysian_words.NAME_WORDS)
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
    if len(word) >= mykad_side.LEAST_OF_MARK and any(word in mark and word != mark for mark in mykad_side.ACROSS):
        return ""
    stems = (word.removesuffix(end) for end in _ENDS_OF_MARKS if word.endswith(end))
    return next((stem for stem in stems if stem in malaysian_words.NAME_WORDS and len(stem) > 2), word)


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
